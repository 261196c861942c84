#include "gusto/models/linear/slim.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "gusto/base/kernels.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

constexpr std::size_t kSlimItems = 8;
constexpr std::size_t kItemsAtOnce = 512;  // between reports of progress

// Items that begin, and that join at once.
constexpr std::size_t kJoining = 256;

// A gradient of less than this share of the largest one at zero counts as zero.
constexpr float kSlimTolerance = 1e-4F;
constexpr int kMostSweeps = 1000;

struct Weight {
  std::uint32_t item;
  float weight;
};

/// Predicts one item after another from the others.
/// Threads  one at a time
class Regression {
 public:
  Regression(const Matrix<float>& gram, const SlimOptions& options)
      : gram_(gram),
        reg_(static_cast<float>(options.reg)),
        reg_l1_(static_cast<float>(options.reg_l1)),
        most_(std::min(static_cast<std::size_t>(options.neighbors), gram.rows())),
        is_active_(gram.rows()),
        residual_(gram.rows()) {}

  /// The weights of that item's predictors, those that are not 0, by ascending row.
  std::vector<Weight> solve(std::size_t target) {
    for (const std::uint32_t item : active_) is_active_[item] = 0;
    active_.clear();
    weights_.clear();
    target_ = target;
    is_active_[target] = 1;  // so that it never joins
    compute_residual();
    float largest = 0;
    for (std::size_t i = 0; i < residual_.size(); ++i) {
      if (i != target) largest = std::max(largest, residual_[i]);
    }
    tolerance_ = kSlimTolerance * largest;
    while (let_join()) {
      descend();
      compute_residual();
    }
    is_active_[target] = 0;
    std::vector<Weight> found;
    for (std::size_t a = 0; a < active_.size(); ++a) {
      if (weights_[a] > 0) found.push_back({active_[a], weights_[a]});
    }
    std::sort(found.begin(), found.end(), [](const Weight& a, const Weight& b) { return a.item < b.item; });
    return {found.begin(), found.end()};  // no longer than that: there is one for every item
  }

 private:
  /// residual_ ← r, of all items.
  void compute_residual() {
    const std::span<const float> row = gram_.row(target_);
    std::copy(row.begin(), row.end(), residual_.begin());
    for (std::size_t a = 0; a < active_.size(); ++a) {
      if (weights_[a] > 0) axpy(-weights_[a], gram_.row(active_[a]), residual_);
    }
  }

  /// Makes those active that would rise from 0; whether there were any.
  bool let_join() {
    keys_.clear();
    for (std::size_t i = 0; i < residual_.size(); ++i) {
      const float gain = residual_[i] - reg_l1_;
      if (gain <= tolerance_ || is_active_[i] != 0) continue;
      keys_.push_back(rank_key(gain / std::sqrt(gram_(i, i) + reg_), static_cast<std::uint32_t>(i)));
    }
    keep_nearest(keys_, std::min(kJoining, most_ - active_.size()));
    const std::size_t before = active_.size();
    for (const std::uint64_t key : keys_) {
      active_.push_back(key_row(key));
      weights_.push_back(0);
      is_active_[key_row(key)] = 1;
    }
    gather(before);
    return active_.size() > before;
  }

  /// square_ ← G among the active, of which the first `before` are there already.
  void gather(std::size_t before) {
    const std::size_t count = active_.size();
    if (count > square_.rows()) {
      Matrix<float> larger(std::min(most_, count + kJoining), std::min(most_, count + kJoining));
      for (std::size_t a = 0; a < before; ++a) std::copy_n(square_.row(a).begin(), before, larger.row(a).begin());
      square_ = std::move(larger);
    }
    for (std::size_t a = before; a < count; ++a) {
      const std::span<const float> row = gram_.row(active_[a]);
      for (std::size_t b = 0; b < count; ++b) square_(a, b) = row[active_[b]];
      for (std::size_t b = 0; b < before; ++b) square_(b, a) = square_(a, b);
    }
  }

  /// The minimum over the active items, the others staying 0.
  void descend() {
    const std::size_t count = active_.size();
    inner_.resize(count);
    for (std::size_t a = 0; a < count; ++a) inner_[a] = residual_[active_[a]];
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
      float steepest = 0;
      for (std::size_t a = 0; a < count; ++a) {
        const float old = weights_[a];
        const float curvature = square_(a, a) + reg_;
        const float next = std::max(0.0F, (inner_[a] + square_(a, a) * old - reg_l1_) / curvature);
        if (next == old) continue;
        weights_[a] = next;
        axpy(old - next, square_.row(a).first(count), inner_);
        steepest = std::max(steepest, std::abs(next - old) * curvature);
      }
      if (steepest <= tolerance_) break;
    }
  }

  const Matrix<float>& gram_;
  float reg_;
  float reg_l1_;
  std::size_t most_;
  std::size_t target_ = 0;
  float tolerance_ = 0;
  std::vector<std::uint32_t> active_;
  std::vector<float> weights_;           // of the active
  std::vector<std::uint8_t> is_active_;  // by item
  std::vector<float> residual_;          // r by item
  std::vector<float> inner_;             // r of the active
  Matrix<float> square_;                 // G among the active
  std::vector<std::uint64_t> keys_;
};

}  // namespace

constexpr ModelInfo kSlimInfo{
    .name = "slim",
    .summary = "A sparse linear model of who chooses what, with weights that are not negative.",
    .about =
        "SLIM (Ning and Karypis, ICDM 2011): every item is predicted from a few dozen others, by a regression that is "
        "kept sparse by an L1 and calm by an L2 penalty. Nearly as good as ease, in a small model that answers fast, "
        "with explanations that only ever speak for an item. While it learns it needs 4 bytes for every pair of items. "
        "Learns from choices alone; new users get the list that a training user of their history gets.",
    .fields = kSlimFields,
    .abilities =
        {.personalized = true, .fold_in = FoldIn::exact, .similar_items = true, .explains = true, .strength = true},
    .make = &make_with<SlimModel>,
};

double SlimModel::fit_operations(const Dataset& data, Task) const {
  const auto items = static_cast<double>(data.item_count());
  const double active = std::min(static_cast<double>(options().neighbors), items);
  return co_occurrence_operations(data) + 14 * items * items * active;
}

std::uint64_t SlimModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const std::uint64_t items = data.item_count();
  std::uint64_t most = 0;  // of one item
  std::uint64_t lists = 0;
  for (const std::uint64_t partners : most_partners(data)) {
    const std::uint64_t kept = std::min(static_cast<std::uint64_t>(options().neighbors), partners);
    most = std::max(most, kept);
    lists += kept;
  }
  constexpr std::uint64_t kEntry = sizeof(std::uint32_t) + sizeof(float);
  // The square among the active is held twice while it grows; lists, while they are put end to end and turned; keys,
  // with as much again and more while there get more of them.
  const std::uint64_t of_thread = 2 * most * most * sizeof(float) + items * (2 * sizeof(float) + 3 * kEntry);
  return items * items * sizeof(float) + threads * of_thread + 2 * lists * kEntry + (items + data.user_count()) * 32 +
         data.event_count() * 3 * sizeof(std::uint32_t) + choices_memory(data, task);
}

void SlimModel::do_fit(const Dataset& all, const FitOptions&, Context& context) {
  context.progress(info().name, 0, all.item_count());
  context.check_canceled();
  least_ = least_choice(all, task(), options().like_threshold);
  const std::optional<Dataset> part = chosen_part(all, least_);
  const Dataset& data = part ? *part : all;
  const std::size_t items = data.item_count();
  Matrix<float> gram(items, items);
  co_occurrences(context, data, user_weights(data, options().user_power),
                 proximity_weight(data, options().window, options().window_weight), strength_of(all, task()),
                 gram.view());

  std::vector<Regression> regressions(context.threads(), Regression(gram, options()));
  std::vector<std::vector<Weight>> found(items);
  for (std::size_t first = 0; first < items; first += kItemsAtOnce) {
    context.progress(info().name, first, items);
    const std::size_t count = std::min(kItemsAtOnce, items - first);
    parallel_blocks(context, count, kSlimItems, [&](std::size_t begin, std::size_t end, unsigned worker) {
      for (std::size_t j = first + begin; j < first + end; ++j) found[j] = regressions[worker].solve(j);
    });
  }

  NeighborLists by_target;
  std::size_t count = 0;
  for (const std::vector<Weight>& weights : found) count += weights.size();
  by_target.reserve(items, count);
  for (std::vector<Weight>& weights : found) {
    for (const Weight& one : weights) by_target.add(one.item, one.weight);
    by_target.end_row();
    weights = {};
  }
  weights_ = by_target.transposed();
  require_finite("item weights", weights_.weights);
  context.progress(info().name, items, items);
}

}  // namespace gusto
