#pragma once

/// Finds items by what a person types.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/data/dataset.h"

namespace gusto {

/// A history that a person typed.
struct TypedHistory {
  std::vector<std::pair<ItemRow, float>> events;
  std::vector<std::string> unknown;  ///< titles that were left out, as typed
};

/// Every item's id and title, with the other ways in which a title is written.
///
/// GroupLens writes "Matrix, The (1999)" and "City of Lost Children, The (Cité des enfants perdus, La) (1995)"; these
/// are also found as "The Matrix (1999)", "The Matrix", "Matrix" and "La Cité des enfants perdus". Case
/// and accents are ignored, see fold_text().
///
/// State    the catalog, borrowed, and about four spellings an item
/// Cost     O(items · log items) to build; find: O(log items), or O(items) when the spelling has to be guessed
/// Threads  const members may be called concurrently
class TitleIndex {
 public:
  /// The catalog must outlive the index. Of several items that may be meant, those with most `events` are suggested
  /// first; without these, in the order of the catalog.
  explicit TitleIndex(const Catalog& catalog, std::vector<std::uint32_t> events = {});

  /// The item that is meant: by exact id; else by exact title; else by another spelling of it; else by the start of
  /// one, if only one item's begins so; else by the closest spelling, if one item's is clearly closest.
  /// Errors   invalid_input, if several items fit; not_found, if none does; the hint suggests up to three items, and
  ///          says how many more there are
  ItemRow find(std::string_view typed) const;
  /// The same for what a person types alone: a number is the title of another item, such as the film 1984, before it is
  /// an id; "id:1984" is the id.
  ItemRow find_meant(std::string_view typed) const;
  /// The same as find(); nothing if no item fits. Error(invalid_input)
  std::optional<ItemRow> find_known(std::string_view typed) const;

  /// Reads a history as typed: "Toy Story (1995):5,American President, The (1995):4,Heat". Entries are separated by
  /// commas and end with a colon and a number, or have `usual` for value; commas and colons within titles are
  /// understood, and what is exactly an id is that item, whatever is in it. Titles that no item has are left out and
  /// listed.
  /// Errors   invalid_input, if there is no entry, an empty one, one item twice, a title that several items fit, or an
  ///          item with a colon and no number behind it; not_found, if no title is known
  TypedHistory parse_history(std::string_view typed, float usual) const;

 private:
  struct Spelling {
    std::string text;  // folded
    ItemRow item;
  };
  static bool before(const Spelling& spelling, std::string_view text) { return spelling.text < text; }
  // Items that may be meant: those that fit exactly or by their start, else those spelled most like it.
  std::vector<ItemRow> candidates(std::string_view typed) const;
  // Items of that id, title or other spelling; none, one or several.
  std::vector<ItemRow> exact_matches(std::string_view typed) const;
  // These, or else the items with a spelling that starts so.
  std::vector<ItemRow> matches(std::string_view typed) const;
  std::vector<ItemRow> spelled_like(std::string_view typed, std::size_t limit) const;
  std::optional<std::string_view> mistyped_value(std::string_view typed) const;
  std::vector<std::string_view> divide(std::string_view titles, bool valued) const;
  std::string suggest(std::vector<ItemRow> items) const;

  const Catalog* catalog_;
  std::vector<std::uint32_t> events_;  // by item; may be empty
  std::vector<Spelling> spellings_;    // ordered by text, then item
  std::vector<Spelling> titles_;       // as written, ordered likewise
};

}  // namespace gusto
