#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gusto::nn {

enum class FieldKind {
  user,           ///< the user's id
  item,           ///< the item's id
  feature,        ///< a feature as its kind suggests: one id, the mean of several, or a standardized number
  bucket,         ///< a number's quantile range
  cross,          ///< hashed combinations of two or more fields
  words,          ///< a text's pieces from a vocabulary of the most frequent
  hash,           ///< a text's words, hashed
  time,           ///< a part of the event's time
  history,        ///< the user's events before this one
  rated,          ///< all other events of the user, whenever
  history_count,  ///< how many events the user had before this one
  history_mean,   ///< the mean of their values
};

enum class TimePart { hour, weekday, month, year, day };
std::string_view to_string(TimePart part);

/// One input of a network, as written in options:
///
///   user                          the user's id
///   item                          the item's id
///   genres                        a feature of either side: categorical and multi-valued ones as ids, numbers
///   standardized bucket(age, 10)               a number cut into 10 ranges that hold equally many rows
///   cross(gender, genres, 1000)   combinations of fields (also bucket(…) and time parts), hashed into 1000 buckets
///   words(title, 5000)            word pieces of a text, the 5000 most frequent
///   hash(plot, 4096)              words of a text, hashed into 4096 buckets
///   time.hour                     hour, weekday, month, year or day (a number) of the event's time, UTC
///   history(50)                   the user's 50 last items before this event, as their mean
///   rated(50)                     the user's 50 last other items, before this event or after it
///   history(50, value, recent)    as a mean that weighs items more that the user valued more, or that came later, or
///   both: one of
///                                 the two words may be left out; so too rated(50, value, recent)
///   history.count                 log(1 + n) of the n events of the user before this one, standardized
///   history.mean                  the mean value of these, standardized; missing without one
///
/// A name that both sides have is written with its side, user.age or item.age; one that would read as something else,
/// in double quotes: "user", "a, b", "5"" screens".
struct FieldSpec {
  std::string text;  ///< as above, in one spelling: "cross(gender, genres, 1000)"
  FieldKind kind = FieldKind::feature;
  std::string feature;           ///< of feature, bucket, words and hash: its name; empty in auto
  std::vector<FieldSpec> parts;  ///< of a cross
  TimePart part = TimePart::hour;
  std::uint32_t count = 0;  ///< ranges, buckets, pieces, or items of a history
  bool by_value = false;    ///< of a history: items weigh more that the user valued more
  bool by_recency = false;  ///< and those that came later

  /// Whether this is "auto".
  bool is_auto() const { return kind == FieldKind::feature && feature.empty(); }
};

/// The most fields of a network, and the most parts of a cross.
inline constexpr std::size_t kMaxFields = 256;
inline constexpr std::size_t kMaxParts = 8;

/// The field that stands for a feature of that name.
FieldSpec feature_field(std::string_view name);

/// Reads a list: "user, item, genres, bucket(age, 10)". "auto" stands for what expand_fields() puts in its place.
/// Errors   invalid_option, naming the place and what is wrong with it, also for a field that comes twice
std::vector<FieldSpec> parse_fields(std::string_view text);

}  // namespace gusto::nn
