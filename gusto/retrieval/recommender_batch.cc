#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/models/model_info.h"
#include "gusto/retrieval/popular_items.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/recommender_parts.h"
#include "gusto/retrieval/search.h"
#include "gusto/retrieval/vector_scan.h"

namespace gusto {

/// Requests that are answered side by side, and where the answers go.
struct Recommender::Batch {
  std::span<const RecommendRequest> requests;
  std::span<RecommendAnswer> answers;
};

namespace {

/// Requests that may be searched for together are equal in this order.
struct BySearch {
  bool operator()(const RecommendRequest* a, const RecommendRequest* b) const {
    return std::tie(a->k, a->filter) < std::tie(b->k, b->filter);
  }
};

/// When a batch has enough: as many blocks of queries as keep all threads busy, or as many items as memory is for.
class BatchSize {
 public:
  BatchSize(std::size_t item_count, const Context& context)
      : item_count_(item_count),
        most_(kScanQueries * (context.threads() == 1 ? 1 : kUnitsPerThread * context.threads())) {}

  void add(const RecommendRequest& request) {
    ++requests_;
    items_ += std::min(request.k, item_count_);
  }
  bool full() const { return requests_ >= most_ || items_ >= kMostItems; }

 private:
  static constexpr std::size_t kUnitsPerThread = 4;  // since some take longer than others
  static constexpr std::size_t kMostItems = std::size_t{1} << 20;

  std::size_t item_count_;
  std::size_t most_;
  std::size_t requests_ = 0;
  std::size_t items_ = 0;
};

constexpr std::string_view kNothingKnown = "Nothing is known of this person: popular items answer.";
constexpr std::string_view kNoAnswer = "The model has no answer for this person: popular items answer.";
constexpr std::string_view kNoUse = "The model makes no use of what is known of this person: popular items answer.";

/// A list, and why its items are the popular ones, if they are.
struct PlainList {
  std::vector<ScoredItem> items;
  std::string_view popular;
};

/// A model's lists; popular items where it has nothing to say.
class PlainSearch {
 public:
  PlainSearch(const Model& model, const Index* index, const Deferred<std::shared_ptr<const PopularItems>>& popular)
      : model_(model), index_(index), popular_(popular), personal_(model.info().abilities.personalized) {}

  /// unknown[q]: nothing is known of whom queries[q] stands for.
  std::vector<PlainList> lists(std::span<const Query> queries, const std::vector<bool>& unknown, std::size_t k,
                               const SearchFilter& filter, Context& context) const {
    std::vector<PlainList> result(queries.size());
    std::vector<Query> asked;
    std::vector<std::size_t> places;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      if (personal_ && unknown[q]) result[q].popular = kNothingKnown;
      else if (personal_ && stands_for_nobody(model_, queries[q])) result[q].popular = kNoAnswer;
      if (!result[q].popular.empty()) continue;
      asked.push_back(queries[q]);
      places.push_back(q);
    }
    // Two at least, as one score cannot be told from others.
    const std::size_t wanted = std::max<std::size_t>(k, personal_ ? 2 : 1);
    const TopLists found = index_ != nullptr ? search(model_, *index_, asked, wanted, filter, context)
                                             : search(model_, asked, wanted, filter, context);
    for (std::size_t a = 0; a < asked.size(); ++a) {
      PlainList& list = result[places[a]];
      list.popular = why_popular(asked[a], filter, found[a]);
      if (list.popular.empty()) list.items.assign(found[a].begin(), found[a].begin() + std::min(k, found[a].size()));
    }
    for (std::size_t q = 0; q < queries.size(); ++q) {
      if (result[q].popular.empty()) continue;
      const std::vector<ItemRow> seen =
          filter.exclude_seen ? seen_items(model_.data(), queries[q]) : std::vector<ItemRow>();
      result[q].items = popular_.get()->best(k, open_items(filter, model_.data().item_count()), seen);
    }
    return result;
  }

 private:
  std::string_view why_popular(const Query& query, const SearchFilter& filter, std::span<const ScoredItem> list) const {
    if (!personal_) return {};
    if (tells_nothing(model_, query, filter, list)) return kNoAnswer;
    const bool no_events = query.history.empty() && (!query.user || model_.data().history(*query.user).size() == 0);
    return no_events && same_for_everyone(query, list) ? kNoUse : std::string_view();
  }

  /// Whether someone of whom nothing is known gets the same scores.
  bool same_for_everyone(const Query& query, std::span<const ScoredItem> list) const {
    if (model_.info().abilities.fold_in == FoldIn::none) return false;
    Query everyone;
    everyone.time = query.time;
    std::vector<ItemRow> items;
    for (const ScoredItem& entry : list) items.push_back(entry.item);
    std::vector<float> own(items.size()), others(items.size());
    model_.score_items(query, items, own);
    model_.score_items(everyone, items, others);
    return own == others;
  }

  const Model& model_;
  const Index* index_;
  const Deferred<std::shared_ptr<const PopularItems>>& popular_;
  bool personal_;
};

bool ends_all(const Error& error) { return error.code() == ErrorCode::canceled; }

}  // namespace

RecommendAnswer Recommender::recommend(const RecommendRequest& request, Context& context) const {
  RecommendAnswer result;
  answer({{&request, 1}, {&result, 1}}, context);
  if (result.error) throw Error(*std::move(result.error));
  return result;
}

void Recommender::recommend(std::span<const RecommendRequest> requests, const AnswerSink& sink,
                            Context& context) const {
  for (std::size_t begin = 0; begin < requests.size();) {
    std::size_t end = begin;
    for (BatchSize size(data().item_count(), context); end < requests.size() && !size.full(); ++end) {
      size.add(requests[end]);
    }
    std::vector<RecommendAnswer> answers(end - begin);
    answer({requests.subspan(begin, end - begin), answers}, context);
    for (RecommendAnswer& next : answers) sink(begin++, std::move(next));
  }
}

void Recommender::recommend(const RequestSource& source, const AnswerSink& sink, Context& context) const {
  std::size_t place = 0;
  for (bool more = true; more;) {
    std::vector<RecommendRequest> requests;
    for (BatchSize size(data().item_count(), context); more && !size.full();) {
      RecommendRequest request;
      more = source(request);
      if (!more) break;
      size.add(request);
      requests.push_back(std::move(request));
    }
    recommend(
        requests, [&](std::size_t, RecommendAnswer next) { sink(place++, std::move(next)); }, context);
  }
}

void Recommender::answer(const Batch& batch, Context& context) const {
  std::map<const RecommendRequest*, std::vector<std::size_t>, BySearch> groups;
  for (std::size_t r = 0; r < batch.requests.size(); ++r) groups[&batch.requests[r]].push_back(r);
  std::vector<std::span<const std::size_t>> units;
  const bool scored_whole = !parts_->pipeline && !model().info().abilities.item_vectors;
  const std::size_t together = scored_whole ? scored_queries(data().item_count()) : kScanQueries;
  for (const auto& [request, places] : groups) {
    for (std::size_t begin = 0; begin < places.size(); begin += together) {
      units.push_back(std::span(places).subspan(begin, std::min(together, places.size() - begin)));
    }
  }
  // A pipeline shares one unit's queries among threads itself; what it runs inside of another loop stays on one thread.
  if (parts_->pipeline && units.size() < context.threads()) {
    for (const auto& unit : units) answer_unit(batch, unit, context);
    return;
  }
  parallel_blocks(context, units.size(), 1,
                  [&](std::size_t u, std::size_t, unsigned) { answer_unit(batch, units[u], context); });
}

/// Requests of one filter and k. If one of them cannot be answered, each is asked for alone.
void Recommender::answer_unit(const Batch& batch, std::span<const std::size_t> places, Context& context) const {
  ResolvedFilter filter;
  try {
    filter = parts_->resolve(batch.requests[places.front()].filter);
  } catch (const Error& error) {
    for (const std::size_t place : places) batch.answers[place].error = error;
    return;
  }
  std::vector<ResolvedPerson> persons;
  std::vector<std::size_t> asked;
  persons.reserve(places.size());
  asked.reserve(places.size());
  for (const std::size_t place : places) {
    try {
      persons.push_back(parts_->resolver.resolve(batch.requests[place].who));
      asked.push_back(place);
    } catch (const Error& error) {
      batch.answers[place].error = error;
    }
  }
  if (asked.empty()) return;
  try {
    find_items(batch, asked, persons, filter, context);
    return;
  } catch (const Error& error) {
    if (ends_all(error)) throw;
  }
  for (std::size_t a = 0; a < asked.size(); ++a) {
    try {
      find_items(batch, std::span(asked).subspan(a, 1), std::span(persons).subspan(a, 1), filter, context);
    } catch (const Error& error) {
      if (ends_all(error)) throw;
      batch.answers[asked[a]] = {.who = persons[a].understood, .error = error};
    }
  }
}

void Recommender::find_items(const Batch& batch, std::span<const std::size_t> places,
                             std::span<const ResolvedPerson> persons, const ResolvedFilter& filter,
                             Context& context) const {
  std::vector<Query> queries;
  queries.reserve(persons.size());
  for (const ResolvedPerson& person : persons) queries.push_back(person.query());
  const std::size_t k = batch.requests[places.front()].k;
  PipelineLists staged;
  std::vector<PlainList> plain;
  if (parts_->pipeline) {
    staged = parts_->pipeline->recommend(queries, k, filter.search_filter(), context);
  } else {
    std::vector<bool> unknown;
    for (const ResolvedPerson& person : persons) unknown.push_back(parts_->resolver.nothing_known(person));
    plain = PlainSearch(model(), index(), parts_->popular).lists(queries, unknown, k, filter.search_filter(), context);
  }
  for (std::size_t q = 0; q < queries.size(); ++q) {
    RecommendAnswer answer;
    answer.who = persons[q].understood;
    if (parts_->pipeline) {
      answer.items = pipeline_items(staged[q]);
    } else {
      answer.items.reserve(plain[q].items.size());
      for (const ScoredItem& entry : plain[q].items)
        answer.items.push_back(parts_->resolver.answered(entry.item, entry.score));
    }
    if (parts_->pipeline) tell_popular(persons[q], staged[q], answer);
    else if (!plain[q].popular.empty()) answer.notes.emplace_back(plain[q].popular);
    else if (parts_->resolver.nothing_known(persons[q])) answer.notes.emplace_back("Nothing is known of this person.");
    if (!parts_->pipeline) answer.popular = !plain[q].popular.empty();
    const bool models = parts_->pipeline || !answer.popular;  // popular items of a model's have no reasons
    if (const std::size_t most = batch.requests[places[q]].reasons; most > 0 && models) {
      const AlignedQuery own = parts_->model.own(queries[q]);
      for (AnsweredItem& item : answer.items) {
        item.reasons = reasons(own.query, item.row, most);
      }
    }
    batch.answers[places[q]] = std::move(answer);
  }
}

std::vector<AnsweredItem> Recommender::pipeline_items(std::span<const PipelineItem> list) const {
  std::vector<AnsweredItem> items;
  items.reserve(list.size());
  for (const PipelineItem& entry : list) {
    items.push_back(parts_->resolver.answered(entry.item, entry.relevance));
    items.back().stages = StageScores{.source = std::string(parts_->pipeline->source_label(entry.source)),
                                      .source_place = entry.source_place,
                                      .source_score = entry.source_score,
                                      .ranking_score = entry.ranking_score,
                                      .relevance = entry.relevance,
                                      .reranked = entry.reranked};
  }
  return items;
}

void Recommender::tell_popular(const ResolvedPerson& person, std::span<const PipelineItem> list,
                               RecommendAnswer& answer) const {
  const bool unknown = parts_->resolver.nothing_known(person);
  answer.popular = !list.empty() && (unknown || list.front().source == parts_->pipeline->spec().candidates.size());
  if (answer.popular && unknown) answer.notes.emplace_back(kNothingKnown);
  else if (answer.popular)
    answer.notes.emplace_back("The models have no answer for this person: popular items answer.");
  else if (unknown) answer.notes.emplace_back("Nothing is known of this person.");
}

std::vector<Reason> Recommender::reasons(const Query& own, ItemRow item, std::size_t most) const {
  std::vector<Reason> result;
  for (const Contribution& contribution : model().explain(own, parts_->model.own(item))) {
    if (result.size() == most) break;
    Reason reason;
    reason.amount = contribution.amount;
    if (contribution.item) {
      AnsweredItem cause = parts_->resolver.answered(parts_->model.home(*contribution.item), 0);
      reason.text = std::move(cause.title);
      reason.item = std::move(cause.id);
    } else if (contribution.user) {
      reason.user = std::string(model().data().catalog().users[contribution.user->index]);
      reason.text = "user " + *reason.user;
    } else {
      reason.text = contribution.label;
    }
    result.push_back(std::move(reason));
  }
  return result;
}

}  // namespace gusto
