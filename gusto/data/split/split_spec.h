#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gusto {

/// How events are divided into a training part and a test part.
///   random:0.1       each event is in the test part with that share, drawn at random: exactly round(share · events)
///   holdout:0.2      per user, max(1, floor(share · events)) events at random; users with one event keep it for
///                    training. holdout:0.1,0.1: of what is left, max(1, floor(second share · events)) are withheld,
///                    if one remains for training, as other people's validation parts are: they are in no part, and no
///                    candidates
///   last:1           per user, that many events latest in time; users with no more than that many keep all in
///                    training. last:1,1: of what is left, the second number of events latest in time are withheld,
///                    as for validation; users with no more than both together keep all in training. Without times,
///                    the order of items in a file of lists is taken for that of time
///   time:0.8         events after the percentile of time that leaves that share for training; needs times.
///                    time:2016-01-01: events from that date on, or from a time in UTC, as 2016-01-01T12:00:00Z
///   rolling:4        that many folds: times are cut into one more window than that, of equally many events but for
///                    ties, which stay in the earlier one; each fold trains on some windows and tests on the next
///   prequential:0.8  as time, but each test event is asked for by itself, with all of its user's events up to then as
///                    history; needs times
///   kfold:5          that many folds: each event, drawn at random, is in the test part of one
///   users:0.1        that share of users, drawn at random among those with two events, or a whole number of them, are
///                    not trained on. Of their events with items that are, max(1, floor(0.2 · events)), drawn randomly,
///                    are the test part, and the others their history. users:0.1,0.1: other users, as many as the
///                    second number says, are in no part at all
///   cold-items:0.1   that share of items, drawn at random among those with events, or a whole number of them, are not
///                    trained on: all their events are the test part. Rankings hold all candidates, or with
///                    cold-items:0.1,alone the items drawn and no others
///   folds:u          ml-100k's own u1–u5 (or folds:ua for that one pair): five folds; folds:PATH: pairs PATH1.base,
///                    PATH1.test, PATH2.base …; a relative PATH is looked for beside the data, then from here
///   test:FILE        the events listed in FILE; all others are for training
///   negatives:FILE   one test event a user, whose rankings hold the test item and the negatives that FILE gives, no
///                    more; all other events are for training (see read_negatives)
///   negatives:99     as last:1, but rankings hold the test item and that many others, or as many as there are, drawn
///                    among the candidates that the user has no event with
/// The part after the colon may be left out: what stands above is meant then, if it is no name of a file.
/// Listed events: user, item and, if given, value and more, in any format that a data set may have; see
/// mark_listed_events. Draws are keyed by the ids of user and item, so that they do not depend on the order of events
/// in a file. Where a user's events have the same time, the one that the file names later counts as later: to last,
/// negatives:99 and prequential, and in histories.
struct SplitSpec {
  enum class Kind {
    random,
    holdout,
    last,
    time,
    rolling,
    prequential,
    kfold,
    users,
    cold_items,
    folds,
    test,
    negatives
  } kind = Kind::random;
  /// Of random, holdout, time, prequential, users and cold_items; of the last two from 1 on: how many.
  double share = 0.1;
  std::optional<std::int64_t> begin;  ///< of time and prequential: when the test part begins, instead of a share
  double withheld = 0;                ///< of holdout, users and last: the second number
  std::uint64_t count = 1;            ///< of last, rolling and kfold; of negatives, if there is no path
  bool alone = false;                 ///< of cold_items: whether rankings hold nothing else
  std::string path;                   ///< of folds, test and negatives

  std::string text() const;  ///< as typed
  bool operator==(const SplitSpec&) const = default;
};
/// Error(invalid_option) that names the kinds.
SplitSpec parse_split(std::string_view text);

}  // namespace gusto
