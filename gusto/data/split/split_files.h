#pragma once

/// Files that list given events of a data set: test sets and folds.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

/// What becomes of an event.
enum class Part : std::uint8_t {
  none,
  train,
  test,
  history,   ///< neither, but known of a test user who is not in training
  withheld,  ///< neither, and not to be recommended to its user
};

/// Finds the stored position of an event by its user and item.
/// Cost     8 bytes an event to hold, O(log(events of the user)) to ask
/// Threads  const members may be called concurrently
class EventFinder {
 public:
  /// Keeps a reference to data.
  explicit EventFinder(const Dataset& data);
  std::optional<std::size_t> find(UserRow user, ItemRow item) const;
  const Dataset& data() const { return *data_; }

 private:
  const Dataset* data_;
  std::vector<std::uint64_t> by_item_;  // positions, each user's ordered by item
};

/// Marks as `part` the events that the file lists: user, item and, if given, value and more, in any form that a data
/// set may have. It is read with the columns and the delimiter that the data was read with, where its first line has
/// them; else its format is recognized. Times and kinds are passed over. A value must be the event's, unless the way in
/// which the data was read changed values. An event that is listed several times is one event, as it is in the data:
/// one of the lines has its value, unless the data was read so that duplicates are errors.
/// Shape    parts has one entry for every stored event
/// Errors   not_found; io; invalid_input, with file, line and column, if a line cannot be read, names an event that the
///          data set does not have or has with another value, or one that is already of another part, or if there is no
///          event
void mark_listed_events(const EventFinder& finder, const std::filesystem::path& path, const DataSource& source,
                        Part part, std::span<Part> parts);

/// A pair of files of a fold.
struct FoldFiles {
  std::string name;
  std::filesystem::path base;
  std::filesystem::path test;
};

/// The pairs that folds:PATH means: PATH.base and PATH.test, or else PATH1.base, PATH1.test, PATH2.base …; looked for
/// in `source` first and then as they stand. Error(not_found), if there is none or one of a pair is missing.
std::vector<FoldFiles> find_fold_files(const std::string& path, const std::filesystem::path& source);

}  // namespace gusto
