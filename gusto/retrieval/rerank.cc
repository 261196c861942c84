#include "gusto/retrieval/rerank.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"

namespace gusto {
namespace {

/// Each candidate's values in one field, every value once.
class ItemValues {
 public:
  ItemValues(const FeatureField& field, std::span<const ItemRow> items) {
    for (const ItemRow item : items) {
      const std::span<const std::uint32_t> ids = field.ids_of(item.index);
      const auto begin = static_cast<std::ptrdiff_t>(ids_.size());
      ids_.insert(ids_.end(), ids.begin(), ids.end());
      std::sort(ids_.begin() + begin, ids_.end());
      ids_.erase(std::unique(ids_.begin() + begin, ids_.end()), ids_.end());
      offsets_.push_back(ids_.size());
    }
  }
  std::size_t size() const { return offsets_.size() - 1; }
  std::span<const std::uint32_t> operator[](std::size_t candidate) const {
    return std::span(ids_).subspan(offsets_[candidate], offsets_[candidate + 1] - offsets_[candidate]);
  }

 private:
  std::vector<std::uint64_t> offsets_{0};
  std::vector<std::uint32_t> ids_;
};

/// Calls body(value, share) for the shares that an item has in a mix: its n values 1/n each, or all of "no value".
template <class Body>
void each_share(std::span<const std::uint32_t> values, std::size_t no_value, const Body& body) {
  if (values.empty()) body(no_value, 1.0);
  for (const std::uint32_t value : values) body(std::size_t{value}, 1 / static_cast<double>(values.size()));
}

/// KL(p ‖ q̃) of the picked items with one more, for every candidate in the time of its own values.
class Divergence {
 public:
  explicit Divergence(const RerankInput& input)
      : values_(*input.field, input.items), mix_(input.mix), sums_(mix_.size()) {
    for (const double share : mix_) entropy_ += share > 0 ? share * std::log(share) : 0;
    refresh();
  }

  double with(std::size_t candidate) const {
    double cross = cross_;
    each_share(values_[candidate], mix_.size() - 1, [&](std::size_t value, double share) {
      if (mix_[value] > 0) cross += term(value, sums_[value] + share) - term(value, sums_[value]);
    });
    return entropy_ - cross;
  }

  void pick(std::size_t candidate) {
    each_share(values_[candidate], mix_.size() - 1, [&](std::size_t value, double share) { sums_[value] += share; });
    ++picked_;
    refresh();
  }

 private:
  static constexpr double kOwnShare = 0.01;  // Steck's α: keeps the logarithm finite

  /// p log q̃ of a value that has so much of the picked items and the next one.
  double term(std::size_t value, double sum) const {
    return mix_[value] * std::log((1 - kOwnShare) * sum / (picked_ + 1) + kOwnShare * mix_[value]);
  }
  void refresh() {
    cross_ = 0;
    for (std::size_t v = 0; v < mix_.size(); ++v) cross_ += mix_[v] > 0 ? term(v, sums_[v]) : 0;
  }

  ItemValues values_;
  std::span<const double> mix_;
  std::vector<double> sums_;  // of the picked items' shares
  double picked_ = 0;
  double entropy_ = 0;  // Σ p log p
  double cross_ = 0;    // Σ p log q̃ with nothing more of any value
};

/// One cap, and how often each value was picked.
class CapCounter {
 public:
  CapCounter(const FeatureCap& cap, std::span<const ItemRow> items)
      : values_(*cap.field, items), most_(cap.most), counts_(cap.field->values.size()) {}

  bool full(std::size_t candidate) const {
    const std::span<const std::uint32_t> values = values_[candidate];
    return std::any_of(values.begin(), values.end(), [&](std::uint32_t value) { return counts_[value] >= most_; });
  }
  void pick(std::size_t candidate) {
    for (const std::uint32_t value : values_[candidate]) ++counts_[value];
  }

 private:
  ItemValues values_;
  std::size_t most_;
  std::vector<std::size_t> counts_;
};

void check(const RerankInput& input) {
  check_rerank_shares(input.diversity, input.calibration, input.popularity_penalty);
  const bool calibrates = input.calibration > 0 && !input.mix.empty();
  if (calibrates && input.field != nullptr) require_values(*input.field, "calibration");
  for (const FeatureCap& cap : input.caps) require_values(*cap.field, "a cap");
  const bool fits = input.relevance.size() == input.items.size() && (input.diversity == 0 || input.similarity) &&
                    (input.popularity_penalty == 0 || input.popularity.size() == input.items.size()) &&
                    (!calibrates || (input.field != nullptr && input.mix.size() == input.field->values.size() + 1));
  if (!fits) throw Error(ErrorCode::internal, "What rerank() was given does not go together.");
}

bool any_share(std::span<const double> mix) {
  return std::any_of(mix.begin(), mix.end(), [](double share) { return share > 0; });
}

}  // namespace

SimilarityRow feature_similarity(const FeatureSets& features, std::span<const ItemRow> items) {
  return [&features, items](std::size_t picked, std::span<float> out) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool described = !features[items[i]].empty() || !features[items[picked]].empty();
      out[i] = described ? static_cast<float>(1 - features.distance(items[i], items[picked])) : 0.0F;
    }
  };
}

SimilarityRow vector_similarity(MatrixView<const float> vectors, std::span<const ItemRow> items) {
  auto units = std::make_shared<Matrix<float>>(items.size(), vectors.cols);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::span<const float> vector = vectors.row(items[i].index);
    const float length = std::sqrt(dot(vector, vector));
    if (length > 0) axpy(1 / length, vector, units->row(i));
  }
  return [units = std::shared_ptr<const Matrix<float>>(std::move(units))](std::size_t picked, std::span<float> out) {
    gemm(Transpose::no, Transpose::yes, 1, units->view().slice(picked, picked + 1), units->view(), 0,
         MatrixView<float>(out.data(), 1, out.size()));
    for (float& cosine : out) cosine = std::clamp(cosine, -1.0F, 1.0F);  // rounding leads a little beyond
  };
}

std::vector<double> feature_mix(const FeatureField& field, std::span<const ItemRow> items) {
  require_values(field, "calibration");
  std::vector<double> mix(field.values.size() + 1);
  const ItemValues values(field, items);
  const auto count = static_cast<double>(items.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    each_share(values[i], field.values.size(), [&](std::size_t value, double share) { mix[value] += share / count; });
  }
  return mix;
}

std::vector<RerankedItem> rerank(const RerankInput& input) {
  check(input);
  const std::size_t count = input.items.size();
  const double relevance_share = std::max(0.0, 1 - input.diversity - input.calibration - input.popularity_penalty);
  std::optional<Divergence> divergence;
  if (input.calibration > 0 && any_share(input.mix)) divergence.emplace(input);
  std::vector<CapCounter> caps;
  for (const FeatureCap& cap : input.caps) caps.emplace_back(cap, input.items);
  std::vector<float> similarity(count);  // to the most similar picked item
  std::vector<float> to_picked(count);
  std::vector<std::size_t> open(count);  // ascending
  std::iota(open.begin(), open.end(), std::size_t{0});

  const auto terms_of = [&](std::size_t i) {
    RerankedItem item{.candidate = i};
    if (input.diversity > 0) item.similarity = similarity[i];
    if (divergence) item.divergence = divergence->with(i);
    if (input.popularity_penalty > 0) item.popularity = input.popularity[i];
    item.value = relevance_share * input.relevance[i] - input.diversity * item.similarity -
                 input.calibration * item.divergence - input.popularity_penalty * item.popularity;
    return item;
  };
  // Counts only grow: what a cap shuts out stays out.
  const auto shut = [&] {
    const auto full = [&](std::size_t i) {
      return std::any_of(caps.begin(), caps.end(), [i](const CapCounter& cap) { return cap.full(i); });
    };
    if (!caps.empty()) open.erase(std::remove_if(open.begin(), open.end(), full), open.end());
  };
  shut();
  std::vector<RerankedItem> result;
  while (result.size() < std::min(input.k, count) && !open.empty()) {
    RerankedItem best = terms_of(open.front());
    for (std::size_t o = 1; o < open.size(); ++o) {
      if (const RerankedItem item = terms_of(open[o]); item.value > best.value) best = item;
    }
    result.push_back(best);
    if (divergence) divergence->pick(best.candidate);
    for (CapCounter& cap : caps) cap.pick(best.candidate);
    if (input.diversity > 0) {
      input.similarity(best.candidate, to_picked);
      for (std::size_t i = 0; i < count; ++i) {
        // The first one sets it, as cosines may be negative.
        similarity[i] = result.size() == 1 ? to_picked[i] : std::max(similarity[i], to_picked[i]);
      }
    }
    open.erase(std::find(open.begin(), open.end(), best.candidate));
    shut();
  }
  return result;
}

void check_rerank_shares(double diversity, double calibration, double popularity_penalty) {
  const std::pair<std::string_view, double> shares[] = {
      {"diversity", diversity}, {"calibration", calibration}, {"popularity_penalty", popularity_penalty}};
  for (const auto& [name, share] : shares) {
    if (share >= 0 && share <= 1) continue;
    throw Error(ErrorCode::invalid_option, fmt::format("{} has a share of {}.", name, share),
                "Give it a number from 0 to 1: what the shares leave of 1 is relevance's.");
  }
  const double sum = diversity + calibration + popularity_penalty;
  if (sum <= 1 + 1e-9) return;  // tenths do not add up exactly
  throw Error(ErrorCode::invalid_option,
              fmt::format("diversity, calibration and popularity_penalty have shares of {:g} together.", sum),
              "Lower them to at most 1: what they leave of it is relevance's.");
}

}  // namespace gusto
