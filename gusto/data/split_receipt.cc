#include "gusto/data/split_receipt.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

// Each row's place among all ids in order of their bytes.
std::vector<std::uint32_t> id_ranks(const Vocabulary& ids) {
  std::vector<std::uint32_t> rows(ids.size());
  std::iota(rows.begin(), rows.end(), 0U);
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return ids[a] < ids[b]; });
  std::vector<std::uint32_t> ranks(rows.size());
  for (std::uint32_t rank = 0; rank < rows.size(); ++rank) ranks[rows[rank]] = rank;
  return ranks;
}

class CanonicalHash {
 public:
  explicit CanonicalHash(const Catalogue& catalogue)
      : catalogue_(catalogue), user_ranks_(id_ranks(catalogue.users)), item_ranks_(id_ranks(catalogue.items)) {}

  void add_part(std::vector<Event> events) {
    // Sorting user by user is several times faster than all at once, and parts mostly come user by user.
    const auto by_user = [](const Event& a, const Event& b) { return a.user < b.user; };
    if (!std::is_sorted(events.begin(), events.end(), by_user)) std::sort(events.begin(), events.end(), by_user);
    std::vector<std::span<Event>> users;
    for (std::size_t begin = 0, end = 0; begin < events.size(); begin = end) {
      while (end < events.size() && events[end].user == events[begin].user) ++end;
      users.push_back(std::span(events).subspan(begin, end - begin));
    }
    std::sort(users.begin(), users.end(), [&](const auto& a, const auto& b) {
      return user_ranks_[a.front().user.index] < user_ranks_[b.front().user.index];
    });
    hash_ += events.size();
    std::string block;
    for (const std::span<Event> own : users) {
      std::sort(own.begin(), own.end(),
                [&](const Event& a, const Event& b) { return item_ranks_[a.item.index] < item_ranks_[b.item.index]; });
      block.clear();
      for (const Event& event : own) {
        block.append(catalogue_.users[event.user.index]).push_back('\0');
        block.append(catalogue_.items[event.item.index]).push_back('\0');
        block.append(reinterpret_cast<const char*>(&event.value), sizeof event.value);
      }
      hash_ = xxh3(std::as_bytes(std::span(block)), hash_);
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
      block.assign(catalogue_.users[given.users[user].index]).push_back('\0');
      for (const ItemRow item : items) block.append(catalogue_.items[item.index]).push_back('\0');
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
      block.assign(catalogue_.users[user.index]).push_back('\0');
      for (const HistoryEvent& event : histories.of(user)) {
        block.append(catalogue_.items[event.item.index]).push_back('\0');
        block.append(reinterpret_cast<const char*>(&event.value), sizeof event.value);
      }
      hash_ = xxh3(std::as_bytes(std::span(block)), hash_);
    }
  }
  std::string text() const { return to_hex(hash_); }

 private:
  const Catalogue& catalogue_;
  std::vector<std::uint32_t> user_ranks_;
  std::vector<std::uint32_t> item_ranks_;
  std::uint64_t hash_ = 0;
};

struct Seen {
  std::vector<bool> users;
  std::vector<bool> items;
  std::optional<std::int64_t> first, last;

  Seen(const Catalogue& catalogue, std::span<const Event> events)
      : users(catalogue.users.size()), items(catalogue.items.size()) {
    for (const Event& event : events) {
      users[event.user.index] = true;
      items[event.item.index] = true;
      if (event.time == kNoTime) continue;
      first = std::min(first.value_or(event.time), event.time);
      last = std::max(last.value_or(event.time), event.time);
    }
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
  const Catalogue& catalogue = train.catalogue();
  std::vector<Event> train_events = train.events();
  const Seen in_train(catalogue, train_events);
  const Seen in_test(catalogue, test);
  SplitReceipt receipt;
  receipt.train_events = train_events.size();
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

  hash.add_part(std::move(train_events));
  hash.add_part({test.begin(), test.end()});
  receipt.hash = hash.text();
  return receipt;
}

}  // namespace

SplitReceipt make_receipt(const Dataset& train, std::span<const Event> test) {
  CanonicalHash hash(train.catalogue());
  return receipt_of(train, test, hash);
}

SplitReceipt make_receipt(const Fold& fold) {
  CanonicalHash hash(fold.train->catalogue());
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
  if (!fold.aside.empty()) {
    receipt.aside = fold.aside.items.size();
    hash.add_given(fold.aside);
  }
  receipt.hash = hash.text();
  return receipt;
}

std::string to_json(const SplitReceipt& receipt) {
  nlohmann::ordered_json json;
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
  if (receipt.aside > 0) json["aside"] = receipt.aside;
  json["hash"] = receipt.hash;
  return json.dump();
}

SplitReceipt receipt_from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
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
    receipt.aside = json.value("aside", std::uint64_t{0});
    receipt.hash = json.at("hash").get<std::string>();
    return receipt;
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::corrupt_file, fmt::format("This is not the receipt of a split: {}.", quote(text)));
  }
}

}  // namespace gusto
