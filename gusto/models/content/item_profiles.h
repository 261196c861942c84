#pragma once

/// What items are, as sparse vectors of terms: genres, tags, directors, actors, words of titles and plots.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"

namespace gusto {

enum class TermWeighting { tf_idf, bm25, count };
inline constexpr std::array<std::string_view, 3> kTermWeightingNames{"tf-idf", "bm25", "count"};

/// Which features make profiles, and how much each counts.
struct ProfileOptions {
  std::string fields = "auto";
  TermWeighting weighting = TermWeighting::tf_idf;
  bool merge_fields = false;
  int min_items = 2;
};

/// One field of a list such as "auto, directors=2, plot=0.5".
struct ProfileField {
  std::string name;  ///< a feature of items, or "auto"
  double weight = 1;
};

/// Errors   invalid_option, for an empty entry, a weight that is neither 0 nor from 10⁻⁶ to 10⁶, a name that comes
///          twice, or where nothing weighs more than 0
std::vector<ProfileField> parse_profile_fields(std::string_view text);

/// A vector for each item, of length 1, or 0 where nothing is known of it.
///
/// Terms    of a categorical or multi-valued feature its values; of a text its words; of a number at most
///          ten ranges (NumberRanges). The case of ASCII letters is ignored. A term counts in its own field: Clint
///          Eastwood the director is not Clint Eastwood the actor, unless `merge_fields` puts all fields into one bag.
///          Terms of fewer than min_items items are left out.
/// Weights  with tf the times that a term is in an item's field, df the number of items that have it there, N all
///          items, l the number of the field's terms in the item, and l̄ the mean of that over items that have any:
///            tf-idf   (1 + ln tf) · ln(N / df), with tf itself for 1 + ln tf below 1, as in merged fields
///            bm25     tf (k₁ + 1) / (tf + k₁ (1 − b + b l / l̄)) · ln(1 + (N − df + ½) / (df + ½)), k₁ = 1.2, b = 0.75
///            count    tf
///          Each field of an item is brought to the length of its weight, then the whole to 1. In merged fields a
///          field's terms count `weight` times, and only the whole is brought to 1.
/// Source   Salton and Buckley, Information Processing & Management 1988; Robertson and Zaragoza, The probabilistic
///          relevance framework: BM25 and beyond, 2009
/// State    offsets, term numbers and weights: 8 bytes an entry; terms' labels
/// Cost     O(bytes of all values), on the calling thread
/// Threads  const members may be called concurrently
class ItemProfiles {
 public:
  ItemProfiles() = default;
  /// Errors   not_found, with the nearest name, for a feature that items don't have; those of parse_profile_fields
  ItemProfiles(const Catalog& catalog, const ProfileOptions& options);

  std::size_t item_count() const { return offsets_.empty() ? 0 : offsets_.size() - 1; }
  std::size_t term_count() const { return labels_.size(); }
  std::size_t entry_count() const { return terms_.size(); }

  /// An item's terms, ascending, and their weights.
  std::span<const std::uint32_t> terms_of(std::size_t item) const {
    return std::span(terms_).subspan(offsets_[item], offsets_[item + 1] - offsets_[item]);
  }
  std::span<const float> weights_of(std::size_t item) const {
    return std::span(weights_).subspan(offsets_[item], offsets_[item + 1] - offsets_[item]);
  }
  /// "directors: John Lasseter", "plot: toys", "year: above 1994, up to 1997"; in merged fields the value alone.
  std::string_view label(std::size_t term) const { return labels_[term]; }

  /// x_item · vector; a vector has an entry for each term.
  double dot(std::size_t item, std::span<const float> vector) const;
  /// vector += amount · x_item.
  void add(std::size_t item, float amount, std::span<float> vector) const;
  /// The mean of all items' vectors.
  std::vector<float> mean() const;

 private:
  class Builder;
  std::vector<std::uint64_t> offsets_;
  std::vector<std::uint32_t> terms_;
  std::vector<float> weights_;
  std::vector<std::string> labels_;
};

/// Bytes that making profiles takes at most, told without making them.
std::uint64_t profile_memory(const Catalog& catalog, const ProfileOptions& options);

}  // namespace gusto
