#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/data/assembly/block_ids.h"
#include "gusto/data/assembly/event_store.h"

namespace gusto {

/// How many events there are of each kind; of kMost kinds at most, since more are none.
struct KindCounts {
  static constexpr std::size_t kMost = 30;
  std::vector<std::pair<std::string, std::uint64_t>> counts;

  void add(std::string_view kind, std::uint64_t events = 1) {
    for (auto& [known, count] : counts) {
      if (known != kind) continue;
      count += events;
      return;
    }
    if (counts.size() < kMost) counts.emplace_back(kind, events);
  }
};

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
  std::uint64_t quoted = 0;           ///< records with quoted fields
  std::uint64_t spanning = 0;         ///< records of several lines
  std::uint64_t first_spanning = 0;   ///< the line that the first of these begins on
  KindCounts kinds;                   ///< of events, where they have no weights
  std::uint64_t bad_records = 0;      ///< left out
  std::vector<BadRecord> examples;    ///< the first of these
  /// Where a record begins that goes on beyond the block, within quotation marks. It has not been read.
  std::optional<BadRecord> open;
};

}  // namespace gusto
