#include "gusto/data/split/split_receipt.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/json.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

// Rows in order of their ids' bytes.
std::vector<std::uint32_t> rows_by_id(const Vocabulary& ids) {
  std::vector<std::uint32_t> rows(ids.size());
  std::iota(rows.begin(), rows.end(), 0U);
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return ids[a] < ids[b]; });
  return rows;
}

// Each row's place in such an order.
std::vector<std::uint32_t> ranks_of(std::span<const std::uint32_t> rows) {
  std::vector<std::uint32_t> ranks(rows.size());
  for (std::uint32_t rank = 0; rank < rows.size(); ++rank) ranks[rows[rank]] = rank;
  return ranks;
}

class CanonicalHash {
 public:
  explicit CanonicalHash(const Catalog& catalog)
      : catalog_(catalog),
        users_(rows_by_id(catalog.users)),
        user_ranks_(ranks_of(users_)),
        item_ranks_(ranks_of(rows_by_id(catalog.items))) {}

  void add_part(const Dataset& part) {
    hash_ += part.event_count();
    for (const std::uint32_t user : users_) {
      const History history = part.history(UserRow(user));
      for (std::size_t i = 0; i < history.size(); ++i) own_.emplace_back(history.items[i], history.values[i]);
      add_own(user);
    }
  }
  void add_part(std::span<const Event> events) {
    std::vector<Event> by_user(events.begin(), events.end());
    const auto before = [&](const Event& a, const Event& b) {
      return user_ranks_[a.user.index] < user_ranks_[b.user.index];
    };
    std::sort(by_user.begin(), by_user.end(), before);
    hash_ += events.size();
    for (std::size_t i = 0; i < by_user.size(); ++i) {
      own_.emplace_back(by_user[i].item, by_user[i].value);
      if (i + 1 == by_user.size() || by_user[i + 1].user != by_user[i].user) add_own(by_user[i].user.index);
    }
  }
  void add_given(const CandidateLists& given) {
    std::vector<std::size_t> order(given.users.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return user_ranks_[given.users[a].index] < user_ranks_[given.users[b].index];
    });
    hash_ += given.items.size();
    std::string block;
    for (const std::size_t user : order) {
      std::vector<ItemRow> items(given[user].begin(), given[user].end());
      std::sort(items.begin(), items.end(),
                [&](ItemRow a, ItemRow b) { return item_ranks_[a.index] < item_ranks_[b.index]; });
      block.assign(catalog_.users[given.users[user].index]).push_back('\0');
      for (const ItemRow item : items) block.append(catalog_.items[item.index]).push_back('\0');
      hash_ = xxh3(std::as_bytes(std::span(block)), hash_);
    }
  }
  void add_histories(const TestHistories& histories) {
    std::vector<UserRow> users = histories.users;
    std::sort(users.begin(), users.end(),
              [&](UserRow a, UserRow b) { return user_ranks_[a.index] < user_ranks_[b.index]; });
    hash_ += histories.events.size();
    std::string block;
    for (const UserRow user : users) {
      block.assign(catalog_.users[user.index]).push_back('\0');
      for (const HistoryEvent& event : histories.of(user)) {
        block.append(catalog_.items[event.item.index]).push_back('\0');
        block.append(reinterpret_cast<const char*>(&event.value), sizeof event.value);
      }
      hash_ = xxh3(std::as_bytes(std::span(block)), hash_);
    }
  }
  void add_candidates(std::span<const ItemRow> candidates) {
    std::vector<ItemRow> items(candidates.begin(), candidates.end());
    std::sort(items.begin(), items.end(),
              [&](ItemRow a, ItemRow b) { return item_ranks_[a.index] < item_ranks_[b.index]; });
    std::string block;
    for (const ItemRow item : items) block.append(catalog_.items[item.index]).push_back('\0');
    hash_ = xxh3(std::as_bytes(std::span(block)), hash_ + items.size());
  }
  std::string text() const { return to_hex(hash_); }

 private:
  // Adds the events gathered of a user, and forgets them.
  void add_own(std::uint32_t user) {
    if (own_.empty()) return;
    std::sort(own_.begin(), own_.end(),
              [&](const auto& a, const auto& b) { return item_ranks_[a.first.index] < item_ranks_[b.first.index]; });
    block_.clear();
    for (const auto& [item, value] : own_) {
      block_.append(catalog_.users[user]).push_back('\0');
      block_.append(catalog_.items[item.index]).push_back('\0');
      block_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    hash_ = xxh3(std::as_bytes(std::span(block_)), hash_);
    own_.clear();
  }

  const Catalog& catalog_;
  std::vector<std::uint32_t> users_;  // in order of their ids
  std::vector<std::uint32_t> user_ranks_;
  std::vector<std::uint32_t> item_ranks_;
  std::vector<std::pair<ItemRow, float>> own_;
  std::string block_;
  std::uint64_t hash_ = 0;
};

struct Seen {
  std::vector<bool> users;
  std::vector<bool> items;
  std::optional<std::int64_t> first, last;

  Seen(const Catalog& catalog, std::span<const Event> events)
      : users(catalog.users.size()), items(catalog.items.size()) {
    for (const Event& event : events) {
      users[event.user.index] = true;
      items[event.item.index] = true;
      see(event.time);
    }
  }
  explicit Seen(const Dataset& data) : users(data.user_count()), items(data.item_count()) {
    for (std::size_t user = 0; user < users.size(); ++user)
      users[user] = data.offsets()[user] < data.offsets()[user + 1];
    for (const ItemRow item : data.items()) items[item.index] = true;
    for (const std::int64_t time : data.times()) see(time);
  }

 private:
  void see(std::int64_t time) {
    if (time == kNoTime) return;
    first = std::min(first.value_or(time), time);
    last = std::max(last.value_or(time), time);
  }
};

std::uint64_t count_true(const std::vector<bool>& flags) {
  return static_cast<std::uint64_t>(std::count(flags.begin(), flags.end(), true));
}

constexpr auto kCounts = {
    std::pair("train_events", &SplitReceipt::train_events), std::pair("test_events", &SplitReceipt::test_events),
    std::pair("train_users", &SplitReceipt::train_users),   std::pair("test_users", &SplitReceipt::test_users),
    std::pair("train_items", &SplitReceipt::train_items),   std::pair("test_items", &SplitReceipt::test_items),
};
constexpr auto kTimes = {
    std::pair("train_first", &SplitReceipt::train_first),
    std::pair("train_last", &SplitReceipt::train_last),
    std::pair("test_first", &SplitReceipt::test_first),
    std::pair("test_last", &SplitReceipt::test_last),
};

// What can be told of the two parts alone; they are added to the hash.
SplitReceipt receipt_of(const Dataset& train, std::span<const Event> test, CanonicalHash& hash) {
  const Catalog& catalog = train.catalog();
  const Seen in_train(train);
  const Seen in_test(catalog, test);
  SplitReceipt receipt;
  receipt.train_events = train.event_count();
  receipt.test_events = test.size();
  receipt.train_users = count_true(in_train.users);
  receipt.test_users = count_true(in_test.users);
  receipt.train_items = count_true(in_train.items);
  receipt.test_items = count_true(in_test.items);
  receipt.train_first = in_train.first;
  receipt.train_last = in_train.last;
  receipt.test_first = in_test.first;
  receipt.test_last = in_test.last;

  const auto share = [&](auto&& unseen) {
    if (test.empty()) return 0.0;
    return static_cast<double>(std::count_if(test.begin(), test.end(), unseen)) / static_cast<double>(test.size());
  };
  receipt.unseen_user_share = share([&](const Event& event) { return !in_train.users[event.user.index]; });
  receipt.unseen_item_share = share([&](const Event& event) { return !in_train.items[event.item.index]; });

  hash.add_part(train);
  hash.add_part(test);
  receipt.hash = hash.text();
  return receipt;
}

}  // namespace

SplitReceipt make_receipt(const Dataset& train, std::span<const Event> test) {
  CanonicalHash hash(train.catalog());
  return receipt_of(train, test, hash);
}

SplitReceipt make_receipt(const Fold& fold) {
  CanonicalHash hash(fold.train->catalog());
  SplitReceipt receipt = receipt_of(*fold.train, fold.test, hash);
  if (!fold.given.empty()) {
    receipt.negatives = fold.given.items.size() - fold.given.users.size();
    hash.add_given(fold.given);
  }
  if (!fold.histories.empty()) {
    receipt.history_users = fold.histories.users.size();
    receipt.history_events = fold.histories.events.size();
    receipt.each_event = !fold.histories.before.empty();
    hash.add_histories(fold.histories);
  }
  if (!fold.withheld.empty()) {
    receipt.withheld = fold.withheld.items.size();
    hash.add_given(fold.withheld);
  }
  if (!fold.candidates.empty()) {
    receipt.candidates = fold.candidates.size();
    hash.add_candidates(fold.candidates);
  }
  receipt.hash = hash.text();
  return receipt;
}

std::string to_json(const SplitReceipt& receipt) {
  OrderedJson json;
  for (const auto& [name, member] : kCounts) json[name] = receipt.*member;
  for (const auto& [name, member] : kTimes) {
    if (receipt.*member) json[name] = *(receipt.*member);
  }
  json["unseen_user_share"] = receipt.unseen_user_share;
  json["unseen_item_share"] = receipt.unseen_item_share;
  if (receipt.negatives > 0) {
    json["negatives"] = receipt.negatives;
    json["own_negatives"] = receipt.own_negatives;
    json["drawn"] = receipt.drawn;
    json["numbered"] = receipt.numbered;
  }
  if (receipt.history_users > 0) {
    json["history_users"] = receipt.history_users;
    json["history_events"] = receipt.history_events;
    json["each_event"] = receipt.each_event;
    json["untrained_items"] = receipt.untrained_items;
  }
  if (receipt.withheld > 0) json["aside"] = receipt.withheld;
  if (receipt.candidates > 0) json["candidates"] = receipt.candidates;
  json["hash"] = receipt.hash;
  return print_json(json);
}

SplitReceipt receipt_from_json(std::string_view text) {
  try {
    const auto json = parse_json(text);
    SplitReceipt receipt;
    for (const auto& [name, member] : kCounts) receipt.*member = json.at(name).get<std::uint64_t>();
    for (const auto& [name, member] : kTimes) {
      if (json.contains(name)) receipt.*member = json.at(name).get<std::int64_t>();
    }
    receipt.unseen_user_share = json.at("unseen_user_share").get<double>();
    receipt.unseen_item_share = json.at("unseen_item_share").get<double>();
    if (json.contains("negatives")) {
      receipt.negatives = json.at("negatives").get<std::uint64_t>();
      receipt.own_negatives = json.at("own_negatives").get<std::uint64_t>();
      receipt.numbered = json.at("numbered").get<bool>();
      receipt.drawn = json.value("drawn", false);
    }
    if (json.contains("history_users")) {
      receipt.history_users = json.at("history_users").get<std::uint64_t>();
      receipt.history_events = json.at("history_events").get<std::uint64_t>();
      receipt.each_event = json.at("each_event").get<bool>();
      receipt.untrained_items = json.at("untrained_items").get<std::uint64_t>();
    }
    receipt.withheld = json.value("aside", std::uint64_t{0});
    receipt.candidates = json.value("candidates", std::uint64_t{0});
    receipt.hash = json.at("hash").get<std::string>();
    return receipt;
  } catch (const Json::exception&) {
    throw Error(ErrorCode::corrupt_file, fmt::format("This is not the receipt of a split: {}.", quote(text)));
  }
}

}  // namespace gusto
