#pragma once

/// The users of a simulation; the model is written down in simulation.h.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/data/movielens/occupations.h"
#include "gusto/data/simulation/simulation_items.h"

namespace gusto {

inline constexpr std::size_t kAgeGroups = 7;
inline constexpr std::size_t kOccupationCount = kOccupationNames.size();
/// As ml-1m has them; an age is the lowest of its group.
extern const std::array<std::string_view, 2> kGenderNames;
extern const std::array<int, kAgeGroups> kAges;

/// The ten years.
inline constexpr std::int64_t kFirstTime = 946'684'800;  // 2000-01-01
inline constexpr std::int64_t kSecondsPerDay = 86'400;
inline constexpr std::int64_t kDays = 3652;

/// x(t): −1 at the beginning, 1 at the end.
inline double time_position(std::int64_t time) {
  return 2.0 * static_cast<double>(time - kFirstTime) / static_cast<double>(kDays * kSecondsPerDay) - 1.0;
}

/// What users are drawn from.
struct UserDistribution {
  UserDistribution() = default;
  UserDistribution(std::size_t dim, double drift, double exposure, double choosiness, std::uint64_t groups,
                   std::uint64_t seed);

  std::uint64_t seed = 0;
  double drift = 0;
  double exposure = 0;
  double choosiness = 1;
  std::uint64_t groups = 0;         ///< 0: none
  std::vector<float> stddev;        ///< τ
  Matrix<float> gender_tastes;      ///< δ [2 × dim]
  Matrix<float> age_tastes;         ///< δ [7 × dim]
  Matrix<float> occupation_tastes;  ///< δ [21 × dim]
};

struct SimulatedUser {
  std::uint8_t gender = 0;      ///< 0 M, 1 F
  std::uint8_t age_group = 0;   ///< of kAges
  std::uint8_t occupation = 0;  ///< of kOccupationNames
  bool whole_stars = false;
  float bias = 0;
  float bias_drift = 0;      ///< a year
  std::int64_t joined = 0;   ///< seconds since 1970
  std::int64_t stays = 0;    ///< days from the first event to the last, at most
  std::vector<float> taste;  ///< p_u
  std::vector<float> turn;   ///< p'_u

  std::size_t period() const {
    return static_cast<std::size_t>((joined - kFirstTime) / kSecondsPerDay) * kPeriods / kDays;
  }
  /// The beginning of the user's day, counted from joining.
  std::int64_t day_of(std::int64_t time) const { return joined + (time - joined) / kSecondsPerDay * kSecondsPerDay; }
};

/// Cost  about 2 microseconds
SimulatedUser draw_user(const UserDistribution& law, std::size_t user);

/// What of an opinion is the user's, for all items: opinion = base + vector · SimulatedItems::vector(i).
/// `vector` has the items' width. Returns base.
double opinion_vector(const UserDistribution& law, const SimulatedUser& user, std::int64_t time,
                      std::span<float> vector);

/// How a user chooses.
struct Taste {
  std::size_t period = 0;
  std::array<double, kGenres> genre_ratio{};  ///< m_ug / W_g; 0 for a genre without items
  std::vector<float> vector;  ///< of step 3: accepted with probability σ(vector · vector(i) − kReserve)

  float acceptance(const SimulatedItems& items, std::size_t item) const;
  /// ω_ui
  double weight(const SimulatedItems& items, std::size_t item) const;
};
inline constexpr float kReserve = 1.0F;
Taste taste_of(const UserDistribution& law, const SimulatedUser& user, const SimulatedItems& items);

}  // namespace gusto
