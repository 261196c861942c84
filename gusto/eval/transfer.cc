#include "gusto/eval/transfer.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/same_ids.h"
#include "gusto/data/split/split_receipt.h"

namespace gusto {
namespace {

using Rows = std::vector<std::optional<std::uint32_t>>;

// The lists of users who still have a test event, in the model's rows, and how many of their items it lacks.
CandidateLists transfer_lists(const CandidateLists& lists, const Rows& users, const Rows& items,
                              std::span<const Event> test, std::uint64_t& unknown) {
  std::vector<std::pair<UserRow, std::size_t>> order;
  for (std::size_t i = 0; i < lists.users.size(); ++i) {
    if (const auto user = users[lists.users[i].index]) order.emplace_back(*user, i);
  }
  std::sort(order.begin(), order.end());
  CandidateLists result;
  for (const auto& [user, i] : order) {
    const bool tested = std::binary_search(test.begin(), test.end(), Event{user, ItemRow(0)},
                                           [](const Event& a, const Event& b) { return a.user < b.user; });
    if (!tested) continue;
    for (const ItemRow item : lists[i]) {
      if (const auto own = items[item.index]) result.items.emplace_back(*own);
      else ++unknown;
    }
    std::sort(result.items.begin() + static_cast<std::ptrdiff_t>(result.offsets.back()), result.items.end());
    result.users.push_back(user);
    result.offsets.push_back(result.items.size());
  }
  return result;
}

// For each test event of one user, where it stands in the user's history.
std::vector<std::uint32_t> positions_in(std::span<const HistoryEvent> history, std::span<const Event> test) {
  std::vector<std::pair<ItemRow, std::uint32_t>> places;
  for (std::size_t i = 0; i < history.size(); ++i) places.emplace_back(history[i].item, static_cast<std::uint32_t>(i));
  std::sort(places.begin(), places.end());
  std::vector<std::uint32_t> result;
  for (const Event& event : test) {
    result.push_back(std::lower_bound(places.begin(), places.end(), std::pair(event.item, std::uint32_t{0}))->second);
  }
  return result;
}

// The histories of users who still have a test event, in the model's rows, without items that it lacks.
TestHistories transfer_histories(const TestHistories& histories, const Rows& users, const Rows& items,
                                 std::span<const Event> test) {
  std::vector<std::pair<UserRow, UserRow>> order;  // in the model's rows, and in the fold's
  for (const UserRow user : histories.users) {
    if (const auto own = users[user.index]) order.emplace_back(*own, user);
  }
  std::sort(order.begin(), order.end());
  TestHistories result;
  for (const auto& [own, user] : order) {
    const auto by_user = [](const Event& a, const Event& b) { return a.user < b.user; };
    const auto [first, last] = std::equal_range(test.begin(), test.end(), Event{own, ItemRow(0)}, by_user);
    if (first == last) continue;
    for (const HistoryEvent& event : histories.of(user)) {
      if (const auto item = items[event.item.index]) result.events.push_back({ItemRow(*item), event.value, event.time});
    }
    result.users.push_back(own);
    result.offsets.push_back(result.events.size());
    if (histories.before.empty()) continue;
    for (const std::uint32_t place : positions_in(result.of(own), {first, last})) result.before.push_back(place);
  }
  return result;
}

void require_unseen(const Dataset& train, std::span<const Event> test) {
  std::vector<ItemRow> seen;
  std::size_t overlap = 0;
  const Event* first = nullptr;
  for (std::size_t begin = 0; begin < test.size();) {
    const UserRow user = test[begin].user;
    const std::span<const ItemRow> items = train.history(user).items;
    seen.assign(items.begin(), items.end());
    std::sort(seen.begin(), seen.end());
    for (; begin < test.size() && test[begin].user == user; ++begin) {
      if (!std::binary_search(seen.begin(), seen.end(), test[begin].item)) continue;
      if (first == nullptr) first = &test[begin];
      ++overlap;
    }
  }
  if (first == nullptr) return;
  const Catalog& catalog = train.catalog();
  throw Error(ErrorCode::invalid_input,
              fmt::format("The model was trained on {} of the {} test events, such as user {}, item {}.",
                          format_count(overlap), format_count(test.size()), quote(catalog.users[first->user.index]),
                          quote(catalog.items[first->item.index])),
              "Train with the same split and seed, so that the test part stays unseen.");
}

}  // namespace

TransferredTest transfer_test(const Model& model, const Catalog& catalog, std::span<const Event> test,
                              std::span<const ItemRow> candidates) {
  const Catalog& own = model.data().catalog();
  const auto users = same_ids(catalog.users, own.users);
  const auto items = same_ids(catalog.items, own.items);
  TransferredTest result;
  result.fold.name = "test";
  result.fold.train = model.shared_data();
  for (const Event& event : test) {
    const auto user = users[event.user.index];
    const auto item = items[event.item.index];
    if (!user) {
      ++result.unknown_users;
    } else if (!item) {
      ++result.unknown_items;
    } else {
      result.fold.test.push_back({UserRow(*user), ItemRow(*item), event.value, event.time});
    }
  }
  if (result.fold.test.empty()) {
    throw Error(ErrorCode::empty_dataset, "No test event has both a user and an item that the model knows.",
                "Test on data with the ids that the model was trained on.");
  }
  std::sort(result.fold.test.begin(), result.fold.test.end(),
            [](const Event& a, const Event& b) { return std::tie(a.user, a.item) < std::tie(b.user, b.item); });
  require_unseen(*result.fold.train, result.fold.test);
  for (const ItemRow candidate : candidates) {
    if (const auto item = items[candidate.index]) result.candidates.emplace_back(*item);
    else ++result.unknown_candidates;
  }
  std::sort(result.candidates.begin(), result.candidates.end());
  result.fold.receipt = make_receipt(*result.fold.train, result.fold.test);
  return result;
}

TransferredTest transfer_test(const Model& model, const Catalog& catalog, const Fold& fold,
                              std::span<const ItemRow> candidates) {
  TransferredTest result = transfer_test(model, catalog, fold.test, candidates);
  const Catalog& own = model.data().catalog();
  const Rows users = same_ids(catalog.users, own.users);
  const Rows items = same_ids(catalog.items, own.items);
  const std::vector<Event>& test = result.fold.test;
  std::uint64_t not_candidates = 0;
  result.fold.seed = fold.seed;
  result.fold.given = transfer_lists(fold.given, users, items, test, result.unknown_candidates);
  result.fold.withheld = transfer_lists(fold.withheld, users, items, test, not_candidates);
  for (const ItemRow candidate : fold.candidates) {
    if (const auto item = items[candidate.index]) result.fold.candidates.emplace_back(*item);
    else ++result.unknown_candidates;
  }
  std::sort(result.fold.candidates.begin(), result.fold.candidates.end());
  result.fold.histories = transfer_histories(fold.histories, users, items, test);
  const SplitReceipt& split = fold.receipt;
  SplitReceipt& receipt = result.fold.receipt;
  receipt = make_receipt(result.fold);
  receipt.own_negatives = split.own_negatives;
  receipt.numbered = split.numbered;
  receipt.drawn = split.drawn;
  receipt.untrained_items = split.untrained_items;
  return result;
}

std::vector<ItemRow> items_with_events(const Dataset& train, std::span<const Event> test) {
  std::vector<bool> has_events(train.item_count());
  for (const ItemRow item : train.items()) has_events[item.index] = true;
  for (const Event& event : test) has_events[event.item.index] = true;
  std::vector<ItemRow> items;
  for (std::size_t row = 0; row < has_events.size(); ++row) {
    if (has_events[row]) items.emplace_back(row);
  }
  return items;
}

}  // namespace gusto
