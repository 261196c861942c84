#pragma once

/// What the items of a simulation are called and what is written about them. Pure functions of seed and item.

#include <cstddef>
#include <cstdint>
#include <string>

#include "gusto/data/simulation/simulation_users.h"

namespace gusto {

/// "The Silent Harbor of Bako (1973)": an adjective, a noun of one of its genres, a name that no other item has, the
/// year.
std::string simulated_title(const SimulatedItems& items, std::uint64_t seed, std::size_t item);

/// "Comedy|Drama", in the alphabet's order.
std::string simulated_genres(const SimulatedItems& items, std::size_t item);

/// Three to five sentences. Each has a noun of one of the item's genres and one of the themes that go with its taste:
/// coordinate k, of the first sixteen, is drawn with probability ∝ τ_k |q_ik|, and its sign chooses among two themes.
std::string simulated_plot(const SimulatedItems& items, const UserDistribution& law, std::size_t item);

}  // namespace gusto
