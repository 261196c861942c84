#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/matrix.h"
#include "gusto/base/steps.h"
#include "gusto/eval/evaluate_tasks.h"
#include "gusto/eval/metric_inputs.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/search.h"

namespace gusto::detail {
namespace {

// Lists of the longest length asked for, and where each has hits; shorter lengths read their beginnings.
struct FoundLists {
  std::vector<std::uint64_t> offsets;
  std::vector<ItemRow> items;
  std::vector<std::vector<std::uint32_t>> positions;
};

// Users whom a pipeline is asked for at once.
constexpr std::size_t kPipelineQueries = 512;

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
    bool sampled = false, full = false, seen_too = false;
    for (const std::string& name : in_.names) {
      const MetricInfo& metric = find_metric(name, in_.options.table);
      (metric.sampled() ? sampled : full) = true;
      seen_too = seen_too || std::holds_alternative<SeenListRatio>(metric.measure);
    }
    if (sampled) rank_given();
    if (full) search_lists(seen_too);
    add_estimates();
  }

 private:
  void add_estimates() {
    const ListFacts facts(*in_.fold.train, in_.candidates);
    const std::array<std::size_t, 1> longest{this->longest()};
    for (const MetricInfo* metric : in_.metrics()) {
      const std::span<const std::size_t> lengths = metric->at_k ? std::span(in_.options.k) : std::span(longest);
      for (const std::size_t k : lengths) {
        if (in_.wants(metric_name(*metric, k))) add_estimate(*metric, k, facts);
      }
    }
  }

  void add_estimate(const MetricInfo& metric, std::size_t k, const ListFacts& facts) {
    const FoundLists& found = metric.sampled() ? given_ : unseen_;
    if (const auto* mean = std::get_if<ListMean>(&metric.measure)) {
      add_mean(metric, k, [&](std::size_t u) { return mean->of(list_of(found, u, k, facts)); });
    } else if (const auto* ratio = std::get_if<SeenListRatio>(&metric.measure)) {
      std::vector<double> sums, events;
      for (std::size_t u = 0; u < in_.test.users.size(); ++u) {
        sums.push_back(ratio->of(list_of(all_, u, k, facts)));
        events.push_back(static_cast<double>(test_items(u)));
      }
      out_.estimates.push_back(
          ratio_estimate(metric_name(metric, k), in_.test.users, sums, events, metric.higher_is_better));
    } else if (const auto* whole = std::get_if<ListSetMetric>(&metric.measure)) {
      const ItemLists lists{in_.test.users, found.offsets, found.items};
      std::optional<SetFigure> figure = whole->of({lists, k, in_.candidates, in_.fold.train->item_count()});
      if (!figure) return;
      out_.estimates.push_back(influence_estimate(metric_name(metric, k), figure->value, in_.test.users,
                                                  std::move(figure->influence), metric.higher_is_better));
    } else {
      refuse_measure(metric);
    }
  }

  UserList list_of(const FoundLists& found, std::size_t u, std::size_t k, const ListFacts& facts) const {
    const std::span<const ItemRow> items =
        std::span(found.items).subspan(found.offsets[u], found.offsets[u + 1] - found.offsets[u]);
    return {in_.test.users[u],
            items.first(std::min(k, items.size())),
            {below(found.positions[u], k), test_items(u), k},
            test_events(u),
            facts};
  }

  std::size_t longest() const { return *std::max_element(in_.options.k.begin(), in_.options.k.end()); }

  void search_lists(bool seen_too) {
    std::vector<Query> queries;
    for (std::size_t u = 0; u < in_.test.users.size(); ++u) queries.push_back(query(u));
    std::vector<SearchFilter> filters(1);
    // An empty list of allowed items stands for all.
    if (in_.candidates.size() < in_.fold.train->item_count()) filters[0].allowed = in_.candidates;
    if (seen_too) {
      filters.push_back(filters[0]);
      filters[1].exclude_seen = false;
    }
    const Stopwatch watch;
    const std::size_t length = longest() + most_withheld();
    std::vector<TopLists> found = in_.pipeline != nullptr
                                      ? pipeline_lists(queries, length, filters)
                                      : search(in_.model, queries, length, filters, in_.context, "measure");
    out_.score_seconds += watch.seconds();
    unseen_ = find_hits(without_withheld(std::move(found[0]), longest()));
    if (seen_too) all_ = find_hits(found[1]);
  }

  std::vector<TopLists> pipeline_lists(std::span<const Query> queries, std::size_t length,
                                       std::span<const SearchFilter> filters) const {
    std::vector<TopLists> found(filters.size());
    std::vector<ScoredItem> list;
    for (std::size_t f = 0; f < filters.size(); ++f) {
      for (std::size_t begin = 0; begin < queries.size(); begin += kPipelineQueries) {
        const auto block = queries.subspan(begin, std::min(kPipelineQueries, queries.size() - begin));
        const PipelineLists lists = in_.pipeline->recommend(block, length, filters[f], in_.context);
        for (std::size_t q = 0; q < lists.size(); ++q) {
          list.clear();
          for (const PipelineItem& entry : lists[q]) list.push_back({entry.item, entry.relevance});
          found[f].add(list);
        }
      }
    }
    return found;
  }

  Query query(std::size_t query_user) const { return in_.fold.query(in_.test.offsets[query_user]); }

  std::span<const ItemRow> withheld_of(UserRow user) const {
    const CandidateLists& withheld = in_.fold.withheld;
    const auto found = std::lower_bound(withheld.users.begin(), withheld.users.end(), user);
    if (found == withheld.users.end() || *found != user) return {};
    return withheld[static_cast<std::size_t>(found - withheld.users.begin())];
  }

  std::size_t most_withheld() const {
    std::size_t most = 0;
    for (const UserRow user : in_.test.users) most = std::max(most, withheld_of(user).size());
    return most;
  }

  // Lists that were asked for with as much to spare as anybody has withheld.
  TopLists without_withheld(TopLists lists, std::size_t longest) const {
    if (in_.fold.withheld.empty()) return lists;
    TopLists result;
    std::vector<ScoredItem> kept;
    for (std::size_t u = 0; u < lists.size(); ++u) {
      const std::span<const ItemRow> withheld = withheld_of(in_.test.users[u]);
      kept.clear();
      for (const ScoredItem& entry : lists[u]) {
        if (kept.size() == longest) break;
        if (!std::binary_search(withheld.begin(), withheld.end(), entry.item)) kept.push_back(entry);
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
    const Stopwatch watch;
    const TopLists lists = in_.pipeline != nullptr ? given_by_pipeline() : given_by_model();
    out_.score_seconds += watch.seconds();
    given_ = find_hits(lists);
  }

  TopLists given_by_pipeline() const {
    const CandidateLists& given = in_.fold.given;
    TopLists lists;
    for (std::size_t u = 0; u < given.users.size(); ++u) {
      const Query asked = query(u);
      const SearchFilter filter{.exclude_seen = false, .allowed = given[u]};
      const std::vector<TopLists> found = pipeline_lists({&asked, 1}, longest(), {&filter, 1});
      lists.add(found[0][0]);
    }
    return lists;
  }

  TopLists given_by_model() const {
    const CandidateLists& given = in_.fold.given;
    std::vector<std::vector<ScoredItem>> ranked(given.users.size());
    Steps steps(in_.context, "measure", given.users.size());
    steps.parallel_blocks(given.users.size(), kUserBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      const std::vector<std::vector<float>> scores = score_given(begin, end);
      for (std::size_t u = begin; u < end; ++u) {
        std::vector<ScoredItem>& list = ranked[u];
        for (std::size_t i = 0; i < given[u].size(); ++i) list.push_back({given[u][i], scores[u - begin][i]});
        std::sort(list.begin(), list.end(), [](const ScoredItem& a, const ScoredItem& b) {
          return a.score != b.score ? a.score > b.score : a.item < b.item;
        });
        list.resize(std::min(longest(), list.size()));
      }
    });
    TopLists lists;
    for (const std::vector<ScoredItem>& list : ranked) lists.add(list);
    return lists;
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
    Matrix<float> query_users(queries.size(), vectors.cols);
    in_.model.query_vectors(queries, query_users.view());
    for (std::size_t q = 0; q < queries.size(); ++q) {
      for (std::size_t i = 0; i < scores[q].size(); ++i) {
        scores[q][i] = dot(query_users.row(q), vectors.row(given[begin + q][i].index));
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
    const std::span<const Event> test = test_events(u);
    std::vector<std::uint32_t> positions;
    for (std::size_t p = 0; p < list.size(); ++p) {
      const auto at_or_after = std::lower_bound(test.begin(), test.end(), list[p].item,
                                                [](const Event& event, ItemRow item) { return event.item < item; });
      if (at_or_after == test.end() || at_or_after->item != list[p].item) continue;
      positions.push_back(static_cast<std::uint32_t>(p));
    }
    return positions;
  }

  // The mean over those users with a value; no estimate if there are none.
  template <class Value>
  void add_mean(const MetricInfo& metric, std::size_t k, Value value_of) {
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
    if (users.empty()) return;
    out_.estimates.push_back(mean_estimate(metric_name(metric, k), users, values, metric.higher_is_better));
  }

  std::size_t test_items(std::size_t u) const { return in_.test.offsets[u + 1] - in_.test.offsets[u]; }

  std::span<const Event> test_events(std::size_t u) const {
    return std::span(in_.fold.test).subspan(in_.test.offsets[u], test_items(u));
  }

  const Measuring& in_;
  Evaluation& out_;
  FoundLists unseen_;  // seen items excluded
  FoundLists all_;     // seen items kept; filled if a metric of these is wanted
  FoundLists given_;   // of given candidates; filled if a sampled metric is wanted
};

}  // namespace

void measure_top_n(const Measuring& measuring, Evaluation& out) {
  if (measuring.candidates.empty()) {
    throw Error(ErrorCode::empty_dataset, "There are no candidates that a ranking may contain.");
  }
  TopN(measuring, out).measure();
}

}  // namespace gusto::detail
