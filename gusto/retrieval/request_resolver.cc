#include "gusto/retrieval/request_resolver.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::size_t kNamedEvents = 3;

/// The field of that name; "genre" means genres too.
const FeatureField& condition_field(const FeatureTable& table, const std::string& name) {
  if (const FeatureField* field = table.find(name); field != nullptr) return *field;
  if (const FeatureField* field = table.find(name + "s"); field != nullptr) return *field;
  return table.at(name);
}

/// "Heat (1995): 4, Toy Story (1995): 5, Fargo (1996): 3, 2 more" as parts.
void add_named_events(const std::vector<UnderstoodEvent>& events, std::vector<std::string>& parts) {
  for (std::size_t e = 0; e < std::min(events.size(), kNamedEvents); ++e) {
    parts.push_back(fmt::format("{}: {:g}", events[e].title, events[e].value));
  }
  if (events.size() > kNamedEvents) parts.push_back(fmt::format("{} more", events.size() - kNamedEvents));
}

std::string name_of_person(const Person& person, const std::vector<UnderstoodEvent>& events) {
  std::vector<std::string> parts;
  if (person.user) {
    std::string name = "user " + *person.user;
    if (events.empty()) return name;
    add_named_events(events, parts);
    return fmt::format("{} after {} new event{} ({})", name, events.size(), events.size() == 1 ? "" : "s",
                       join(parts, ", "));
  }
  for (const NamedValue& feature : person.features) parts.push_back(feature.name + "=" + feature.value);
  add_named_events(events, parts);
  return parts.empty() ? "everyone" : fmt::format("someone new ({})", join(parts, ", "));
}

// Programs that take ids for numbers write 7 as 7.0, or 007 as 7.
std::string hint_at_spelling(const Vocabulary& ids, std::string_view id, std::string_view otherwise) {
  std::vector<std::string> spellings{fmt::format("{}.0", id)};
  if (id.ends_with(".0")) spellings.emplace_back(id.substr(0, id.size() - 2));
  spellings.emplace_back(id.substr(std::min(id.find_first_not_of('0'), id.size())));
  for (const std::string& spelling : spellings) {
    if (ids.find(spelling)) return fmt::format("Did you mean {}?", spelling);
  }
  return std::string(otherwise);
}

}  // namespace

Query ResolvedPerson::query() const {
  Query query;
  query.user = user;
  query.history = history;
  query.features = features;
  query.time = time;
  return query;
}

SearchFilter ResolvedFilter::search_filter() const {
  SearchFilter filter;
  filter.exclude_seen = !with_seen;
  filter.allowed = allowed;
  filter.denied = denied;
  return filter;
}

RequestResolver::RequestResolver(std::shared_ptr<const Dataset> data, ItemNames names)
    : data_(std::move(data)), names_(names), titles_(Deferred<std::shared_ptr<const TitleIndex>>::later([data = data_] {
        return std::make_shared<const TitleIndex>(data->catalog());
      })) {}

std::optional<ItemRow> RequestResolver::find_item(std::string_view name) const {
  if (const auto row = data_->catalog().items.find(name)) return ItemRow(*row);
  if (names_ == ItemNames::ids) return std::nullopt;
  return titles_.get()->find_known(name);
}

ItemRow RequestResolver::item(std::string_view name) const {
  if (const auto row = data_->catalog().items.find(name)) return ItemRow(*row);
  if (names_ == ItemNames::titles) return titles_.get()->find(name);
  throw Error(ErrorCode::not_found, fmt::format("There is no item {}.", quote(name)),
              hint_at_spelling(data_->catalog().items, name, "Give an item's id."));
}

UserRow RequestResolver::user(std::string_view id) const {
  if (const auto row = data_->catalog().users.find(id)) return UserRow(*row);
  throw Error(ErrorCode::not_found, fmt::format("The model's training data has no user {}.", quote(id)),
              hint_at_spelling(data_->catalog().users, id, "Describe someone new with the option `history`."));
}

ResolvedPerson RequestResolver::resolve(const Person& person) const {
  ResolvedPerson resolved;
  resolved.time = person.time;
  for (const NamedValue& feature : person.features) resolved.features.push_back({feature.name, feature.value});
  if (person.user) resolved.user = user(*person.user);
  if (!person.history.empty()) resolve_history(person, resolved);
  resolved.understood.name = name_of_person(person, resolved.understood.history);
  return resolved;
}

bool RequestResolver::nothing_known(const ResolvedPerson& person) const {
  if (!person.history.empty() || !person.features.empty()) return false;
  if (!person.user) return true;
  const std::span<const FeatureField> fields = data_->catalog().user_features.fields();
  return data_->history(*person.user).size() == 0 &&
         std::all_of(fields.begin(), fields.end(),
                     [&](const FeatureField& field) { return field.display(person.user->index).empty(); });
}

void RequestResolver::resolve_history(const Person& person, ResolvedPerson& resolved) const {
  UnderstoodPerson& understood = resolved.understood;
  std::unordered_set<ItemRow> named;
  for (const RequestEvent& event : person.history) {
    const std::optional<ItemRow> row = find_item(event.item);
    if (!row) {
      understood.unknown.push_back(event.item);
      continue;
    }
    const AnsweredItem known = answered(*row, 0);
    if (!named.insert(*row).second) {
      throw Error(ErrorCode::invalid_input, fmt::format("The history names {} twice.", known.title),
                  "Name every item once.");
    }
    const float value = event.value ? *event.value : data_->scale().high;
    understood.history.push_back({known.id, known.title, value, event.time});
    resolved.history.push_back({*row, value, event.time});
  }
  if (resolved.history.empty()) {
    if (!resolved.user) item(person.history.front().item);  // says what is near
    return;                                                 // the user as trained
  }
  const auto last = [](const HistoryEvent& event) {
    return event.time == kNoTime ? std::numeric_limits<std::int64_t>::max() : event.time;
  };
  std::stable_sort(resolved.history.begin(), resolved.history.end(),
                   [&](const HistoryEvent& a, const HistoryEvent& b) { return last(a) < last(b); });
  if (resolved.user) add_training_events(*resolved.user, resolved.history);
}

// Both are in order: those without a time come first among training events, and last among new ones.
void RequestResolver::add_training_events(UserRow user, std::vector<HistoryEvent>& history) const {
  std::unordered_set<ItemRow> renewed;
  for (const HistoryEvent& event : history) renewed.insert(event.item);
  std::vector<HistoryEvent> merged;
  auto next = history.begin();
  for (const HistoryEvent& event : events_of(data_->history(user))) {
    if (renewed.contains(event.item)) continue;
    for (; next != history.end() && next->time != kNoTime && next->time < event.time; ++next) merged.push_back(*next);
    merged.push_back(event);
  }
  merged.insert(merged.end(), next, history.end());
  history = std::move(merged);
}

std::vector<ItemRow> RequestResolver::items_where(const NamedValue& condition) const {
  const Catalog& catalog = data_->catalog();
  const FeatureField& field = condition_field(catalog.item_features, condition.name);
  std::vector<ItemRow> rows;
  for (std::size_t row = 0; row < catalog.items.size(); ++row) {
    if (field.matches(row, condition.value)) rows.emplace_back(row);
  }
  if (rows.empty()) {
    std::vector<std::string_view> values;
    for (std::size_t i = 0; i < field.values.size(); ++i) values.push_back(field.values[i]);
    const auto nearest = nearest_name(condition.value, values);
    throw Error(ErrorCode::not_found, fmt::format("No item has {} {}.", field.name, quote(condition.value)),
                nearest ? fmt::format("Did you mean {}?", *nearest) : "Look up which values the items' features have.");
  }
  return rows;
}

ResolvedFilter RequestResolver::resolve(const ItemFilter& filter) const {
  ResolvedFilter resolved;
  resolved.with_seen = filter.with_seen;
  for (const std::string& name : filter.exclude) resolved.denied.push_back(item(name));
  for (const std::string& name : filter.only) resolved.allowed.push_back(item(name));
  std::sort(resolved.allowed.begin(), resolved.allowed.end());
  resolved.allowed.erase(std::unique(resolved.allowed.begin(), resolved.allowed.end()), resolved.allowed.end());
  bool restricted = !filter.only.empty();
  for (const NamedValue& condition : filter.where) {
    std::vector<ItemRow> rows = items_where(condition);
    if (restricted) {
      std::vector<ItemRow> both;
      std::set_intersection(resolved.allowed.begin(), resolved.allowed.end(), rows.begin(), rows.end(),
                            std::back_inserter(both));
      rows = std::move(both);
    }
    resolved.allowed = std::move(rows);
    restricted = true;
  }
  if (restricted && resolved.allowed.empty()) {
    throw Error(ErrorCode::not_found, "No item meets all of these conditions.",
                "Leave the option `where` or the option `only` out.");
  }
  return resolved;
}

std::vector<RequestEvent> RequestResolver::parse_history(std::string_view typed) const {
  const TypedHistory parsed = titles_.get()->parse_history(typed, data_->scale().high);
  std::vector<RequestEvent> events;
  for (const auto& [row, value] : parsed.events) {
    events.push_back({std::string(data_->catalog().items[row.index]), value, kNoTime});
  }
  for (const std::string& title : parsed.unknown) events.push_back({title, {}, kNoTime});
  return events;
}

AnsweredItem RequestResolver::answered(ItemRow item, float score) const {
  AnsweredItem result;
  result.row = item;
  result.id = data_->catalog().items[item.index];
  result.title = data_->catalog().title(item);
  result.score = score;
  return result;
}

}  // namespace gusto
