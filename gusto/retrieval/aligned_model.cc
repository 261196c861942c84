#include "gusto/retrieval/aligned_model.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/same_ids.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

bool same_rows(const Vocabulary& a, const Vocabulary& b) {
  return &a == &b || (a.text() == b.text() &&
                      std::equal(a.offsets().begin(), a.offsets().end(), b.offsets().begin(), b.offsets().end()));
}

// For each item of `from` its row in `to`, which must have it.
std::vector<ItemRow> rows_of_items(const Vocabulary& from, const Vocabulary& to, std::string_view from_label,
                                   std::string_view to_label) {
  const auto found = same_ids(from, to);
  const auto missing = static_cast<std::size_t>(std::count(found.begin(), found.end(), std::nullopt));
  if (missing > 0) {
    const auto first = static_cast<std::size_t>(std::find(found.begin(), found.end(), std::nullopt) - found.begin());
    throw Error(ErrorCode::invalid_input,
                fmt::format("{} was not trained on the items of {}: it lacks {} of their {}, such as {}.", to_label,
                            from_label, format_count(missing), format_count(found.size()), quote(from[first])),
                "Train all models of a pipeline on the same data.");
  }
  std::vector<ItemRow> rows;
  rows.reserve(found.size());
  for (const auto& row : found) rows.emplace_back(*row);
  return rows;
}

}  // namespace

AlignedModel::AlignedModel(std::shared_ptr<const Model> model, std::shared_ptr<const Dataset> home,
                           std::string_view label, std::string_view home_label)
    : model_(std::move(model)),
      home_(std::move(home)),
      same_users_(same_rows(model_->data().catalog().users, home_->catalog().users)) {
  const Catalog& own = model_->data().catalog();
  const Catalog& shared = home_->catalog();
  if (!same_rows(own.items, shared.items)) {
    own_items_ = rows_of_items(shared.items, own.items, home_label, label);
    home_items_ = rows_of_items(own.items, shared.items, label, home_label);
  }
  if (same_users_) return;
  for (const auto& row : same_ids(shared.users, own.users)) {
    own_users_.push_back(row ? std::optional(UserRow(*row)) : std::nullopt);
  }
}

std::vector<ItemRow> AlignedModel::own(std::span<const ItemRow> home) const {
  std::vector<ItemRow> rows(home.size());
  std::transform(home.begin(), home.end(), rows.begin(), [this](ItemRow item) { return own(item); });
  return rows;
}

std::optional<UserRow> AlignedModel::own(UserRow home) const { return same_users_ ? home : own_users_[home.index]; }

AlignedQuery AlignedModel::own(const Query& home) const {
  AlignedQuery result;
  result.query = home;
  if (home.user) result.query.user = own(*home.user);
  for (HistoryEvent event : home.history) {
    event.item = own(event.item);
    result.history.push_back(event);
  }
  if (home.user && !result.query.user && home.history.empty()) {
    const History known = home_->history(*home.user);
    for (std::size_t i = 0; i < known.size(); ++i) {
      result.history.push_back({own(known.items[i]), known.values[i], known.times.empty() ? kNoTime : known.times[i]});
    }
  }
  result.query.history = result.history;
  return result;
}

bool AlignedModel::answers(const Query& own) const {
  const bool trained_on = own.user && own.history.empty();
  return trained_on || model_->info().abilities.fold_in != FoldIn::none;
}

}  // namespace gusto
