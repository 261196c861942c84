#pragma once

/// What counts as a choice, for models that learn from choices alone: who took what, not how much they valued it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/data/dataset.h"
#include "gusto/models/task.h"

namespace gusto {

/// How much events count: as the data set says, for top_n; all the same for ratings and likes.
Strength strength_of(const Dataset& data, Task task);
/// s(r_ui)^power of every event in stored order; empty where all events count the same.
std::vector<float> event_strengths(const Dataset& data, const Strength& strength, double power = 1);

/// How often somebody new is taken to have an event of that strength: ⌊s⌋ times or once more, but 1 to 16 times.
std::size_t times_met(float strength, std::size_t key);
/// Of some events together.
double total_strength(std::span<const float> values, const Strength& strength);

/// The least value of an event that counts. For top_n every event does, or where values are strengths those above 0;
/// for ratings and likes those of at least like_threshold, or all, if none is.
float least_choice(const Dataset& data, Task task, double like_threshold);

/// A copy of the events of at least that value; nothing, where every event has it.
std::optional<Dataset> chosen_part(const Dataset& all, float least);

/// Bytes that it takes at most, with the view by item of what counts.
std::uint64_t choices_memory(const Dataset& data, Task task);

/// n^(−power), 0 of 0.
float count_scale(double count, double power);
/// n_u^(−power) by user, 0 for those without events; n_u is the number of events, or the sum of their strengths.
std::vector<float> user_scales(const Dataset& data, double power, const Strength& strength = {});
/// (n̄ / n_u)^power, with n̄ the mean number of events of a user who has some: how much users count whose votes shrink
/// with their number. The mean keeps a regularization comparable between powers.
std::vector<float> user_weights(const Dataset& data, double power);
/// n_i^(−power) by item, likewise.
std::vector<float> item_scales(const Dataset& data, double power, const Strength& strength = {});

/// By item: Σ n_u over the users who have it, which is the work of finding whatever goes along with it.
std::vector<std::uint64_t> co_occurrence_work(const Dataset& data);

/// By item: how many others may have a user in common with it, at most.
std::vector<std::uint64_t> most_partners(const Dataset& data);
/// Σ_u n_u², in operations as Model::fit_operations() counts them: what the sums of co_occurrence_work() take.
double co_occurrence_operations(const Dataset& data);

/// How much more events of one user count together that are near each other in time: one after another, a `window` of
/// them belongs together as a user's history does, `weight` times over.
struct ProximityWeight {
  std::size_t window = 0;
  float weight = 0;
};
/// Of options: nothing where the window is 0, or events have no times and so no order.
ProximityWeight proximity_weight(const Dataset& data, int window, double weight);

/// G_ij = Σ_u w_u s_ui s_uj (1 + β · max(0, 1 − d_uij / L)) over the users with events of both i and j, with s their
/// strengths, d_uij how many places these lie apart in the user's history, L the window and β the weight of proximity;
/// into G [items × items], which is overwritten.
///
/// The second part is what one gets by counting every run of L events of a history as a user of its own, of weight w_u
/// β / L: so G is the co-occurrence matrix of some users, and positive semi-definite.
/// Shapes   user_weights [users]
/// Cost     Σ_u n_u (n_u / 2 + 2 L) additions, on all threads; 8 bytes an event, 4 more for nearness, and 8 where
///          strengths are used; 16 an item, 8 a user; needs the data set's view by item
/// Repeatable same bits at any number of threads; G is symmetric to the bit
void co_occurrences(Context& context, const Dataset& data, std::span<const float> user_weights,
                    const ProximityWeight& proximity, const Strength& strength, MatrixView<float> out);

}  // namespace gusto
