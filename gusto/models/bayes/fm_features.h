#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/query.h"
#include "gusto/models/bayes/fm_sampler.h"

namespace gusto {

/// What a factorization machine is told of an event beside user and item.
struct FmInputs {
  bool rated = false;     ///< of the user: each item rated, by 1/√n of n
  bool raters = false;    ///< of the item: each user who rated it, by 1/√n of n
  bool day = false;       ///< the day, UTC
  bool user_day = false;  ///< the user on that day; linear weights only
  std::string fields{};   ///< features of either side, "gender, genres", or "auto": see FmFeatures
};

/// A column that is switched on, and by how much.
struct FmEntry {
  std::uint32_t column = 0;
  float amount = 0;
};

/// Turns data into relation blocks: users, items, then days and users' days if asked for.
///
/// Fields   categorical ones have a column for each value; multi-valued ones too, switched on by 1/√n of n values; of
///          numbers each of up to 64 values has one, else each of 32 ranges that hold about equally many rows. "auto"
///          stands for all of these of which rows have something in common (at most half as many values as rows). A
///          name that both sides have is written user.age or item.age. Texts are refused.
/// Time     events without a time among others with one count as of a day of their own, for those who ask without a
///          time too. If all events are of one day, it tells nothing that users and items do not: there is no block
///          about time.
/// Errors   invalid_option, naming the field, also of one named twice or by a name that both sides have
/// Memory   8 bytes for each day, and for each user's day
/// Threads  const members may be called concurrently
class FmFeatures {
 public:
  static constexpr std::size_t kUser = 0;
  static constexpr std::size_t kItem = 1;

  FmFeatures(const Dataset& data, const FmInputs& inputs);

  /// The blocks, without what their columns switch on.
  std::span<const FmBlock> blocks() const { return blocks_; }
  /// How much that is: for that same data, pairs of a row and a column of its, where rows share columns.
  std::uint64_t entries(const Dataset& data) const;
  /// The blocks as a whole, for that same data, with the rows that these events refer to.
  FmDesign design(const Dataset& data, std::vector<std::uint32_t> users, std::vector<std::uint32_t> items,
                  std::vector<std::int64_t> times) const;

  /// The day of a time, since 1970, UTC; kNoTime has one that no time has.
  static std::int64_t day_of(std::int64_t time);
  /// The row of a block about time, none if training had no event there.
  std::optional<std::size_t> day_row(std::int64_t time) const;
  std::optional<std::size_t> user_day_row(std::size_t user, std::int64_t time) const;
  /// The places of those blocks; 0: there is none.
  std::size_t day_block() const { return day_block_; }
  std::size_t user_day_block() const { return user_day_block_; }

  /// What a user with that history switches on among the users' columns, their own left out: by the query's features,
  /// or where it names none of a field, by those of its user.
  std::vector<FmEntry> new_user(const Query& query) const;

 private:
  /// A feature's columns, and how a row's value becomes some of them.
  struct Coding {
    const FeatureField* field = nullptr;
    std::vector<double> bounds;  // of numbers: where each range begins
    std::size_t first = 0;       // column
    std::size_t columns() const;
    std::uint32_t range_of(double number) const;
    std::vector<std::uint32_t> codes(std::size_t row) const;
    std::vector<std::uint32_t> codes(std::string_view value) const;
  };
  struct Side {
    std::size_t block;
    std::string_view name;
    const FeatureTable* table = nullptr;
    std::vector<Coding> codings{};
    std::optional<std::size_t> set_first{};  // the first column of the items that a user rated; of who rated an item
  };

  static Coding coding_of(const FeatureField& field);
  void choose_fields(const std::string& wanted);
  void lay_out(Side& side, std::size_t rows, std::optional<std::size_t> set_size);
  void add_days(const Dataset& data, const FmInputs& inputs);
  /// Calls body(row, column, amount) for all that a side's rows switch on, row by row, if they share columns.
  template <class Body>
  void for_entries(const Side& side, const Dataset& data, const Body& body) const;
  void add_entries(const Side& side, const Dataset& data, FmBlock& block) const;

  std::vector<FmBlock> blocks_;
  Side user_{kUser, "user"};
  Side item_{kItem, "item"};
  std::size_t day_block_ = 0;
  std::size_t user_day_block_ = 0;
  std::vector<std::int64_t> days_;             // of the block's rows
  std::vector<std::uint64_t> user_day_begin_;  // by user, and one past the last
  std::vector<std::int64_t> user_days_;        // of the block's rows
};

}  // namespace gusto
