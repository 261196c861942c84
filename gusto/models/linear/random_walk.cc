#include "gusto/models/linear/random_walk.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>

#include "gusto/base/steps.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

constexpr std::size_t kWalkParts = 256;

}  // namespace

constexpr ModelInfo kRandomWalkInfo{
    .name = "random-walk",
    .summary = "Where short walks end: from the user to items, to who has them, to their items.",
    .about =
        "P3alpha (Cooper et al., WWW 2014) and RP3beta (Paudel et al., TiiS 2016): a walk of three steps on the graph "
        "of "
        "who chose what, user to item to user to item. Alpha bends the probabilities of steps, beta keeps popular "
        "items "
        "from being where every walk ends. Fits in a moment, needs memory for a few hundred weights an item however "
        "large the catalog, answers new users exactly, and explains every score by the items it walked from.",
    .fields = kRandomWalkFields,
    .abilities =
        {.personalized = true, .fold_in = FoldIn::exact, .similar_items = true, .explains = true, .strength = true},
    .make = &make_with<RandomWalkModel>,
};

double RandomWalkModel::fit_operations(const Dataset& data, Task) const { return co_occurrence_operations(data); }

std::uint64_t RandomWalkModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const std::uint64_t items = data.item_count();
  constexpr std::uint64_t kEntry = sizeof(std::uint32_t) + sizeof(float);
  std::uint64_t lists = 0;
  for (const std::uint64_t most : most_partners(data)) {
    lists += std::min(static_cast<std::uint64_t>(options().neighbors), most) * kEntry;
  }
  // Lists exist twice while they are put end to end.
  return 2 * lists + threads * items * (sizeof(float) + kEntry) + (items + data.user_count()) * 64 +
         choices_memory(data, task) + (data.catalog().strength.used() ? data.event_count() * sizeof(float) : 0);
}

void RandomWalkModel::do_fit(const Dataset& all, const FitOptions&, Context& context) {
  context.progress(info().name, 0, 1);
  context.check_canceled();
  least_ = least_choice(all, task(), options().like_threshold);
  const std::optional<Dataset> part = chosen_part(all, least_);
  const Dataset& data = part ? *part : all;
  const std::size_t items = data.item_count();
  const Strength strength = strength_of(data, task());
  const std::vector<float> from_user = user_scales(data, options().alpha, strength);
  const std::vector<float> to_item = item_scales(data, options().beta, strength);
  const std::vector<float> strengths = event_strengths(data, strength, options().alpha);

  const std::vector<std::uint64_t> work = co_occurrence_work(data);
  struct Scratch {
    std::vector<float> reached;
    std::vector<std::uint64_t> keys;
  };
  std::vector<Scratch> scratches(context.threads());
  std::vector<std::vector<std::uint64_t>> ends(items);
  const auto walk_from = [&](std::size_t j, Scratch& scratch) {
    const auto [users, values] = data.item_events(ItemRow(j));
    for (std::size_t e = 0; e < users.size(); ++e) {
      const UserRow user = users[e];
      const std::span<const ItemRow> chosen = data.history(user).items;
      // Less (1/n_j)^α, which all ends of j's walks share: with it, small probabilities would be lost to single
      // precision.
      if (strengths.empty()) {
        for (const ItemRow item : chosen) scratch.reached[item.index] += from_user[user.index];
        continue;
      }
      const float* const counts = strengths.data() + data.offsets()[user.index];
      const auto bent = std::pow(static_cast<double>(strength.of(values[e])), options().alpha);
      const float first = static_cast<float>(bent) * from_user[user.index];
      for (std::size_t p = 0; p < chosen.size(); ++p) scratch.reached[chosen[p].index] += first * counts[p];
    }
    const auto consider = [&](std::size_t i) {
      const float weight = std::exchange(scratch.reached[i], 0.0F) * to_item[i];
      if (weight > 0 && i != j) scratch.keys.push_back(rank_key(weight, static_cast<std::uint32_t>(i)));
    };
    // Few items were reached in a large catalog: meet them again by the same ways instead of looking at all.
    if (work[j] >= items) {
      for (std::size_t i = 0; i < items; ++i) consider(i);
    } else {
      for (const UserRow user : users) {
        for (const ItemRow item : data.history(user).items) consider(item.index);
      }
    }
    keep_nearest(scratch.keys, static_cast<std::size_t>(options().neighbors));
    ends[j].assign(scratch.keys.begin(), scratch.keys.end());
    scratch.keys.clear();
  };
  const std::vector<std::size_t> bounds = cut_evenly(work, kWalkParts);
  Steps steps(context, info().name, bounds.size() - 1);
  steps.parallel_blocks(bounds.size() - 1, 1, [&](std::size_t range, std::size_t, unsigned worker) {
    scratches[worker].reached.resize(items);
    for (std::size_t j = bounds[range]; j < bounds[range + 1]; ++j) {
      context.check_canceled();
      walk_from(j, scratches[worker]);
    }
  });

  weights_ = {};
  std::size_t entries = 0;
  for (const std::vector<std::uint64_t>& keys : ends) entries += keys.size();
  weights_.reserve(items, entries);
  for (std::size_t j = 0; j < items; ++j) {
    const double count = total_strength(data.item_events(ItemRow(j)).values, strength);
    const double first_step = count > 0 ? std::pow(count, -options().alpha) : 0;
    double total = 0;
    for (const std::uint64_t key : ends[j]) total += first_step * static_cast<double>(key_similarity(key));
    const double scale = total > 0 ? first_step * std::pow(total, -options().normalization) : 0;
    for (const std::uint64_t key : ends[j]) {
      weights_.add(key_row(key), static_cast<float>(scale * static_cast<double>(key_similarity(key))));
    }
    weights_.end_row();
    ends[j] = {};
  }
  require_finite("walks", weights_.weights);
}

}  // namespace gusto
