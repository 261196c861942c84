#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/growing_array.h"
#include "gusto/data/assembly/event_run.h"
#include "gusto/data/assembly/event_settler.h"
#include "gusto/data/dataset.h"

namespace gusto {

/// An event of a block of text, which numbers its own users, items and lines.
struct NumberedEvent {
  std::uint32_t user;
  std::uint32_t item;
  float value;
  std::uint32_t line;
  std::int64_t time;
};

/// Events as they come from files, until all are there and can be put in stored order.
/// Memory   12 bytes an event, 8 more with times, and 8 more while duplicates are refused; nothing is copied. What goes
///          beyond a limit is spilled: written to disk, ordered by user
class EventStore {
 public:
  explicit EventStore(EventRules rules) : rules_(rules) {}

  /// Spills events to that folder whenever they take more than so many bytes: 32 bytes of disk an event, twice that
  /// while runs are joined.
  void spill_beyond(std::uint64_t bytes, std::filesystem::path folder) {
    limit_ = bytes;
    folder_ = std::move(folder);
  }
  bool spilled() const { return !runs_.empty(); }
  /// The least and the greatest time of the events; nothing if they have none.
  std::optional<std::pair<std::int64_t, std::int64_t>> times() const {
    if (!timed_ || size_ == 0) return std::nullopt;
    return std::pair(events_.earliest, events_.latest);
  }
  /// Events added.
  std::uint64_t size() const { return size_; }
  /// Bytes that events take now.
  std::uint64_t memory() const;

  /// Adds the events of a block: its users have the rows user_rows, its items item_rows, and its first line is line
  /// `first_line` of all that has been read. Either all events have times or none.
  void add(std::span<const NumberedEvent> events, std::span<const std::uint32_t> user_rows,
           std::span<const std::uint32_t> item_rows, std::uint64_t first_line, bool timed);

  /// Weighs events by age, settles duplicates, gives items their new rows, and puts all in stored order. Empties the
  /// store.
  /// Cost     O(n) for events that come user by user in order of time; in place, but for a user's own events
  SettledEvents settle(std::size_t user_count, std::span<const ItemRow> new_item_rows, Context& context);
  /// The same where events were spilled: `sink` gets the columns of some users after the other, and what is returned
  /// has none.
  /// Memory   as many bytes as events were spilled beyond, half a megabyte for each of some 64 runs, and a user's own
  ///          events
  SettledEvents settle_spilled(std::size_t user_count, std::span<const ItemRow> new_item_rows, Context& context,
                               const std::function<void(const EventColumns& columns)>& sink);

 private:
  struct Run {
    EventRun events;
    int level = 0;  // how often its events were joined with others
  };

  template <class Body>
  void for_columns(const Body& body);
  void spill();
  void add_run(EventRun run);
  /// Calls body(event) for all events of a user that runs hold next, and takes them from there.
  template <class Body>
  static void take_events(std::span<Run> runs, std::uint32_t user, const Body& body);
  void add(const EventRun::Event& event, std::uint32_t user);

  std::vector<std::uint64_t> group_by_user(std::size_t user_count);

  EventRules rules_;
  std::optional<std::uint64_t> limit_;
  std::filesystem::path folder_;
  std::vector<Run> runs_;  // levels descend
  std::uint64_t size_ = 0;
  std::uint32_t user_count_ = 0;  // of the events added
  bool timed_ = false;
  GrowingArray<std::uint32_t> users_;
  GroupedEvents events_;  // not grouped yet
};

}  // namespace gusto
