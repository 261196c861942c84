#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/query.h"

namespace gusto {

/// What a split did, so that figures can be compared: printed, and stored in results and model files.
struct SplitReceipt {
  std::uint64_t train_events = 0;
  std::uint64_t test_events = 0;
  std::uint64_t train_users = 0;  ///< users with training events
  std::uint64_t test_users = 0;
  std::uint64_t train_items = 0;
  std::uint64_t test_items = 0;
  std::optional<std::int64_t> train_first, train_last, test_first, test_last;  ///< time ranges, if there are times
  double unseen_user_share = 0;  ///< share of test events whose user has no training event
  double unseen_item_share = 0;
  std::uint64_t negatives = 0;        ///< given to all users together, test items not counted; 0: rankings are full
  std::uint64_t own_negatives = 0;    ///< users whose test item is among the negatives given: it is a candidate once
  bool drawn = false;                 ///< whether negatives were drawn
  bool numbered = false;              ///< whether the negatives' file numbers users and items instead of naming ids
  std::uint64_t history_users = 0;    ///< test users whose history is given, see TestHistories
  std::uint64_t history_events = 0;   ///< in these histories
  bool each_event = false;            ///< whether each test event is asked for by itself
  std::uint64_t untrained_items = 0;  ///< events of held-out users left out because nobody trained on has their item
  std::uint64_t candidates = 0;       ///< of the fold's own; 0: those of the split
  std::uint64_t withheld = 0;         ///< events that are in no part and not to be recommended to their users
  /// 16 hexadecimal digits over the ids and values of both parts, whatever the order in which events were read: events
  /// lie ordered by the bytes of user id, then of item id, as (user id, 0, item id, 0, four bytes of value); XXH3-64 is
  /// taken user by user, first of the training part, then of the test part, each seeded with the hash before it (0 at
  /// first), to which the number of a part's events is added where that part begins. Given negatives are a third part,
  /// of (user id, 0, then the candidates' ids, each with a 0); then histories, where there are any, of events in their
  /// order; then what is withheld, as negatives are; then the fold's own candidates, each as (item id, 0).
  std::string hash;
};

/// Candidates of each user's own: users[i] has items[offsets[i] … offsets[i + 1]), ascending. None at all: everybody's
/// rankings may hold every candidate of the split.
struct CandidateLists {
  std::vector<UserRow> users;  ///< ascending
  std::vector<std::uint64_t> offsets{0};
  std::vector<ItemRow> items;

  bool empty() const { return users.empty(); }
  std::span<const ItemRow> operator[](std::size_t i) const {
    return std::span(items).subspan(offsets[i], offsets[i + 1] - offsets[i]);
  }
};

/// What a fold gives of users that it tests by a history of their own, rather than by what was trained on.
struct TestHistories {
  std::vector<UserRow> users;  ///< ascending
  std::vector<std::uint64_t> offsets{0};
  std::vector<HistoryEvent> events;  ///< of users[i] in [offsets[i], offsets[i + 1]), in order of time
  /// For each test event how many of its user's events come before it, where each is asked for by itself; else empty.
  std::vector<std::uint32_t> before;

  bool empty() const { return users.empty(); }
  /// Empty for users who are not listed.
  std::span<const HistoryEvent> of(UserRow user) const;
};

struct Fold {
  std::string name;  ///< "u1", or the split's text
  std::shared_ptr<const Dataset> train;
  std::vector<Event> test;  ///< ordered by user row, then item row
  SplitReceipt receipt;
  std::uint64_t seed = 42;  ///< for what is drawn in this fold, the models' own draws too
  CandidateLists given;     ///< of negatives, for every user with a test event; else empty
  TestHistories histories;  ///< of users and prequential; else empty
  /// Items that its rankings may hold, ascending, where these are not the split's: of cold-items:…,alone; else empty.
  std::vector<ItemRow> candidates;
  /// What its rankings may hold, given the split's candidates.
  std::span<const ItemRow> candidates_or(std::span<const ItemRow> of_split) const {
    return candidates.empty() ? of_split : std::span(candidates);
  }
  CandidateLists withheld;  ///< items that a user's rankings leave out beside those seen; of users who have any

  /// Who asks for a test event: its user as trained on, or with the history that the fold gives; where each event is
  /// asked for by itself, with the history up to it and at its time. Borrows the fold's histories.
  Query query(std::size_t test_event) const;
};

}  // namespace gusto
