#include "gusto/data/split/split_spec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/times.h"

namespace gusto {
namespace {

using SplitKind = SplitSpec::Kind;

struct KindName {
  SplitKind kind;
  std::string_view name;
  std::string_view usual;  // meant when nothing follows the colon
};
constexpr std::array kSplitKinds = {
    KindName{SplitKind::random, "random", "0.1"},
    KindName{SplitKind::holdout, "holdout", "0.2"},
    KindName{SplitKind::last, "last", "1"},
    KindName{SplitKind::time, "time", "0.8"},
    KindName{SplitKind::rolling, "rolling", "4"},
    KindName{SplitKind::prequential, "prequential", "0.8"},
    KindName{SplitKind::kfold, "kfold", "5"},
    KindName{SplitKind::users, "users", "0.1"},
    KindName{SplitKind::cold_items, "cold-items", "0.1"},
    KindName{SplitKind::folds, "folds", "u"},
    KindName{SplitKind::test, "test", ""},
    KindName{SplitKind::negatives, "negatives", ""},
};
constexpr std::string_view kKindsHint =
    "Splits are random:0.1, holdout:0.2, last:1, last:1,1, time:0.8, time:2016-01-01, rolling:4, prequential:0.8, "
    "kfold:5, users:0.1, cold-items:0.1, folds:u, folds:PATH, test:FILE, negatives:FILE and negatives:99.";

constexpr std::string_view kAlone = "alone";

// More folds or drawn negatives than anybody means.
constexpr std::int64_t kMaxFolds = 100;
constexpr std::int64_t kMaxNegatives = 1'000'000;
constexpr std::int64_t kMaxLast = 1'000'000;

constexpr std::string_view kNeedsEvents = "needs a number of events, at least 1, or two such as last:1,1";

class SplitParser {
 public:
  explicit SplitParser(std::string_view text) : text_(text) {}

  SplitSpec parse() const {
    const std::size_t colon = text_.find(':');
    const std::string_view name = text_.substr(0, colon);
    const auto found =
        std::find_if(kSplitKinds.begin(), kSplitKinds.end(), [&](const KindName& row) { return row.name == name; });
    if (found == kSplitKinds.end()) refuse("is unknown");
    const std::string_view value = colon == std::string_view::npos ? found->usual : text_.substr(colon + 1);
    const std::size_t comma = value.find(',');
    const std::string_view first = value.substr(0, comma);

    SplitSpec spec;
    spec.kind = found->kind;
    switch (spec.kind) {
      case SplitKind::random: spec.share = share(value); break;
      case SplitKind::time:
      case SplitKind::prequential:
        if (parse_real(value)) spec.share = share(value);
        else spec.begin = moment(value);
        break;
      case SplitKind::holdout:
        spec.share = share(first);
        if (comma != std::string_view::npos) spec.withheld = share(value.substr(comma + 1));
        break;
      case SplitKind::users:
        spec.share = share_or_count(first, "users");
        if (comma != std::string_view::npos) spec.withheld = share_or_count(value.substr(comma + 1), "users");
        break;
      case SplitKind::cold_items:
        spec.share = share_or_count(first, "items");
        spec.alone = comma != std::string_view::npos;
        if (spec.alone && value.substr(comma + 1) != kAlone) refuse("says something other than alone after the comma");
        break;
      case SplitKind::last:
        spec.count = count(first, 1, kNeedsEvents);
        if (comma != std::string_view::npos) {
          spec.withheld = static_cast<double>(count(value.substr(comma + 1), 1, kNeedsEvents, kMaxLast));
        }
        break;
      case SplitKind::rolling: spec.count = count(value, 1, "needs a number of folds from 1 to 100", kMaxFolds); break;
      case SplitKind::kfold: spec.count = count(value, 2, "needs a number of folds from 2 to 100", kMaxFolds); break;
      case SplitKind::negatives:
        if (parse_integer(value)) {
          spec.count = count(value, 1, "needs a number of negatives from 1 to 1000000, or a path", kMaxNegatives);
          break;
        }
        [[fallthrough]];
      case SplitKind::folds:
      case SplitKind::test:
        if (value.empty()) refuse("needs a path");
        spec.path = value;
        break;
    }
    return spec;
  }

 private:
  [[noreturn]] void refuse(std::string_view why) const {
    throw Error(ErrorCode::invalid_option, fmt::format("The split {} {}.", quote(text_), why), std::string(kKindsHint));
  }
  double share(std::string_view value) const {
    const std::optional<double> share = parse_real(value);
    if (!share || *share <= 0 || *share >= 1) refuse("needs a share between 0 and 1");
    return *share;
  }
  std::int64_t moment(std::string_view value) const {
    const std::optional<std::int64_t> time = parse_time(value, TimeUnit::iso);
    if (!time) refuse("needs a share between 0 and 1, or a date such as 2016-01-01");
    return *time;
  }
  double share_or_count(std::string_view value, std::string_view what) const {
    const std::optional<double> share = parse_real(value);
    if (!share || *share <= 0 || (*share >= 1 && (*share != std::floor(*share) || *share > 1e9))) {
      refuse(fmt::format("needs a share between 0 and 1, or a whole number of {}", what));
    }
    return *share;
  }
  std::uint64_t count(std::string_view value, std::int64_t least, std::string_view why,
                      std::int64_t most = INT64_MAX) const {
    const std::optional<std::int64_t> count = parse_integer(value);
    if (!count || *count < least || *count > most) refuse(why);
    return static_cast<std::uint64_t>(*count);
  }

  std::string_view text_;
};

}  // namespace

std::string SplitSpec::text() const {
  const std::string_view name = kSplitKinds[static_cast<std::size_t>(kind)].name;
  if (!path.empty()) return fmt::format("{}:{}", name, path);
  if (kind == SplitKind::last && withheld > 0) return fmt::format("{}:{},{}", name, count, withheld);
  if (kind == SplitKind::last || kind == SplitKind::rolling || kind == SplitKind::kfold ||
      kind == SplitKind::negatives) {
    return fmt::format("{}:{}", name, count);
  }
  if (begin) {
    const std::string day_and_time = format_time(*begin);
    const std::string_view text = day_and_time;
    const std::string_view day = text.substr(0, text.find(' ')), clock = text.substr(text.find(' ') + 1);
    return clock == "00:00:00" ? fmt::format("{}:{}", name, day) : fmt::format("{}:{}T{}Z", name, day, clock);
  }
  if (alone) return fmt::format("{}:{},{}", name, share, kAlone);
  return withheld > 0 ? fmt::format("{}:{},{}", name, share, withheld) : fmt::format("{}:{}", name, share);
}

SplitSpec parse_split(std::string_view text) { return SplitParser(text).parse(); }

}  // namespace gusto
