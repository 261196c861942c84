#include "gusto/retrieval/answer_json.h"

#include <charconv>
#include <cmath>
#include <span>
#include <utility>

#include "gusto/base/json.h"

namespace gusto {
namespace {

// A float in its own shortest form: .1, not the 0.10000000149 that it is as a double.
OrderedJson number_json(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double shortest = value;
  std::from_chars(text, end, shortest);
  return std::isfinite(value) ? OrderedJson(shortest) : OrderedJson();
}

OrderedJson events_json(std::span<const UnderstoodEvent> events) {
  OrderedJson json = OrderedJson::array();
  for (const UnderstoodEvent& event : events) {
    OrderedJson entry = {{"item", event.item}, {"title", event.title}, {"value", number_json(event.value)}};
    if (event.time != kNoTime) entry["time"] = event.time;
    json.push_back(std::move(entry));
  }
  return json;
}

OrderedJson person_json(const UnderstoodPerson& who) {
  OrderedJson json = {{"name", who.name}};
  if (!who.history.empty()) json["history"] = events_json(who.history);
  if (!who.unknown.empty()) json["unknown"] = who.unknown;
  return json;
}

OrderedJson reasons_json(std::span<const Reason> reasons) {
  OrderedJson json = OrderedJson::array();
  for (const Reason& reason : reasons) {
    OrderedJson entry = {{"text", reason.text}, {"amount", reason.amount}};
    if (reason.item) entry["item"] = *reason.item;
    if (reason.user) entry["user"] = *reason.user;
    json.push_back(std::move(entry));
  }
  return json;
}

OrderedJson stages_json(const StageScores& stages) {
  OrderedJson json = {{"source", stages.source},
                      {"source_place", stages.source_place},
                      {"source_score", number_json(stages.source_score)}};
  if (stages.ranking_score) json["ranking_score"] = number_json(*stages.ranking_score);
  json["relevance"] = number_json(stages.relevance);
  json["place_by_relevance"] = stages.reranked.candidate + 1;
  json["similarity"] = stages.reranked.similarity;
  json["divergence"] = stages.reranked.divergence;
  json["popularity"] = stages.reranked.popularity;
  return json;
}

// Under `score` stands the item's score: "score", "similarity" or "prediction".
OrderedJson item_json(const AnsweredItem& item, const char* score) {
  OrderedJson json = {{"item", item.id}, {"title", item.title}, {score, number_json(item.score)}};
  if (item.stddev) json["stddev"] = number_json(*item.stddev);
  if (item.stages) json["stages"] = stages_json(*item.stages);
  if (!item.reasons.empty()) json["reasons"] = reasons_json(item.reasons);
  return json;
}

OrderedJson ranked_json(std::span<const AnsweredItem> items, const char* score) {
  OrderedJson json = OrderedJson::array();
  for (std::size_t i = 0; i < items.size(); ++i) {
    OrderedJson entry = {{"rank", i + 1}};
    entry.update(item_json(items[i], score));
    json.push_back(std::move(entry));
  }
  return json;
}

}  // namespace

std::string to_json(const RecommendAnswer& answer, int indent) {
  OrderedJson json = {{"who", person_json(answer.who)}, {"items", ranked_json(answer.items, "score")}};
  if (answer.popular) json["popular"] = true;
  if (!answer.notes.empty()) json["notes"] = answer.notes;
  return print_json(json, indent);
}

std::string to_json(const SimilarItemsAnswer& answer, int indent) {
  const OrderedJson json = {
      {"item", answer.item.id}, {"title", answer.item.title}, {"items", ranked_json(answer.items, "similarity")}};
  return print_json(json, indent);
}

std::string to_json(const SimilarUsersAnswer& answer, int indent) {
  OrderedJson users = OrderedJson::array();
  for (std::size_t u = 0; u < answer.users.size(); ++u) {
    const SimilarUser& user = answer.users[u];
    users.push_back(
        {{"rank", u + 1}, {"user", user.id}, {"events", user.events}, {"similarity", number_json(user.similarity)}});
  }
  const OrderedJson json = {{"who", person_json(answer.who)}, {"users", std::move(users)}};
  return print_json(json, indent);
}

std::string to_json(const ExplainAnswer& answer, int indent) {
  OrderedJson json = {{"who", person_json(answer.who)}};
  json.update(item_json(answer.item, "score"));
  json["reasons"] = reasons_json(answer.item.reasons);
  return print_json(json, indent);
}

std::string to_json(const PredictAnswer& answer, int indent) {
  OrderedJson items = OrderedJson::array();
  for (const AnsweredItem& item : answer.items) items.push_back(item_json(item, "prediction"));
  const OrderedJson json = {{"who", person_json(answer.who)}, {"items", std::move(items)}};
  return print_json(json, indent);
}

std::string to_json(const ChartAnswer& answer, int indent) {
  OrderedJson groups = OrderedJson::array();
  for (const ChartGroup& group : answer.groups) {
    groups.push_back({{"value", group.value}, {"events", group.events}, {"items", ranked_json(group.items, "score")}});
  }
  const OrderedJson json = {{"who", person_json(answer.who)}, {"by", answer.by}, {"groups", std::move(groups)}};
  return print_json(json, indent);
}

std::string list_line(const std::string& user, const RecommendAnswer& answer) {
  OrderedJson items = OrderedJson::array();
  for (std::size_t i = 0; i < answer.items.size(); ++i) {
    const AnsweredItem& item = answer.items[i];
    items.push_back({{"rank", i + 1}, {"item", item.id}, {"title", item.title}, {"score", number_json(item.score)}});
  }
  OrderedJson json = {{"user", user}, {"items", std::move(items)}};
  if (answer.popular) json["popular"] = true;
  return print_json(json);
}

}  // namespace gusto
