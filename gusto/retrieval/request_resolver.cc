#include "gusto/retrieval/request_resolver.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/retrieval/popular_items.h"

namespace gusto {
namespace {

constexpr std::size_t kNamedEvents = 3;
constexpr std::size_t kNamedValues = 12;

/// "F, M", or the first dozen and how many more there are.
std::string list_some(std::vector<std::string_view> values) {
  const std::size_t count = values.size();
  values.resize(std::min(count, kNamedValues));
  return join(values, ", ") + (count > kNamedValues ? fmt::format(" and {} more", count - kNamedValues) : "");
}

/// The field of that name; "genre" means genres too.
const FeatureField& condition_field(const FeatureTable& table, const std::string& name) {
  if (const FeatureField* field = table.find(name); field != nullptr) return *field;
  if (const FeatureField* field = table.find(name + "s"); field != nullptr) return *field;
  return table.at(name);
}

/// Whether a row meets a condition. Rows without a number meet no comparison.
/// Errors   invalid_option, for an unknown relation, or one of numbers that is asked of something else
std::function<bool(std::size_t)> test_of(const FeatureField& field, const ItemCondition& condition) {
  const std::string& relation = condition.relation;
  if (relation == "=") return [&](std::size_t row) { return field.matches(row, condition.value); };
  if (relation == "!=") return [&](std::size_t row) { return !field.matches(row, condition.value); };
  const std::optional<double> number = parse_real(trim(condition.value));
  if (field.kind != FeatureKind::number || !number) {
    throw Error(ErrorCode::invalid_option,
                field.kind == FeatureKind::number
                    ? fmt::format("{} is compared with {}, which is no number.", field.name, quote(condition.value))
                    : fmt::format("{} is no number, so it can't be compared by {}.", field.name, relation),
                "Write a condition such as year>=1995, or with = or != for other features.");
  }
  const auto compare = [&field, limit = *number](auto holds) -> std::function<bool(std::size_t)> {
    return [&field, limit, holds](std::size_t row) { return holds(field.numbers[row], limit); };
  };
  if (relation == "<") return compare(std::less<>());
  if (relation == "<=") return compare(std::less_equal<>());
  if (relation == ">") return compare(std::greater<>());
  if (relation == ">=") return compare(std::greater_equal<>());
  throw Error(ErrorCode::invalid_option, fmt::format("There is no relation {}.", quote(relation)),
              "Write =, !=, <, <=, > or >=.");
}

/// Error(invalid_input) for a value that no event could have. Small data may not show the whole scale, so what is
/// refused lies above all values, or below them and 0.
void require_on_scale(float value, const Scale& scale, const std::string& title) {
  if (value >= std::min(scale.low, 0.0F) && value <= scale.high) return;
  const std::string values = scale.low < scale.high ? fmt::format("from {:g} to {:g}", scale.low, scale.high)
                                                    : fmt::format("{:g}, all of them", scale.high);
  throw Error(ErrorCode::invalid_input,
              fmt::format("The history gives {} the value {:g}; the values trained on are {}.", title, value, values),
              "Give a value on that scale, or none: then the highest is meant.");
}

/// "Heat (1995): 4, Toy Story (1995): 5, Fargo (1996): 3, 2 more" as parts.
void add_named_events(const std::vector<UnderstoodEvent>& events, std::vector<std::string>& parts) {
  for (std::size_t e = 0; e < std::min(events.size(), kNamedEvents); ++e) {
    parts.push_back(fmt::format("{}: {:g}", events[e].title, events[e].value));
  }
  if (events.size() > kNamedEvents) parts.push_back(fmt::format("{} more", events.size() - kNamedEvents));
}

/// The value as the field spells it.
/// Errors   not_found, with the nearest, for one that no user has; invalid_input, for no number
std::string_view known_value(const FeatureField& field, const NamedValue& feature) {
  if (field.kind == FeatureKind::number && !parse_real(trim(feature.value))) {
    throw Error(ErrorCode::invalid_input,
                fmt::format("{} is a number, and {} is none.", field.name, quote(feature.value)),
                fmt::format("Write a number, such as {}=30.", field.name));
  }
  if (!field.has_values()) return feature.value;
  if (const auto known = field.values.find(feature.value)) return field.values[*known];
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    values.push_back(field.values[i]);
    if (to_lower(values.back()) == to_lower(trim(feature.value))) return values.back();
  }
  const auto nearest = nearest_name(feature.value, values);
  throw Error(ErrorCode::not_found, fmt::format("No user has {} {}.", field.name, quote(feature.value)),
              nearest ? fmt::format("Did you mean {}?", *nearest)
                      : fmt::format("{} can be {}.", field.name, list_some(values)));
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
        const PopularItems popular(*data);
        const std::span<const std::uint32_t> counts = popular.counts();
        return std::make_shared<const TitleIndex>(data->catalog(), std::vector(counts.begin(), counts.end()));
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

ItemRow RequestResolver::meant(std::string_view typed) const {
  return names_ == ItemNames::titles ? titles_.get()->find_meant(typed) : item(typed);
}

UserRow RequestResolver::user(std::string_view id) const {
  if (const auto row = data_->catalog().users.find(id)) return UserRow(*row);
  throw Error(ErrorCode::not_found, fmt::format("The model's training data has no user {}.", quote(id)),
              hint_at_spelling(data_->catalog().users, id, "Describe someone new with the option `history`."));
}

ResolvedPerson RequestResolver::resolve(const Person& person) const {
  ResolvedPerson resolved;
  resolved.time = person.time;
  const FeatureTable& fields = data_->catalog().user_features;
  if (!person.features.empty() && fields.fields().empty()) {
    throw Error(ErrorCode::not_found, "The model's training data does not describe users by features.",
                "Train it with the option `user_features`, or describe someone by a history.");
  }
  for (const NamedValue& feature : person.features) {
    const FeatureField& field = fields.at(feature.name);
    resolved.features.push_back({field.name, known_value(field, feature)});
  }
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
    if (!data_->catalog().strength.used()) require_on_scale(value, data_->scale(), known.title);
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

std::vector<ItemRow> RequestResolver::items_where(const ItemCondition& condition) const {
  const Catalog& catalog = data_->catalog();
  const FeatureField& field = condition_field(catalog.item_features, condition.name);
  const auto holds = test_of(field, condition);
  std::vector<ItemRow> rows;
  for (std::size_t row = 0; row < catalog.items.size(); ++row) {
    if (holds(row)) rows.emplace_back(row);
  }
  const bool equal = condition.relation == "=" || condition.relation == "!=";
  if (rows.empty() && !equal) {
    throw Error(ErrorCode::not_found,
                fmt::format("No item has {} {} {}.", field.name, condition.relation, condition.value),
                "Try another number.");
  }
  const bool unknown = condition.relation == "!=" && rows.size() == catalog.items.size();  // nothing to leave out
  if (rows.empty() || unknown) {
    std::vector<std::string_view> values;
    for (std::size_t i = 0; i < field.values.size(); ++i) values.push_back(field.values[i]);
    const auto nearest = nearest_name(condition.value, values);
    throw Error(ErrorCode::not_found, fmt::format("No item has {} {}.", field.name, quote(condition.value)),
                nearest          ? fmt::format("Did you mean {}?", *nearest)
                : values.empty() ? std::string("Try other values.")
                                 : fmt::format("{} can be {}.", field.name, list_some(values)));
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
  for (const ItemCondition& condition : filter.where) {
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
