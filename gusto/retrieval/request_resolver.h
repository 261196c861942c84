#pragma once

/// From names to rows: the one place where requests are understood.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/deferred.h"
#include "gusto/data/dataset.h"
#include "gusto/data/query.h"
#include "gusto/data/titles.h"
#include "gusto/retrieval/request.h"
#include "gusto/retrieval/search_filter.h"

namespace gusto {

/// A person in rows. Borrows the features' text from the Person; to be moved, not copied.
struct ResolvedPerson {
  UnderstoodPerson understood;
  std::optional<UserRow> user;
  std::vector<HistoryEvent> history;  ///< of a known user with new events: both together
  std::vector<FeatureValue> features;
  std::int64_t time = kNoTime;

  ResolvedPerson() = default;
  ResolvedPerson(ResolvedPerson&&) = default;
  ResolvedPerson& operator=(ResolvedPerson&&) = default;
  ResolvedPerson(const ResolvedPerson&) = delete;
  ResolvedPerson& operator=(const ResolvedPerson&) = delete;
  ~ResolvedPerson() = default;

  /// Borrows this.
  Query query() const;
};

/// An ItemFilter in rows.
struct ResolvedFilter {
  std::vector<ItemRow> allowed;  ///< ascending, each once; never empty if the filter leaves items out by only or where
  std::vector<ItemRow> denied;
  bool with_seen = false;

  /// Borrows this.
  SearchFilter search_filter() const;
};

/// State    the data, shared; with ItemNames::titles a TitleIndex, made when a name is first used that is no id
/// Threads  const members may be called concurrently
class RequestResolver {
 public:
  RequestResolver(std::shared_ptr<const Dataset> data, ItemNames names);

  const Dataset& data() const { return *data_; }

  /// Errors   not_found, for an unknown user, or a history that names no item that exists; invalid_input, if the
  ///          history names an item twice, or by what several items fit
  ResolvedPerson resolve(const Person& person) const;
  /// Whether there is no event and no feature of that person.
  bool nothing_known(const ResolvedPerson& person) const;
  /// Errors   not_found, for an unknown item or feature (with the nearest name), or conditions that no item meets;
  ///          invalid_input, for a name that several items fit
  ResolvedFilter resolve(const ItemFilter& filter) const;
  /// Errors   not_found, invalid_input, likewise
  ItemRow item(std::string_view name) const;
  /// The item that a person means who types this, see TitleIndex::find_meant. Errors likewise
  ItemRow meant(std::string_view typed) const;
  /// The user of that id. Error(not_found)
  UserRow user(std::string_view id) const;

  /// A history as typed, with titles of items that don't exist among its events. Errors as TitleIndex::parse_history.
  std::vector<RequestEvent> parse_history(std::string_view typed) const;

  /// The item with id and title.
  AnsweredItem answered(ItemRow item, float score) const;

 private:
  std::optional<ItemRow> find_item(std::string_view name) const;
  void resolve_history(const Person& person, ResolvedPerson& resolved) const;
  void add_training_events(UserRow user, std::vector<HistoryEvent>& history) const;
  std::vector<ItemRow> items_where(const ItemCondition& condition) const;

  std::shared_ptr<const Dataset> data_;
  ItemNames names_;
  Deferred<std::shared_ptr<const TitleIndex>> titles_;
};

}  // namespace gusto
