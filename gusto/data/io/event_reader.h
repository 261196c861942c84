#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/assembly/event_store.h"
#include "gusto/data/bytes/byte_stream.h"
#include "gusto/data/io/event_format.h"
#include "gusto/data/io/event_parser.h"
#include "gusto/data/opened_dataset.h"
#include "gusto/data/vocabulary.h"

namespace gusto {

/// Reads files of events, one after the other, into one store.
///
/// A file is cut into blocks where lines end. While blocks are parsed, on all threads, the next ones are read, and
/// those before are taken in: their ids get rows, in the order of the file, so that the result does not depend on the
/// threads. A quoted field may hold line ends, and so a block may begin in the middle of a record: the block before it
/// then ends with an open record, which is put in front of the block, and that is parsed again.
/// Memory   some 8 MB a thread beside the store and the vocabularies; while there are lines of a megabyte and more, up
///          to about six times as much as the longest
class EventReader {
 public:
  /// Rows are added to the vocabularies, and what is found to the report; all must outlive the reader.
  EventReader(const OpenOptions& options, Vocabulary& users, Vocabulary& items, SourceReport& report,
              std::size_t block_bytes = TextBlocks::kBytes)
      : options_(options),
        users_(users),
        items_(items),
        report_(report),
        block_bytes_(block_bytes),
        store_({options.duplicates, options.half_life, parse_value_transform(options.transform)}) {}

  /// Reads a file to its end; its format is recognized if none is given.
  /// Errors   those of the stream; invalid_input, in one sentence with file, line, column and value; invalid_option;
  ///          canceled
  void read(ByteStream& stream, std::optional<EventFormat> format, Context& context);

  /// Throws unless there is at least one event. Error(invalid_input)
  void require_events() const;
  /// Notes what was met in all files that may not be meant.
  void note_what_was_met();
  EventStore& store() { return store_; }
  /// The format of the first file.
  const EventFormat& format() const { return *format_; }
  /// Where a line is that is counted through all files.
  struct Place {
    std::string file;
    std::uint64_t line;
  };
  Place place_of(std::uint64_t line) const;

 private:
  class Pipeline;
  /// Finds the format of a file that begins with `head`.
  void set_format(const SourceText& head, std::optional<EventFormat> format);
  /// Notes what the owner of the data should be told.
  void assume(const std::string& note);

  const OpenOptions& options_;
  Vocabulary& users_;
  Vocabulary& items_;
  SourceReport& report_;
  std::size_t block_bytes_;
  EventStore store_;
  std::optional<EventFormat> format_;
  std::vector<std::pair<std::uint64_t, std::string>> files_;  // the lines before each, its name
  KindCounts kinds_;                                          // of events without weights
  std::string no_events_;                                     // why the last file without events has none
  std::uint64_t lines_ = 0;                                   // of all files
  std::uint64_t records_ = 0;                                 // of all files
};

}  // namespace gusto
