#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/matrix.h"
#include "gusto/eval/beyond.h"
#include "gusto/eval/evaluate_tasks.h"
#include "gusto/eval/folding.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/search.h"

namespace gusto::detail {
namespace {

struct HitMetric {
  std::string_view name;
  double (*measure)(const Hits&);
};
// Those of sampled rankings have the same names after kSampled.
constexpr std::string_view kSampled = "sampled-";
constexpr std::array kHitMetrics{
    HitMetric{"hit-rate", hit_rate},     HitMetric{"precision", precision}, HitMetric{"recall", recall},
    HitMetric{"recall-min", recall_min}, HitMetric{"ndcg", ndcg},           HitMetric{"map", average_precision},
    HitMetric{"mrr", reciprocal_rank},
};

// Lists of the longest length asked for, and where each has hits; shorter lengths read their beginnings.
struct FoundLists {
  std::vector<std::uint64_t> offsets;
  std::vector<ItemRow> items;
  std::vector<std::vector<std::uint32_t>> positions;
};

// Users of one task: few, since lists may be long.
constexpr std::size_t kUserBlock = 16;

// The positions below k, of ascending ones.
std::span<const std::uint32_t> below(std::span<const std::uint32_t> positions, std::size_t k) {
  return positions.first(
      static_cast<std::size_t>(std::lower_bound(positions.begin(), positions.end(), k) - positions.begin()));
}

class TopN {
 public:
  explicit TopN(const Measuring& in, Evaluation& out) : in_(in), out_(out) {}

  void measure() {
    const bool sampled =
        std::any_of(in_.names.begin(), in_.names.end(), [](const std::string& n) { return find_metric(n).sampled; });
    const bool full =
        std::any_of(in_.names.begin(), in_.names.end(), [](const std::string& n) { return !find_metric(n).sampled; });
    if (sampled) rank_given();
    if (full) search_lists();
    add_estimates();
  }

 private:
  void add_estimates() {
    const ItemLists lists{in_.test.users, unseen_.offsets, unseen_.items};
    const std::size_t item_count = in_.fold.train->item_count();
    const AudienceGroups groups(*in_.fold.train);
    const std::vector<double> bits = self_information(*in_.fold.train);
    const std::vector<bool> head = popular_head(*in_.fold.train, in_.candidates);
    const FeatureSets features(in_.fold.train->catalogue().item_features);

    for (const MetricInfo& metric : metric_table()) {
      if (metric.task != Task::top_n) continue;
      for (const std::size_t k : in_.options.k) {
        const std::string name = metric_name(metric, k);
        if (!in_.wants(name)) continue;
        const std::string_view hit_name = metric.name.substr(metric.sampled ? kSampled.size() : 0);
        if (const auto hits = std::find_if(kHitMetrics.begin(), kHitMetrics.end(),
                                           [&](const HitMetric& m) { return m.name == hit_name; });
            hits != kHitMetrics.end()) {
          const FoundLists& found = metric.sampled ? given_ : unseen_;
          add_mean(metric, name, [&](std::size_t u) {
            return hits->measure({below(found.positions[u], k), test_items(u), k});
          });
        } else if (metric.name == "topk-accuracy") {
          add_topk_accuracy(name, k);
        } else if (metric.name == "coverage") {
          out_.estimates.push_back(coverage(name, lists, k, in_.candidates, item_count));
        } else if (metric.name == "diversity") {
          add_mean(metric, name, [&](std::size_t u) { return intra_list_diversity(features, lists.top(u, k)); });
        } else if (metric.name == "novelty") {
          add_mean(metric, name, [&](std::size_t u) {
            return mean_over(lists.top(u, k), [&](ItemRow item) { return bits[item.index]; });
          });
        } else if (metric.name == "popularity-share") {
          add_mean(metric, name, [&](std::size_t u) {
            return mean_over(lists.top(u, k), [&](ItemRow item) { return head[item.index] ? 1.0 : 0.0; });
          });
        } else if (metric.name == "gini") {
          out_.estimates.push_back(gini(name, lists, k, in_.candidates, item_count));
        } else if (metric.name == "folding" && groups.count() > 1) {
          add_mean(metric, name, [&](std::size_t u) { return folding(groups, u, lists.top(u, k)); });
        }
      }
    }
  }

  void search_lists() {
    std::vector<Query> queries;
    for (std::size_t u = 0; u < in_.test.users.size(); ++u) queries.push_back(query(u));
    std::vector<SearchFilter> filters(1);
    // An empty list of allowed items stands for all.
    if (in_.candidates.size() < in_.fold.train->item_count()) filters[0].allowed = in_.candidates;
    const bool seen_too = std::any_of(in_.names.begin(), in_.names.end(),
                                      [](const std::string& name) { return name.starts_with("topk-accuracy@"); });
    if (seen_too) {
      filters.push_back(filters[0]);
      filters[1].exclude_seen = false;
    }
    const std::size_t longest = *std::max_element(in_.options.k.begin(), in_.options.k.end());
    const Stopwatch watch;
    std::vector<TopLists> found = search(in_.model, queries, longest + most_aside(), filters, in_.context);
    out_.score_seconds += watch.seconds();
    unseen_ = find_hits(without_aside(std::move(found[0]), longest));
    if (seen_too) all_ = find_hits(found[1]);
  }

  Query query(std::size_t asker) const { return in_.fold.query(in_.test.offsets[asker]); }

  std::span<const ItemRow> aside_of(UserRow user) const {
    const CandidateLists& aside = in_.fold.aside;
    const auto found = std::lower_bound(aside.users.begin(), aside.users.end(), user);
    if (found == aside.users.end() || *found != user) return {};
    return aside[static_cast<std::size_t>(found - aside.users.begin())];
  }

  std::size_t most_aside() const {
    std::size_t most = 0;
    for (const UserRow user : in_.test.users) most = std::max(most, aside_of(user).size());
    return most;
  }

  // Lists that were asked for with as much to spare as anybody has set aside.
  TopLists without_aside(TopLists lists, std::size_t longest) const {
    if (in_.fold.aside.empty()) return lists;
    TopLists result;
    std::vector<ScoredItem> kept;
    for (std::size_t u = 0; u < lists.size(); ++u) {
      const std::span<const ItemRow> aside = aside_of(in_.test.users[u]);
      kept.clear();
      for (const ScoredItem& entry : lists[u]) {
        if (kept.size() == longest) break;
        if (!std::binary_search(aside.begin(), aside.end(), entry.item)) kept.push_back(entry);
      }
      result.add(kept);
    }
    return result;
  }

  // Ranks each user's own candidates, as lists are ranked: higher scores first, then lower rows.
  void rank_given() {
    const CandidateLists& given = in_.fold.given;
    if (given.users != in_.test.users) {
      throw Error(ErrorCode::invalid_input, "The fold gives candidates to other users than those with test events.");
    }
    const std::size_t longest = *std::max_element(in_.options.k.begin(), in_.options.k.end());
    given_.positions.resize(given.users.size());
    const Stopwatch watch;
    parallel_blocks(in_.context, given.users.size(), kUserBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      const std::vector<std::vector<float>> scores = score_given(begin, end);
      std::vector<ScoredItem> list;
      for (std::size_t u = begin; u < end; ++u) {
        list.clear();
        for (std::size_t i = 0; i < given[u].size(); ++i) list.push_back({given[u][i], scores[u - begin][i]});
        std::sort(list.begin(), list.end(), [](const ScoredItem& a, const ScoredItem& b) {
          return a.score != b.score ? a.score > b.score : a.item < b.item;
        });
        given_.positions[u] = hit_positions(std::span(list).first(std::min(longest, list.size())), u);
      }
    });
    out_.score_seconds += watch.seconds();
  }

  // Scores of the candidates of users [begin, end).
  std::vector<std::vector<float>> score_given(std::size_t begin, std::size_t end) const {
    const CandidateLists& given = in_.fold.given;
    std::vector<Query> queries;
    std::vector<std::vector<float>> scores;
    for (std::size_t u = begin; u < end; ++u) {
      queries.push_back(query(u));
      scores.emplace_back(given[u].size());
    }
    if (!in_.model.info().abilities.item_vectors) {
      for (std::size_t q = 0; q < queries.size(); ++q) in_.model.score_items(queries[q], given[begin + q], scores[q]);
      return scores;
    }
    const MatrixView<const float> vectors = in_.model.item_vectors();
    Matrix<float> askers(queries.size(), vectors.cols);
    in_.model.query_vectors(queries, askers.view());
    for (std::size_t q = 0; q < queries.size(); ++q) {
      for (std::size_t i = 0; i < scores[q].size(); ++i) {
        scores[q][i] = dot(askers.row(q), vectors.row(given[begin + q][i].index));
      }
      if (std::all_of(scores[q].begin(), scores[q].end(), [](float score) { return std::isfinite(score); })) continue;
      throw Error(ErrorCode::not_finite,
                  fmt::format("{} gave a score that is not a finite number.", in_.model.info().name));
    }
    return scores;
  }

  FoundLists find_hits(const TopLists& lists) const {
    FoundLists result{lists.offsets, {}, std::vector<std::vector<std::uint32_t>>(lists.size())};
    for (const ScoredItem& entry : lists.entries) result.items.push_back(entry.item);
    parallel_blocks(in_.context, lists.size(), kUserBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t u = begin; u < end; ++u) result.positions[u] = hit_positions(lists[u], u);
    });
    return result;
  }

  std::vector<std::uint32_t> hit_positions(std::span<const ScoredItem> list, std::size_t u) const {
    const auto first = in_.fold.test.begin() + static_cast<std::ptrdiff_t>(in_.test.offsets[u]);
    const auto last = in_.fold.test.begin() + static_cast<std::ptrdiff_t>(in_.test.offsets[u + 1]);
    std::vector<std::uint32_t> positions;
    for (std::size_t p = 0; p < list.size(); ++p) {
      const auto at_or_after = std::lower_bound(first, last, list[p].item,
                                                [](const Event& event, ItemRow item) { return event.item < item; });
      if (at_or_after != last && at_or_after->item == list[p].item) positions.push_back(static_cast<std::uint32_t>(p));
    }
    return positions;
  }

  // How much more of the list than of the test items comes from foreign groups.
  std::optional<double> folding(const AudienceGroups& groups, std::size_t u, std::span<const ItemRow> list) const {
    const UserRow user = in_.test.users[u];
    const auto foreign = [&](ItemRow item) { return groups.foreign(user, item) ? 1.0 : 0.0; };
    if (!groups.of(user)) return std::nullopt;
    std::vector<ItemRow> test;
    for (std::size_t i = in_.test.offsets[u]; i < in_.test.offsets[u + 1]; ++i) test.push_back(in_.fold.test[i].item);
    const std::optional<double> listed = mean_over(list, foreign);
    if (!listed) return std::nullopt;
    return *listed - *mean_over(test, foreign);
  }

  template <class Value>
  static std::optional<double> mean_over(std::span<const ItemRow> list, Value value) {
    if (list.empty()) return std::nullopt;
    double sum = 0;
    for (const ItemRow item : list) sum += value(item);
    return sum / static_cast<double>(list.size());
  }

  // The mean over those users for whom there is a value; no estimate if there are none.
  void add_mean(const MetricInfo& metric, const std::string& name,
                const std::function<std::optional<double>(std::size_t)>& value_of) {
    std::vector<std::optional<double>> found(in_.test.users.size());
    parallel_blocks(in_.context, found.size(), kUserBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t u = begin; u < end; ++u) found[u] = value_of(u);
    });
    std::vector<UserRow> users;
    std::vector<double> values;
    for (std::size_t u = 0; u < found.size(); ++u) {
      if (!found[u]) continue;
      users.push_back(in_.test.users[u]);
      values.push_back(*found[u]);
    }
    if (!users.empty()) out_.estimates.push_back(mean_estimate(name, users, values, metric.higher_is_better));
  }

  void add_topk_accuracy(const std::string& name, std::size_t k) {
    std::vector<double> found, events;
    for (std::size_t u = 0; u < in_.test.users.size(); ++u) {
      found.push_back(static_cast<double>(below(all_.positions[u], k).size()));
      events.push_back(static_cast<double>(test_items(u)));
    }
    out_.estimates.push_back(ratio_estimate(name, in_.test.users, found, events, true));
  }

  std::size_t test_items(std::size_t u) const { return in_.test.offsets[u + 1] - in_.test.offsets[u]; }

  const Measuring& in_;
  Evaluation& out_;
  FoundLists unseen_;  // seen items excluded
  FoundLists all_;     // seen items kept; filled if topk-accuracy is wanted
  FoundLists given_;   // of given candidates, positions only; filled if a sampled metric is wanted
};

}  // namespace

void measure_top_n(const Measuring& measuring, Evaluation& out) {
  if (measuring.candidates.empty()) {
    throw Error(ErrorCode::empty_dataset, "There are no candidates that a ranking may contain.");
  }
  TopN(measuring, out).measure();
}

}  // namespace gusto::detail
