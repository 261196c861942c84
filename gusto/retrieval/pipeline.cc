#include "gusto/retrieval/pipeline.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/indexed_model.h"

namespace gusto {
namespace {

[[noreturn]] void refuse_pipeline(std::string message, std::string hint) {
  throw Error(ErrorCode::invalid_option, std::move(message), std::move(hint));
}

void check_spec(const PipelineSpec& spec) {
  if (spec.candidates.empty()) {
    refuse_pipeline("A pipeline has no source of candidates.", "Name a retrieval model for it, or popular items.");
  }
  for (std::size_t s = 0; s < spec.candidates.size(); ++s) {
    const CandidateSource& source = spec.candidates[s];
    if (source.count == 0) {
      refuse_pipeline(fmt::format("{} is to give 0 candidates.", source.label), "Give it a count of at least 1.");
    }
    for (std::size_t earlier = 0; earlier < s; ++earlier) {
      if (spec.candidates[earlier].label != source.label) continue;
      refuse_pipeline(fmt::format("Two sources have the label {}.", quote(source.label)),
                      "Give each a label of its own.");
    }
  }
  if (spec.ranking && !(spec.ranking->weight >= 0 && spec.ranking->weight <= 1)) {
    refuse_pipeline(fmt::format("The ranking model has a weight of {}.", spec.ranking->weight),
                    "Give it one from 0 to 1: what it leaves is the candidates' own scores'.");
  }
  check_rerank_shares(spec.rerank.diversity, spec.rerank.calibration, spec.rerank.popularity_penalty);
  for (const auto& [field, most] : spec.rerank.caps) {
    if (most == 0)
      refuse_pipeline(fmt::format("At most 0 items of one value of {} may come.", field), "Allow at least 1.");
  }
}

void sort_unique(std::vector<ItemRow>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

bool holds(const std::vector<ItemRow>& sorted, ItemRow item) {
  return std::binary_search(sorted.begin(), sorted.end(), item);
}

bool all_equal(std::span<const float> scores) {
  return std::all_of(scores.begin(), scores.end(), [&](float score) { return score == scores.front(); });
}

}  // namespace

/// What the pipeline knows of who asks, in home rows.
struct Pipeline::QueryUser {
  std::vector<ItemRow> seen;                  // ascending
  std::vector<std::vector<ItemRow>> seen_by;  // by member, ascending
  std::vector<ItemRow> history;               // what calibration keeps to
  bool empty_handed = false;
};

Pipeline Pipeline::open(PipelineSpec spec, Context& context, FurtherModels further) {
  return Pipeline(std::move(spec), [&context, further](const std::filesystem::path& path) -> PipelineModel {
    IndexedModel opened = load_indexed_model(path, context, further);
    return {std::move(opened.trained.model), std::move(opened.index)};
  });
}

Pipeline::Pipeline(PipelineSpec spec, const ModelSource& models) : spec_(std::move(spec)) {
  check_spec(spec_);
  for (const CandidateSource& source : spec_.candidates) {
    if (source.model.empty()) source_members_.emplace_back();
    else source_members_.emplace_back(add_member(source.model, source.label, models));
  }
  if (spec_.ranking) {
    ranking_member_ = add_member(spec_.ranking->model, spec_.ranking->model.filename().string(), models);
  }
  if (members_.empty()) {
    refuse_pipeline("A pipeline names no model.",
                    "Name one that gives candidates, or one that ranks the popular items.");
  }
  popular_.emplace(*home_);
  prepare_reranking();
}

std::size_t Pipeline::add_member(const std::filesystem::path& name, std::string_view label, const ModelSource& models) {
  const auto known = std::find(names_.begin(), names_.end(), name);
  if (known != names_.end()) return static_cast<std::size_t>(known - names_.begin());
  PipelineModel opened = models(name);
  if (home_ == nullptr) {
    home_ = opened.model->shared_data();
    home_label_ = label;
  }
  members_.emplace_back(std::move(opened.model), home_, label, home_label_);
  indexes_.push_back(std::move(opened.index));
  names_.push_back(name);
  return members_.size() - 1;
}

void Pipeline::prepare_reranking() {
  const RerankStage& stage = spec_.rerank;
  const FeatureTable& features = home_->catalog().item_features;
  if (stage.diversity > 0 && stage.diversity_by == DiversityBy::features) {
    features_.emplace(features);
    if (features_->empty()) {
      refuse_pipeline("The items have no features with values, by which lists could be made diverse.",
                      "Choose diversity_by = \"embedding\", or give items features such as genres.");
    }
  }
  if (stage.diversity > 0 && stage.diversity_by == DiversityBy::embedding) {
    for (std::size_t m = members_.size(); m-- > 0;) {
      if (members_[m].model().info().abilities.item_vectors) vectors_member_ = m;
    }
    if (!vectors_member_) {
      refuse_pipeline("None of the pipeline's models has item vectors, by which lists could be made diverse.",
                      "Choose diversity_by = \"features\", or a model with vectors; `gusto models` lists them.");
    }
  }
  if (stage.calibration > 0) {
    calibration_field_ = &features.at(stage.calibration_by);
    require_values(*calibration_field_, "calibration");
  }
  if (stage.popularity_penalty > 0) {
    const std::span<const std::uint32_t> counts = popular_->counts();
    const double most = std::log1p(*std::max_element(counts.begin(), counts.end()));  // a model's data have events
    for (const std::uint32_t count : counts) popularity_.push_back(static_cast<float>(std::log1p(count) / most));
  }
  for (const auto& [name, most] : stage.caps) {
    caps_.push_back({&features.at(name), most});
    require_values(*caps_.back().field, "a cap");
  }
}

std::string_view Pipeline::source_label(std::size_t source) const {
  return source < spec_.candidates.size() ? std::string_view(spec_.candidates[source].label) : "popularity";
}

std::string_view Pipeline::ranking_name() const {
  return ranking_member_ ? members_[*ranking_member_].model().info().name : std::string_view();
}

void Pipeline::check_rows(std::span<const Query> queries, const SearchFilter& filter) const {
  const auto check_item = [this](ItemRow item) {
    if (item.index < home_->item_count()) return;
    throw Error(ErrorCode::invalid_input,
                fmt::format("Item row {} is outside the catalog's {} items.", item.index, home_->item_count()));
  };
  std::for_each(filter.allowed.begin(), filter.allowed.end(), check_item);
  std::for_each(filter.denied.begin(), filter.denied.end(), check_item);
  for (const Query& query : queries) {
    for (const HistoryEvent& event : query.history) check_item(event.item);
    if (!query.user || query.user->index < home_->user_count()) continue;
    throw Error(ErrorCode::invalid_input,
                fmt::format("User row {} is outside the catalog's {} users.", query.user->index, home_->user_count()));
  }
}

std::vector<ItemRow> Pipeline::seen_by(const AlignedModel& member, const Query& query) const {
  std::vector<ItemRow> seen;
  if (query.user) {
    if (const auto user = member.own(*query.user)) {
      for (const ItemRow item : member.model().data().history(*user).items) seen.push_back(member.home(item));
    }
  }
  for (const HistoryEvent& event : query.history) seen.push_back(event.item);
  sort_unique(seen);
  return seen;
}

Pipeline::QueryUser Pipeline::learn(const Query& query) const {
  QueryUser query_user;
  for (const AlignedModel& member : members_) {
    query_user.seen_by.push_back(seen_by(member, query));
    query_user.seen.insert(query_user.seen.end(), query_user.seen_by.back().begin(), query_user.seen_by.back().end());
  }
  sort_unique(query_user.seen);
  if (query.history.empty()) query_user.history = query_user.seen;
  for (const HistoryEvent& event : query.history) query_user.history.push_back(event.item);

  const std::span<const FeatureField> fields = home_->catalog().user_features.fields();
  const bool described = query.user && std::any_of(fields.begin(), fields.end(), [&](const FeatureField& field) {
                           return !field.display(query.user->index).empty();
                         });
  query_user.empty_handed = query_user.history.empty() && query.features.empty() && !described;
  return query_user;
}

void Pipeline::search_source(std::size_t source, std::span<const Query> queries, std::span<const QueryUser> query_users,
                             std::size_t count, const SearchFilter& filter, Context& context,
                             std::vector<Lists>& found) const {
  const std::size_t m = *source_members_[source];
  const AlignedModel& member = members_[m];
  std::vector<AlignedQuery> own;
  std::vector<std::size_t> asked;  // their places among queries
  std::size_t seen_elsewhere = 0;  // so many more are asked for, as they will have to go
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (query_users[q].empty_handed) continue;
    AlignedQuery query = member.own(queries[q]);
    if (!member.answers(query.query)) continue;
    own.push_back(std::move(query));
    asked.push_back(q);
    seen_elsewhere = std::max(seen_elsewhere, query_users[q].seen.size() - query_users[q].seen_by[m].size());
  }
  std::vector<Query> own_queries;
  for (const AlignedQuery& query : own) own_queries.push_back(query.query);
  const std::vector<ItemRow> allowed = member.own(filter.allowed), denied = member.own(filter.denied);
  const SearchFilter own_filter{.exclude_seen = filter.exclude_seen, .allowed = allowed, .denied = denied};
  // Two at least, as one score cannot be told from others.
  const std::size_t wanted = std::max<std::size_t>(count + (filter.exclude_seen ? seen_elsewhere : 0), 2);
  const TopLists lists = indexes_[m] != nullptr
                             ? search(member.model(), *indexes_[m], own_queries, wanted, own_filter, context)
                             : search(member.model(), own_queries, wanted, own_filter, context);
  parallel_blocks(context, asked.size(), 1, [&](std::size_t a, std::size_t, unsigned) {
    if (tells_nothing(member.model(), own_queries[a], own_filter, lists[a])) return;
    std::vector<ScoredItem>& list = found[asked[a]][source];
    for (const ScoredItem& entry : lists[a]) {
      const ItemRow item = member.home(entry.item);
      if (list.size() == count) break;
      if (!filter.exclude_seen || !holds(query_users[asked[a]].seen, item)) list.push_back({item, entry.score});
    }
  });
}

std::vector<ScoredItem> Pipeline::popular_items(const QueryUser& query_user, std::size_t count,
                                                const SearchFilter& filter, const std::vector<bool>& open) const {
  return popular_->best(count, open, filter.exclude_seen ? query_user.seen : std::vector<ItemRow>());
}

std::vector<PipelineItem> Pipeline::rank(const Query& query, const Lists& lists) const {
  const std::vector<MergedItem> merged = merge_lists(lists, spec_.merge);
  const bool single = std::count_if(lists.begin(), lists.end(), [](const auto& list) { return !list.empty(); }) < 2;
  std::vector<PipelineItem> items;
  std::vector<ItemRow> rows;
  std::vector<float> scores;
  for (const MergedItem& entry : merged) {
    items.push_back(
        {.item = entry.item, .source = entry.list, .source_place = entry.place, .source_score = entry.score});
    rows.push_back(entry.item);
    scores.push_back(single ? entry.score : static_cast<float>(entry.merged));
  }
  std::vector<float> relevance = relevances(scores, single ? spec_.scale : ScoreScale::min_max);
  if (ranking_member_) {
    const AlignedModel& member = members_[*ranking_member_];
    const AlignedQuery own = member.own(query);
    if (member.answers(own.query)) {
      member.model().score_items(own.query, member.own(rows), scores);
      const std::vector<float> ranked = relevances(scores, spec_.scale);
      const auto weight = static_cast<float>(spec_.ranking->weight);
      const bool answered = scores.size() < 2 || !all_equal(scores);
      for (std::size_t i = 0; i < items.size() && answered; ++i) {
        items[i].ranking_score = scores[i];
        relevance[i] = weight * ranked[i] + (1 - weight) * relevance[i];
      }
    }
  }
  for (std::size_t i = 0; i < items.size(); ++i) items[i].relevance = relevance[i];
  // Scores that differ too little to be distinguished in [0, 1] still do among themselves, if they alone decide.
  const bool by_ranking = spec_.ranking && spec_.ranking->weight > 0;
  std::stable_sort(items.begin(), items.end(), [&](const PipelineItem& a, const PipelineItem& b) {
    if (a.relevance != b.relevance) return a.relevance > b.relevance;
    return by_ranking && a.ranking_score > b.ranking_score;
  });
  return items;
}

std::vector<PipelineItem> Pipeline::reorder(const QueryUser& query_user, std::vector<PipelineItem> candidates,
                                            std::size_t k) const {
  const RerankStage& stage = spec_.rerank;
  std::vector<ItemRow> items;
  std::vector<float> relevance, popularity;
  for (const PipelineItem& candidate : candidates) {
    items.push_back(candidate.item);
    relevance.push_back(candidate.relevance);
    if (stage.popularity_penalty > 0) popularity.push_back(popularity_[candidate.item.index]);
  }
  RerankInput input{.items = items, .relevance = relevance, .k = k};
  input.diversity = stage.diversity;
  if (vectors_member_) {
    const AlignedModel& member = members_[*vectors_member_];
    input.similarity = vector_similarity(member.model().item_vectors(), member.own(items));
  } else if (stage.diversity > 0) {
    input.similarity = feature_similarity(*features_, items);
  }
  std::vector<double> mix;
  if (stage.calibration > 0) mix = feature_mix(*calibration_field_, query_user.history);
  input.calibration = stage.calibration;
  input.field = calibration_field_;
  input.mix = mix;
  input.popularity_penalty = stage.popularity_penalty;
  input.popularity = popularity;
  input.caps = caps_;
  std::vector<PipelineItem> list;
  for (const RerankedItem& entry : rerank(input)) {
    list.push_back(candidates[entry.candidate]);
    list.back().reranked = entry;
  }
  return list;
}

PipelineLists Pipeline::recommend(std::span<const Query> queries, std::size_t k, const SearchFilter& filter,
                                  Context& context) const {
  check_rows(queries, filter);
  std::vector<QueryUser> query_users;
  for (const Query& query : queries) query_users.push_back(learn(query));
  const std::size_t sources = spec_.candidates.size();
  // One list more: popular items that stand in where the others are empty.
  std::vector<Lists> found(queries.size(), Lists(sources + 1));
  k = std::min(k, home_->item_count());  // more there never are, and sums of counts stay small
  std::size_t most = k;
  for (std::size_t s = 0; s < sources; ++s) {
    const std::size_t count = std::max(std::min(spec_.candidates[s].count, home_->item_count()), k);
    most = std::max(most, count);
    if (source_members_[s]) search_source(s, queries, query_users, count, filter, context, found);
  }
  const std::vector<bool> open = open_items(filter, home_->item_count());
  std::vector<std::vector<PipelineItem>> lists(queries.size());
  parallel_blocks(context, queries.size(), 1, [&](std::size_t q, std::size_t, unsigned) {
    Lists& of_query = found[q];
    for (std::size_t s = 0; s < sources; ++s) {
      if (source_members_[s]) continue;
      of_query[s] = popular_items(query_users[q], std::max(spec_.candidates[s].count, k), filter, open);
    }
    const bool none = std::all_of(of_query.begin(), of_query.end(), [](const auto& list) { return list.empty(); });
    if (none) of_query[sources] = popular_items(query_users[q], most, filter, open);
    lists[q] = reorder(query_users[q], rank(queries[q], of_query), k);
    Lists().swap(of_query);
  });
  PipelineLists result;
  for (const std::vector<PipelineItem>& list : lists) {
    result.entries.insert(result.entries.end(), list.begin(), list.end());
    result.offsets.push_back(result.entries.size());
  }
  return result;
}

}  // namespace gusto
