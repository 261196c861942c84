#pragma once

/// The events that a recommender learns from, columnar, with row-wise views both ways.
/// Layout   events are stored user by user; a user's events are in order of time, equal times in the order given.
///          The view by item is built when first asked for.
///            offsets [users + 1], items [events], values [events], times [events] or none
/// Memory   16 bytes an event, and 8 more once the view by item exists, beside ids and features
/// Threads  const members may be called concurrently

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/deferred.h"
#include "gusto/base/shared_array.h"
#include "gusto/data/features.h"
#include "gusto/data/rows.h"
#include "gusto/data/vocabulary.h"

namespace gusto {

/// The time of an event that has none.
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

struct Event {
  UserRow user;
  ItemRow item;
  float value = 1;              ///< rating, weight or 1
  std::int64_t time = kNoTime;  ///< seconds since 1970, UTC
};

/// How much an event counts where models rank by who chose what: 1, or where values are used
///   s(v) = scale · v, or scale · log(1 + v) of counts,
/// with a mean of 1 over the events of the data set whose values are above 0; the others are no choices, and count 0.
struct Strength {
  enum class Form : std::uint8_t { none, linear, logarithm };
  Form form = Form::none;
  double scale = 1;

  bool used() const { return form != Form::none; }
  float of(float value) const {
    if (form == Form::none) return 1;
    const double v = value > 0 ? value : 0;
    return static_cast<float>(scale * (form == Form::linear ? v : std::log1p(v)));
  }
};

/// Who and what there is: ids and features of both sides. Shared, unchanged, by a data set and all its parts.
/// Items that appear in events come first, then items that are only described. Ties between scores go to the lower item
/// row, so rows should tell nothing of events: readers give them in the order of a hash of the items' ids.
struct Catalog {
  Vocabulary users;
  Vocabulary items;
  FeatureTable user_features;  ///< as many rows as users, or no fields
  FeatureTable item_features;  ///< as many rows as items, or no fields
  /// Items with events, in the order in which the file that was read first names them; users' rows are in that order as
  /// they are. Published protocols number items so. Empty where no file was read; model files do not keep it.
  Deferred<std::vector<ItemRow>> item_order;
  Strength strength;  ///< how much events count where models rank

  /// The item's "title" feature if it has one, else its id.
  std::string title(ItemRow item) const;
};

/// One user's events, or one item's, as parallel columns.
struct History {
  std::span<const ItemRow> items;
  std::span<const float> values;
  std::span<const std::int64_t> times;  ///< empty if the data set has no times
  std::size_t size() const { return items.size(); }
};
struct ItemEvents {
  std::span<const UserRow> users;  ///< ascending
  std::span<const float> values;
  std::size_t size() const { return users.size(); }
};

/// The lowest and highest value among events: the rating scale.
struct Scale {
  float low = 0;
  float high = 0;
};

/// Events in stored order, by column: user u's are [offsets[u], offsets[u + 1]), in order of time.
struct EventColumns {
  SharedArray<std::uint64_t> offsets;  ///< users + 1 of them, ascending from 0
  SharedArray<ItemRow> items;
  SharedArray<float> values;
  SharedArray<std::int64_t> times;  ///< empty: the events have none
};

class Dataset {
 public:
  /// Events in any order, at most one for each (user, item).
  /// Errors   invalid_input: a row outside the catalog, or a pair that repeats; not_finite: a value that isn't finite
  /// Cost     16 bytes an event, and 16 more until it is made; O(n log n) at worst, O(n) if each user's times ascend
  Dataset(std::shared_ptr<const Catalog> catalog, std::span<const Event> events);
  /// Events that are in stored order already; they are checked, not copied.
  /// Errors   as above, and invalid_input: columns whose lengths don't fit, offsets or a user's times that don't ascend
  /// Cost     O(n); 4 bytes an item until it is made
  Dataset(std::shared_ptr<const Catalog> catalog, EventColumns columns);
  /// Events of a file, of which so much is known beforehand.
  struct EventInfo {
    std::uint64_t events = 0;
    bool timed = false;
  };
  /// Columns that are asked for when an event is first used, and have passed check_columns by then.
  Dataset(std::shared_ptr<const Catalog> catalog, EventInfo event_info, Deferred<EventColumns> columns);

  const Catalog& catalog() const { return *catalog_; }
  std::shared_ptr<const Catalog> shared_catalog() const { return catalog_; }
  std::size_t user_count() const { return catalog_->users.size(); }
  std::size_t item_count() const { return catalog_->items.size(); }
  std::uint64_t event_count() const { return event_info_.events; }
  bool has_times() const { return event_info_.timed; }
  Scale scale() const { return scale_.get(); }

  History history(UserRow user) const;
  ItemEvents item_events(ItemRow item) const;

  /// Columns in stored order; history(u) is [offsets[u.index], offsets[u.index + 1]).
  std::span<const std::uint64_t> offsets() const { return columns_.get().offsets.span(); }
  std::span<const ItemRow> items() const { return columns_.get().items.span(); }
  std::span<const float> values() const { return columns_.get().values.span(); }
  std::span<const std::int64_t> times() const { return columns_.get().times.span(); }

  /// Copies the events out, in stored order.
  std::vector<Event> events() const;

  /// Bytes held by events, without the catalog.
  std::uint64_t memory() const;

 private:
  struct ByItem {
    std::vector<std::uint64_t> offsets;
    std::vector<UserRow> users;
    std::vector<float> values;
  };
  static ByItem group_by_item(std::size_t items, const EventColumns& columns);

  std::shared_ptr<const Catalog> catalog_;
  EventInfo event_info_;
  Deferred<EventColumns> columns_;
  Deferred<Scale> scale_;
  Deferred<ByItem> by_item_;
};

/// What Dataset asks of columns in stored order. Errors as there.
void check_columns(const Catalog& catalog, const EventColumns& columns);

}  // namespace gusto
