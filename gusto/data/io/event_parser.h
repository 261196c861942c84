#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/bytes/source.h"
#include "gusto/data/bytes/text_blocks.h"
#include "gusto/data/io/event_block.h"
#include "gusto/data/io/event_format.h"
#include "gusto/data/io/records.h"

namespace gusto {

/// Reads the events of one block of text after the other.
///
/// A line of the usual form is read by a fast path, which goes through it once, eight bytes at a time, and decides
/// nothing: a line that it finds anything unusual about is left to the RecordReader, which knows all rules and all
/// complaints.
/// Cost     30 to 50 ns a line of four fields
/// Threads  belongs to one thread
class EventParser {
 public:
  enum class Path {
    fast,
    plain,  ///< each line by the RecordReader: what the fast path is compared with
  };
  /// Lines that cannot be read are left out and counted, or else end the block.
  EventParser(const EventFormat& format, bool skip_bad_lines, Path path = Path::fast);

  /// Reads a block from its byte `begin` on. `name` stands for the file in messages. Forgets what `out` held; its views
  /// of ids last as long as the block's memory. An open record ends what is read of the block, unless it is the last.
  void parse(const std::string& name, const TextBlock& block, std::size_t begin, EventBlock& out);

  /// Reads a bad record again, which is on that line of the file, for the sentence to say about it.
  /// Errors   invalid_input, always
  [[noreturn]] void complain(const std::string& name, const TextBlock& block, std::size_t position,
                             std::uint64_t line) const;

 private:
  enum class Cell : std::uint8_t { skipped, user, item, value, digits, time, kind };
  struct KnownValue {
    std::uint64_t word = 0;
    float value = 0;
  };

  const char* read_fast(const char* at, std::uint32_t line, EventBlock& out);
  std::uint32_t user_row(std::string_view id, EventBlock& out);
  bool value_of(std::string_view text, float& value);
  /// Its weight, or nothing for a kind that is not listed; without weights 1, and the kind is counted.
  std::optional<float> weight_of(std::string_view kind, EventBlock& out) const;

  /// Reads the record that the reader is at, or throws.
  void read_record(const RecordReader& reader, std::uint32_t line, EventBlock& out) const;
  void read_fields(const RecordReader& reader, std::uint32_t line, EventBlock& out) const;
  void read_list(const RecordReader& reader, std::uint32_t line, EventBlock& out) const;
  void read_json(const RecordReader& reader, std::uint32_t line, EventBlock& out) const;
  void read_matrix(const RecordReader& reader, std::uint32_t line, EventBlock& out) const;

  EventFormat format_;
  bool skip_bad_lines_;
  bool fast_;
  std::int64_t units_per_second_ = 1;  // of digits that the fast path reads
  std::vector<Cell> cells_;            // of each field
  std::uint64_t last_user_ = 0;        // as a word
  std::uint32_t last_user_row_ = 0;
  std::array<KnownValue, 64> values_;
};

}  // namespace gusto
