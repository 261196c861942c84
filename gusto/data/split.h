#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/filter.h"

namespace gusto {

/// How events are divided into a training part and a test part.
///
///   random:0.1     each event is in the test part with that share, drawn at random: exactly round(share · events)
///   holdout:0.2    per user, max(1, floor(share · events)) events at random; users with one event keep it in training
///   last:1         per user, that many events latest in time; users with no more than that many keep all in training
///   time:0.8       events after the percentile of time that leaves that share for training; needs times
///   folds:u        ml-100k's own u1–u5 (or folds:ua for that one pair): five folds; folds:PATH: pairs PATH1.base,
///                  PATH1.test, PATH2.base …; a relative PATH is looked for beside the data, then from here
///   test:FILE      the events listed in FILE; all others are for training
///   negatives:FILE one test event a user, whose rankings hold the test item and the negatives that FILE gives, no more;
///                  all other events are for training (see read_negatives)
///
/// The part after the colon may be left out: random:0.1, holdout:0.2, last:1, time:0.8 and folds:u are meant then.
/// Listed events: one a line: user, item and, if given, value and more, in any format that a data set may have.
/// Draws are keyed by the ids of user and item, so that a split does not depend on the order of events in a file.
struct SplitSpec {
  enum class Kind { random, holdout, last, time, folds, test, negatives } kind = Kind::random;
  double share = 0.1;       ///< of random, holdout and time
  std::uint64_t count = 1;  ///< of last
  std::string path;         ///< of folds, test and negatives

  std::string text() const;  ///< as typed
};
/// Error(invalid_option) that names the kinds.
SplitSpec parse_split(std::string_view text);

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
  std::uint64_t negatives = 0;      ///< given to all users together, test items not counted; 0: rankings are full
  std::uint64_t own_negatives = 0;  ///< users whose test item is among the negatives given: it is a candidate once
  bool numbered = false;            ///< whether the negatives' file numbers users and items instead of naming ids
  /// 16 hexadecimal digits over the ids and values of both parts, whatever the order in which events were read: events lie
  /// ordered by the bytes of user id, then of item id, as (user id, 0, item id, 0, four bytes of value); XXH3-64 is taken
  /// user by user, first of the training part, then of the test part, each seeded with the hash before it (0 at first),
  /// to which the number of a part's events is added where that part begins. Given negatives are a third part, of (user id,
  /// 0, then the candidates' ids, each with a 0).
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

struct Fold {
  std::string name;  ///< "u1", or the split's text
  std::shared_ptr<const Dataset> train;
  std::vector<Event> test;  ///< ordered by user row, then item row
  SplitReceipt receipt;
  std::uint64_t seed = 42;  ///< for what is drawn in this fold, the models' own draws too
  CandidateLists given;     ///< of negatives:FILE, for every user with a test event; else empty
};

struct SplitOptions {
  SplitSpec spec;
  FilterOptions filter;  ///< only events that it keeps are divided
  std::uint64_t seed = 42;
  /// The whole is done so many times, with seeds seed, seed + 1, …: that many times as many folds. A split without draws
  /// divides alike each time.
  std::uint64_t repeats = 1;
};

struct Split {
  std::vector<Fold> folds;
  /// Items that a ranking may contain, ascending; see FilteredEvents.
  std::vector<ItemRow> candidates;
  std::vector<FilterStep> filtered;  ///< what the filters left out
};

/// Divides what the filters keep of a data set. `source` is the folder the data came from, for folds:u.
/// Errors   empty_dataset, if a part is empty; not_found, if a file is missing; invalid_input, with file and line, if a
///          test file names an event that the data set does not have, or training and test overlap; those of filter_events
Split make_split(const std::shared_ptr<const Dataset>& data, const SplitOptions& options,
                 const std::filesystem::path& source = {});

}  // namespace gusto
