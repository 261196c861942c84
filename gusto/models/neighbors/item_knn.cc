#include "gusto/models/neighbors/item_knn.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "gusto/base/steps.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

constexpr std::size_t kNeighborParts = 256;
constexpr float kNotRated = std::numeric_limits<float>::quiet_NaN();

}  // namespace

constexpr ModelInfo kItemKnnInfo{
    .name = "item-knn",
    .summary = "Judges an item by the similar items that the user has met.",
    .about =
        "Items are similar if the same people met them and, for ratings, rated them similarly. A rating is predicted "
        "by "
        "the baseline (mean and biases) plus the weighted mean of what the user thought, beyond the baseline, of the "
        "most similar items (Koren, TKDD 2010); a ranking adds the similarities to the items seen (Deshpande and "
        "Karypis, TOIS 2004), with users' votes and popular items weighted. Fits in a second, explains itself, and "
        "answers for new users as for training users of the same history. A strong first choice.",
    .fields = kItemKnnFields,
    .abilities = {.personalized = true,
                  .predicts_ratings = true,
                  .fold_in = FoldIn::exact,
                  .similar_items = true,
                  .explains = true,
                  .strength = true},
    .make = &make_with<ItemKnnModel>,
};

/// One user's ratings, spread out by item, and what they say of an item.
class ItemKnnModel::QueryUser {
 public:
  explicit QueryUser(const ItemKnnModel& model)
      : model_(model), deciding_(model.deciding(model.task())), residual_(model.data().item_count(), kNotRated) {}

  void become(const Query& query) {
    for (const HistoryEvent& event : history_) residual_[event.item.index] = kNotRated;
    history_ = model_.history_of(query, storage_);
    user_bias_ = model_.baseline_.fold_in(history_, model_.options().reg_user);
    for (const HistoryEvent& event : history_) {
      residual_[event.item.index] =
          static_cast<float>(event.value - model_.baseline_.item_part(event.item) - user_bias_);
    }
  }

  double user_bias() const { return user_bias_; }

  /// Calls body(neighbor, weight, residual) for the neighbors that decide on the item.
  template <class Body>
  void visit(ItemRow item, const Body& body) const {
    const auto neighbors = model_.lists_.neighbors_of(item.index);
    const auto weights = model_.lists_.weights_of(item.index);
    std::size_t left = deciding_;
    for (std::size_t m = 0; m < neighbors.size() && left > 0; ++m) {
      const float residual = residual_[neighbors[m]];
      if (std::isnan(residual)) continue;
      body(ItemRow(neighbors[m]), weights[m], residual);
      --left;
    }
  }

  float predict(ItemRow item) const {
    double sum = 0;
    double norm = model_.options().damping;
    visit(item, [&](ItemRow, float weight, float residual) {
      sum += static_cast<double>(weight) * residual;
      norm += weight;
    });
    return static_cast<float>(model_.baseline_.item_part(item) + user_bias_ + (norm > 0 ? sum / norm : 0));
  }

 private:
  const ItemKnnModel& model_;
  std::size_t deciding_;
  std::vector<float> residual_;
  std::vector<HistoryEvent> storage_;
  std::span<const HistoryEvent> history_;
  double user_bias_ = 0;
};

std::size_t ItemKnnModel::deciding(Task task) const {
  if (options().neighbors > 0) return static_cast<std::size_t>(options().neighbors);
  return task == Task::top_n ? 150 : 35;
}

std::size_t ItemKnnModel::kept(Task task) const {
  const std::size_t some = deciding(task);
  return task == Task::top_n ? some : std::max(some, static_cast<std::size_t>(options().stored_neighbors));
}

double ItemKnnModel::fit_operations(const Dataset& data, Task) const { return co_occurrence_operations(data); }

std::uint64_t ItemKnnModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const std::uint64_t items = data.item_count();
  const std::uint64_t entry = sizeof(std::uint32_t) + sizeof(float);
  std::uint64_t lists = 0;
  for (const std::uint64_t most : most_partners(data)) lists += std::min<std::uint64_t>(kept(task), most) * entry;
  const std::uint64_t cells = threads * items * (sizeof(ValueMeasure<Similarity::pearson>::NormCell) + entry);
  // Lists exist twice while they are put end to end, and afterward for top-n; the view by item takes 8 bytes an event.
  return 2 * lists + cells + data.event_count() * (8 + sizeof(float)) + (items + data.user_count()) * 64;
}

void ItemKnnModel::do_fit(const Dataset& data, const FitOptions&, Context& context) {
  context.progress(info().name, 0, 1);
  if (task() == Task::top_n) {
    fit_choices(data, context);
  } else {
    fit_values(data, context);
  }
}

void ItemKnnModel::fit_values(const Dataset& data, Context& context) {
  baseline_ = fit_baseline(data, {.reg_item = options().reg_item, .reg_user = options().reg_user}, context);
  require_finite("item biases", baseline_.item_bias);
  const bool by_user_mean = options().similarity == Similarity::adjusted_cosine;
  // x_ui = r_ui − of_user[u] − μ − b_i with the user's bias; for adjusted cosine, r_ui less the user's mean.
  std::vector<float> of_user(data.user_count());
  std::vector<float> x(data.event_count());
  std::vector<RowSums> sums(data.item_count());
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const History history = data.history(UserRow(u));
    double center = baseline_.user_bias[u];
    if (by_user_mean) {
      center = 0;
      for (const float value : history.values) center += value / static_cast<double>(history.size());
    }
    of_user[u] = static_cast<float>(center);
    for (std::size_t e = 0; e < history.size(); ++e) {
      const ItemRow item = history.items[e];
      const double of_item = by_user_mean ? 0 : baseline_.item_part(item);
      const auto centered = static_cast<float>(history.values[e] - (of_user[u] + of_item));
      x[data.offsets()[u] + e] = centered;
      sums[item.index].n += 1;
      sums[item.index].xx += centered * centered;
    }
  }
  with_value_measure(options().similarity,
                     [&](const auto& measure) { fit_lists(data, measure, sums, context, of_user, x); });
}

void ItemKnnModel::fit_choices(const Dataset& data, Context& context) {
  baseline_ = {};
  const auto items = static_cast<double>(data.item_count());
  const double mean_length = static_cast<double>(data.event_count()) / static_cast<double>(data.user_count());
  const Strength strength = strength_of(data, task());
  std::vector<float> votes(data.user_count());
  std::vector<RowSums> sums(data.item_count());
  ColumnSums all;
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const History history = data.history(UserRow(u));
    if (history.size() == 0) continue;
    const auto length = static_cast<double>(history.size());
    votes[u] = static_cast<float>(std::pow(mean_length / length, options().vote_power));
    const auto share = static_cast<float>(length / items);
    for (std::size_t e = 0; e < history.size(); ++e) {
      const float vote = votes[u] * strength.of(history.values[e]);
      sums[history.items[e].index].n += vote;
      sums[history.items[e].index].share += vote * share;
    }
    all.n += votes[u];
    all.share += votes[u] * share * share;
  }
  with_choice_measure(options().similarity, all, [&](const auto& measure) {
    fit_lists(data, measure, sums, context, votes, event_strengths(data, strength));
  });
  by_source_ = lists_.transposed();
}

/// Each item's list is made by one task alone. Of values, `of_user` holds the users' part of the center, and x the
/// centered values in the order of the data set's columns; of choices, `of_user` holds the users' votes, and x
/// the strengths of events, or is empty.
template <class Measure>
void ItemKnnModel::fit_lists(const Dataset& data, const Measure& measure, std::span<const RowSums> sums,
                             Context& context, std::span<const float> of_user, std::span<const float> x) {
  using Cell = typename Measure::Cell;
  const std::size_t items = data.item_count();
  const auto shrinkage = static_cast<float>(options().shrinkage);
  const bool by_user_mean = options().similarity == Similarity::adjusted_cosine;
  const Strength strength = strength_of(data, task());
  const std::vector<std::uint64_t> work = co_occurrence_work(data);
  std::vector<float> popularity(items, 1.0F);
  for (std::size_t i = 0; i < items; ++i) {
    if (!Measure::kValues && sums[i].n > 0) {
      popularity[i] = static_cast<float>(std::pow(sums[i].n, options().popularity_power));
    }
  }
  struct Scratch {
    std::vector<Cell> cells;
    std::vector<std::uint64_t> keys;
  };
  std::vector<Scratch> scratches(context.threads());
  std::vector<std::vector<std::uint64_t>> nearest(items);

  const auto fit_item = [&](std::size_t i, Scratch& scratch) {
    const ItemEvents item_events = data.item_events(ItemRow(i));
    const double of_item = by_user_mean || !Measure::kValues ? 0 : baseline_.item_part(ItemRow(i));
    const auto consider = [&](std::size_t j) {
      Cell& cell = scratch.cells[j];
      const float similarity = shrunk(measure.similarity(cell, sums[i], sums[j]), cell.n, shrinkage);
      const float weight = similarity * (popularity[i] / popularity[j]);
      if (weight > 0 && j != i) scratch.keys.push_back(rank_key(weight, static_cast<std::uint32_t>(j)));
      cell = {};
    };
    for (std::size_t e = 0; e < item_events.size(); ++e) {
      const std::size_t user = item_events.users[e].index;
      const std::uint64_t begin = data.offsets()[user];
      const std::uint64_t count = data.offsets()[user + 1] - begin;
      if constexpr (Measure::kValues) {
        const auto centered = static_cast<float>(item_events.values[e] - (of_user[user] + of_item));
        add_column<Measure, ItemRow>(measure, centered, data.items().subspan(begin, count), x.subspan(begin, count),
                                     scratch.cells);
      } else {
        const std::span<const ItemRow> others = data.items().subspan(begin, count);
        if (x.empty()) {
          add_column<Measure, ItemRow>(measure, of_user[user], others, {}, scratch.cells);
          continue;
        }
        const float own = strength.of(item_events.values[e]);
        for (std::size_t m = 0; m < others.size(); ++m) {
          Measure::add(scratch.cells[others[m].index], of_user[user] * std::min(own, x[begin + m]));
        }
      }
    }
    // Few cells were touched in a large catalog: meet them again by the same way instead of looking at all.
    if (work[i] >= items) {
      for (std::size_t j = 0; j < items; ++j) {
        if (scratch.cells[j].n > 0) consider(j);
      }
    } else {
      for (const UserRow user : item_events.users) {
        for (const ItemRow item : data.history(user).items) {
          if (scratch.cells[item.index].n > 0) consider(item.index);
        }
      }
    }
    keep_nearest(scratch.keys, kept(task()));
    nearest[i].assign(scratch.keys.begin(), scratch.keys.end());
    scratch.keys.clear();
  };

  const std::vector<std::size_t> bounds = cut_evenly(work, kNeighborParts);
  Steps steps(context, info().name, bounds.size() - 1);
  steps.parallel_blocks(bounds.size() - 1, 1, [&](std::size_t part, std::size_t, unsigned worker) {
    Scratch& scratch = scratches[worker];
    scratch.cells.resize(items);
    for (std::size_t i = bounds[part]; i < bounds[part + 1]; ++i) {
      context.check_canceled();
      fit_item(i, scratch);
    }
  });

  lists_ = {};
  std::size_t count = 0;
  for (const std::vector<std::uint64_t>& keys : nearest) count += keys.size();
  lists_.reserve(items, count);
  for (std::size_t i = 0; i < items; ++i) {
    const std::size_t begin = lists_.weights.size();
    double total = 0;
    for (const std::uint64_t key : nearest[i]) {
      lists_.add(key_row(key), std::pow(key_similarity(key), static_cast<float>(options().power)));
      total += lists_.weights.back();
    }
    if (!Measure::kValues && total > 0) {
      const auto scale = static_cast<float>(std::pow(total, -options().normalization));
      for (std::size_t m = begin; m < lists_.weights.size(); ++m) lists_.weights[m] *= scale;
    }
    lists_.end_row();
    nearest[i] = {};
  }
  require_finite("neighbor weights", lists_.weights);
}

void ItemKnnModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items,
                              std::span<float> out) const {
  QueryUser query_user(*this);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (q == 0 || !same_query_user(queries[q], queries[q - 1])) query_user.become(queries[q]);
    out[q] = query_user.predict(items[q]);
  }
}

void ItemKnnModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  if (task() != Task::top_n) {
    QueryUser query_user(*this);
    for (std::size_t q = 0; q < queries.size(); ++q) {
      query_user.become(queries[q]);
      for (std::size_t i = 0; i < scores.cols; ++i) scores(q, i) = query_user.predict(ItemRow(i));
    }
    return;
  }
  const Strength strength = strength_of(data(), task());
  std::vector<HistoryEvent> storage;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<float> row = scores.row(q);
    std::fill(row.begin(), row.end(), 0.0F);
    for (const HistoryEvent& event : history_of(queries[q], storage)) {
      const auto targets = by_source_.neighbors_of(event.item.index);
      const auto weights = by_source_.weights_of(event.item.index);
      const float counts = strength.of(event.value);
      for (std::size_t m = 0; m < targets.size(); ++m) row[targets[m]] += counts * weights[m];
    }
  }
}

void ItemKnnModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0F);
  const auto neighbors = lists_.neighbors_of(item.index);
  const auto weights = lists_.weights_of(item.index);
  for (std::size_t m = 0; m < neighbors.size(); ++m) out[neighbors[m]] = weights[m];
}

std::vector<Contribution> ItemKnnModel::do_explain(const Query& query, ItemRow item) const {
  std::vector<Contribution> result;
  if (task() == Task::top_n) {
    std::vector<HistoryEvent> storage;
    std::vector<float> weight(data().item_count(), 0.0F);
    do_item_similarity(item, weight);
    for (const HistoryEvent& event : history_of(query, storage)) {
      const float amount = strength_of(data(), task()).of(event.value) * weight[event.item.index];
      if (amount > 0) result.push_back({.label = {}, .item = event.item, .user = {}, .amount = amount});
    }
    return result;
  }
  QueryUser query_user(*this);
  query_user.become(query);
  result = baseline_.explain(query_user.user_bias(), item);
  double norm = options().damping;
  query_user.visit(item, [&](ItemRow, float weight, float) { norm += weight; });
  query_user.visit(item, [&](ItemRow neighbor, float weight, float residual) {
    result.push_back({.label = {}, .item = neighbor, .user = {}, .amount = weight * residual / norm});
  });
  return result;
}

void ItemKnnModel::save_state(TensorWriter& out) const {
  lists_.save(out);
  if (task() != Task::top_n) baseline_.save(out);
}

void ItemKnnModel::do_load(const TensorFile& in) {
  lists_ = NeighborLists::load(in, data().item_count());
  if (task() == Task::top_n) {
    by_source_ = lists_.transposed();
  } else {
    baseline_ = Baseline::load(in, data().user_count(), data().item_count());
  }
}

}  // namespace gusto
