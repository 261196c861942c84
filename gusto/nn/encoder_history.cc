// How an encoder reads the histories of users.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gusto/nn/encoder.h"

namespace gusto::nn {
namespace {

constexpr double kMostAppeal = 5;  // of the best value, beside 1 of the worst

}  // namespace

// Writes histories into a bag.
class Encoder::HistoryBuilder {
 public:
  HistoryBuilder(const Column& column, std::size_t rows, std::size_t bound, Arena& arena)
      : column_(column),
        offsets_(arena.allocate<std::uint32_t>(rows + 1)),
        ids_(arena.allocate<std::uint32_t>(bound)),
        weights_(arena.allocate<float>(bound)) {
    offsets_[0] = 0;
  }
  void add(const EntriesView& events) {
    std::copy(events.ids.begin(), events.ids.end(), ids_.data() + end_);
    std::copy(events.weights.begin(), events.weights.end(), weights_.data() + end_);
    end_ += events.ids.size();
  }
  void end_row() {
    if (end_ == begin_) {
      ids_[end_] = kUnknown;
      weights_[end_++] = kFullWeight;
    }
    weigh(weights_.subspan(begin_, end_ - begin_));
    offsets_[++row_] = static_cast<std::uint32_t>(end_);
    begin_ = end_;
  }
  Bag finish() const { return {row_, ids_.first(end_), offsets_, weights_.first(end_)}; }

 private:
  void weigh(std::span<float> weights) const {
    const std::size_t size = weights.size();
    if (!column_.by_value && column_.recency.empty()) {
      std::fill(weights.begin(), weights.end(), kFullWeight / static_cast<float>(size));
      return;
    }
    if (!column_.by_value) std::fill(weights.begin(), weights.end(), kFullWeight);
    for (std::size_t e = 0; e < size && !column_.recency.empty(); ++e) weights[e] *= column_.recency[size - 1 - e];
    const float sum = std::accumulate(weights.begin(), weights.end(), 0.0F);
    for (float& weight : weights) weight /= sum;
  }

  const Column& column_;
  std::span<std::uint32_t> offsets_;
  std::span<std::uint32_t> ids_;
  std::span<float> weights_;
  std::size_t row_ = 0, begin_ = 0, end_ = 0;
};

void Encoder::remember() {
  const auto any = [&](const auto& is) { return std::any_of(columns_.begin(), columns_.end(), is); };
  if (any([](const Column& column) { return column.is_history(); })) {
    event_items_.reserve(data_.event_count());
    for (const ItemRow item : data_.items()) event_items_.push_back(item_ids_[item.index]);
  }
  if (any([](const Column& column) { return column.by_value; })) {
    event_value_weights_.reserve(data_.event_count());
    for (const float value : data_.values()) event_value_weights_.push_back(value_weight(value));
  }
  if (any([](const Column& column) { return column.kind == FieldKind::history_mean; })) {
    sums_before_.reserve(data_.event_count());
    for (std::size_t user = 0; user < data_.user_count(); ++user) {
      double sum = 0;
      for (const float value : data_.history(UserRow(user)).values) {
        sums_before_.push_back(sum);
        sum += static_cast<double>(value);
      }
    }
  }
}

float Encoder::value_weight(float value) const {
  const auto low = static_cast<double>(data_.scale().low), high = static_cast<double>(data_.scale().high);
  if (!(low < high)) return kFullWeight;
  const double place = std::clamp((static_cast<double>(value) - low) / (high - low), 0.0, 1.0);
  return static_cast<float>(1 + (kMostAppeal - 1) * place);
}

// Training events by position.
Encoder::EntriesView Encoder::stored(const Column& column, std::uint64_t begin, std::uint64_t end) const {
  return EntriesView{event_items_,
                     column.by_value ? std::span<const float>(event_value_weights_) : std::span<const float>{}}
      .part(begin, end - begin);
}

Bag Encoder::histories(const Column& column, std::span<const Example> examples, Arena& arena) const {
  const std::span<const std::uint64_t> ends = data_.offsets();
  // An example's events of the user: all, or those before it.
  const auto last = [&](const Example& example) {
    return column.kind == FieldKind::history ? std::uint64_t{example.event} : ends[example.user.index + 1];
  };
  std::size_t bound = 0;
  for (const Example& example : examples) {
    bound += std::clamp<std::size_t>(last(example) - ends[example.user.index], 1, column.count);
  }
  HistoryBuilder histories(column, examples.size(), bound, arena);
  for (const Example& example : examples) {
    // At most two events are left out, so the last count + 2 hold all that is wanted.
    const std::uint64_t end = last(example);
    std::uint64_t begin = end - std::min<std::uint64_t>(end - ends[example.user.index], column.count + 2U);
    const std::uint32_t own = item_ids_[example.item.index];
    std::uint64_t place = end;  // of the example's own item, if it is not the event's
    if (event_items_[example.event] != own) {
      const auto window = std::span(event_items_).subspan(begin, end - begin);
      place = begin + static_cast<std::uint64_t>(std::find(window.begin(), window.end(), own) - window.begin());
    }
    const auto left_out = [&](std::uint64_t e) { return e == example.event || e == place; };
    const auto inside = [&](std::uint64_t e) { return e >= begin && e < end ? 1U : 0U; };
    std::uint64_t size = end - begin - inside(example.event) - inside(place);
    while (size > column.count) size -= left_out(begin++) ? 0 : 1;
    const auto add_until = [&](std::uint64_t until) {
      if (until < begin || until >= end) return;
      histories.add(stored(column, begin, until));
      begin = until + 1;
    };
    add_until(std::min<std::uint64_t>(example.event, place));
    add_until(std::max<std::uint64_t>(example.event, place));
    histories.add(stored(column, begin, end));
    histories.end_row();
  }
  return histories.finish();
}

// The last known items of a user, at most `most`, in order of time.
Encoder::EntriesView Encoder::last_known(const Column& column, const EncodedQueryUser& query_user, std::size_t most,
                                         Arena& arena) const {
  const std::size_t size = column.kind == FieldKind::history ? query_user.before : query_user.history.size();
  const std::span<std::uint32_t> ids = arena.allocate<std::uint32_t>(std::min(size, most));
  const std::span<float> value_weights = arena.allocate<float>(column.by_value ? ids.size() : 0);
  std::size_t first = ids.size();
  for (std::size_t e = size; e-- > 0 && first > 0;) {
    const std::uint32_t id = item_ids_[query_user.history[e].item.index];
    if (id == kUnknown) continue;
    ids[--first] = id;
    if (column.by_value) value_weights[first] = value_weight(query_user.history[e].value);
  }
  return EntriesView{ids, value_weights}.part(first, ids.size() - first);
}

Bag Encoder::histories(const Column& column, const EncodedQueryUser& query_user, std::span<const ItemRow> items,
                       Arena& arena) const {
  // One more than can be taken, in case that the item asked for is among them.
  const EntriesView known = last_known(column, query_user, column.count + 1U, arena);
  const std::size_t size = known.ids.size();
  const std::size_t most = std::min<std::size_t>(size, column.count);
  HistoryBuilder histories(column, items.size(), items.size() * std::max<std::size_t>(most, 1), arena);
  for (const ItemRow item : items) {
    const auto own = std::find(known.ids.begin(), known.ids.end(), item_ids_[item.index]);
    const auto place = static_cast<std::size_t>(own - known.ids.begin());
    if (place < size) {
      histories.add(known.part(0, place));
      histories.add(known.part(place + 1, size - place - 1));
    } else {
      histories.add(known.part(size - most, most));
    }
    histories.end_row();
  }
  return histories.finish();
}

Bag Encoder::histories(const Column& column, std::span<const EncodedQueryUser> query_users, Arena& arena) const {
  std::size_t bound = 0;
  for (const EncodedQueryUser& query_user : query_users)
    bound += std::clamp<std::size_t>(query_user.history.size(), 1, column.count);
  HistoryBuilder histories(column, query_users.size(), bound, arena);
  for (const EncodedQueryUser& query_user : query_users) {
    histories.add(last_known(column, query_user, column.count, arena));
    histories.end_row();
  }
  return histories.finish();
}

// summary_of(r) is what row r knows.
template <class SummaryOf>
Bag Encoder::summarize(const Column& column, std::size_t rows, const SummaryOf& summary_of, Arena& arena) {
  const std::span<std::uint32_t> ids = arena.allocate<std::uint32_t>(rows);
  const std::span<float> weights = arena.allocate<float>(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    const Entry entry = column.codec->entry_of(summary_of(r).number(column.kind));
    ids[r] = entry.id;
    weights[r] = entry.weight;
  }
  return {rows, ids, {}, weights};
}

HistorySummary Encoder::summary(const Example& example) const {
  const std::uint64_t begin = data_.offsets()[example.user.index];
  HistorySummary before{example.event - begin, sums_before_.empty() ? 0 : sums_before_[example.event]};
  if (data_.items()[example.event] == example.item) return before;
  const auto items = data_.items().subspan(begin, before.events);
  const auto own = std::find(items.begin(), items.end(), example.item);
  if (own != items.end()) before.remove(data_.values()[begin + static_cast<std::uint64_t>(own - items.begin())]);
  return before;
}

HistorySummary Encoder::summary(const EncodedQueryUser& query_user) const {
  HistorySummary before;
  for (const HistoryEvent& event : std::span(query_user.history).first(query_user.before)) {
    if (item_ids_[event.item.index] != kUnknown) before.add(event.value);
  }
  return before;
}

Bag Encoder::summaries(const Column& column, std::span<const Example> examples, Arena& arena) const {
  return summarize(
      column, examples.size(), [&](std::size_t r) { return summary(examples[r]); }, arena);
}

Bag Encoder::summaries(const Column& column, std::span<const EncodedQueryUser> query_users, Arena& arena) const {
  return summarize(
      column, query_users.size(), [&](std::size_t r) { return summary(query_users[r]); }, arena);
}

Bag Encoder::summaries(const Column& column, const EncodedQueryUser& query_user, std::span<const ItemRow> items,
                       Arena& arena) const {
  const HistorySummary before = summary(query_user);
  // By item, to be found fast for each item asked about.
  const std::span<HistoryEvent> events = arena.allocate<HistoryEvent>(query_user.before);
  std::copy_n(query_user.history.begin(), events.size(), events.begin());
  const auto by_item = [](const HistoryEvent& a, const HistoryEvent& b) { return a.item.index < b.item.index; };
  std::sort(events.begin(), events.end(), by_item);
  const auto rest = [&](std::size_t r) {
    HistorySummary others = before;
    if (item_ids_[items[r].index] == kUnknown) return others;
    const auto [first, last] = std::equal_range(events.begin(), events.end(), HistoryEvent{items[r]}, by_item);
    std::for_each(first, last, [&](const HistoryEvent& own) { others.remove(own.value); });
    return others;
  };
  return summarize(column, items.size(), rest, arena);
}

}  // namespace gusto::nn
