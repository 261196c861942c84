#include "gusto/data/split/split.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/split/split_files.h"
#include "gusto/data/split/split_negatives.h"
#include "gusto/data/split/split_receipt.h"
#include "gusto/data/split/split_ways.h"

namespace gusto {
namespace {

using SplitKind = SplitSpec::Kind;
using detail::Division;
using detail::SplitInput;

bool by_user_and_item(const Event& a, const Event& b) { return std::pair(a.user, a.item) < std::pair(b.user, b.item); }

void append(CandidateLists& lists, UserRow user, ItemRow item) {
  if (lists.users.empty() || lists.users.back() != user) {
    lists.users.push_back(user);
    lists.offsets.push_back(lists.items.size());
  }
  lists.items.push_back(item);
  lists.offsets.back() = lists.items.size();
}

// What each test user brings along: events of Part::history, or where each event is asked for by itself all of theirs.
class HistoryCollector {
 public:
  HistoryCollector(const SplitInput& in, const Division& division) : in_(in), division_(division) {}

  TestHistories collect() const {
    TestHistories histories;
    const std::span<const std::uint64_t> offsets = in_.data.offsets();
    for (std::size_t user = 0; user < in_.data.user_count(); ++user) {
      const auto is_test = [&](std::size_t i) { return in_.eligible[i] && division_.parts[i] == Part::test; };
      bool tested = false;
      for (std::size_t i = offsets[user]; i < offsets[user + 1] && !tested; ++i) tested = is_test(i);
      if (!tested) continue;
      std::vector<std::pair<ItemRow, std::uint32_t>> before;  // of the user's test events
      const std::size_t begin = histories.events.size();
      for (std::size_t i = offsets[user]; i < offsets[user + 1]; ++i) {
        if (is_test(i)) {
          before.emplace_back(in_.data.items()[i], static_cast<std::uint32_t>(histories.events.size() - begin));
        }
        if (brings(i)) histories.events.push_back(event_at(i));
      }
      if (histories.events.size() == begin) continue;
      histories.users.emplace_back(user);
      histories.offsets.push_back(histories.events.size());
      if (!division_.each_event) continue;
      std::sort(before.begin(), before.end());
      for (const auto& entry : before) histories.before.push_back(entry.second);
    }
    return histories;
  }

 private:
  bool brings(std::size_t i) const {
    if (!in_.eligible[i]) return false;
    return division_.each_event ? division_.parts[i] != Part::none : division_.parts[i] == Part::history;
  }
  HistoryEvent event_at(std::size_t i) const {
    return {in_.data.items()[i], in_.data.values()[i], in_.data.has_times() ? in_.data.times()[i] : kNoTime};
  }

  const SplitInput& in_;
  const Division& division_;
};

Fold make_fold(const SplitInput& in, const std::shared_ptr<const Dataset>& data, Division division) {
  std::vector<bool> train(data->event_count());
  std::vector<Event> test;
  Fold fold;
  std::size_t train_events = 0;
  for (std::size_t user = 0; user < data->user_count(); ++user) {
    for (std::size_t i = data->offsets()[user]; i < data->offsets()[user + 1]; ++i) {
      if (!in.eligible[i]) continue;
      const Part part = division.parts[i];
      if (part == Part::train) {
        train[i] = true;
        ++train_events;
      } else if (part == Part::test) {
        test.push_back(
            {UserRow(user), data->items()[i], data->values()[i], data->has_times() ? data->times()[i] : kNoTime});
      } else if (part == Part::withheld) {
        append(fold.withheld, UserRow(user), data->items()[i]);
      }
    }
  }
  if (train_events == 0 || test.empty()) {
    if (std::find(in.eligible.begin(), in.eligible.end(), true) == in.eligible.end()) {
      const Scale scale = in.data.scale();
      throw Error(ErrorCode::empty_dataset,
                  fmt::format("The filters leave none of the {} events.", format_count(in.data.event_count())),
                  fmt::format("Choose lower bounds; values go from {:g} to {:g}.", scale.low, scale.high));
    }
    throw Error(ErrorCode::empty_dataset,
                fmt::format("The split {} leaves {} events for training and {} for the test.", in.spec.text(),
                            train_events, test.size()),
                "Choose another share or date, or filters that keep more.");
  }
  std::sort(test.begin(), test.end(), by_user_and_item);
  for (std::size_t i = 0; i < fold.withheld.users.size(); ++i) {
    const auto begin = fold.withheld.items.begin();
    std::sort(begin + static_cast<std::ptrdiff_t>(fold.withheld.offsets[i]),
              begin + static_cast<std::ptrdiff_t>(fold.withheld.offsets[i + 1]));
  }
  fold.name = std::move(division.name);
  fold.histories = HistoryCollector(in, division).collect();
  fold.train = kept_events(data, train);
  fold.test = std::move(test);
  fold.given = std::move(division.given);
  fold.candidates = std::move(division.candidates);
  fold.seed = in.seed;
  fold.receipt = make_receipt(fold);
  fold.receipt.untrained_items = division.untrained_items;
  return fold;
}

Division read_test(const SplitInput& in, const DataSource& source) {
  Division result{in.spec.text(), std::vector<Part>(in.data.event_count(), Part::none)};
  mark_listed_events(EventFinder(in.data), in.spec.path, source, Part::test, result.parts);
  std::replace(result.parts.begin(), result.parts.end(), Part::none, Part::train);
  return result;
}

std::vector<Division> read_folds(const SplitInput& in, const DataSource& source) {
  const EventFinder finder(in.data);
  std::vector<Division> result;
  for (const FoldFiles& files : find_fold_files(in.spec.path, source.path)) {
    Division& division =
        result.emplace_back(Division{files.name, std::vector<Part>(in.data.event_count(), Part::none)});
    mark_listed_events(finder, files.base, source, Part::train, division.parts);
    mark_listed_events(finder, files.test, source, Part::test, division.parts);
  }
  return result;
}

Fold fold_of_negatives(const SplitInput& in, const std::shared_ptr<const Dataset>& data) {
  if (in.spec.path.empty()) {
    Fold fold = make_fold(in, data, detail::divide_negatives(in));
    fold.receipt.drawn = true;
    return fold;
  }
  const EventFinder finder(in.data);
  GivenNegatives given = read_negatives(finder, load_source(in.spec.path, Encoding::utf8), in.eligible);
  Division division{in.spec.text(), std::vector<Part>(in.data.event_count(), Part::train), std::move(given.lists)};
  for (const std::size_t position : given.test) division.parts[position] = Part::test;
  Fold fold = make_fold(in, data, std::move(division));
  fold.receipt.own_negatives = given.own_negatives;
  fold.receipt.numbered = given.numbered;
  return fold;
}

std::vector<Fold> make_folds(const SplitInput& in, const std::shared_ptr<const Dataset>& data,
                             const DataSource& source) {
  std::vector<Division> divisions;
  switch (in.spec.kind) {
    case SplitKind::random: divisions.push_back(detail::divide_random(in)); break;
    case SplitKind::holdout: divisions.push_back(detail::divide_holdout(in)); break;
    case SplitKind::last: divisions.push_back(detail::divide_last(in)); break;
    case SplitKind::time: divisions.push_back(detail::divide_time(in)); break;
    case SplitKind::rolling: divisions = detail::divide_rolling(in); break;
    case SplitKind::prequential: divisions.push_back(detail::divide_prequential(in)); break;
    case SplitKind::kfold: divisions = detail::divide_kfold(in); break;
    case SplitKind::cold_items: divisions.push_back(detail::divide_cold_items(in)); break;
    case SplitKind::users: divisions.push_back(detail::divide_users(in)); break;
    case SplitKind::folds: divisions = read_folds(in, source); break;
    case SplitKind::test: divisions.push_back(read_test(in, source)); break;
    case SplitKind::negatives: return {fold_of_negatives(in, data)};
  }
  std::vector<Fold> folds;
  for (Division& division : divisions) folds.push_back(make_fold(in, data, std::move(division)));
  return folds;
}

// Those that any fold trains on.
void keep_trained(std::span<const Fold> folds, std::vector<ItemRow>& candidates) {
  std::vector<bool> trained(folds.front().train->item_count());
  for (const Fold& fold : folds) {
    for (const ItemRow item : fold.train->items()) trained[item.index] = true;
  }
  std::erase_if(candidates, [&](ItemRow item) { return !trained[item.index]; });
}

}  // namespace

std::span<const HistoryEvent> TestHistories::of(UserRow user) const {
  const auto found = std::lower_bound(users.begin(), users.end(), user);
  if (found == users.end() || *found != user) return {};
  const auto i = static_cast<std::size_t>(found - users.begin());
  return std::span(events).subspan(offsets[i], offsets[i + 1] - offsets[i]);
}

Query Fold::query(std::size_t test_event) const {
  Query query = Query::known(test[test_event].user);
  if (histories.empty()) return query;
  query.history = histories.of(test[test_event].user);
  if (histories.before.empty()) return query;
  query.history = query.history.first(histories.before[test_event]);
  query.time = test[test_event].time;
  return query;
}

Split make_split(const std::shared_ptr<const Dataset>& data, const SplitOptions& options, const DataSource& source) {
  FilteredEvents filtered = filter_events(*data, options.filter);
  Split result;
  result.candidates = std::move(filtered.candidates);
  result.filtered = std::move(filtered.steps);
  for (std::uint64_t repeat = 0; repeat < options.repeats; ++repeat) {
    const SplitInput in{*data, filtered.kept, result.candidates, options.spec, options.seed + repeat, source.lists};
    for (Fold& fold : make_folds(in, data, source)) {
      if (options.repeats > 1) fold.name += fmt::format(" · seed {}", in.seed);
      result.folds.push_back(std::move(fold));
    }
  }
  if (options.spec.kind == SplitKind::users) keep_trained(result.folds, result.candidates);
  return result;
}

Split make_split(const OpenedDataset& opened, const SplitOptions& options) {
  return make_split(opened.data, options, opened.source);
}

const Fold& single_fold(const Split& split, const SplitSpec& spec, std::string_view purpose) {
  if (split.folds.size() == 1) return split.folds.front();
  throw Error(ErrorCode::invalid_option,
              fmt::format("The split {} makes {} folds, and {}.", spec.text(), split.folds.size(), purpose),
              spec.kind == SplitKind::folds
                  ? fmt::format("Name one of them, such as folds:{}.", split.folds.front().name)
                  : "Choose a split of one fold, or a comparison, which trains on each.");
}

}  // namespace gusto
