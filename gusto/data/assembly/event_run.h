#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "gusto/base/file.h"
#include "gusto/data/rows.h"

namespace gusto {

/// Events in a file without a name, to be read back once in the order in which they came.
/// Disk     32 bytes an event
/// Memory   256 KiB while it is written, as much while it is read
class EventRun {
 public:
  struct Event {
    std::uint32_t user;
    ItemRow item;
    float value;
    std::uint32_t unused = 0;  // so that every byte that is written is defined
    std::int64_t time;
    std::uint64_t line;
  };

  /// Error(io) if the folder cannot be written to
  explicit EventRun(const std::filesystem::path& folder) : file_(folder) {}

  /// Error(io)
  void append(const Event& event);
  /// The next event, or null at the end; once called, nothing may be appended. Error(io)
  const Event* peek();
  void pop() { ++at_; }

 private:
  SpillFile file_;
  std::vector<Event> events_;  // a piece of the file
  std::size_t at_ = 0;
  std::uint64_t position_ = 0;  // in the file, behind the piece
};

}  // namespace gusto
