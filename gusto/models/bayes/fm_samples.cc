#include "gusto/models/bayes/fm_samples.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"

namespace gusto {
namespace {

constexpr std::size_t kRowBlock = 256;

void add_dot(std::span<const float> a, std::span<const float> b, float& sum) {
  for (std::size_t f = 0; f < a.size(); ++f) sum += a[f] * b[f];
}

}  // namespace

FmSamples::FmSamples(std::span<const FmBlock> blocks, std::size_t dim, std::size_t samples)
    : dim_(dim), prior_precision_(samples, 1 + dim), offsets_(samples), noise_(samples) {
  for (const FmBlock& block : blocks) {
    blocks_.push_back({Matrix<float>(block.rows, samples), Matrix<float>(block.factors ? block.rows : 0, samples * dim),
                       Matrix<float>(samples, 1 + dim)});
  }
  const FmBlock& users = blocks[FmFeatures::kUser];
  const std::size_t shared = users.shares() ? users.columns() - users.rows : 0;
  column_weights_ = Matrix<float>(shared, samples);
  column_factors_ = Matrix<float>(shared, samples * dim);
}

void FmSamples::keep(std::size_t sample, const FmSampler& sampler, float offset, Context& context) {
  offsets_[sample] = offset;
  noise_[sample] = static_cast<float>(1 / sampler.noise_precision());
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    Block& block = blocks_[b];
    const FmSampler::State& state = sampler.state(b);
    std::copy_n(state.priors[0].mean.begin(), 1 + dim_, block.prior_mean.row(sample).begin());
    parallel_blocks(context, block.linear.rows(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t row = begin; row < end; ++row) {
        block.linear(row, sample) = state.linear[row];
        if (block.factors.empty()) continue;
        std::copy_n(state.factors.row(row).begin(), dim_, block.factors.row(row).subspan(sample * dim_).begin());
      }
    });
  }
  const FmSampler::State& users = sampler.state(FmFeatures::kUser);
  std::copy_n(users.priors[0].precision.begin(), 1 + dim_, prior_precision_.row(sample).begin());
  const std::size_t own = users.linear.size();
  parallel_blocks(context, column_weights_.rows(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t j = begin; j < end; ++j) {
      column_weights_(j, sample) = users.weights[own + j];
      for (std::size_t f = 0; f < dim_; ++f) {
        column_factors_(j, sample * dim_ + f) = users.column_factors(f, own + j);
      }
    }
  });
}

void FmSamples::join(FmPart& part, std::size_t b, std::optional<std::size_t> row) const {
  const Block& block = blocks_[b];
  for (std::size_t s = 0; s < count(); ++s) {
    part.linear[s] += row ? block.linear(*row, s) : block.prior_mean(s, 0);
    if (block.factors.empty()) continue;
    const std::span<float> own = std::span(part.factors).subspan(s * dim_, dim_);
    const std::span<const float> more =
        row ? block.factors.row(*row).subspan(s * dim_, dim_) : block.prior_mean.row(s).subspan(1);
    add_dot(own, more, part.linear[s]);
    for (std::size_t f = 0; f < dim_; ++f) own[f] += more[f];
  }
}

void FmSamples::join(FmPart& part, const FmPart& more) const {
  for (std::size_t s = 0; s < count(); ++s) {
    const std::span<float> own = std::span(part.factors).subspan(s * dim_, dim_);
    const std::span<const float> others = std::span(more.factors).subspan(s * dim_, dim_);
    part.linear[s] += more.linear[s];
    add_dot(own, others, part.linear[s]);
    for (std::size_t f = 0; f < dim_; ++f) own[f] += others[f];
  }
}

void FmSamples::outputs(const FmPart& rest, std::size_t item, std::span<float> out) const {
  const Block& items = blocks_[FmFeatures::kItem];
  fm_dots(rest.factors.data(), items.factors.row(item).data(), dim_, out);
  for (std::size_t s = 0; s < out.size(); ++s) out[s] += rest.linear[s] + items.linear(item, s);
}

FmSamples::Newcomer FmSamples::newcomer(std::span<const FmEntry> columns, std::span<const FmPlace> events,
                                        std::size_t rounds, const FmTargets& targets,
                                        const FmFeatures& features) const {
  const std::size_t n = events.size();
  const std::size_t width = 1 + dim_;
  const std::size_t own = blocks_[FmFeatures::kUser].linear.rows();
  Newcomer result{{std::vector<float>(count()), std::vector<float>(count() * dim_)}, {}};
  result.drawn = result.mean;
  Matrix<float> h(n, width);
  Matrix<float> products(width, width);
  Matrix<double> left(width, width);
  std::vector<float> rest(n), outputs(n), wanted(n), normals(width + n);
  std::vector<double> right(width), perturbed(width);
  for (std::size_t s = 0; s < count(); ++s) {
    // What the shared columns add up to.
    const std::span<float> shared = std::span(result.mean.factors).subspan(s * dim_, dim_);
    float linear = 0;
    float squares = 0;
    for (const FmEntry& entry : columns) {
      const std::size_t j = entry.column - own;
      linear += entry.amount * column_weights_(j, s);
      for (std::size_t f = 0; f < dim_; ++f) {
        const float part = entry.amount * column_factors_(j, s * dim_ + f);
        shared[f] += part;
        squares += part * part;
      }
    }
    float length = 0;
    add_dot(shared, shared, length);
    linear += 0.5F * (length - squares);

    // Each event's output is rest + h · (the own column's weight and factors).
    FmPart place;
    for (std::size_t e = 0; e < n; ++e) {
      const Block& items = blocks_[FmFeatures::kItem];
      const std::span<float> row = h.row(e);
      row[0] = 1;
      const std::span<float> factors = row.subspan(1);
      std::copy_n(items.factors.row(events[e].item).subspan(s * dim_).begin(), dim_, factors.begin());
      rest[e] = offsets_[s] + linear + items.linear(events[e].item, s);
      if (features.day_block() > 0) {
        const Block& days = blocks_[features.day_block()];
        const std::optional<std::size_t> day = events[e].day;
        const std::span<const float> more =
            day ? days.factors.row(*day).subspan(s * dim_, dim_) : days.prior_mean.row(s).subspan(1);
        rest[e] += day ? days.linear(*day, s) : days.prior_mean(s, 0);
        add_dot(factors, more, rest[e]);
        for (std::size_t f = 0; f < dim_; ++f) factors[f] += more[f];
      }
      if (features.user_day_block() > 0) rest[e] += blocks_[features.user_day_block()].prior_mean(s, 0);
      add_dot(factors, shared, rest[e]);
      for (std::size_t f = 0; f < dim_; ++f) factors[f] += shared[f];
    }

    const std::span<const float> mean = blocks_[FmFeatures::kUser].prior_mean.row(s);
    const std::span<const float> precision = prior_precision_.row(s);
    const double noise = 1 / static_cast<double>(noise_[s]);
    if (n > 0) {
      gemm(Transpose::yes, Transpose::no, 1, std::as_const(h).view(), std::as_const(h).view(), 0, products.view());
    }
    for (std::size_t i = 0; i < left.values().size(); ++i) {
      left.values()[i] = n > 0 ? noise * static_cast<double>(products.values()[i]) : 0;
    }
    for (std::size_t c = 0; c < width; ++c) left(c, c) += static_cast<double>(precision[c]);
    std::vector<double> theta(mean.begin(), mean.end());
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t e = 0; e < n; ++e) {
        double sum = rest[e];
        for (std::size_t c = 0; c < width; ++c) sum += theta[c] * static_cast<double>(h(e, c));
        outputs[e] = static_cast<float>(sum);
      }
      targets(s, round, outputs, wanted);
      fm_normals(fm_key(0, s, round, FmDraw::row, 0), normals);
      // A draw solves the same system with a right side perturbed by noise whose covariance is the system's matrix.
      for (std::size_t c = 0; c < width; ++c) {
        right[c] = static_cast<double>(precision[c]) * static_cast<double>(mean[c]);
        perturbed[c] = std::sqrt(static_cast<double>(precision[c])) * static_cast<double>(normals[c]);
      }
      for (std::size_t e = 0; e < n; ++e) {
        const double towards = noise * static_cast<double>(wanted[e] - rest[e]);
        const double shaken = std::sqrt(noise) * static_cast<double>(normals[width + e]);
        for (std::size_t c = 0; c < width; ++c) {
          right[c] += towards * static_cast<double>(h(e, c));
          perturbed[c] += shaken * static_cast<double>(h(e, c));
        }
      }
      for (std::size_t c = 0; c < width; ++c) perturbed[c] += right[c];
      theta = perturbed;
      solve_spd(left.view(), theta);
    }
    solve_spd(left.view(), right);

    const std::vector<float> columns_sum(shared.begin(), shared.end());
    const auto write = [&](std::span<const double> row, FmPart& out) {
      out.linear[s] = linear + static_cast<float>(row[0]);
      for (std::size_t f = 0; f < dim_; ++f) {
        const auto v = static_cast<float>(row[1 + f]);
        out.linear[s] += columns_sum[f] * v;
        out.factors[s * dim_ + f] = columns_sum[f] + v;
      }
    };
    write(right, result.mean);
    write(theta, result.drawn);
  }
  return result;
}

void FmSamples::save(TensorWriter& out, std::span<const FmBlock> blocks) const {
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    out.add(fmt::format("{}_linear", blocks[b].name), blocks_[b].linear);
    if (blocks[b].factors) out.add(fmt::format("{}_factors", blocks[b].name), blocks_[b].factors);
    out.add(fmt::format("{}_prior_mean", blocks[b].name), blocks_[b].prior_mean);
  }
  out.add("user_prior_precision", prior_precision_);
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
    one.prior_mean = in.matrix<float>(fmt::format("{}_prior_mean", block.name), samples, 1 + dim);
  }
  const FmBlock& users = blocks[FmFeatures::kUser];
  const std::size_t shared = users.shares() ? users.columns() - users.rows : 0;
  loaded.prior_precision_ = in.matrix<float>("user_prior_precision", samples, 1 + dim);
  loaded.column_weights_ = in.matrix<float>("user_column_weights", shared, samples);
  loaded.column_factors_ = in.matrix<float>("user_column_factors", shared, samples * dim);
  loaded.offsets_ = in.vector<float>("offsets", samples);
  loaded.noise_ = in.vector<float>("noise", samples);
  return loaded;
}

}  // namespace gusto
