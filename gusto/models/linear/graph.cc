#include "gusto/models/linear/graph.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/data_shape.h"

namespace gusto {
namespace {

// Signals filtered at once: the columns of one product.
constexpr std::size_t kSignals = 32;
constexpr std::size_t kMostGraphDim = 128;  // that is chosen without being asked for
constexpr double kLeastWidest = 1e-30;

}  // namespace

constexpr ModelInfo kGraphInfo{
    .name = "graph",
    .summary = "Filters choices for what varies slowly over the graph of who chose what.",
    .about =
        "Collaborative filtering as signal processing, with hardly any training: what the user chose is spread over "
        "the graph of items, and its lowest frequencies, which a truncated singular value decomposition gives, are "
        "added (GF-CF, Shen et al., CIKM 2021); sharpened again, it is BSPM (Choi et al., SIGIR 2023). Products with "
        "the training data are sparse, so memory grows with events, not with pairs of items; new users are filtered "
        "like everybody else, and a score is a sum over the items of the history.",
    .fields = kGraphFields,
    .abilities =
        {.personalized = true, .fold_in = FoldIn::exact, .similar_items = true, .explains = true, .strength = true},
    .make = &make_with<GraphModel>,
};

/// The filter's answers to several signals at once, the columns of a matrix.
class GraphModel::Filter {
 public:
  Filter(const GraphModel& model, std::size_t signals)
      : model_(model),
        matrix_(model.matrix()),
        signal_(matrix_.cols(), signals),
        by_user_(matrix_.rows(), signals),
        stddev_(matrix_.cols(), signals),
        low_(matrix_.cols(), signals),
        back_scale_(model.item_scale_) {
    for (float& scale : back_scale_) scale = scale > 0 ? 1 / scale : 0.0F;
  }

  /// The signals [items × signals], to be set before they are filtered, and the answers afterward.
  Matrix<float>& signal() { return signal_; }

  /// s = x M of every column x.
  void run() {
    const GraphOptions& of = model_.options();
    pass_low(model_.item_scale_, back_scale_);
    blur();
    if (of.merge == GraphMerge::early) add_low();
    sharpen();
    if (of.merge == GraphMerge::late) add_low();
  }

  /// M y of every column y: how much each item, chosen, adds to what y picks out of the answer.
  void run_backwards() {
    const GraphOptions& of = model_.options();
    if (of.merge == GraphMerge::late) pass_low(back_scale_, model_.item_scale_);
    sharpen();
    if (of.merge == GraphMerge::early) pass_low(back_scale_, model_.item_scale_);
    blur();
    add_low();
  }

 private:
  /// signal ← keep · signal + add · P signal.
  void step(double keep, double add) {
    matrix_.times(signal_, by_user_);
    matrix_.transposed_times(by_user_, stddev_);
    const float widest = model_.singular_values_.front();
    add /= std::max(static_cast<double>(widest) * widest, kLeastWidest);
    const auto kept = static_cast<float>(keep);
    for (float& value : signal_.values()) value *= kept;
    axpy(static_cast<float>(add), stddev_.values(), signal_.values());
  }
  void blur() {
    const GraphOptions& of = model_.options();
    const double length = of.blur_time / of.blur_steps;
    for (int s = 0; s < of.blur_steps && length > 0; ++s) step(1 - length, length);
  }
  void sharpen() {
    const GraphOptions& of = model_.options();
    const double length = of.sharpen_time / of.sharpen_steps;
    for (int s = 0; s < of.sharpen_steps && length > 0; ++s) step(1, -length);
  }

  /// low_ ← low_pass · diag(to) V Vᵀ diag(from) signal.
  void pass_low(std::span<const float> from, std::span<const float> to) {
    const Matrix<float>& vectors = model_.vectors_;
    for (std::size_t i = 0; i < signal_.rows(); ++i) {
      const std::span<const float> in = signal_.row(i);
      std::transform(in.begin(), in.end(), low_.row(i).begin(), [&](float value) { return from[i] * value; });
    }
    Matrix<float> frequencies(vectors.cols(), signal_.cols());
    gemm(Transpose::yes, Transpose::no, static_cast<float>(model_.options().low_pass), vectors.view(), low_.view(), 0,
         frequencies.view());
    gemm(Transpose::no, Transpose::no, 1, vectors.view(), frequencies.view(), 0, low_.view());
    for (std::size_t i = 0; i < low_.rows(); ++i) {
      for (float& value : low_.row(i)) value *= to[i];
    }
  }
  void add_low() { axpy(1, low_.values(), signal_.values()); }

  const GraphModel& model_;
  TrainingMatrix matrix_;
  Matrix<float> signal_;
  Matrix<float> by_user_;
  Matrix<float> stddev_;
  Matrix<float> low_;
  std::vector<float> back_scale_;  // 1 / item_scale_
};

std::size_t GraphModel::dim(const Dataset& data) const {
  const auto wanted = static_cast<std::size_t>(options().dim);
  return std::min(wanted > 0 ? wanted : std::min(kMostGraphDim, fitting_rank(shape_of(data))), data.item_count());
}

double GraphModel::fit_operations(const Dataset& data, Task) const {
  return truncated_svd_operations(data, dim(data), options().iterations);
}

std::uint64_t GraphModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const std::uint64_t items = data.item_count();
  const std::uint64_t signals = std::uint64_t{threads} * kSignals * (data.user_count() + 3 * items);
  const std::uint64_t own = (dim(data) * items + 2 * items + data.user_count()) * sizeof(float);
  return own +
         std::max<std::uint64_t>(truncated_svd_memory(data.user_count(), items, dim(data), threads),
                                 signals * sizeof(float)) +
         choices_memory(data, task);
}

const Dataset& GraphModel::prepare(const Dataset& all) {
  least_ = least_choice(all, task(), options().like_threshold);
  part_ = chosen_part(all, least_);
  const Dataset& chosen = part_ ? *part_ : all;
  const Strength strength = strength_of(all, task());
  user_scale_ = user_scales(chosen, options().user_power, strength);
  item_scale_ = item_scales(chosen, options().item_power, strength);
  return chosen;
}

void GraphModel::do_fit(const Dataset& all, const FitOptions& fit, Context& context) {
  const Dataset& chosen = prepare(all);
  RightSingularVectors found =
      truncated_svd(context, TrainingMatrix(chosen, user_scale_, item_scale_, strength_of(all, task())), dim(all),
                    options().iterations, fit.seed, info().name);
  vectors_ = std::move(found.vectors);
  singular_values_ = std::move(found.values);
  require_finite("item vectors", vectors_.values());
}

void GraphModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  Filter filter(*this, std::min(kSignals, queries.size()));
  for (std::size_t first = 0; first < queries.size(); first += kSignals) {
    const std::size_t count = std::min(kSignals, queries.size() - first);
    Matrix<float>& signal = filter.signal();
    signal.fill(0);
    for (std::size_t q = 0; q < count; ++q) {
      for (const auto& [item, strength] : choices(queries[first + q], least_)) signal(item, q) += strength;
    }
    filter.run();
    for (std::size_t q = 0; q < count; ++q) {
      for (std::size_t i = 0; i < signal.rows(); ++i) scores(first + q, i) = signal(i, q);
    }
  }
}

void GraphModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  Filter filter(*this, 1);
  filter.signal()(item.index, 0) = 1;
  filter.run();
  std::copy(filter.signal().values().begin(), filter.signal().values().end(), out.begin());
}

std::vector<Contribution> GraphModel::do_explain(const Query& query, ItemRow item) const {
  const std::vector<Choice> chosen = choices(query, least_);
  Filter filter(*this, 1);
  filter.signal()(item.index, 0) = 1;
  filter.run_backwards();
  std::vector<Contribution> reasons;
  for (const auto& [from, strength] : chosen) {
    reasons.push_back({.label = {}, .item = ItemRow(from), .user = {}, .amount = strength * filter.signal()(from, 0)});
  }
  return reasons;
}

void GraphModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", vectors_);
  out.add("singular_values", singular_values_);
}

void GraphModel::do_load(const TensorFile& in) {
  const std::size_t items = data().item_count();
  const std::size_t kept = in.count<float>("singular_values");
  vectors_ = in.matrix<float>("item_vectors", items, kept);
  singular_values_ = in.vector<float>("singular_values", kept);
  prepare(data());
}

}  // namespace gusto
