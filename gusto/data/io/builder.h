#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/dataset.h"
#include "gusto/data/io/event_format.h"
#include "gusto/data/io/open.h"
#include "gusto/data/io/records.h"
#include "gusto/data/io/report.h"

namespace gusto {

/// Collects features of ids that come in any order, and lays them out row by row.
class DescriptionTable {
 public:
  /// Fields are given by name and kind.
  DescriptionTable(Vocabulary& ids, const std::vector<std::pair<std::string, FeatureKind>>& fields);

  /// Describes an id, new or known, by one value a field; an empty one is missing. A second description replaces the
  /// first.
  void add(std::string_view id, std::span<const std::string> values);
  std::uint64_t replaced() const { return replaced_; }
  /// The table, with a row for each id.
  FeatureTable finish();

 private:
  Vocabulary& ids_;
  std::vector<FeatureField> fields_;
  std::vector<std::vector<std::string>> rows_;  // by row; empty where not described
  std::uint64_t replaced_ = 0;
};

/// A data set in the making: what all layouts share.
class DatasetBuilder {
 public:
  explicit DatasetBuilder(DuplicatePolicy policy) : policy_(policy) {}

  SourceReport& report() { return report_; }
  Catalogue& catalogue() { return catalogue_; }

  /// Reads the file of events, settles duplicates and scatters items. Called once, before anything is described, so that
  /// items with events come first.
  void read_events(const SourceText& source, const EventFormat& format, Context& context);
  /// Notes in the report what a file of features added.
  void describe(const RecordReader& reader, std::string_view role, std::uint64_t records,
                const DescriptionTable& descriptions);
  void note(std::string sentence) { report_.notes.push_back(std::move(sentence)); }

  OpenedDataset finish();

 private:
  void add(std::string_view user, std::string_view item, float value, std::int64_t time, std::uint64_t line);
  void settle_duplicates(const SourceText& source);
  void scatter_items();
  std::uint64_t line_of(std::size_t event) const;

  DuplicatePolicy policy_;
  SourceReport report_;
  Catalogue catalogue_;
  std::vector<Event> events_;
  std::uint32_t last_user_ = 0;  // the row of the last event's user, who is often the next one's too
  std::vector<std::pair<std::size_t, std::uint64_t>> line_shifts_;  // from that event on, line − event
};

}  // namespace gusto
