#include "gusto/data/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/random.h"
#include "gusto/base/text.h"
#include "gusto/data/split_files.h"
#include "gusto/data/split_negatives.h"
#include "gusto/data/split_receipt.h"

namespace gusto {
namespace {

using Kind = SplitSpec::Kind;

struct KindName {
  Kind kind;
  std::string_view name;
  std::string_view usual;  // meant when nothing follows the colon
};
constexpr std::array kKinds = {
    KindName{Kind::random, "random", "0.1"},    KindName{Kind::holdout, "holdout", "0.2"},
    KindName{Kind::last, "last", "1"},          KindName{Kind::time, "time", "0.8"},
    KindName{Kind::folds, "folds", "u"},        KindName{Kind::test, "test", ""},
    KindName{Kind::negatives, "negatives", ""},
};
constexpr std::string_view kKindsHint =
    "Splits are random:0.1, holdout:0.2, last:1, time:0.8, folds:u, folds:PATH, test:FILE and negatives:FILE.";

// Shares are typed in decimals, which have no exact form: 0.29 of 100 is 29, not 28.
constexpr double kRounding = 1e-9;

std::vector<std::uint64_t> id_keys(const Vocabulary& ids) {
  std::vector<std::uint64_t> keys(ids.size());
  for (std::size_t row = 0; row < keys.size(); ++row) keys[row] = xxh3(std::as_bytes(std::span(ids[row])));
  return keys;
}

// Gives every event a random number that depends on the seed and the ids of user and item, and on nothing else.
class EventDraws {
 public:
  EventDraws(const Dataset& data, std::uint64_t seed, std::string_view purpose)
      : seed_(seed),
        purpose_(purpose),
        items_(data.items()),
        user_keys_(id_keys(data.catalogue().users)),
        item_keys_(id_keys(data.catalogue().items)) {}

  std::uint64_t operator()(std::size_t user, std::size_t position) const {
    return Random(seed_, purpose_, mix(user_keys_[user]) + item_keys_[items_[position].index]).next();
  }

 private:
  std::uint64_t seed_;
  std::string_view purpose_;
  std::span<const ItemRow> items_;
  std::vector<std::uint64_t> user_keys_;
  std::vector<std::uint64_t> item_keys_;
};

// Divides the events of one data set; parts_ has one entry for every stored event.
class Divider {
 public:
  Divider(const std::shared_ptr<const Dataset>& data, const SplitOptions& options, const std::vector<bool>& eligible)
      : data_(data), options_(options), eligible_(eligible) {}

  Fold random() const;
  Fold holdout() const;
  Fold last() const;
  Fold time() const;
  Fold test_file() const;
  Fold negatives() const;
  std::vector<Fold> folds(const std::filesystem::path& source) const;

 private:
  // Calls body(user, positions of the user's eligible events in stored order) for every user.
  void for_each_user(const std::function<void(std::size_t, std::vector<std::size_t>&)>& body) const;
  void require_times() const;
  std::vector<Part> parts_all(Part part) const;
  Fold make_fold(std::string name, const std::vector<Part>& parts, CandidateLists given = {}) const;

  std::shared_ptr<const Dataset> data_;
  const SplitOptions& options_;
  const std::vector<bool>& eligible_;
};

void Divider::for_each_user(const std::function<void(std::size_t, std::vector<std::size_t>&)>& body) const {
  const std::span<const std::uint64_t> offsets = data_->offsets();
  std::vector<std::size_t> positions;
  for (std::size_t user = 0; user < data_->user_count(); ++user) {
    positions.clear();
    for (std::size_t i = offsets[user]; i < offsets[user + 1]; ++i) {
      if (eligible_[i]) positions.push_back(i);
    }
    body(user, positions);
  }
}

void Divider::require_times() const {
  if (data_->has_times()) return;
  throw Error(ErrorCode::invalid_input,
              fmt::format("The split {} needs times, and the data set has none.", options_.spec.text()),
              "Use random or holdout, or name the column of times.");
}

std::vector<Part> Divider::parts_all(Part part) const { return std::vector<Part>(data_->event_count(), part); }

Fold Divider::make_fold(std::string name, const std::vector<Part>& parts, CandidateLists given) const {
  std::vector<Event> train, test;
  const std::vector<Event> events = data_->events();
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!eligible_[i] || parts[i] == Part::none) continue;
    (parts[i] == Part::train ? train : test).push_back(events[i]);
  }
  if (train.empty() || test.empty()) {
    throw Error(ErrorCode::empty_dataset,
                fmt::format("The split {} leaves {} events for training and {} for the test.", options_.spec.text(),
                            train.size(), test.size()),
                "Choose another share, or filters that keep more.");
  }
  std::sort(test.begin(), test.end(),
            [](const Event& a, const Event& b) { return std::pair(a.user, a.item) < std::pair(b.user, b.item); });
  Fold fold;
  fold.name = std::move(name);
  fold.train = std::make_shared<const Dataset>(data_->shared_catalogue(), train);
  fold.receipt = make_receipt(*fold.train, test, given);
  fold.given = std::move(given);
  fold.test = std::move(test);
  return fold;
}

Fold Divider::random() const {
  const EventDraws draw(*data_, options_.seed, "split random");
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for_each_user([&](std::size_t user, const std::vector<std::size_t>& positions) {
    for (const std::size_t position : positions) order.emplace_back(draw(user, position), position);
  });
  const auto count = static_cast<std::ptrdiff_t>(std::llround(options_.spec.share * static_cast<double>(order.size())));
  std::nth_element(order.begin(), order.begin() + count, order.end());
  std::vector<Part> parts = parts_all(Part::train);
  for (auto drawn = order.begin(); drawn != order.begin() + count; ++drawn) parts[drawn->second] = Part::test;
  return make_fold(options_.spec.text(), parts);
}

Fold Divider::holdout() const {
  const EventDraws draw(*data_, options_.seed, "split holdout");
  std::vector<Part> parts = parts_all(Part::train);
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for_each_user([&](std::size_t user, const std::vector<std::size_t>& positions) {
    if (positions.size() < 2) return;
    order.clear();
    for (const std::size_t position : positions) order.emplace_back(draw(user, position), position);
    std::sort(order.begin(), order.end());
    const double share = options_.spec.share * static_cast<double>(order.size());
    const std::size_t count = std::clamp<std::size_t>(static_cast<std::size_t>(share + kRounding), 1, order.size() - 1);
    for (std::size_t i = 0; i < count; ++i) parts[order[i].second] = Part::test;
  });
  return make_fold(options_.spec.text(), parts);
}

Fold Divider::last() const {
  require_times();
  std::vector<Part> parts = parts_all(Part::train);
  for_each_user([&](std::size_t, const std::vector<std::size_t>& positions) {
    const std::uint64_t count = options_.spec.count;
    if (positions.size() <= count) return;
    for (std::size_t i = positions.size() - count; i < positions.size(); ++i) parts[positions[i]] = Part::test;
  });
  return make_fold(options_.spec.text(), parts);
}

Fold Divider::time() const {
  require_times();
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < data_->event_count(); ++i) {
    if (eligible_[i]) times.push_back(data_->times()[i]);
  }
  std::vector<Part> parts = parts_all(Part::train);
  if (!times.empty()) {
    const double share = options_.spec.share * static_cast<double>(times.size());
    const std::size_t kept =
        std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(share - kRounding)), 1, times.size());
    const auto cut = times.begin() + static_cast<std::ptrdiff_t>(kept - 1);
    std::nth_element(times.begin(), cut, times.end());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (data_->times()[i] > *cut) parts[i] = Part::test;
    }
  }
  return make_fold(options_.spec.text(), parts);
}

Fold Divider::test_file() const {
  std::vector<Part> parts = parts_all(Part::none);
  mark_listed_events(EventFinder(*data_), options_.spec.path, Part::test, parts);
  std::replace(parts.begin(), parts.end(), Part::none, Part::train);
  return make_fold(options_.spec.text(), parts);
}

Fold Divider::negatives() const {
  const EventFinder finder(*data_);
  GivenNegatives given = read_negatives(finder, load_source(options_.spec.path, Encoding::utf8), eligible_);
  std::vector<Part> parts = parts_all(Part::train);
  for (const std::size_t position : given.test) parts[position] = Part::test;
  Fold fold = make_fold(options_.spec.text(), parts, std::move(given.lists));
  fold.receipt.own_negatives = given.own_negatives;
  fold.receipt.numbered = given.numbered;
  return fold;
}

std::vector<Fold> Divider::folds(const std::filesystem::path& source) const {
  const EventFinder finder(*data_);
  std::vector<Fold> result;
  for (const FoldFiles& files : find_fold_files(options_.spec.path, source)) {
    std::vector<Part> parts = parts_all(Part::none);
    mark_listed_events(finder, files.base, Part::train, parts);
    mark_listed_events(finder, files.test, Part::test, parts);
    result.push_back(make_fold(files.name, parts));
  }
  return result;
}

}  // namespace

std::string SplitSpec::text() const {
  const std::string_view name = kKinds[static_cast<std::size_t>(kind)].name;
  if (kind == Kind::last) return fmt::format("{}:{}", name, count);
  if (kind == Kind::folds || kind == Kind::test || kind == Kind::negatives) return fmt::format("{}:{}", name, path);
  return fmt::format("{}:{}", name, share);
}

SplitSpec parse_split(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorCode::invalid_option, fmt::format("The split {} {}.", quote(text), why), std::string(kKindsHint));
  };
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindName& row) { return row.name == name; });
  if (found == kKinds.end()) refuse("is of no known kind");
  const std::string_view value = colon == std::string_view::npos ? found->usual : text.substr(colon + 1);

  SplitSpec spec;
  spec.kind = found->kind;
  switch (spec.kind) {
    case Kind::random:
    case Kind::holdout:
    case Kind::time: {
      const std::optional<double> share = parse_real(value);
      if (!share || *share <= 0 || *share >= 1) refuse("needs a share between 0 and 1");
      spec.share = *share;
      break;
    }
    case Kind::last: {
      const std::optional<std::int64_t> count = parse_integer(value);
      if (!count || *count < 1) refuse("needs a number of events, at least 1");
      spec.count = static_cast<std::uint64_t>(*count);
      break;
    }
    case Kind::folds:
    case Kind::test:
    case Kind::negatives:
      if (value.empty()) refuse("needs a path");
      spec.path = value;
      break;
  }
  return spec;
}

Split make_split(const std::shared_ptr<const Dataset>& data, const SplitOptions& options,
                 const std::filesystem::path& source) {
  FilteredEvents filtered = filter_events(*data, options.filter);
  Split result;
  result.candidates = std::move(filtered.candidates);
  result.filtered = std::move(filtered.steps);
  for (std::uint64_t repeat = 0; repeat < options.repeats; ++repeat) {
    SplitOptions own = options;
    own.seed = options.seed + repeat;
    const Divider divider(data, own, filtered.kept);
    const std::size_t before = result.folds.size();
    switch (options.spec.kind) {
      case Kind::random: result.folds.push_back(divider.random()); break;
      case Kind::holdout: result.folds.push_back(divider.holdout()); break;
      case Kind::last: result.folds.push_back(divider.last()); break;
      case Kind::time: result.folds.push_back(divider.time()); break;
      case Kind::folds: {
        std::vector<Fold> folds = divider.folds(source);
        std::move(folds.begin(), folds.end(), std::back_inserter(result.folds));
        break;
      }
      case Kind::test: result.folds.push_back(divider.test_file()); break;
      case Kind::negatives: result.folds.push_back(divider.negatives()); break;
    }
    for (std::size_t fold = before; fold < result.folds.size(); ++fold) {
      result.folds[fold].seed = own.seed;
      if (options.repeats > 1) result.folds[fold].name += fmt::format(" · seed {}", own.seed);
    }
  }
  return result;
}

}  // namespace gusto
