#include "gusto/models/bayes/fm_sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "gusto/base/kernels.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

constexpr std::size_t kSamplerRows = 16;
constexpr std::size_t kSamplerEvents = 65536;
constexpr std::size_t kFactorBlock = 4096;

// Residuals and sums are brought up to date step by step; every so many sweeps they are added up again, so that
// rounding does not pile up.
constexpr std::size_t kRefreshSweeps = 32;

/// Σ v and Σ v² of one coordinate of a group.
struct Sums {
  double sum = 0;
  double squares = 0;

  void add(float value) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
};

Sums sums_of(std::span<const float> values) {
  Sums sums;
  for (const float value : values) sums.add(value);
  return sums;
}

/// Of each column of a matrix.
std::vector<Sums> column_sums(const Matrix<float>& values, std::size_t columns, Context& context) {
  const std::size_t blocks = (values.rows() + kFactorBlock - 1) / kFactorBlock;
  std::vector<std::vector<Sums>> parts(blocks, std::vector<Sums>(columns));
  parallel_blocks(context, values.rows(), kFactorBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<Sums>& part = parts[begin / kFactorBlock];
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t c = 0; c < columns; ++c) part[c].add(values(r, c));
    }
  });
  std::vector<Sums> sums(columns);
  for (const std::vector<Sums>& part : parts) {
    for (std::size_t c = 0; c < columns; ++c) {
      sums[c].sum += part[c].sum;
      sums[c].squares += part[c].squares;
    }
  }
  return sums;
}

// What the prior of λ adds to a group's squares. One would be usual, and lets groups of few columns, such as genders,
// have factors far wider than anything that the others' have.
constexpr double kPriorSquares = 0.02;

/// The conjugate step for λ given μ, then for μ given λ.
void draw_normal(const Sums& sums, std::size_t count, Random& random, float& mean, float& precision) {
  const auto n = static_cast<double>(count);
  const double old = mean;
  const double centered_squares = sums.squares - 2 * old * sums.sum + n * old * old;
  const double drawn =
      draw_gamma(random, (n + 2) / 2) / ((kPriorSquares + std::max(centered_squares, 0.0) + old * old) / 2);
  precision = static_cast<float>(drawn);
  mean = static_cast<float>(sums.sum / (n + 1) + random.normal() / std::sqrt((n + 1) * drawn));
}

}  // namespace

std::uint64_t fm_key(std::uint64_t seed, std::size_t sweep, std::size_t block, FmDraw draw, std::size_t number) {
  const std::uint64_t place = mix(mix(seed) + sweep) + block * 3 + static_cast<std::uint64_t>(draw);
  return mix(mix(place) + number);
}

double draw_gamma(Random& random, double shape) {
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9 * d);
  while (true) {
    const double x = random.normal();
    const double cube_root = 1 + c * x;
    if (cube_root <= 0) continue;
    const double v = cube_root * cube_root * cube_root;
    if (std::log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double GaussianOutput::draw(std::uint64_t seed, std::size_t sweep, std::span<float> residuals, Context& context) {
  const auto n = static_cast<double>(residuals.size());
  Random random(seed, "bayes-fm noise", sweep);
  const double squares = parallel_sum(
      context, residuals.size(), kSamplerEvents,
      [&](std::size_t begin, std::size_t end) { return sums_of(residuals.subspan(begin, end - begin)).squares; });
  const double precision = draw_gamma(random, (n + 2) / 2) / ((squares + 1) / 2);
  const double sum = parallel_sum(context, residuals.size(), kSamplerEvents, [&](std::size_t begin, std::size_t end) {
    return sums_of(residuals.subspan(begin, end - begin)).sum;
  });
  const auto change = static_cast<float>(sum / n + random.normal() / std::sqrt(n * precision));
  offset_ += change;
  for (float& residual : residuals) residual -= change;
  return precision;
}

FmSampler::FmSampler(const FmDesign& design, std::size_t dim, double init, std::uint64_t seed, FmOutput& output,
                     Context& context, const Start& start)
    : design_(design),
      dim_(dim),
      width_((dim + 3) / 4 * 4),
      output_(output),
      seed_(seed),
      context_(context),
      orders_(design.blocks.size()),
      states_(design.blocks.size()),
      residuals_(design.events()) {
  for (const FmBlock& block : design.blocks) shares_ = shares_ || block.shares();
  for (std::size_t b = 0; b < states_.size(); ++b) {
    const FmBlock& block = design.blocks[b];
    State& state = states_[b];
    order_events(b);
    state.linear.resize(block.rows);
    state.weights.resize(block.columns());
    state.priors.assign(block.shares() ? block.groups.size() : 1,
                        {std::vector<float>(dim_ + 1), std::vector<float>(dim_ + 1, 1.0F)});
    if (!block.factors) continue;
    state.factors = Matrix<float>(block.rows, width_);
    if (shares_) state.turned = Matrix<float>(dim_, block.rows);
    if (block.shares()) state.column_factors = Matrix<float>(dim_, block.columns());
    Matrix<float>& drawn = block.shares() ? state.column_factors : state.factors;
    for (std::size_t r = 0; r < drawn.rows(); ++r) {
      const std::span<float> row = block.shares() ? drawn.row(r) : drawn.row(r).first(dim_);
      Random random(seed, "bayes-fm start", mix(b) + r);
      for (float& v : row) v = static_cast<float>(init * random.normal());
    }
    if (start) begin_with(start, b);
  }
  refresh();
}

void FmSampler::begin_with(const Start& start, std::size_t b) {
  const FmBlock& block = design_.blocks[b];
  State& state = states_[b];
  std::vector<float> factors(dim_);
  float weight = 0;
  bool known = false;
  for (std::size_t r = 0; r < block.rows; ++r) {
    if (!start(b, r, weight, factors)) continue;
    known = true;
    (block.shares() ? state.weights : state.linear)[r] = weight;
    for (std::size_t f = 0; f < dim_; ++f)
      (block.shares() ? state.column_factors(f, r) : state.factors(r, f)) = factors[f];
  }
  if (!known || !block.shares()) return;
  for (std::size_t f = 0; f < dim_; ++f) {
    const std::span<float> shared = state.column_factors.row(f).subspan(block.groups.front().end);
    std::fill(shared.begin(), shared.end(), 0.0F);
  }
}

void FmSampler::order_events(std::size_t b) {
  const FmBlock& block = design_.blocks[b];
  const std::vector<std::uint32_t>& rows = design_.rows[b];
  Order& order = orders_[b];
  order.begin.assign(block.rows + 1, 0);
  for (const std::uint32_t row : rows) ++order.begin[row + 1];
  std::partial_sum(order.begin.begin(), order.begin.end(), order.begin.begin());
  if (!std::is_sorted(rows.begin(), rows.end())) {
    order.events.resize(rows.size());
    std::vector<std::uint64_t> next(order.begin.begin(), order.begin.end() - 1);
    for (std::size_t e = 0; e < rows.size(); ++e) order.events[next[rows[e]]++] = static_cast<std::uint32_t>(e);
    if (block.shares()) sorted_.resize(rows.size());
  }
  if (!block.factors) return;
  for (std::size_t c = 0; c < design_.blocks.size(); ++c) {
    if (c == b || !design_.blocks[c].factors) continue;
    order.others.push_back(c);
    if (order.events.empty()) continue;
    std::vector<std::uint32_t> sorted(rows.size());
    for (std::size_t e = 0; e < sorted.size(); ++e) sorted[e] = design_.rows[c][order.events[e]];
    order.sorted_rows.push_back(std::move(sorted));
  }
  order.lookup.blocks = order.others.size();
  for (std::size_t c = 0; c < order.others.size(); ++c) {
    order.lookup.rows[c] = (order.events.empty() ? design_.rows[order.others[c]] : order.sorted_rows[c]).data();
  }
}

std::size_t FmSampler::steps() const {
  std::size_t count = 0;
  for (const FmBlock& block : design_.blocks) count += block.shares() ? dim_ + 1 : 1;
  return count;
}

void FmSampler::sweep(std::size_t number) {
  if (number % kRefreshSweeps == kRefreshSweeps - 1) refresh();
  draw_noise(number);
  draw_priors(number);
  for (std::size_t b = 0; b < states_.size(); ++b) draw_block(number, b);
}

void FmSampler::draw_noise(std::size_t number) { noise_precision_ = output_.draw(seed_, number, residuals_, context_); }

void FmSampler::draw_priors(std::size_t number) {
  for (std::size_t b = 0; b < states_.size(); ++b) {
    const FmBlock& block = design_.blocks[b];
    State& state = states_[b];
    const std::size_t factors = block.factors ? dim_ : 0;
    for (std::size_t g = 0; g < state.priors.size(); ++g) {
      const std::size_t begin = block.shares() ? block.groups[g].begin : 0;
      const std::size_t count = block.shares() ? block.groups[g].end - begin : block.rows;
      FmPrior& prior = state.priors[g];
      Random random(seed_, "bayes-fm priors", fm_key(0, number, b, FmDraw::prior, g));
      const std::span<const float> weights = block.shares() ? state.weights : state.linear;
      draw_normal(sums_of(weights.subspan(begin, count)), count, random, prior.mean[0], prior.precision[0]);
      std::vector<Sums> sums;
      if (block.shares()) {
        for (std::size_t f = 0; f < factors; ++f) {
          sums.push_back(sums_of(state.column_factors.row(f).subspan(begin, count)));
        }
      } else if (factors > 0) {
        sums = column_sums(state.factors, factors, context_);
      }
      for (std::size_t f = 0; f < factors; ++f) {
        draw_normal(sums[f], count, random, prior.mean[1 + f], prior.precision[1 + f]);
      }
    }
  }
}

void FmSampler::draw_block(std::size_t number, std::size_t b) {
  if (design_.blocks[b].shares()) {
    draw_shared(number, b);
  } else {
    draw_rows(number, b);
    step();
  }
}

void FmSampler::draw_rows(std::size_t number, std::size_t b) {
  const FmBlock& block = design_.blocks[b];
  const Order& order = orders_[b];
  State& state = states_[b];
  const std::size_t factors = block.factors ? dim_ : 0;
  const std::size_t width = block.factors ? width_ : 0;
  std::array<const float*, kMostFmBlocks> tables{};
  for (std::size_t c = 0; c < order.others.size(); ++c) tables[c] = states_[order.others[c]].factors.values().data();
  const FmPriorView prior{std::span(state.priors[0].mean).first(1 + factors),
                          std::span(state.priors[0].precision).first(1 + factors)};
  struct Workspace {
    AlignedVector<float> h;
    AlignedVector<float> residuals;
    std::vector<float> theta, normals;
  };
  std::vector<Workspace> workspaces(context_.threads());
  parallel_blocks(context_, block.rows, kSamplerRows, [&](std::size_t begin, std::size_t end, unsigned worker) {
    Workspace& work = workspaces[worker];
    work.theta.resize(1 + factors);
    work.normals.resize(1 + factors);
    for (std::size_t row = begin; row < end; ++row) {
      const std::size_t first = order.begin[row];
      const std::size_t events = order.begin[row + 1] - first;
      const std::size_t padded = fm_padded(events);
      if (work.residuals.size() < padded) {
        work.residuals.resize(padded);
        work.h.resize((1 + width) * padded);
      }
      FmLookup at = order.lookup;
      for (std::size_t c = 0; c < at.blocks; ++c) at.rows[c] += first;
      fm_gather(at, std::span(tables).first(at.blocks), width, events, work.h.data());
      const auto place = [&](std::size_t e) { return order.events.empty() ? first + e : order.events[first + e]; };
      for (std::size_t e = 0; e < events; ++e) work.residuals[e] = residuals_[place(e)];
      std::fill(work.residuals.begin() + static_cast<std::ptrdiff_t>(events),
                work.residuals.begin() + static_cast<std::ptrdiff_t>(padded), 0.0F);
      fm_normals(fm_key(seed_, number, b, FmDraw::row, row), work.normals);
      work.theta[0] = state.linear[row];
      if (factors > 0) std::copy_n(state.factors.row(row).begin(), factors, work.theta.begin() + 1);
      fm_sample_row(prior, static_cast<float>(noise_precision_), work.normals, work.h.data(), padded,
                    work.residuals.data(), work.theta);
      state.linear[row] = work.theta[0];
      if (factors > 0) std::copy_n(work.theta.begin() + 1, factors, state.factors.row(row).begin());
      for (std::size_t e = 0; e < events; ++e) residuals_[place(e)] = work.residuals[e];
      if (!state.turned.empty()) {
        for (std::size_t f = 0; f < factors; ++f) state.turned(f, row) = work.theta[1 + f];
      }
    }
  });
}

std::span<float> FmSampler::take_residuals(const Order& order) {
  if (order.events.empty()) return residuals_;
  parallel_blocks(context_, sorted_.size(), kSamplerEvents, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t e = begin; e < end; ++e) sorted_[e] = residuals_[order.events[e]];
  });
  return sorted_;
}

void FmSampler::return_residuals(const Order& order) {
  if (order.events.empty()) return;
  parallel_blocks(context_, sorted_.size(), kSamplerEvents, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t e = begin; e < end; ++e) residuals_[order.events[e]] = sorted_[e];
  });
}

void FmSampler::draw_shared(std::size_t number, std::size_t b) {
  const FmBlock& block = design_.blocks[b];
  const Order& order = orders_[b];
  State& state = states_[b];
  const auto noise = static_cast<float>(noise_precision_);
  const std::span<float> residuals = take_residuals(order);
  std::vector<FmRowSums> sums(block.rows);
  std::vector<float> normals(block.columns());
  using Tables = std::array<const float*, kMostFmBlocks>;
  const auto tables_of = [&](std::size_t f) {
    Tables tables{};
    for (std::size_t c = 0; c < order.others.size(); ++c) tables[c] = states_[order.others[c]].turned.row(f).data();
    return tables;
  };
  // There are many passes, each of them short: tasks are worth waking threads for.
  const std::size_t tasks = residuals.size() / kSamplerEvents + 1;
  const std::size_t task_rows = (block.rows + tasks - 1) / tasks;
  const auto pass = [&](const Tables* previous, const Tables* next) {
    parallel_blocks(context_, block.rows, task_rows, [&](std::size_t begin, std::size_t end, unsigned) {
      fm_shift_and_sum(order.lookup, previous == nullptr ? nullptr : previous->data(),
                       next == nullptr ? nullptr : next->data(), order.begin, begin, end, residuals.data(), sums);
    });
  };

  // Coordinate 0 is the linear weight; then come the factors.
  Tables previous{};
  Tables next{};
  for (std::size_t c = 0; c <= dim_; ++c) {
    if (c > 0) next = tables_of(c - 1);
    pass(c > 1 ? &previous : nullptr, c > 0 ? &next : nullptr);
    fm_normals(fm_key(seed_, number, b, FmDraw::coordinate, c), normals);
    if (c > 0) {
      for (std::size_t row = 0; row < block.rows; ++row) sums[row].factor = state.turned(c - 1, row);
    }
    for (std::size_t g = 0; g < block.groups.size(); ++g) {
      const FmBlock::Group& group = block.groups[g];
      const FmPrior& prior = state.priors[g];
      if (c == 0) {
        fm_sample_weights(block.view(), group.begin, group.end, prior.mean[0], prior.precision[0], noise,
                          normals.data(), state.weights.data(), sums);
      } else {
        fm_sample_columns(block.view(), group.begin, group.end, prior.mean[c], prior.precision[c], noise,
                          normals.data(), state.column_factors.row(c - 1).data(), sums);
      }
    }
    for (std::size_t row = 0; row < block.rows; ++row) {
      state.linear[row] += sums[row].shift;
      if (c > 0) state.turned(c - 1, row) = sums[row].factor;
    }
    previous = next;
    step();
  }
  pass(&previous, nullptr);
  return_residuals(order);
  parallel_blocks(context_, block.rows, kFactorBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t row = begin; row < end; ++row) {
      for (std::size_t f = 0; f < dim_; ++f) state.factors(row, f) = state.turned(f, row);
    }
  });
}

void FmSampler::add_up_columns(std::size_t b) {
  const FmBlock& block = design_.blocks[b];
  State& state = states_[b];
  if (!block.shares()) {
    if (state.turned.empty()) return;
    for (std::size_t row = 0; row < block.rows; ++row) {
      for (std::size_t f = 0; f < dim_; ++f) state.turned(f, row) = state.factors(row, f);
    }
    return;
  }
  std::fill(state.linear.begin(), state.linear.end(), 0.0F);
  std::vector<float> squares(block.rows);
  for (std::size_t j = 0; j < block.columns(); ++j) {
    for (std::size_t n = block.offsets[j]; n < block.offsets[j + 1]; ++n) {
      state.linear[block.column_rows[n]] += block.weights[n] * state.weights[j];
    }
  }
  for (std::size_t f = 0; f < dim_; ++f) {
    const std::span<float> sums = state.turned.row(f);
    std::fill(sums.begin(), sums.end(), 0.0F);
    std::fill(squares.begin(), squares.end(), 0.0F);
    for (std::size_t j = 0; j < block.columns(); ++j) {
      for (std::size_t n = block.offsets[j]; n < block.offsets[j + 1]; ++n) {
        const float part = block.weights[n] * state.column_factors(f, j);
        sums[block.column_rows[n]] += part;
        squares[block.column_rows[n]] += part * part;
      }
    }
    for (std::size_t row = 0; row < block.rows; ++row) {
      state.linear[row] += 0.5F * (sums[row] * sums[row] - squares[row]);
      state.factors(row, f) = sums[row];
    }
  }
}

float FmSampler::output_of(std::size_t event) const {
  float output = 0;
  for (std::size_t b = 0; b < states_.size(); ++b) {
    const std::size_t row = design_.rows[b][event];
    output += states_[b].linear[row];
    if (!design_.blocks[b].factors) continue;
    for (std::size_t c = 0; c < b; ++c) {
      if (design_.blocks[c].factors) {
        output += dot(states_[b].factors.row(row), states_[c].factors.row(design_.rows[c][event]));
      }
    }
  }
  return output;
}

void FmSampler::refresh() {
  for (std::size_t b = 0; b < states_.size(); ++b) add_up_columns(b);
  parallel_blocks(context_, residuals_.size(), kSamplerEvents, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t e = begin; e < end; ++e) residuals_[e] = output_.target(e) - output_of(e);
  });
}

}  // namespace gusto
