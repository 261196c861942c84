#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/file.h"
#include "gusto/base/hash.h"
#include "gusto/base/tensor_file.h"
#include "gusto/data/dataset.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

/// Writes a data file (data_file.h) of events that need not fit into memory: they come user by user, and ids and
/// features, which do, at the end. Until finish() there is nothing at path.
///
/// Disk     events are written twice: first to files without a name in path's folder, and into their place
/// Memory   8 bytes a user, 4 an item, 2 MiB, and the catalog at the end
/// Threads  one at a time
class DataFileWriter {
 public:
  /// Error(io), if nothing can be written in that folder
  explicit DataFileWriter(std::filesystem::path path);

  /// The events of the next user row, in order of time; none are allowed. `times` is empty if events have no time,
  /// which holds for all users or for none.
  /// Errors   invalid_input: columns of different length, an item that repeats, times that don't ascend; not_finite: a
  ///          value; io
  void add_user(std::span<const ItemRow> items, std::span<const float> values, std::span<const std::int64_t> times);
  std::uint64_t user_count() const { return offsets_.size() - 1; }
  std::uint64_t event_count() const { return offsets_.back(); }

  /// Writes the file, so that whoever opens it, also after a crash, finds the old one or the new one. Users of the
  /// catalog beyond those that were added have no events. Nothing may follow.
  /// Errors   invalid_input: more users than the catalog has, or an item row outside it; io
  void finish(const Catalog& catalog, const SourceReport& report);

 private:
  struct Column {
    SpillFile file;
    Xxh3 hash;
    void append(std::span<const std::byte> bytes);
    TensorSource source();
  };

  std::filesystem::path path_;
  std::vector<std::uint64_t> offsets_{0};
  Column items_, values_, times_;
  std::optional<bool> timed_;             // once there was an event
  std::vector<std::uint32_t> last_user_;  // user + 1 that an item was last met with
};

/// Writes a data set that is in memory, or in a data file. The same data and report give the same bytes, and the same
/// as a DataFileWriter's.
/// Errors   io
void write_data_file(const Dataset& data, const SourceReport& report, const std::filesystem::path& path);
/// The same bytes in memory.
std::string serialize_data_file(const Dataset& data, const SourceReport& report);

}  // namespace gusto
