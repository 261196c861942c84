#include "gusto/retrieval/recommender.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/models/model_info.h"
#include "gusto/retrieval/indexed_model.h"
#include "gusto/retrieval/pipeline_file.h"
#include "gusto/retrieval/recommender_parts.h"
#include "gusto/retrieval/search.h"

namespace gusto {
namespace {

constexpr float kNeverSimilar = -std::numeric_limits<float>::infinity();

/// Error(unsupported) if it is not fitted.
AlignedModel at_home(std::shared_ptr<const Model> model) {
  model->data();
  std::shared_ptr<const Dataset> data = model->shared_data();
  return {std::move(model), std::move(data), "model", "model"};
}

Deferred<std::shared_ptr<const PopularItems>> popular_later(std::shared_ptr<const Dataset> data) {
  return Deferred<std::shared_ptr<const PopularItems>>::later(
      [data = std::move(data)] { return std::make_shared<const PopularItems>(*data); });
}

/// Error(unsupported) if the model gives all items the same score: a chart would be in the order of rows.
void require_order(const Model& model, const Query& own, const std::string& who, Context& context) {
  if (!model.info().abilities.personalized) return;
  const SearchFilter filter{.exclude_seen = false};
  const bool silent = stands_for_nobody(model, own);
  if (!silent && !tells_nothing(model, own, filter, search(model, {&own, 1}, 2, filter, context)[0])) return;
  throw Error(ErrorCode::unsupported,
              fmt::format("{} has no order of items for {}: all of them get the same score.", model.info().name, who),
              "Draw charts by popularity or demographic, or for a user with a history.");
}

/// Error(unsupported) if all but the one at `own`, if there is one, are equally similar, so that only the rows would
/// make an order.
void require_differences(std::span<const float> similarity, std::size_t own, const Model& model,
                         const std::string& what) {
  if (similarity.size() < 3) return;
  const float other = similarity[own == 0 ? 1 : 0];
  for (std::size_t i = 0; i < similarity.size(); ++i) {
    if (i != own && similarity[i] != other) return;
  }
  throw Error(ErrorCode::unsupported,
              fmt::format("{} knows nothing of {}: all are equally similar.", model.info().name, what),
              "Name one with events.");
}

/// A feature's value, and the items that have it.
struct ChartValue {
  std::string_view value;
  std::uint64_t events = 0;
  std::vector<ItemRow> items;
};

/// Those of most events first, equal ones in the order of the feature.
std::vector<ChartValue> chart_values(const Dataset& data, const FeatureField& field, const ResolvedFilter& filter,
                                     std::size_t most) {
  std::vector<ChartValue> values(field.values.size());
  const auto add = [&](ItemRow item) {
    for (const std::uint32_t id : field.ids_of(item.index)) {
      values[id].value = field.values[id];
      values[id].events += data.item_events(item).size();
      values[id].items.push_back(item);
    }
  };
  if (filter.allowed.empty()) {
    for (std::size_t item = 0; item < data.item_count(); ++item) add(ItemRow(item));
  } else {
    std::for_each(filter.allowed.begin(), filter.allowed.end(), add);
  }
  std::erase_if(values, [](const ChartValue& value) { return value.items.empty(); });
  std::stable_sort(values.begin(), values.end(),
                   [](const ChartValue& a, const ChartValue& b) { return a.events > b.events; });
  values.resize(std::min(values.size(), most));
  return values;
}

/// The feature that is asked for; else the genres.
const FeatureField& chart_field(const FeatureTable& features, const std::string& asked) {
  if (!asked.empty()) {
    const FeatureField& field = features.at(asked);
    require_values(field, "a chart");
    return field;
  }
  const FeatureField* genres = features.find("genres");
  if (genres != nullptr && genres->has_values()) return *genres;
  std::vector<std::string_view> others;
  for (const FeatureField& field : features.fields()) {
    if (field.has_values()) others.emplace_back(field.name);
  }
  throw Error(ErrorCode::not_found, "The items of this model have no genres to draw charts by.",
              others.empty()
                  ? "Train it with the option `item_features`, a file that gives items genres or other values."
                  : fmt::format("Name another feature with the option `by`: {}.", join(others, ", ")));
}

}  // namespace

Recommender::Parts::Parts(std::shared_ptr<const Model> fitted, std::shared_ptr<const Index> made_of_it, ItemNames names)
    : model(at_home(std::move(fitted))),
      index(std::move(made_of_it)),
      resolver(model.model().shared_data(), names),
      popular(popular_later(model.model().shared_data())) {
  if (index && !index->belongs_to(model.model())) {
    throw Error(ErrorCode::invalid_option, "The index was made of another model.", "Build one of this model.");
  }
}

Recommender::Parts::Parts(Pipeline stages, ItemNames names)
    : pipeline(std::move(stages)),
      model(pipeline->main_model()),
      resolver(pipeline->shared_data(), names),
      popular(popular_later(pipeline->shared_data())) {}

std::vector<ItemRow> Recommender::Parts::untrained() const {
  std::vector<ItemRow> rows;
  if (pipeline || model.model().info().abilities.cold_items) return rows;
  const std::span<const std::uint32_t> counts = popular.get()->counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) rows.emplace_back(i);
  }
  return rows;
}

ResolvedFilter Recommender::Parts::resolve(const ItemFilter& filter) const {
  ResolvedFilter resolved = resolver.resolve(filter);
  const std::vector<ItemRow> never = untrained();
  resolved.denied.insert(resolved.denied.end(), never.begin(), never.end());
  return resolved;
}

Recommender::Recommender(std::shared_ptr<const Model> model, std::shared_ptr<const Index> index, ItemNames names)
    : parts_(std::make_shared<const Parts>(std::move(model), std::move(index), names)) {}

Recommender::Recommender(Pipeline pipeline, ItemNames names)
    : parts_(std::make_shared<const Parts>(std::move(pipeline), names)) {}

const Dataset& Recommender::data() const { return parts_->resolver.data(); }
const Model& Recommender::model() const { return parts_->model.model(); }
const Index* Recommender::index() const { return parts_->index.get(); }
const Pipeline* Recommender::pipeline() const { return parts_->pipeline ? &*parts_->pipeline : nullptr; }

std::vector<RequestEvent> Recommender::parse_history(std::string_view typed) const {
  return parts_->resolver.parse_history(typed);
}

AnsweredItem Recommender::parse_item(std::string_view typed) const {
  return parts_->resolver.answered(parts_->resolver.meant(typed), 0);
}

Recommender Recommender::open(const std::filesystem::path& path, Context& context, ItemNames names,
                              FurtherModels further) {
  IndexedModel opened = load_indexed_model(path, context, further);
  return Recommender(std::move(opened.trained.model), std::move(opened.index), names);
}

Recommender Recommender::open_pipeline(const std::filesystem::path& path, Context& context, ItemNames names,
                                       FurtherModels further) {
  return open_pipeline(read_pipeline(path), context, names, further);
}

Recommender Recommender::open_pipeline(PipelineSpec spec, Context& context, ItemNames names, FurtherModels further) {
  return Recommender(Pipeline::open(std::move(spec), context, further), names);
}

SimilarItemsAnswer Recommender::similar_items(std::string_view item, std::size_t k) const {
  const ItemRow row = parts_->resolver.item(item);
  const ItemRow own = parts_->model.own(row);
  std::vector<float> similarity(data().item_count());
  model().item_similarity(own, similarity);
  require_differences(similarity, own.index, model(), parts_->resolver.answered(row, 0).title);
  similarity[own.index] = kNeverSimilar;
  for (const ItemRow never : parts_->untrained()) similarity[never.index] = kNeverSimilar;
  SimilarItemsAnswer answer{parts_->resolver.answered(row, 0)};
  for (const ScoredItem& entry : top_k(similarity, k)) {
    answer.items.push_back(parts_->resolver.answered(parts_->model.home(entry.item), entry.score));
  }
  return answer;
}

SimilarUsersAnswer Recommender::similar_users(const Person& who, std::size_t k) const {
  const ResolvedPerson person = parts_->resolver.resolve(who);
  const AlignedQuery own = parts_->model.own(person.query());
  const Dataset& trained = model().data();
  std::vector<float> similarity(trained.user_count());
  model().user_similarity(own.query, similarity);
  const std::size_t self = own.query.user ? own.query.user->index : similarity.size();
  require_differences(similarity, self, model(), person.understood.name);
  if (own.query.user) similarity[own.query.user->index] = kNeverSimilar;
  SimilarUsersAnswer answer{person.understood};
  for (const ScoredItem& entry : top_k(similarity, k)) {  // it only knows positions: these are users
    const UserRow user(entry.item.index);
    answer.users.push_back(
        {std::string(trained.catalog().users[user.index]), trained.history(user).size(), entry.score});
  }
  return answer;
}

ExplainAnswer Recommender::explain(const Person& who, std::string_view item) const {
  const ResolvedPerson person = parts_->resolver.resolve(who);
  const ItemRow row = parts_->resolver.item(item);
  const AlignedQuery own = parts_->model.own(person.query());
  ExplainAnswer answer{person.understood, parts_->resolver.answered(row, 0)};
  answer.item.reasons = reasons(own.query, row, std::numeric_limits<std::size_t>::max());
  double sum = 0;
  for (const Reason& reason : answer.item.reasons) sum += reason.amount;
  answer.item.score = static_cast<float>(sum);
  return answer;
}

std::vector<AnsweredItem> Recommender::named(std::span<const std::string> items) const {
  std::vector<AnsweredItem> answered;
  for (const std::string& name : items) answered.push_back(parts_->resolver.answered(parts_->resolver.item(name), 0));
  return answered;
}

/// Values and probabilities as they are measured: within the scale of the training data.
std::vector<Prediction> Recommender::predictions(std::span<const Query> own, std::span<const ItemRow> items) const {
  std::vector<float> values(own.size()), stddevs;
  const Abilities& abilities = model().info().abilities;
  if (abilities.stddev) {
    stddevs.resize(own.size());
    model().predict_stddev(own, items, values, stddevs);
  } else {
    model().predict(own, items, values);
  }
  const bool probabilities = abilities.probabilities && model().task() == Task::likes;
  const Scale scale = model().data().scale();
  std::vector<Prediction> result(own.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i].value = probabilities ? values[i] : std::clamp(values[i], scale.low, scale.high);
    if (!stddevs.empty()) result[i].stddev = stddevs[i];
  }
  return result;
}

PredictAnswer Recommender::predict(const Person& who, std::span<const std::string> items) const {
  const ResolvedPerson person = parts_->resolver.resolve(who);
  PredictAnswer answer{person.understood, named(items)};
  const AlignedQuery own = parts_->model.own(person.query());
  std::vector<ItemRow> rows;
  for (const AnsweredItem& item : answer.items) rows.push_back(parts_->model.own(item.row));
  const std::vector<Prediction> predicted = predictions(std::vector<Query>(rows.size(), own.query), rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    answer.items[i].score = predicted[i].value;
    answer.items[i].stddev = predicted[i].stddev;
  }
  return answer;
}

PredictAnswer Recommender::score(const Person& who, std::span<const std::string> items) const {
  const ResolvedPerson person = parts_->resolver.resolve(who);
  PredictAnswer answer{person.understood, named(items)};
  const AlignedQuery own = parts_->model.own(person.query());
  std::vector<ItemRow> rows;
  for (const AnsweredItem& item : answer.items) rows.push_back(parts_->model.own(item.row));
  std::vector<float> scores(rows.size());
  model().score_items(own.query, rows, scores);
  for (std::size_t i = 0; i < rows.size(); ++i) answer.items[i].score = scores[i];
  return answer;
}

/// Pairs whose user and item are known, in the model's rows.
struct Recommender::Pairs {
  std::vector<AlignedQuery> query_users;
  std::vector<Query> queries;  // of these
  std::vector<ItemRow> items;
  std::vector<std::size_t> places;  // among all pairs
};

Recommender::Pairs Recommender::known_pairs(std::span<const UserItem> pairs) const {
  Pairs known;
  const Catalog& catalog = data().catalog();
  const bool timed = model().info().abilities.timed;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const auto user = catalog.users.find(pairs[p].user);
    const auto item = catalog.items.find(pairs[p].item);
    if (!user || !item) continue;
    Query query = Query::known(UserRow(*user));
    if (timed) query.time = pairs[p].time;
    AlignedQuery own = parts_->model.own(query);
    if (!parts_->model.answers(own.query)) continue;
    known.query_users.push_back(std::move(own));
    known.items.push_back(parts_->model.own(ItemRow(*item)));
    known.places.push_back(p);
  }
  for (const AlignedQuery& query_user : known.query_users) known.queries.push_back(query_user.query);
  return known;
}

std::vector<std::optional<Prediction>> Recommender::predict(std::span<const UserItem> pairs) const {
  const Pairs known = known_pairs(pairs);
  const std::vector<Prediction> predicted = predictions(known.queries, known.items);
  std::vector<std::optional<Prediction>> result(pairs.size());
  for (std::size_t i = 0; i < predicted.size(); ++i) result[known.places[i]] = predicted[i];
  return result;
}

std::vector<std::optional<float>> Recommender::score(std::span<const UserItem> pairs) const {
  const Pairs known = known_pairs(pairs);
  std::vector<std::optional<float>> result(pairs.size());
  std::vector<float> scores;
  for (std::size_t begin = 0, end = 0; begin < known.queries.size(); begin = end) {
    const auto same = [&](const Query& query) {
      return query.user == known.queries[begin].user && query.time == known.queries[begin].time;
    };
    while (end < known.queries.size() && same(known.queries[end])) ++end;
    scores.resize(end - begin);
    model().score_items(known.queries[begin], std::span(known.items).subspan(begin, end - begin), scores);
    for (std::size_t i = begin; i < end; ++i) result[known.places[i]] = scores[i - begin];
  }
  return result;
}

ChartAnswer Recommender::chart(const ChartRequest& request, Context& context) const {
  const FeatureField& field = chart_field(data().catalog().item_features, request.by);
  const ResolvedPerson person = parts_->resolver.resolve(request.who);
  const ResolvedFilter filter = parts_->resolve(request.filter);
  AlignedQuery own = parts_->model.own(person.query());
  // A user without events has in some models the vector that training began with: nobody's.
  const bool folds_in = model().info().abilities.fold_in != FoldIn::none;
  if (folds_in && parts_->resolver.nothing_known(person)) own.query.user.reset();
  require_order(model(), own.query, person.understood.name, context);
  const std::vector<ChartValue> values = chart_values(data(), field, filter, request.values);
  const std::vector<ItemRow> denied = parts_->model.own(filter.denied);
  std::vector<std::vector<ItemRow>> allowed;
  std::vector<SearchFilter> filters;
  allowed.reserve(values.size());
  for (const ChartValue& value : values) {
    allowed.push_back(parts_->model.own(value.items));
    filters.push_back({.exclude_seen = !filter.with_seen, .allowed = allowed.back(), .denied = denied});
  }
  const std::vector<TopLists> found = search(model(), {&own.query, 1}, request.k, filters, context);
  ChartAnswer answer{person.understood, field.name};
  for (std::size_t v = 0; v < values.size(); ++v) {
    ChartGroup group{std::string(values[v].value), values[v].events};
    for (const ScoredItem& entry : found[v][0]) {
      group.items.push_back(parts_->resolver.answered(parts_->model.home(entry.item), entry.score));
    }
    answer.groups.push_back(std::move(group));
  }
  return answer;
}

}  // namespace gusto
