#pragma once

/// Groups of similar users: by gender, age, occupation, or several of these at once.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/query.h"
#include "gusto/models/simple/number_ranges.h"

namespace gusto {

/// Ways to sort users into segments, written "gender, age, gender*age"; "auto" stands for every feature of users that
/// sorts them, and every pair of these that makes at most 1,000 segments. gender*age and age*gender are the same way;
/// one that is both named and part of auto counts once.
///
/// Segments  of a categorical feature its values; of a number at most ten ranges (NumberRanges); of several features
///           all combinations, the last feature's values running fastest. Whoever lacks a value is in no segment of
///           that way.
/// Order     ways of fewer features come first, else as written
/// Threads   const members may be called concurrently
class Segments {
 public:
  Segments() = default;
  /// The catalog's users are sorted at once; it must outlive the segments.
  /// Errors   not_found, with the nearest name, for a feature that users don't have; invalid_option, for one that does
  ///          not sort them (text, several values), an empty entry, a way that is named twice or has more than 2²⁰
  ///          segments
  Segments(const Catalog& catalog, std::string_view text);

  /// How many ways there are, and how many segments all have together.
  std::size_t ways() const { return ways_.size(); }
  std::size_t total() const { return total_; }
  /// The segments of a way.
  std::size_t size(std::size_t way) const { return ways_[way].size; }
  /// Earlier ways all of whose features this one has: of gender*age those by gender and by age.
  const std::vector<std::size_t>& parents(std::size_t way) const { return ways_[way].parents; }
  /// The segment of a parent that a way's segment lies in.
  std::size_t parent_segment(std::size_t way, std::size_t segment, std::size_t parent) const;
  /// "gender F", "gender F, age 25".
  std::string label(std::size_t way, std::size_t segment) const;

  std::optional<std::uint32_t> of(std::size_t way, UserRow user) const;
  /// For each way the user's segment. What the query says of the user comes before what is known of its user; a value
  /// that nobody in the catalog has is in no segment.
  /// Errors   invalid_input, for a feature that no way reads, one given twice, or a number that is none
  std::vector<std::optional<std::uint32_t>> of(const Query& query) const;

 private:
  struct Feature {
    const FeatureField* field;
    NumberRanges ranges;
    std::size_t size;
    std::vector<std::uint32_t> of_user;  // kNone without a value
  };
  struct Way {
    std::vector<std::size_t> features;
    std::vector<std::size_t> parents;
    std::size_t size;
  };
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::size_t add_feature(const FeatureField& field, std::size_t users);
  std::optional<std::size_t> segments_of(const std::vector<std::size_t>& features, std::size_t most) const;
  void add_way(std::vector<std::size_t> features, std::size_t size);
  void add_all(const FeatureTable& table, std::size_t users);
  template <class ValueOf>
  std::optional<std::uint32_t> combine(const Way& way, const ValueOf& value) const;
  std::vector<std::uint32_t> values_of(std::size_t way, std::size_t segment) const;
  std::uint32_t value_of(const Feature& feature, std::string_view text) const;

  std::vector<Feature> features_;
  std::vector<Way> ways_;
  std::size_t total_ = 0;
};

}  // namespace gusto
