#include "gusto/models/content/content.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/content/profile_regression.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

constexpr std::size_t kContentUsers = 64;

}  // namespace

constexpr ModelInfo kContentInfo{
    .name = "content",
    .summary = "Judges an item by what it shares with those that the user liked.",
    .about =
        "Every item is a vector of terms: its genres, tags, directors, actors, the words of its title and plot, "
        "whatever features the data have (files of item features add more), weighted by TF-IDF or BM25. The user's "
        "taste is such a vector too, made of what they liked and disliked, by Rocchio's formula or by ridge "
        "regression, and an item's "
        "score is the inner product of both, beside its popularity or, for ratings, the usual biases. Nobody needs to "
        "have met an item for it to be recommended, so new items are; and each reason has a name, such as a director "
        "that they share. What people choose together says more wherever it is known: take it for new items, for "
        "similar "
        "items, or as one source of a pipeline.",
    .fields = kContentFields,
    .abilities = {.personalized = true,
                  .predicts_ratings = true,
                  .fold_in = FoldIn::exact,
                  .cold_items = true,
                  .similar_items = true,
                  .explains = true,
                  .strength = true},
    .make = &make_with<ContentModel>,
};

/// One user's taste, and what it says of an item.
class ContentModel::QueryUser {
 public:
  explicit QueryUser(const ContentModel& model) : model_(model), taste_(model.profiles_.term_count()) {}

  void become(std::span<const HistoryEvent> history) {
    const ContentOptions& options = model_.options();
    if (!model_.ranks()) user_bias_ = model_.baseline_.fold_in(history, options.reg_user);
    events_ = history;
    if (model_.by_ridge()) {
      const std::size_t most = std::min(history.size(), static_cast<std::size_t>(options.max_history));
      events_ = history.last(most);
      solve_ridge();
    } else {
      weigh_likes();
    }
    gather();
  }

  double user_bias() const { return user_bias_; }
  std::span<const float> taste() const { return taste_; }
  /// What is subtracted from x_i · w_u for x̃_i · w_u.
  double typical() const { return typical_; }
  std::span<const HistoryEvent> events() const { return events_; }

  /// x̃_j · w_u for an event of the history, without the event's own part of w_u.
  double without_own(std::size_t event) const {
    const std::size_t item = events_[event].item.index;
    const std::span<const float> weights = model_.profiles_.weights_of(item);
    const double square = std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0);
    const double own = amounts_[event] * scale_ * model_.centered_product(item, item, square);
    return model_.profiles_.dot(item, taste_) - typical_ - own;
  }

  float predict(ItemRow item) const {
    const double closeness = model_.profiles_.dot(item.index, taste_) - typical_;
    return static_cast<float>(model_.baseline_.item_part(item) + user_bias_ + model_.slope_ * closeness);
  }

  float rank(std::size_t item) const {
    return static_cast<float>(model_.popularity_part(item) + model_.profiles_.dot(item, taste_));
  }

  float score(std::size_t item) const { return model_.ranks() ? rank(item) : predict(ItemRow(item)); }

 private:
  double strength(const HistoryEvent& event) const { return static_cast<double>(model_.strength_.of(event.value)); }

  // Rocchio's a_j.
  void weigh_likes() {
    if (model_.ranks()) {
      amounts_.resize(events_.size());
      std::transform(events_.begin(), events_.end(), amounts_.begin(),
                     [&](const auto& event) { return strength(event); });
      const double all = std::accumulate(amounts_.begin(), amounts_.end(), 0.0);
      for (double& amount : amounts_) amount = all > 0 ? amount / all : 0;
      return;
    }
    const auto liked = [&](const HistoryEvent& event) {
      return static_cast<double>(event.value) >= model_.options().like_threshold;
    };
    const auto likes = static_cast<double>(std::count_if(events_.begin(), events_.end(), liked));
    const double dislikes = static_cast<double>(events_.size()) - likes;
    amounts_.resize(events_.size());
    std::transform(events_.begin(), events_.end(), amounts_.begin(), [&](const HistoryEvent& event) {
      return liked(event) ? 1 / likes : -model_.options().disliked_weight / dislikes;
    });
  }

  // a = (X̃X̃ᵀ + reg)⁻¹ e.
  void solve_ridge() {
    const std::size_t n = events_.size();
    Matrix<double> kernel(n, n);
    for (std::size_t a = 0; a < n; ++a) {
      const std::size_t item = events_[a].item.index;
      std::fill(taste_.begin(), taste_.end(), 0.0F);
      model_.profiles_.add(item, 1, taste_);
      for (std::size_t b = 0; b <= a; ++b) {
        const std::size_t other = events_[b].item.index;
        kernel(a, b) = model_.centered_product(item, other, model_.profiles_.dot(other, taste_));
        kernel(b, a) = kernel(a, b);
      }
      kernel(a, a) += model_.options().reg;
    }
    amounts_.resize(n);
    std::transform(events_.begin(), events_.end(), amounts_.begin(), [&](const HistoryEvent& event) {
      if (model_.ranks()) return strength(event);
      return static_cast<double>(event.value) - model_.baseline_.item_part(event.item) - user_bias_;
    });
    if (n > 0) solve_spd(std::as_const(kernel).view(), amounts_);
  }

  // w_u = Σ a_j x̃_j, brought to length 1 where its length has no meaning.
  void gather() {
    std::fill(taste_.begin(), taste_.end(), 0.0F);
    double sum = 0;
    for (std::size_t e = 0; e < events_.size(); ++e) {
      model_.profiles_.add(events_[e].item.index, static_cast<float>(amounts_[e]), taste_);
      sum += amounts_[e];
    }
    double square = 0;
    for (std::size_t t = 0; t < taste_.size(); ++t) {
      taste_[t] -= static_cast<float>(sum) * model_.mean_[t];
      square += static_cast<double>(taste_[t]) * static_cast<double>(taste_[t]);
    }
    const bool keeps_length = model_.by_ridge() && !model_.ranks();
    scale_ = keeps_length || square < kNothing ? 1 : 1 / std::sqrt(square);
    typical_ = 0;
    for (std::size_t t = 0; t < taste_.size(); ++t) {
      taste_[t] *= static_cast<float>(scale_);
      typical_ += static_cast<double>(taste_[t]) * static_cast<double>(model_.mean_[t]);
    }
  }

  // What rounding leaves of a vector that is none.
  static constexpr double kNothing = 1e-12;

  const ContentModel& model_;
  std::vector<float> taste_;
  std::span<const HistoryEvent> events_;
  std::vector<double> amounts_;  // a_j
  double scale_ = 1;
  double typical_ = 0;
  double user_bias_ = 0;
};

bool ContentModel::by_ridge(Task task) const {
  if (options().method == TasteMethod::by_task) return task != Task::top_n;
  return options().method == TasteMethod::ridge;
}

double ContentModel::centered_product(std::size_t a, std::size_t b, double product) const {
  return product - centered_[a] - centered_[b] + mean_square_;
}

double ContentModel::popularity_part(std::size_t item) const {
  return options().popularity * static_cast<double>(popularity_[item]);
}

std::uint64_t ContentModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const std::uint64_t profiles = profile_memory(data.catalog(), options());
  std::uint64_t longest = 0;
  for (std::size_t u = 0; u < data.user_count() && by_ridge(task); ++u) {
    longest = std::max<std::uint64_t>(longest, data.history(UserRow(u)).size());
  }
  const std::uint64_t last = std::min(longest, static_cast<std::uint64_t>(options().max_history));
  const std::uint64_t query_users = threads * (profiles / 4 + 3 * last * last * sizeof(double));
  const std::uint64_t by_item = task == Task::top_n ? 0 : data.event_count() * 8;
  return profiles + profiles / 2 + query_users + by_item + data.item_count() * 32 + data.user_count() * 8;
}

void ContentModel::make_profiles(const Dataset& data) {
  profiles_ = ItemProfiles(data.catalog(), options());
  if (profiles_.entry_count() == 0) {
    throw Error(ErrorCode::unsupported,
                "content has nothing to go by: features have no value that some items share and others lack.",
                "Name a file of features with the option `item_features`, or choose another model.");
  }
  mean_ = profiles_.mean();
  require_finite("profiles", mean_);
  centered_.resize(data.item_count());
  for (std::size_t i = 0; i < centered_.size(); ++i) centered_[i] = profiles_.dot(i, mean_);
  mean_square_ = std::inner_product(mean_.begin(), mean_.end(), mean_.begin(), 0.0);
  known_.assign(data.item_count(), false);
  for (const ItemRow item : data.items()) known_[item.index] = true;
}

void ContentModel::do_fit(const Dataset& data, const FitOptions&, Context& context) {
  constexpr std::size_t kSteps = 3;
  context.progress(info().name, 0, kSteps);
  make_profiles(data);
  strength_ = strength_of(data, task());
  context.progress(info().name, 1, kSteps);
  slope_ = 1;
  baseline_ = {};
  popularity_.clear();
  if (ranks()) {
    popularity_.assign(data.item_count(), 0.0F);
    for (std::size_t e = 0; e < data.event_count(); ++e) {
      popularity_[data.items()[e].index] += strength_.of(data.values()[e]);
    }
    const double most = std::log1p(static_cast<double>(*std::max_element(popularity_.begin(), popularity_.end())));
    for (float& count : popularity_) count = static_cast<float>(std::log1p(static_cast<double>(count)) / most);
  } else {
    baseline_ = fit_baseline(data, {.reg_item = options().reg_item, .reg_user = options().reg_user}, context);
  }
  std::vector<float>& of_items = ranks() ? popularity_ : baseline_.item_bias;
  const ProfileRegression expected = fit_regression(profiles_, of_items, known_, options().reg_features, context);
  for (std::size_t i = 0; i < of_items.size(); ++i) {
    if (!known_[i]) of_items[i] = static_cast<float>(expected.at(profiles_, i));
  }
  require_finite("estimates for items", of_items);
  context.progress(info().name, 2, kSteps);
  if (!ranks() && !by_ridge()) fit_slope(data, context);
  context.progress(info().name, kSteps, kSteps);
}

void ContentModel::fit_slope(const Dataset& data, Context& context) {
  const std::size_t users = data.user_count();
  struct Sums {
    double product = 0;
    double square = 0;
  };
  std::vector<Sums> sums((users + kContentUsers - 1) / kContentUsers);
  parallel_blocks(context, users, kContentUsers, [&](std::size_t begin, std::size_t end, unsigned) {
    QueryUser query_user(*this);
    Sums& own = sums[begin / kContentUsers];
    for (std::size_t u = begin; u < end; ++u) {
      const std::vector<HistoryEvent> events = events_of(data.history(UserRow(u)));
      query_user.become(events);
      for (std::size_t e = 0; e < events.size(); ++e) {
        const double closeness = query_user.without_own(e);
        const double residual =
            static_cast<double>(events[e].value) - baseline_.item_part(events[e].item) - query_user.user_bias();
        own.product += closeness * residual;
        own.square += closeness * closeness;
      }
    }
  });
  Sums all;
  for (const Sums& one : sums) {
    all.product += one.product;
    all.square += one.square;
  }
  slope_ = all.square > 0 ? all.product / all.square : 0;
}

std::vector<float> ContentModel::taste(const Query& query) const {
  std::vector<HistoryEvent> storage;
  QueryUser query_user(*this);
  query_user.become(history_of(query, storage));
  return {query_user.taste().begin(), query_user.taste().end()};
}

void ContentModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items,
                              std::span<float> out) const {
  QueryUser query_user(*this);
  std::vector<HistoryEvent> storage;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (q == 0 || !same_query_user(queries[q], queries[q - 1])) query_user.become(history_of(queries[q], storage));
    out[q] = query_user.predict(items[q]);
  }
}

void ContentModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  QueryUser query_user(*this);
  std::vector<HistoryEvent> storage;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    query_user.become(history_of(queries[q], storage));
    for (std::size_t i = 0; i < scores.cols; ++i) scores(q, i) = query_user.score(i);
  }
}

void ContentModel::do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const {
  QueryUser query_user(*this);
  std::vector<HistoryEvent> storage;
  query_user.become(history_of(query, storage));
  std::transform(items.begin(), items.end(), out.begin(), [&](ItemRow item) { return query_user.score(item.index); });
}

void ContentModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  std::vector<float> profile(profiles_.term_count());
  profiles_.add(item.index, 1, profile);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(profiles_.dot(i, profile));
}

std::vector<Contribution> ContentModel::do_explain(const Query& query, ItemRow item) const {
  std::vector<HistoryEvent> storage;
  QueryUser query_user(*this);
  query_user.become(history_of(query, storage));
  std::vector<Contribution> parts;
  if (ranks()) {
    parts.push_back({.label = known_[item.index] ? "popularity" : "popularity of such items",
                     .amount = popularity_part(item.index)});
  } else {
    parts = baseline_.explain(query_user.user_bias(), item);
  }
  // Terms that nothing in the history has count by what is usual; one line says so.
  std::vector<bool> shared(profiles_.term_count());
  for (const HistoryEvent& event : query_user.events()) {
    for (const std::uint32_t term : profiles_.terms_of(event.item.index)) shared[term] = true;
  }
  double others = ranks() ? 0 : -slope_ * query_user.typical();
  const std::span<const std::uint32_t> terms = profiles_.terms_of(item.index);
  const std::span<const float> weights = profiles_.weights_of(item.index);
  for (std::size_t e = 0; e < terms.size(); ++e) {
    const double amount =
        (ranks() ? 1 : slope_) * static_cast<double>(weights[e]) * static_cast<double>(query_user.taste()[terms[e]]);
    if (shared[terms[e]]) parts.push_back({.label = std::string(profiles_.label(terms[e])), .amount = amount});
    else others += amount;
  }
  if (others != 0) parts.push_back({.label = "what they don't share", .amount = others});
  return parts;
}

void ContentModel::save_state(TensorWriter& out) const {
  if (ranks()) {
    out.add("popularity", popularity_);
  } else {
    baseline_.save(out);
    out.add("slope", std::span<const double>(&slope_, 1));
  }
}

void ContentModel::do_load(const TensorFile& in) {
  baseline_ = {};
  popularity_.clear();
  slope_ = 1;
  if (ranks()) {
    popularity_ = in.vector<float>("popularity", data().item_count());
  } else {
    baseline_ = Baseline::load(in, data().user_count(), data().item_count());
    slope_ = in.vector<double>("slope", 1).front();
  }
  make_profiles(data());
  strength_ = strength_of(data(), task());
}

}  // namespace gusto
