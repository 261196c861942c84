#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/assembly/assembler.h"
#include "gusto/data/dataset.h"
#include "gusto/data/io/event_format.h"
#include "gusto/data/io/event_reader.h"
#include "gusto/data/io/records.h"
#include "gusto/data/open_options.h"
#include "gusto/data/opened_dataset.h"

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

/// A data set in the making from files: what all layouts share.
class DatasetBuilder {
 public:
  /// The options must outlive the builder.
  explicit DatasetBuilder(const OpenOptions& options)
      : options_(options), reader_(options, catalog().users, catalog().items, report()) {
    report().value_changes = options.value_changes();
    assembler_.use_values(options.values);
  }
  DatasetBuilder(const DatasetBuilder&) = delete;
  DatasetBuilder& operator=(const DatasetBuilder&) = delete;

  const OpenOptions& options() const { return options_; }
  DatasetAssembler& assembler() { return assembler_; }
  SourceReport& report() { return assembler_.report(); }
  Catalog& catalog() { return assembler_.catalog(); }
  /// Of the events.
  const EventFormat& format() const { return reader_.format(); }

  /// Reads a file of events; its format is recognized if none is given. May be called for several files.
  void read_events(ByteStream& stream, const std::optional<EventFormat>& format, Context& context) {
    reader_.read(stream, format, context);
  }
  /// Puts events in order. Called once all events are there, before anything is described.
  void end_events(Context& context);
  /// Notes in the report what a file of features added.
  void describe(const RecordReader& reader, std::string_view role, std::uint64_t records,
                const DescriptionTable& descriptions);
  void note(std::string sentence) { assembler_.note(std::move(sentence)); }

  OpenedDataset finish();

 private:
  const OpenOptions& options_;
  DatasetAssembler assembler_;
  EventReader reader_;
};

}  // namespace gusto
