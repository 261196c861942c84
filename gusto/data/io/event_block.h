#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gusto/data/assembly/block_ids.h"
#include "gusto/data/assembly/event_store.h"

namespace gusto {

/// What one block of text holds.
struct EventBlock {
  /// Where a record that cannot be read begins.
  struct BadRecord {
    std::size_t position;
    std::uint64_t line;
  };

  BlockIds users, items;
  std::vector<NumberedEvent> events;  ///< users and items as numbered above, lines from 0, the block's first line
  std::uint64_t lines = 0;            ///< gone through
  std::uint64_t blank_lines = 0;      ///< among them
  std::uint64_t records = 0;          ///< that were read
  std::uint64_t weightless = 0;       ///< events left out because their kind weighs nothing
  std::uint64_t bad_records = 0;      ///< left out
  std::vector<BadRecord> examples;    ///< the first of these
  /// Where a record begins that goes on beyond the block, within quotation marks. It has not been read.
  std::optional<BadRecord> open;
};

}  // namespace gusto
