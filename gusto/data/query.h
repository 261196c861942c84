#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/rows.h"

namespace gusto {

/// What the user did with one item.
struct HistoryEvent {
  ItemRow item;
  float value = 1;
  std::int64_t time = kNoTime;
};

/// A user's events, as somebody else would bring them along.
std::vector<HistoryEvent> events_of(const History& history);

/// What is known of the user beside history: a feature field of users and its value as text.
struct FeatureValue {
  std::string_view field;
  std::string_view value;
};

/// Who asks: a known user, or a history, or features, or several of these, and optionally the time of asking.
/// A query with a user and no history stands for that user with the events trained on. A query with a history stands
/// for someone with exactly that history, in order of time and each item once, whether or not a user is named; models
/// fold it in. The spans are borrowed: they must outlive the call that gets the query.
struct Query {
  std::optional<UserRow> user;
  std::span<const HistoryEvent> history;
  std::span<const FeatureValue> features;
  std::int64_t time = kNoTime;

  static Query known(UserRow row) {
    Query query;
    query.user = row;
    return query;
  }
  static Query with_history(std::span<const HistoryEvent> events) {
    Query query;
    query.history = events;
    return query;
  }
};

}  // namespace gusto
