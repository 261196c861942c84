#include "gusto/models/neighbors/user_knn.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

float mean_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return values.empty() ? 0.0F : static_cast<float>(sum / static_cast<double>(values.size()));
}

}  // namespace

constexpr ModelInfo kUserKnnInfo{
    .name = "user-knn",
    .summary = "Judges an item by what users like the user thought of it.",
    .about =
        "Users are similar if they met the same items and, for ratings, rated them similarly. A rating is predicted by "
        "the baseline (mean and biases) plus the weighted mean of what the most similar users who rated the item "
        "thought beyond their baseline (Resnick et al., CSCW 1994; Koren, TKDD 2010); a ranking counts the "
        "neighbors who chose an item, weighted by similarity. Needs no training to speak of, but asks all users for "
        "every answer: best where users are not many more than items.",
    .fields = kUserKnnFields,
    .abilities = {.personalized = true,
                  .predicts_ratings = true,
                  .fold_in = FoldIn::exact,
                  .similar_users = true,
                  .explains = true,
                  .strength = true},
    .make = &make_with<UserKnnModel>,
};

/// One user, with her similarity to every training user.
class UserKnnModel::QueryUser {
 public:
  explicit QueryUser(const UserKnnModel& model)
      : model_(model), data_(model.data()), met_(data_.item_count()), similarity_(data_.user_count()) {}

  /// Unless `everyone`, users who have met nothing that the user has not get similarity 0.
  void become(const Query& query, bool everyone = false) {
    for (const HistoryEvent& event : history_) met_[event.item.index] = 0;
    history_ = model_.history_of(query, storage_);
    for (const HistoryEvent& event : history_) met_[event.item.index] = 1;
    const Similarity kind = model_.options().similarity;
    const auto compare = [&](const auto& measure) { this->compare(measure, everyone); };
    if (model_.task() == Task::top_n) {
      with_choice_measure(kind, model_.all_, compare);
    } else {
      user_bias_ = model_.baseline_.fold_in(history_, model_.options().reg_user);
      with_value_measure(kind, compare);
    }
  }

  double user_bias() const { return user_bias_; }
  /// By training user.
  std::span<const float> similarity() const { return similarity_; }

  /// The nearest of all users, as keys of user rows; for top_n.
  std::span<const std::uint64_t> nearest() {
    keys_.clear();
    for (std::size_t v = 0; v < similarity_.size(); ++v) {
      if (similarity_[v] > 0) keys_.push_back(rank_key(similarity_[v], static_cast<std::uint32_t>(v)));
    }
    keep_nearest(keys_, model_.neighbors());
    return keys_;
  }

  /// The nearest of those who rated the item, as keys of places among its events; for ratings and likes.
  std::span<const std::uint64_t> nearest(const ItemEvents& item_events) {
    keys_.clear();
    for (std::size_t e = 0; e < item_events.size(); ++e) {
      const float similarity = similarity_[item_events.users[e].index];
      if (similarity > 0) keys_.push_back(rank_key(similarity, static_cast<std::uint32_t>(e)));
    }
    keep_nearest(keys_, model_.neighbors());
    return keys_;
  }

  /// Calls body(user, weight, residual) for the neighbors that decide on the item; for ratings and likes.
  template <class Body>
  void visit(ItemRow item, const Body& body) {
    const ItemEvents item_events = data_.item_events(item);
    for (const std::uint64_t key : nearest(item_events)) {
      const std::size_t place = key_row(key);
      const UserRow user = item_events.users[place];
      const double expected = model_.baseline_.item_part(item) + model_.baseline_.user_bias[user.index];
      body(user, model_.weight(key_similarity(key)), item_events.values[place] - expected);
    }
  }

  float predict(ItemRow item) {
    double sum = 0;
    double norm = model_.options().damping;
    visit(item, [&](UserRow, double weight, double residual) {
      sum += weight * residual;
      norm += weight;
    });
    return static_cast<float>(model_.baseline_.item_part(item) + user_bias_ + (norm > 0 ? sum / norm : 0));
  }

 private:
  template <class Measure>
  void compare(const Measure& measure, bool everyone) {
    std::vector<typename Measure::Cell> cells(similarity_.size());
    const bool by_item_mean = model_.options().similarity == Similarity::adjusted_cosine;
    const auto of_user = static_cast<float>(by_item_mean ? 0 : user_bias_);
    RowSums own;
    for (const HistoryEvent& event : history_) {
      const std::size_t item = event.item.index;
      const ItemEvents item_events = data_.item_events(event.item);
      if constexpr (Measure::kValues) {
        const float x = event.value - (of_user + model_.item_center_[item]);
        own.n += 1;
        own.xx += x * x;
        const auto values = std::span(model_.x_).subspan(model_.item_offsets_[item], item_events.size());
        add_column<Measure, UserRow>(measure, x, item_events.users, values, cells);
      } else {
        const float vote = model_.item_votes_[item];
        own.n += vote;
        own.share += vote * model_.item_share_[item];
        add_column<Measure, UserRow>(measure, vote, item_events.users, {}, cells);
      }
    }
    const float shrinkage = model_.shrinkage();
    for (std::size_t v = 0; v < cells.size(); ++v) {
      similarity_[v] = 0;
      if (!(cells[v].n > 0)) continue;
      if (!everyone && knows_nothing_new(v, cells[v].n)) continue;
      similarity_[v] = shrunk(measure.similarity(cells[v], own, model_.sums_[v]), cells[v].n, shrinkage);
    }
  }

  bool knows_nothing_new(std::size_t user, float common) const {
    // Sums of weights in two orders differ a little; where they are close, the items themselves tell.
    if (common < 0.999F * model_.sums_[user].n) return false;
    const auto items = data_.history(UserRow(user)).items;
    return std::all_of(items.begin(), items.end(), [this](ItemRow item) { return met_[item.index] != 0; });
  }

  const UserKnnModel& model_;
  const Dataset& data_;
  std::vector<std::uint8_t> met_;  // by item
  std::vector<float> similarity_;
  std::vector<HistoryEvent> storage_;
  std::span<const HistoryEvent> history_;
  std::vector<std::uint64_t> keys_;
  double user_bias_ = 0;
};

std::size_t UserKnnModel::neighbors() const {
  if (options().neighbors > 0) return static_cast<std::size_t>(options().neighbors);
  return task() == Task::top_n ? 500 : 60;
}

float UserKnnModel::shrinkage() const {
  if (options().shrinkage >= 0) return static_cast<float>(options().shrinkage);
  return task() == Task::top_n ? 0.0F : 10.0F;
}

double UserKnnModel::weight(float similarity) const {
  const double power = options().power > 0 ? options().power : task() == Task::top_n ? 3 : 1.5;
  return std::pow(static_cast<double>(similarity), power);
}

std::uint64_t UserKnnModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const std::uint64_t users = data.user_count();
  const std::uint64_t query_user =
      users * (sizeof(ValueMeasure<Similarity::pearson>::NormCell) + 12) + data.item_count();
  const std::uint64_t centered = task == Task::top_n ? 0 : data.event_count() * sizeof(float);
  // The data set's view by item takes 8 bytes an event.
  return centered + data.event_count() * 8 + threads * query_user + (users + data.item_count()) * 32;
}

void UserKnnModel::do_fit(const Dataset& data, const FitOptions&, Context& context) {
  context.progress(info().name, 0, 1);
  baseline_ = {};
  item_votes_.clear();
  if (task() == Task::top_n) {
    const double mean_count = static_cast<double>(data.event_count()) / static_cast<double>(data.item_count());
    item_votes_.resize(data.item_count());
    for (std::size_t i = 0; i < data.item_count(); ++i) {
      const auto count = static_cast<double>(data.item_events(ItemRow(i)).size());
      item_votes_[i] = count > 0 ? static_cast<float>(std::pow(mean_count / count, options().vote_power)) : 0.0F;
    }
  } else {
    baseline_ = fit_baseline(data, {.reg_item = options().reg_item, .reg_user = options().reg_user}, context);
    require_finite("item biases", baseline_.item_bias);
  }
  derive(data);
  context.progress(info().name, 1, 1);
}

void UserKnnModel::derive(const Dataset& data) {
  sums_.assign(data.user_count(), {});
  if (task() == Task::top_n) {
    derive_choices(data);
  } else {
    derive_values(data);
  }
}

void UserKnnModel::derive_values(const Dataset& data) {
  const bool by_item_mean = options().similarity == Similarity::adjusted_cosine;
  item_center_.resize(data.item_count());
  item_offsets_.assign(1, 0);
  x_.clear();
  x_.reserve(data.event_count());
  for (std::size_t i = 0; i < data.item_count(); ++i) {
    const ItemEvents item_events = data.item_events(ItemRow(i));
    item_center_[i] = by_item_mean ? mean_of(item_events.values) : static_cast<float>(baseline_.item_part(ItemRow(i)));
    for (std::size_t e = 0; e < item_events.size(); ++e) {
      const std::size_t user = item_events.users[e].index;
      const float x = item_events.values[e] - ((by_item_mean ? 0 : baseline_.user_bias[user]) + item_center_[i]);
      x_.push_back(x);
      sums_[user].n += 1;
      sums_[user].xx += x * x;
    }
    item_offsets_.push_back(x_.size());
  }
}

void UserKnnModel::derive_choices(const Dataset& data) {
  all_ = {};
  item_share_.assign(data.item_count(), 0.0F);
  item_scale_.assign(data.item_count(), 0.0F);
  for (std::size_t i = 0; i < data.item_count(); ++i) {
    const ItemEvents item_events = data.item_events(ItemRow(i));
    if (item_events.size() == 0) continue;
    const auto count = static_cast<double>(item_events.size());
    item_share_[i] = static_cast<float>(count / static_cast<double>(data.user_count()));
    item_scale_[i] = static_cast<float>(std::pow(count, -options().popularity_damping));
    for (const UserRow user : item_events.users) {
      sums_[user.index].n += item_votes_[i];
      sums_[user.index].share += item_votes_[i] * item_share_[i];
    }
    all_.n += item_votes_[i];
    all_.share += item_votes_[i] * item_share_[i] * item_share_[i];
  }
}

void UserKnnModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items,
                              std::span<float> out) const {
  QueryUser query_user(*this);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (q == 0 || !same_query_user(queries[q], queries[q - 1])) query_user.become(queries[q]);
    out[q] = query_user.predict(items[q]);
  }
}

void UserKnnModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  const Strength strength = strength_of(data(), task());
  QueryUser query_user(*this);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<float> row = scores.row(q);
    query_user.become(queries[q]);
    if (task() != Task::top_n) {
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = query_user.predict(ItemRow(i));
      continue;
    }
    std::fill(row.begin(), row.end(), 0.0F);
    for (const std::uint64_t key : query_user.nearest()) {
      const auto amount = static_cast<float>(weight(key_similarity(key)));
      const History history = data().history(UserRow(key_row(key)));
      for (std::size_t e = 0; e < history.size(); ++e) {
        row[history.items[e].index] += amount * strength.of(history.values[e]);
      }
    }
    for (std::size_t i = 0; i < row.size(); ++i) row[i] *= item_scale_[i];
  }
}

void UserKnnModel::do_user_similarity(const Query& query, std::span<float> out) const {
  QueryUser query_user(*this);
  query_user.become(query, true);
  std::copy(query_user.similarity().begin(), query_user.similarity().end(), out.begin());
}

std::vector<Contribution> UserKnnModel::do_explain(const Query& query, ItemRow item) const {
  std::vector<Contribution> result;
  QueryUser query_user(*this);
  query_user.become(query);
  if (task() == Task::top_n) {
    const auto [users, values] = data().item_events(item);
    const Strength strength = strength_of(data(), task());
    for (const std::uint64_t key : query_user.nearest()) {
      const UserRow user(key_row(key));
      const auto found = std::lower_bound(users.begin(), users.end(), user);
      if (found == users.end() || *found != user) continue;
      const float counts = strength.of(values[static_cast<std::size_t>(found - users.begin())]);
      const double amount = weight(key_similarity(key)) * item_scale_[item.index] * counts;
      result.push_back({.label = {}, .item = {}, .user = user, .amount = amount});
    }
    return result;
  }
  result = baseline_.explain(query_user.user_bias(), item);
  double norm = options().damping;
  query_user.visit(item, [&](UserRow, double weight, double) { norm += weight; });
  query_user.visit(item, [&](UserRow user, double weight, double residual) {
    result.push_back({.label = {}, .item = {}, .user = user, .amount = weight * residual / norm});
  });
  return result;
}

void UserKnnModel::save_state(TensorWriter& out) const {
  if (task() == Task::top_n) {
    out.add("item_votes", item_votes_);
  } else {
    baseline_.save(out);
  }
}

void UserKnnModel::do_load(const TensorFile& in) {
  if (task() == Task::top_n) {
    item_votes_ = in.vector<float>("item_votes", data().item_count());
  } else {
    baseline_ = Baseline::load(in, data().user_count(), data().item_count());
  }
  derive(data());
}

}  // namespace gusto
