#include "gusto/models/linear/sparse_item_model.h"

#include <algorithm>
#include <cstddef>

#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/choices.h"

namespace gusto {

void SparseItemModel::do_load(const TensorFile& in) {
  weights_ = NeighborLists::load(in, data().item_count());
  least_ = least_choice(data(), task(), like_threshold());
}

void SparseItemModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::vector<Choice> chosen = choices(queries[q], least_);
    const std::span<float> row = scores.row(q);
    std::fill(row.begin(), row.end(), 0.0F);
    for (const auto& [from, strength] : chosen) {
      const auto targets = weights_.neighbors_of(from);
      const auto weights = weights_.weights_of(from);
      for (std::size_t m = 0; m < targets.size(); ++m) row[targets[m]] += strength * weights[m];
    }
  }
}

void SparseItemModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0F);
  const auto targets = weights_.neighbors_of(item.index);
  const auto weights = weights_.weights_of(item.index);
  for (std::size_t m = 0; m < targets.size(); ++m) out[targets[m]] = weights[m];
}

std::vector<Contribution> SparseItemModel::do_explain(const Query& query, ItemRow item) const {
  const std::vector<Choice> chosen = choices(query, least_);
  std::vector<Contribution> reasons;
  for (const auto& [from, strength] : chosen) {
    const auto targets = weights_.neighbors_of(from);
    const auto found = std::find(targets.begin(), targets.end(), item.index);
    if (found == targets.end()) continue;
    const float amount = strength * weights_.weights_of(from)[static_cast<std::size_t>(found - targets.begin())];
    reasons.push_back({.label = {}, .item = ItemRow(from), .user = {}, .amount = amount});
  }
  return reasons;
}

}  // namespace gusto
