#include "gusto/data/vocabulary.h"

#define XXH_INLINE_ALL
#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <xxhash.h>

#include "gusto/base/error.h"

namespace gusto {
namespace {

constexpr std::size_t kFirstSlots = 16;
constexpr std::string_view kRepeats = "A list of ids holds the same id twice.";

std::size_t hash_of(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

// The slot that holds id, or else the free slot where it belongs (linear probing). `id_of` gives the id of a row.
template <class IdOf>
std::size_t slot_of(std::string_view id, std::span<const std::uint32_t> slots, const IdOf& id_of) {
  const std::size_t mask = slots.size() - 1;
  std::size_t slot = hash_of(id) & mask;
  while (slots[slot] != 0 && id_of(slots[slot] - 1) != id) slot = (slot + 1) & mask;
  return slot;
}

template <class IdOf>
std::optional<std::uint32_t> row_of(std::string_view id, std::span<const std::uint32_t> slots, const IdOf& id_of) {
  if (slots.empty()) return std::nullopt;
  const std::uint32_t found = slots[slot_of(id, slots, id_of)];
  if (found == 0) return std::nullopt;
  return found - 1;
}

// The table of `size` ids, or nothing if one repeats.
template <class IdOf>
std::optional<std::vector<std::uint32_t>> make_slots(std::size_t size, const IdOf& id_of) {
  std::size_t count = kFirstSlots;
  while (count < 2 * size) count *= 2;
  std::vector<std::uint32_t> slots(count, 0);
  for (std::size_t row = 0; row < size; ++row) {
    const std::size_t slot = slot_of(id_of(row), slots, id_of);
    if (slots[slot] != 0) return std::nullopt;
    slots[slot] = static_cast<std::uint32_t>(row + 1);
  }
  return slots;
}

}  // namespace

std::uint32_t Vocabulary::add(std::string_view id) {
  if (borrowed_) own();
  if (2 * (size() + 1) > slots_.size()) grow();
  const std::size_t slot = slot_of(id, slots_, [this](std::size_t row) { return own_id(row); });
  if (slots_[slot] != 0) return slots_[slot] - 1;
  if (size() >= kMaxSize) {
    throw Error(ErrorCode::invalid_input, "There are more than 4,294,967,294 different ids.",
                "Divide the data into smaller sets.");
  }
  text_.append(id);
  offsets_.push_back(text_.size());
  slots_[slot] = static_cast<std::uint32_t>(size());
  return slots_[slot] - 1;
}

std::optional<std::uint32_t> Vocabulary::find(std::string_view id) const {
  if (!borrowed_) return row_of(id, slots_, [this](std::size_t row) { return own_id(row); });
  const StoredIds& ids = borrowed_->ids.get();
  return row_of(id, borrowed_->slots.get(), [&ids](std::size_t row) { return id_at(ids, row); });
}

std::string_view Vocabulary::text() const {
  if (!borrowed_) return text_;
  const SharedArray<char>& text = borrowed_->ids.get().text;
  return {text.span().data(), text.size()};
}

std::span<const std::uint64_t> Vocabulary::offsets() const {
  return borrowed_ ? borrowed_->ids.get().offsets.span() : std::span<const std::uint64_t>(offsets_);
}

Vocabulary Vocabulary::from_parts(std::string text, std::vector<std::uint64_t> offsets) {
  const bool valid = !offsets.empty() && offsets.size() - 1 <= kMaxSize && offsets.front() == 0 &&
                     offsets.back() == text.size() && std::is_sorted(offsets.begin(), offsets.end());
  if (!valid) throw Error(ErrorCode::corrupt_file, "The offsets of a list of ids do not fit its text.");
  Vocabulary result;
  result.text_ = std::move(text);
  result.offsets_ = std::move(offsets);
  auto slots = make_slots(result.size(), [&](std::size_t row) { return result.own_id(row); });
  if (!slots) throw Error(ErrorCode::corrupt_file, std::string(kRepeats));
  result.slots_ = std::move(*slots);
  return result;
}

Vocabulary Vocabulary::over(std::size_t size, Deferred<StoredIds> ids, std::string complaint) {
  auto slots = Deferred<Slots>::later([size, ids, complaint = std::move(complaint)] {
    auto made = make_slots(size, [&stored = ids.get()](std::size_t row) { return id_at(stored, row); });
    if (!made) throw Error(ErrorCode::corrupt_file, fmt::format("{}: {}", complaint, kRepeats));
    return std::move(*made);
  });
  Vocabulary result;
  result.borrowed_ = Borrowed{size, std::move(ids), std::move(slots)};
  return result;
}

// Copies borrowed ids, so that others can be added.
void Vocabulary::own() {
  Slots slots = borrowed_->slots.get();
  const std::span<const std::uint64_t> places = offsets();
  text_ = std::string(text());
  offsets_.assign(places.begin(), places.end());
  slots_ = std::move(slots);
  borrowed_.reset();
}

void Vocabulary::grow() {
  slots_.assign(std::max(kFirstSlots, 2 * slots_.size()), 0);
  const auto id_of = [this](std::size_t row) { return own_id(row); };
  for (std::size_t row = 0; row < size(); ++row) {
    slots_[slot_of(id_of(row), slots_, id_of)] = static_cast<std::uint32_t>(row + 1);
  }
}

}  // namespace gusto
