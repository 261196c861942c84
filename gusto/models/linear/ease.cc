#include "gusto/models/linear/ease.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "gusto/base/kernels.h"
#include "gusto/base/spd_inverse.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/linear/power_kernels.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/training_matrix.h"

namespace gusto {
namespace {

constexpr std::size_t kEaseRows = 64;

/// Whether the users' matrix does, and is the cheaper one to invert.
bool by_users(const Dataset& data, const EaseOptions& options) {
  const bool windows = options.window > 0 && data.has_times();
  return !windows && data.user_count() <= data.item_count() / 2;
}

/// Moves some rows and the same columns to the front; `some` ascend.
void move_to_front(MatrixView<float> a, std::span<const std::size_t> some) {
  for (std::size_t r = 0; r < some.size(); ++r) {
    const std::span<const float> from = a.row(some[r]);
    const std::span<float> to = a.row(r);
    for (std::size_t c = 0; c < some.size(); ++c) to[c] = from[some[c]];
  }
}

/// Moves them back, and leaves zeros elsewhere.
void move_back(MatrixView<float> a, std::span<const std::size_t> some) {
  std::vector<float> row(some.size());
  std::size_t below = a.rows;  // rows from here on are as they shall be
  for (std::size_t r = some.size(); r-- > 0; below = some[r]) {
    std::copy_n(a.row(r).begin(), some.size(), row.begin());
    for (std::size_t clear = some[r]; clear < below; ++clear) std::fill(a.row(clear).begin(), a.row(clear).end(), 0.0F);
    for (std::size_t c = 0; c < some.size(); ++c) a(some[r], some[c]) = row[c];
  }
  for (std::size_t clear = 0; clear < below; ++clear) std::fill(a.row(clear).begin(), a.row(clear).end(), 0.0F);
}

}  // namespace

constexpr ModelInfo kEaseInfo{
    .name = "ease",
    .summary = "The best linear model of who chooses what, in closed form.",
    .about =
        "EASE (Steck, WWW 2019): every item is predicted from all others by ridge regression, which one inverse of the "
        "items' co-occurrence matrix solves for all of them at once. With dropout it is EDLAE (Steck, NeurIPS 2020), "
        "which regularizes popular items more. Among the strongest rankers there are wherever the catalog is small "
        "enough: it keeps a weight for every pair of items, 4 bytes each, 400 MB for 10,000 items. Learns from choices "
        "alone; new users get the list that a training user of their history gets, and every score is a sum over the "
        "items of the history.",
    .fields = kEaseFields,
    .abilities =
        {.personalized = true, .fold_in = FoldIn::exact, .similar_items = true, .explains = true, .strength = true},
    .make = &make_with<EaseModel>,
};

double EaseModel::fit_operations(const Dataset& data, Task) const {
  const auto users = static_cast<double>(data.user_count());
  const auto items = static_cast<double>(data.item_count());
  const double counting = co_occurrence_operations(data);
  if (!by_users(data, options())) return counting + std::pow(items, 3);
  return counting + std::pow(users, 3) + 20 * static_cast<double>(data.event_count()) * (users + items);
}

std::uint64_t EaseModel::memory_need(const Dataset& data, Task task, unsigned) const {
  const std::uint64_t users = data.user_count();
  const std::uint64_t items = data.item_count();
  const std::uint64_t inverse = by_users(data, options())
                                    ? (users * users + 2 * users * items) * sizeof(float) + spd_inverse_memory(users)
                                    : spd_inverse_memory(items);
  return items * items * sizeof(float) + inverse + choices_memory(data, task) + (users + 2 * items) * 16 +
         data.event_count() * 3 * sizeof(std::uint32_t);
}

void EaseModel::do_fit(const Dataset& all, const FitOptions&, Context& context) {
  context.progress(info().name, 0, 1);
  context.check_canceled();
  least_ = least_choice(all, task(), options().like_threshold);
  const std::optional<Dataset> part = chosen_part(all, least_);
  const Dataset& data = part ? *part : all;
  const std::size_t items = data.item_count();
  weights_ = Matrix<float>();  // of an earlier fit, before there are two
  weights_ = Matrix<float>(items, items);
  const std::vector<float> weight = user_weights(data, options().user_power);
  if (by_users(data, options())) {
    invert_by_users(data, weight, context);
  } else {
    invert_by_items(data, weight, context);
  }

  std::vector<float> of_column(items);
  for (std::size_t j = 0; j < items; ++j) of_column[j] = -1 / weights_(j, j);
  const std::vector<float> scale = item_scales(data, -options().popularity_power);
  const auto power = static_cast<float>(options().power);
  parallel_blocks(context, items, kEaseRows, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::span<float> row = weights_.row(i);
      for (std::size_t j = 0; j < items; ++j) row[j] *= of_column[j];
      row[i] = 0;
      if (power != 1) raise_to_power(row, power);
      for (std::size_t j = 0; j < items; ++j) row[j] *= scale[j];
    }
  });
  require_finite("item weights", weights_.values());
}

double EaseModel::penalty(double count) const {
  return options().reg + count * options().dropout / (1 - options().dropout);
}

void EaseModel::invert_by_items(const Dataset& data, std::span<const float> weight, Context& context) {
  co_occurrences(context, data, weight, proximity_weight(data, options().window, options().window_weight),
                 strength_of(data, task()), weights_.view());
  // Items that nobody chose have nothing to do with others: P_ii = 1 / λ_i.
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < weights_.rows(); ++i) {
    if (weights_(i, i) == 0) continue;
    weights_(i, i) = static_cast<float>(weights_(i, i) + penalty(weights_(i, i)));
    chosen.push_back(i);
  }
  move_to_front(weights_.view(), chosen);
  invert_spd(context, {weights_.values().data(), chosen.size(), chosen.size(), weights_.cols()}, info().name);
  move_back(weights_.view(), chosen);
  for (std::size_t i = 0; i < weights_.rows(); ++i) {
    if (weights_(i, i) == 0) weights_(i, i) = static_cast<float>(1 / penalty(0));
  }
}

void EaseModel::invert_by_users(const Dataset& data, std::span<const float> weight, Context& context) {
  const std::size_t users = data.user_count();
  const std::size_t items = data.item_count();
  const Strength strength = strength_of(data, task());
  std::vector<float> user_scale(users);
  std::transform(weight.begin(), weight.end(), user_scale.begin(), [](float w) { return std::sqrt(w); });
  std::vector<float> item_scale(items);
  for (std::size_t i = 0; i < items; ++i) {
    double count = 0;
    const ItemEvents events = data.item_events(ItemRow(i));
    for (std::size_t e = 0; e < events.size(); ++e) {
      const auto one = static_cast<double>(strength.of(events.values[e]));
      count += static_cast<double>(weight[events.users[e].index]) * one * one;
    }
    item_scale[i] = static_cast<float>(1 / penalty(count));
  }
  Matrix<float> inner(users, users);
  parallel_blocks(context, users, kEaseRows, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t u = begin; u < end; ++u) {
      const std::span<float> row = inner.row(u);
      const History history = data.history(UserRow(u));
      for (std::size_t e = 0; e < history.size(); ++e) {
        const ItemRow item = history.items[e];
        const float scale = user_scale[u] * item_scale[item.index] * strength.of(history.values[e]);
        const ItemEvents others = data.item_events(item);
        for (std::size_t o = 0; o < others.size(); ++o) {
          row[others.users[o].index] += scale * user_scale[others.users[o].index] * strength.of(others.values[o]);
        }
      }
      row[u] += 1;
    }
  });
  invert_spd(context, inner.view(), info().name);

  const TrainingMatrix z(data, user_scale, item_scale, strength);
  Matrix<float> turned(users, items);
  {
    Matrix<float> product(items, users);
    z.transposed_times(context, inner, product);
    parallel_blocks(context, users, kEaseRows, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t i = 0; i < items; ++i) {
        for (std::size_t u = begin; u < end; ++u) turned(u, i) = product(i, u);
      }
    });
  }
  z.transposed_times(context, turned, weights_);
  for (float& value : weights_.values()) value = -value;
  for (std::size_t i = 0; i < items; ++i) weights_(i, i) += item_scale[i];
}

void EaseModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::vector<Choice> chosen = choices(queries[q], least_);
    const std::span<float> row = scores.row(q);
    std::fill(row.begin(), row.end(), 0.0F);
    for (const auto& [item, strength] : chosen) axpy(strength, weights_.row(item), row);
  }
}

void EaseModel::do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const {
  const std::vector<Choice> chosen = choices(query, least_);
  std::fill(out.begin(), out.end(), 0.0F);
  for (const auto& [item, strength] : chosen) {
    const std::span<const float> row = weights_.row(item);
    for (std::size_t i = 0; i < items.size(); ++i) out[i] += strength * row[items[i].index];
  }
}

void EaseModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  const std::span<const float> row = weights_.row(item.index);
  std::copy(row.begin(), row.end(), out.begin());
}

std::vector<Contribution> EaseModel::do_explain(const Query& query, ItemRow item) const {
  const std::vector<Choice> chosen = choices(query, least_);
  std::vector<Contribution> reasons;
  for (const auto& [from, strength] : chosen) {
    const double amount = static_cast<double>(strength) * static_cast<double>(weights_(from, item.index));
    if (amount != 0) {
      reasons.push_back({.label = {}, .item = ItemRow(from), .user = {}, .amount = amount});
    }
  }
  return reasons;
}

void EaseModel::save_state(TensorWriter& out) const {
  out.add_view("item_weights", weights_);  // not copied: there may be no room for it twice
}

void EaseModel::do_load(const TensorFile& in) {
  const std::size_t items = data().item_count();
  weights_ = in.matrix<float>("item_weights", items, items);
  least_ = least_choice(data(), task(), options().like_threshold);
}

}  // namespace gusto
