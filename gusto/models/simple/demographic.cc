#include "gusto/models/simple/demographic.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/core.h>

#include "gusto/base/kernels.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/baseline.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

constexpr std::size_t kSegmentBlock = 1;
constexpr std::size_t kDemographicUsers = 1024;  // between two looks at whether to stop

std::string table_name(std::string_view what, std::size_t way) { return fmt::format("{}/{}", what, way); }

// A mean over an item's values of the field; 0 without a field, or where the item has none.
double mean_over(const FeatureField* field, std::size_t item, std::span<const double> of_value) {
  if (field == nullptr || field->ids_of(item).empty()) return 0;
  double sum = 0;
  for (const std::uint32_t id : field->ids_of(item)) sum += of_value[id];
  return sum / static_cast<double>(field->ids_of(item).size());
}

// Adds an item's amount to its values, in equal parts.
void share_out(const FeatureField& field, std::size_t item, double amount, std::span<double> of_value) {
  for (const std::uint32_t id : field.ids_of(item)) {
    of_value[id] += amount / static_cast<double>(field.ids_of(item).size());
  }
}

}  // namespace

constexpr ModelInfo kDemographicInfo{
    .name = "demographic",
    .summary = "What people of the user's kind chose and liked: gender, age, occupation.",
    .about =
        "Counts events, or weighs ratings by IMDb's formula, for all people and for the segments that the user is in: "
        "by gender, age band, occupation, whatever the data know of users (files of user features add more), and by "
        "pairs of these. A segment's figure is drawn to the whole's as far as its events are few, so that small groups "
        "don't "
        "shout. Answers for new people from their features alone, and without any it is popularity. `gusto chart` "
        "lists "
        "the top of each genre by it. Everybody of a segment gets the same list: a start for new users, and what a "
        "personal recommender has to beat.",
    .fields = kDemographicFields,
    .abilities = {.personalized = true,
                  .predicts_ratings = true,
                  .fold_in = FoldIn::approximate,
                  .explains = true,
                  .strength = true},
    .make = &make_with<DemographicModel>,
};

Strength DemographicModel::chart_strength(const Dataset& data) const {
  return counts() ? strength_of(data, task()) : Strength{};
}

const FeatureField* DemographicModel::groups(const Catalog& catalog) const {
  if (options().smoothing_feature.empty()) return nullptr;
  const FeatureField& field = catalog.item_features.at(options().smoothing_feature);
  require_values(field, "demographic's per");
  return &field;
}

std::uint64_t DemographicModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const Segments segments(data.catalog(), options().segments);
  const FeatureField* field = groups(data.catalog());
  const std::uint64_t items = data.item_count();
  const std::uint64_t values = field == nullptr ? 0 : field->values.size();
  const std::uint64_t table = segments.total() * items * sizeof(float);
  std::uint64_t bytes = data.user_count() * data.catalog().user_features.fields().size() * 4 + items * 32;
  // Beside its tables each way of fitting has sums of its own on every thread: by item, and by value of the field.
  std::uint64_t own = 0;
  if (counts(task)) {
    bytes += table;
    own = (items + 3 * values) * sizeof(double);
  }
  if (rates(task)) {
    constexpr std::uint64_t kMember = 2 * sizeof(UserRow);  // a vector has grown to twice its size
    bytes += table + data.event_count() * sizeof(float) + data.user_count() * kMember +
             segments.total() * sizeof(std::vector<UserRow>);
    own = std::max(own, 2 * (items + values) * sizeof(double));
  }
  return bytes + threads * own;
}

void DemographicModel::do_fit(const Dataset& data, const FitOptions&, Context& context) {
  segments_ = Segments(data.catalog(), options().segments);
  const std::size_t steps = segments_.ways() + 1;
  context.progress(info().name, 0, steps);
  sum_up(data);
  std::vector<float> left;  // of every rating, in stored order
  if (rates(task())) {
    left.assign(data.values().begin(), data.values().end());
    for (std::size_t e = 0; e < left.size(); ++e) left[e] -= ratings_[data.items()[e].index];
  }
  count_ratios_.clear();
  rating_differences_.clear();
  for (std::size_t way = 0; way < segments_.ways(); ++way) {
    context.progress(info().name, way + 1, steps);
    if (counts()) fit_counts(data, way, context);
    if (rates(task())) fit_ratings(data, way, left, context);
  }
  require_finite("ratings", ratings_);
  for (const Matrix<float>& table : rating_differences_) require_finite("segments' ratings", table.values());
  context.progress(info().name, steps, steps);
}

void DemographicModel::sum_up(const Dataset& data) {
  const FeatureField* field = groups(data.catalog());
  const std::size_t items = data.item_count();
  counts_.assign(items, 0);
  std::vector<double> sums(items);
  for (std::size_t e = 0; e < data.event_count(); ++e) {
    const std::size_t item = data.items()[e].index;
    ++counts_[item];
    sums[item] += static_cast<double>(data.values()[e]);
  }
  const double mean = std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(data.event_count());
  const std::size_t values = field == nullptr ? 0 : field->values.size();
  std::vector<double> typical(values), weights(values);
  for (std::size_t i = 0; i < items && field != nullptr; ++i) {
    share_out(*field, i, sums[i], typical);
    share_out(*field, i, counts_[i], weights);
  }
  for (std::size_t g = 0; g < values; ++g) {
    typical[g] = damped_mean(typical[g], weights[g], options().prior_count, mean) - mean;
  }
  weigh_popularity(data);
  ratings_.resize(items);
  for (std::size_t i = 0; i < items; ++i) {
    ratings_[i] = static_cast<float>(
        damped_mean(sums[i], counts_[i], options().prior_count, mean + mean_over(field, i, typical)));
  }
}

void DemographicModel::weigh_popularity(const Dataset& data) {
  const Strength strength = chart_strength(data);
  strengths_.assign(strength.used() ? counts_.size() : 0, 0.0);
  for (std::size_t e = 0; e < data.event_count() && strength.used(); ++e) {
    strengths_[data.items()[e].index] += static_cast<double>(strength.of(data.values()[e]));
  }
  popularity_.resize(counts_.size());
  for (std::size_t i = 0; i < popularity_.size(); ++i) {
    popularity_[i] = std::log(static_cast<float>(chosen(i)) + 0.5F);
  }
}

void DemographicModel::fit_counts(const Dataset& data, std::size_t way, Context& context) {
  const FeatureField* field = groups(data.catalog());
  const std::size_t items = data.item_count();
  const double shrinkage = options().shrinkage;
  const Strength strength = chart_strength(data);
  const double all = total_strength(data.values(), strength);
  Matrix<float> table(segments_.size(way), items);
  std::vector<double> totals(segments_.size(way));
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    if (u % kDemographicUsers == 0) context.check_canceled();
    const auto segment = segments_.of(way, UserRow(u));
    if (!segment) continue;
    const History history = data.history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) {
      table(*segment, history.items[e].index) += strength.of(history.values[e]);
    }
    totals[*segment] += total_strength(history.values, strength);
  }
  parallel_blocks(context, totals.size(), kSegmentBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<double> expected(items);
    for (std::size_t s = begin; s < end; ++s) {
      const std::span<float> row = table.row(s);
      std::fill(expected.begin(), expected.end(), 0.0);
      for (const std::size_t parent : segments_.parents(way)) {
        const auto expectation = count_ratios_[parent].row(segments_.parent_segment(way, s, parent));
        for (std::size_t i = 0; i < items; ++i) expected[i] += static_cast<double>(expectation[i]);
      }
      for (std::size_t i = 0; i < items; ++i) expected[i] = totals[s] * chosen(i) / all * std::exp(expected[i]);
      std::vector<double> of_value;
      if (field != nullptr) {
        std::vector<double> observed(field->values.size()), usual(field->values.size());
        for (std::size_t i = 0; i < items; ++i) {
          share_out(*field, i, static_cast<double>(row[i]), observed);
          share_out(*field, i, expected[i], usual);
        }
        for (std::size_t g = 0; g < observed.size(); ++g) {
          of_value.push_back(std::log((observed[g] + shrinkage) / (usual[g] + shrinkage)));
        }
      }
      for (std::size_t i = 0; i < items; ++i) {
        const double group = mean_over(field, i, of_value);
        const double usual = expected[i] * std::exp(group);
        row[i] = static_cast<float>(group + std::log((static_cast<double>(row[i]) + shrinkage) / (usual + shrinkage)));
      }
    }
  });
  count_ratios_.push_back(std::move(table));
}

void DemographicModel::fit_ratings(const Dataset& data, std::size_t way, std::span<float> left, Context& context) {
  const FeatureField* field = groups(data.catalog());
  const std::size_t items = data.item_count();
  const double shrinkage = options().shrinkage;
  Matrix<float> table(segments_.size(way), items);
  // Users of each segment, ascending.
  std::vector<std::vector<UserRow>> members(segments_.size(way));
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    if (const auto segment = segments_.of(way, UserRow(u))) members[*segment].emplace_back(u);
  }
  parallel_blocks(context, members.size(), kSegmentBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<double> sums(items), events(items);
    for (std::size_t s = begin; s < end; ++s) {
      std::fill(sums.begin(), sums.end(), 0.0);
      std::fill(events.begin(), events.end(), 0.0);
      const auto for_each_event = [&](const auto& body) {
        for (const UserRow user : members[s]) {
          for (std::size_t e = data.offsets()[user.index]; e < data.offsets()[user.index + 1]; ++e) {
            body(e, data.items()[e].index);
          }
        }
      };
      for_each_event([&](std::size_t e, std::size_t item) {
        sums[item] += static_cast<double>(left[e]);
        events[item] += 1;
      });
      const double sum = std::accumulate(sums.begin(), sums.end(), 0.0);
      const double count = std::accumulate(events.begin(), events.end(), 0.0);
      const double whole = damped_mean(sum, count, shrinkage);
      std::vector<double> of_value;
      if (field != nullptr) {
        std::vector<double> weights(field->values.size());
        of_value.resize(weights.size());
        for (std::size_t i = 0; i < items; ++i) {
          share_out(*field, i, sums[i] - events[i] * whole, of_value);
          share_out(*field, i, events[i], weights);
        }
        for (std::size_t g = 0; g < weights.size(); ++g) of_value[g] = damped_mean(of_value[g], weights[g], shrinkage);
      }
      for (std::size_t i = 0; i < items; ++i) {
        const double expectation = whole + mean_over(field, i, of_value);
        table(s, i) =
            static_cast<float>(expectation + damped_mean(sums[i] - events[i] * expectation, events[i], shrinkage));
      }
      for_each_event([&](std::size_t e, std::size_t item) { left[e] -= table(s, item); });
    }
  });
  rating_differences_.push_back(std::move(table));
}

double DemographicModel::rating(const QueryUser& query_user, std::size_t item) const {
  double sum = static_cast<double>(ratings_[item]);
  for (std::size_t way = 0; way < query_user.size(); ++way) {
    if (query_user[way]) sum += static_cast<double>(rating_differences_[way](*query_user[way], item));
  }
  return sum;
}

double DemographicModel::own_bias(const QueryUser& query_user, const Query& query) const {
  std::vector<HistoryEvent> storage;
  double sum = 0;
  const std::span<const HistoryEvent> history = history_of(query, storage);
  for (const HistoryEvent& event : history) {
    sum += static_cast<double>(event.value) - rating(query_user, event.item.index);
  }
  return damped_mean(sum, static_cast<double>(history.size()), options().reg_user);
}

void DemographicModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items,
                                  std::span<float> out) const {
  QueryUser query_user;
  double bias = 0;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (q == 0 || !same_query_user(queries[q], queries[q - 1])) {
      query_user = segments_.of(queries[q]);
      bias = own_bias(query_user, queries[q]);
    }
    out[q] = static_cast<float>(rating(query_user, items[q].index) + bias);
  }
}

void DemographicModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const QueryUser query_user = segments_.of(queries[q]);
    const std::span<float> row = scores.row(q);
    if (!counts()) {
      const double bias = own_bias(query_user, queries[q]);
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(rating(query_user, i) + bias);
      continue;
    }
    std::copy(popularity_.begin(), popularity_.end(), row.begin());
    for (std::size_t way = 0; way < query_user.size(); ++way) {
      if (query_user[way]) axpy(1, count_ratios_[way].row(*query_user[way]), row);
    }
  }
}

std::vector<Contribution> DemographicModel::do_explain(const Query& query, ItemRow item) const {
  const QueryUser query_user = segments_.of(query);
  const std::vector<Matrix<float>>& tables = counts() ? count_ratios_ : rating_differences_;
  std::vector<Contribution> parts;
  parts.push_back({.label = counts() ? "events of all, as a logarithm" : "rating of all",
                   .amount = static_cast<double>(counts() ? popularity_[item.index] : ratings_[item.index])});
  for (std::size_t way = 0; way < query_user.size(); ++way) {
    if (!query_user[way]) continue;
    parts.push_back({.label = segments_.label(way, *query_user[way]),
                     .amount = static_cast<double>(tables[way](*query_user[way], item.index))});
  }
  if (!counts()) parts.push_back({.label = "user bias", .amount = own_bias(query_user, query)});
  return parts;
}

void DemographicModel::save_state(TensorWriter& out) const {
  out.add("event_counts", counts_);
  out.add("ratings", ratings_);
  for (std::size_t w = 0; w < count_ratios_.size(); ++w) out.add(table_name("count_ratios", w), count_ratios_[w]);
  for (std::size_t w = 0; w < rating_differences_.size(); ++w) {
    out.add(table_name("rating_differences", w), rating_differences_[w]);
  }
}

void DemographicModel::do_load(const TensorFile& in) {
  const std::size_t items = data().item_count();
  segments_ = Segments(data().catalog(), options().segments);
  counts_ = in.vector<std::uint32_t>("event_counts", items);
  ratings_ = in.vector<float>("ratings", items);
  weigh_popularity(data());
  count_ratios_.clear();
  rating_differences_.clear();
  for (std::size_t w = 0; w < segments_.ways(); ++w) {
    if (counts()) count_ratios_.push_back(in.matrix<float>(table_name("count_ratios", w), segments_.size(w), items));
    if (rates(task())) {
      rating_differences_.push_back(in.matrix<float>(table_name("rating_differences", w), segments_.size(w), items));
    }
  }
}

}  // namespace gusto
