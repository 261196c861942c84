#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/models/model.h"

namespace gusto {

/// A query in the rows of one model's data. Holds the history that it borrows: to be moved, not copied.
struct AlignedQuery {
  Query query;
  std::vector<HistoryEvent> history;

  AlignedQuery() = default;
  AlignedQuery(AlignedQuery&&) = default;
  AlignedQuery& operator=(AlignedQuery&&) = default;
  AlignedQuery(const AlignedQuery&) = delete;
  AlignedQuery& operator=(const AlignedQuery&) = delete;
  ~AlignedQuery() = default;
};

/// A model that is asked, and answers, in the rows of another data set ("home") with the same items: trained on another
/// split, say, or on the same data read in another order. Users are found by id; one that the model does not know is
/// asked about by the history that they have at home.
///
/// State    two numbers an item and one a user, nothing where the rows are the same
/// Threads  const members may be called concurrently
class AlignedModel {
 public:
  /// Both are kept. `label` and `home_label` name them in messages.
  /// Errors   invalid_input, naming both and an item, if one has an item that the other has not
  AlignedModel(std::shared_ptr<const Model> model, std::shared_ptr<const Dataset> home, std::string_view label,
               std::string_view home_label);

  const Model& model() const { return *model_; }

  /// Rows must lie in the catalog that they are of.
  ItemRow own(ItemRow home) const { return own_items_.empty() ? home : own_items_[home.index]; }
  ItemRow home(ItemRow own) const { return home_items_.empty() ? own : home_items_[own.index]; }
  std::vector<ItemRow> own(std::span<const ItemRow> home) const;
  std::optional<UserRow> own(UserRow home) const;
  AlignedQuery own(const Query& home) const;

  /// Whether the model has an answer for that query, which is in its own rows.
  bool answers(const Query& own) const;

 private:
  std::shared_ptr<const Model> model_;
  std::shared_ptr<const Dataset> home_;
  std::vector<ItemRow> own_items_;   // by home row; empty if the same
  std::vector<ItemRow> home_items_;  // by own row; empty if the same
  bool same_users_;
  std::vector<std::optional<UserRow>> own_users_;  // by home row
};

}  // namespace gusto
