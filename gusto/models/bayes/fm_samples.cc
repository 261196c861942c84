#include "gusto/models/bayes/fm_samples.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"

namespace gusto {
namespace {

constexpr std::size_t kSampleRows = 256;

// What may be drawn of a row: its linear weight, and its factors if it has some.
std::size_t width_of(const FmBlock& block, std::size_t dim) { return block.factors ? 1 + dim : 1; }

}  // namespace

FmSamples::FmSamples(std::span<const FmBlock> blocks, std::size_t dim, std::size_t samples)
    : dim_(dim), offsets_(samples), noise_(samples) {
  for (const FmBlock& block : blocks) {
    const std::size_t width = width_of(block, dim);
    blocks_.push_back({Matrix<float>(block.rows, samples), Matrix<float>(block.factors ? block.rows : 0, samples * dim),
                       Matrix<float>(samples, width), Matrix<float>(samples, width)});
  }
  const std::size_t shared = blocks[FmFeatures::kUser].shared_columns();
  column_weights_ = Matrix<float>(shared, samples);
  column_factors_ = Matrix<float>(shared, samples * dim);
}

void FmSamples::keep(std::size_t sample, const FmSampler& sampler, float offset, Context& context) {
  offsets_[sample] = offset;
  noise_[sample] = static_cast<float>(1 / sampler.noise_precision());
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    Block& block = blocks_[b];
    const FmSampler::State& state = sampler.state(b);
    const std::size_t width = block.prior_mean.cols();
    std::copy_n(state.priors[0].mean.begin(), width, block.prior_mean.row(sample).begin());
    std::copy_n(state.priors[0].precision.begin(), width, block.prior_precision.row(sample).begin());
    parallel_blocks(context, block.linear.rows(), kSampleRows, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t row = begin; row < end; ++row) {
        block.linear(row, sample) = state.linear[row];
        if (block.factors.empty()) continue;
        std::copy_n(state.factors.row(row).begin(), dim_, block.factors.row(row).subspan(sample * dim_).begin());
      }
    });
  }
  const FmSampler::State& users = sampler.state(FmFeatures::kUser);
  const std::size_t own = users.linear.size();
  parallel_blocks(context, column_weights_.rows(), kSampleRows, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t j = begin; j < end; ++j) {
      column_weights_(j, sample) = users.weights[own + j];
      for (std::size_t f = 0; f < dim_; ++f) {
        column_factors_(j, sample * dim_ + f) = users.column_factors(f, own + j);
      }
    }
  });
}

void FmSamples::add(const Slice& more, float& linear, std::span<float> factors) {
  linear += more.linear;
  for (std::size_t f = 0; f < more.factors.size(); ++f) linear += factors[f] * more.factors[f];
  for (std::size_t f = 0; f < more.factors.size(); ++f) factors[f] += more.factors[f];
}

FmSamples::Slice FmSamples::row_of(std::size_t b, std::size_t row, std::size_t s) const {
  const Block& block = blocks_[b];
  if (block.factors.empty()) return {block.linear(row, s), {}};
  return {block.linear(row, s), block.factors.row(row).subspan(s * dim_, dim_)};
}

FmSamples::Slice FmSamples::mean_of(std::size_t b, std::size_t s) const {
  const std::span<const float> mean = blocks_[b].prior_mean.row(s);
  return {mean[0], mean.subspan(1)};
}

double FmSamples::variance_of(std::size_t b, std::size_t s, std::span<const float> factors) const {
  const std::span<const float> precision = blocks_[b].prior_precision.row(s);
  double variance = 1 / static_cast<double>(precision[0]);
  for (std::size_t f = 0; f + 1 < precision.size(); ++f) {
    const auto factor = static_cast<double>(factors[f]);
    variance += factor * factor / static_cast<double>(precision[1 + f]);
  }
  return variance;
}

void FmSamples::add(const Slice& more, FmPart& part, std::size_t s) const {
  add(more, part.linear[s], std::span(part.factors).subspan(s * dim_, dim_));
}

FmSamples::Slice FmSamples::slice_of(const FmPart& part, std::size_t s) const {
  return {part.linear[s], std::span(part.factors).subspan(s * dim_, dim_)};
}

void FmSamples::join(FmPart& part, const FmPart& more) const {
  for (std::size_t s = 0; s < count(); ++s) add(slice_of(more, s), part, s);
}

void FmSamples::join(FmPart& part, std::size_t block, std::size_t row) const {
  for (std::size_t s = 0; s < count(); ++s) add(row_of(block, row, s), part, s);
}

void FmSamples::join_mean(FmPart& part, std::size_t block) const {
  for (std::size_t s = 0; s < count(); ++s) add(mean_of(block, s), part, s);
}

void FmSamples::join_draw(FmPart& part, std::size_t block, std::uint64_t key) const {
  const Block& of = blocks_[block];
  std::vector<float> row(of.prior_mean.cols());
  for (std::size_t s = 0; s < count(); ++s) {
    fm_normals(fm_key(purpose_key("bayes-fm unseen row"), s, block, FmDraw::row, key), row);
    for (std::size_t c = 0; c < row.size(); ++c) {
      row[c] = of.prior_mean(s, c) + row[c] / std::sqrt(of.prior_precision(s, c));
    }
    add({row[0], std::span<const float>(row).subspan(1)}, part, s);
  }
}

void FmSamples::outputs(const FmPart& rest, std::size_t item, std::span<float> out) const {
  const Block& items = blocks_[FmFeatures::kItem];
  fm_dots(rest.factors.data(), items.factors.row(item).data(), dim_, out);
  for (std::size_t s = 0; s < out.size(); ++s) out[s] += rest.linear[s] + items.linear(item, s);
}

FmPart FmSamples::shared_part(std::span<const FmEntry> columns) const {
  const std::size_t own = blocks_[FmFeatures::kUser].linear.rows();
  FmPart part{std::vector<float>(count()), std::vector<float>(count() * dim_)};
  for (std::size_t s = 0; s < count(); ++s) {
    const std::span<float> sums = std::span(part.factors).subspan(s * dim_, dim_);
    float linear = 0;
    float squares = 0;
    for (const FmEntry& entry : columns) {
      const std::size_t j = entry.column - own;
      linear += entry.amount * column_weights_(j, s);
      for (std::size_t f = 0; f < dim_; ++f) {
        const float one = entry.amount * column_factors_(j, s * dim_ + f);
        sums[f] += one;
        squares += one * one;
      }
    }
    float length = 0;
    for (const float sum : sums) length += sum * sum;
    part.linear[s] = linear + 0.5F * (length - squares);
  }
  return part;
}

FmEstimate FmSamples::new_user(std::span<const FmEntry> columns, std::span<const FmPlace> events, std::size_t rounds,
                               const FmTargets& targets, const FmFeatures& features) const {
  const std::size_t n = events.size();
  const std::size_t width = 1 + dim_;
  const std::size_t days = features.day_block();
  const std::size_t user_days = features.user_day_block();
  const FmPart shared = shared_part(columns);
  FmEstimate row{shared, shared};
  Matrix<float> h(n, width);
  Matrix<float> products(width, width);
  Matrix<double> left(width, width);
  std::vector<float> rest(n), deviation(n), outputs(n), wanted(n), factors(dim_), normals(width);
  std::vector<double> mean(width), theta(width);
  for (std::size_t s = 0; s < count(); ++s) {
    // Each event's target is rest + deviation · (h · (the own column's weight and factors) + a standard normal number).
    for (std::size_t e = 0; e < n; ++e) {
      double variance = noise_[s];
      rest[e] = offsets_[s];
      std::fill(factors.begin(), factors.end(), 0.0F);
      add(slice_of(shared, s), rest[e], factors);
      add(row_of(FmFeatures::kItem, events[e].item, s), rest[e], factors);
      if (days > 0 && !events[e].day) variance += variance_of(days, s, factors);
      if (days > 0) add(events[e].day ? row_of(days, *events[e].day, s) : mean_of(days, s), rest[e], factors);
      if (user_days > 0) {
        variance += variance_of(user_days, s, {});
        add(mean_of(user_days, s), rest[e], factors);
      }
      deviation[e] = static_cast<float>(std::sqrt(variance));
      h(e, 0) = 1 / deviation[e];
      for (std::size_t f = 0; f < dim_; ++f) h(e, 1 + f) = factors[f] / deviation[e];
    }

    // Hence the own column is normal with the precision hᵀh + λ.
    const std::span<const float> prior_mean = blocks_[FmFeatures::kUser].prior_mean.row(s);
    const std::span<const float> precision = blocks_[FmFeatures::kUser].prior_precision.row(s);
    const MatrixView<const float> inputs = std::as_const(h).view();
    if (n > 0) gemm(Transpose::yes, Transpose::no, 1, inputs, inputs, 0, products.view());
    std::copy(products.values().begin(), products.values().end(), left.values().begin());
    for (std::size_t c = 0; c < width; ++c) left(c, c) += static_cast<double>(precision[c]);
    const Cholesky factored(left.view());
    std::copy(prior_mean.begin(), prior_mean.end(), theta.begin());
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t e = 0; e < n; ++e) {
        double sum = 0;
        for (std::size_t c = 0; c < width; ++c) sum += theta[c] * static_cast<double>(h(e, c));
        outputs[e] = rest[e] + deviation[e] * static_cast<float>(sum);
      }
      targets(s, round, outputs, deviation, wanted);
      for (std::size_t c = 0; c < width; ++c) {
        mean[c] = static_cast<double>(precision[c]) * static_cast<double>(prior_mean[c]);
      }
      for (std::size_t e = 0; e < n; ++e) {
        const auto toward = static_cast<double>((wanted[e] - rest[e]) / deviation[e]);
        for (std::size_t c = 0; c < width; ++c) mean[c] += toward * static_cast<double>(h(e, c));
      }
      factored.solve(mean);
      fm_normals(fm_key(0, s, round, FmDraw::row, 0), normals);
      std::copy(normals.begin(), normals.end(), theta.begin());
      factored.solve_upper(theta);
      for (std::size_t c = 0; c < width; ++c) theta[c] += mean[c];
    }

    std::vector<float> own(width);
    const auto add_own = [&](std::span<const double> values, FmPart& part) {
      std::transform(values.begin(), values.end(), own.begin(), [](double v) { return static_cast<float>(v); });
      add({own[0], std::span<const float>(own).subspan(1)}, part, s);
    };
    add_own(mean, row.mean);
    add_own(theta, row.drawn);
  }
  return row;
}

void FmSamples::save(TensorWriter& out, std::span<const FmBlock> blocks) const {
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    out.add(fmt::format("{}_linear", blocks[b].name), blocks_[b].linear);
    if (blocks[b].factors) out.add(fmt::format("{}_factors", blocks[b].name), blocks_[b].factors);
    out.add(fmt::format("{}_prior_mean", blocks[b].name), blocks_[b].prior_mean);
    out.add(fmt::format("{}_prior_precision", blocks[b].name), blocks_[b].prior_precision);
  }
  out.add("user_column_weights", column_weights_);
  out.add("user_column_factors", column_factors_);
  out.add("offsets", offsets_);
  out.add("noise", noise_);
}

FmSamples FmSamples::load(const TensorFile& in, std::span<const FmBlock> blocks, std::size_t dim) {
  const auto samples = static_cast<std::size_t>(in.count<float>("offsets"));
  FmSamples loaded;
  loaded.dim_ = dim;
  for (const FmBlock& block : blocks) {
    Block& one = loaded.blocks_.emplace_back();
    one.linear = in.matrix<float>(fmt::format("{}_linear", block.name), block.rows, samples);
    if (block.factors) one.factors = in.matrix<float>(fmt::format("{}_factors", block.name), block.rows, samples * dim);
    one.prior_mean = in.matrix<float>(fmt::format("{}_prior_mean", block.name), samples, width_of(block, dim));
    one.prior_precision =
        in.matrix<float>(fmt::format("{}_prior_precision", block.name), samples, width_of(block, dim));
  }
  const std::size_t shared = blocks[FmFeatures::kUser].shared_columns();
  loaded.column_weights_ = in.matrix<float>("user_column_weights", shared, samples);
  loaded.column_factors_ = in.matrix<float>("user_column_factors", shared, samples * dim);
  loaded.offsets_ = in.vector<float>("offsets", samples);
  loaded.noise_ = in.vector<float>("noise", samples);
  loaded.check_loaded();
  return loaded;
}

void FmSamples::check_loaded() const {
  const auto require = [](bool sound, std::string_view what) {
    if (!sound) throw Error(ErrorCode::corrupt_file, fmt::format("The samples of bayes-fm {}.", what));
  };
  const auto finite = [](std::span<const float> values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  };
  const auto positive = [&](std::span<const float> values) {
    return finite(values) && std::all_of(values.begin(), values.end(), [](float v) { return v > 0; });
  };
  require(count() > 0, "are none");
  bool sound = finite(offsets_) && finite(column_weights_.values()) && finite(column_factors_.values());
  bool above_zero = positive(noise_);
  for (const Block& block : blocks_) {
    sound =
        sound && finite(block.linear.values()) && finite(block.factors.values()) && finite(block.prior_mean.values());
    above_zero = above_zero && positive(block.prior_precision.values());
  }
  require(sound, "hold a number that is not finite");
  require(above_zero, "hold a variance or a precision that is not above 0");
}

}  // namespace gusto
