#include "gusto/nn/update_kernels.h"

#include <cmath>

#ifndef GUSTO_NN_UPDATE_JOB
#define GUSTO_NN_UPDATE_JOB
namespace gusto::nn {
namespace {

// What a kernel works on, in one piece.
struct Job {
  UpdateTarget target;
  const TouchedRow* rows;
  std::size_t count;
  const GradientPiece* pieces;
  const GradientSource* sources;
};

}  // namespace
}  // namespace gusto::nn
#endif

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/nn/update_kernels.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto::nn {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

// The arithmetic is written once, for a tag of whole vectors and for one of single numbers. `at` is the place in the
// tables.
template <OptimizerKind kKind, bool kMomentum, class D>
HWY_INLINE void Step(D d, const UpdateTarget& target, std::size_t at, hn::Vec<D> gradient, hn::Vec<D> read,
                     hn::Vec<D> reg, const StepRates& rates) {
  auto w = hn::Mul(read, hn::LoadU(d, target.values + at));
  const auto g = hn::Mul(hn::Set(d, rates.gradient_scale), hn::MulAdd(reg, w, gradient));
  w = hn::Mul(w, hn::Set(d, rates.keep));
  const auto rate = hn::Set(d, rates.rate);
  if constexpr (kKind == OptimizerKind::adam) {
    const auto keep_first = hn::Set(d, rates.first_decay);
    const auto keep_second = hn::Set(d, rates.second_decay);
    const auto m0 = hn::LoadU(d, target.first + at);
    const auto v0 = hn::LoadU(d, target.second + at);
    const auto m = hn::MulAdd(keep_first, hn::Sub(m0, g), g);
    const auto g2 = hn::Mul(g, g);
    const auto v = hn::MulAdd(keep_second, hn::Sub(v0, g2), g2);
    hn::StoreU(m, d, target.first + at);
    hn::StoreU(v, d, target.second + at);
    const auto step = hn::Div(hn::Mul(rate, m), hn::Add(hn::Sqrt(v), hn::Set(d, rates.epsilon)));
    hn::StoreU(hn::Sub(w, step), d, target.values + at);
  } else if constexpr (kKind == OptimizerKind::adagrad) {
    const auto sum = hn::MulAdd(g, g, hn::LoadU(d, target.first + at));
    hn::StoreU(sum, d, target.first + at);
    const auto step = hn::Div(hn::Mul(rate, g), hn::Add(hn::Sqrt(sum), hn::Set(d, rates.epsilon)));
    hn::StoreU(hn::Sub(w, step), d, target.values + at);
  } else if constexpr (kMomentum) {
    const auto velocity = hn::MulAdd(hn::Set(d, rates.first_decay), hn::LoadU(d, target.first + at), g);
    hn::StoreU(velocity, d, target.first + at);
    hn::StoreU(hn::NegMulAdd(rate, velocity, w), d, target.values + at);
  } else {
    hn::StoreU(hn::NegMulAdd(rate, g, w), d, target.values + at);
  }
}

// Hands out a row's gradient in parts: four vectors at once, so that a chain is walked once for that many, then one,
// then single numbers.
template <class Function>
HWY_INLINE void ForParts(const Job& job, const TouchedRow& row, const Function& function) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = job.target.width;
  const std::size_t base = row.row * width;
  const auto gradient_of = [&](const GradientPiece& piece) HWY_ATTR {
    const GradientSource& source = job.sources[piece.source];
    return source.data + piece.example * source.stride;
  };
  const auto sum = [&](auto tag, std::size_t at) HWY_ATTR {
    auto total = hn::Zero(tag);
    for (std::uint32_t p = row.head; p != GradientPiece::kEnd; p = job.pieces[p].next) {
      const GradientPiece& piece = job.pieces[p];
      total = hn::MulAdd(hn::Set(tag, piece.weight), hn::LoadU(tag, gradient_of(piece) + at), total);
    }
    return total;
  };
  std::size_t at = 0;
  for (; at + 4 * lanes <= width; at += 4 * lanes) {
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    auto sum2 = hn::Zero(d);
    auto sum3 = hn::Zero(d);
    for (std::uint32_t p = row.head; p != GradientPiece::kEnd; p = job.pieces[p].next) {
      const GradientPiece& piece = job.pieces[p];
      const auto weight = hn::Set(d, piece.weight);
      const float* gradient = gradient_of(piece) + at;
      sum0 = hn::MulAdd(weight, hn::LoadU(d, gradient), sum0);
      sum1 = hn::MulAdd(weight, hn::LoadU(d, gradient + lanes), sum1);
      sum2 = hn::MulAdd(weight, hn::LoadU(d, gradient + 2 * lanes), sum2);
      sum3 = hn::MulAdd(weight, hn::LoadU(d, gradient + 3 * lanes), sum3);
    }
    function(d, base + at, sum0);
    function(d, base + at + lanes, sum1);
    function(d, base + at + 2 * lanes, sum2);
    function(d, base + at + 3 * lanes, sum3);
  }
  for (; at + lanes <= width; at += lanes) function(d, base + at, sum(d, at));
  for (; at < width; ++at) function(one, base + at, sum(one, at));
}

template <OptimizerKind kKind, bool kMomentum>
void UpdateAll(const Job& job, const StepRates& rates) {
  constexpr std::size_t kAhead = 3;
  for (std::size_t r = 0; r < job.count; ++r) {
    if (r + kAhead < job.count) {
      const std::size_t later = job.rows[r + kAhead].row * job.target.width;
      for (std::size_t at = later; at < later + job.target.width; at += 16) {
        hwy::Prefetch(job.target.values + at);
        if constexpr (kKind != OptimizerKind::sgd || kMomentum) hwy::Prefetch(job.target.first + at);
        if constexpr (kKind == OptimizerKind::adam) hwy::Prefetch(job.target.second + at);
      }
    }
    const TouchedRow& row = job.rows[r];
    ForParts(job, row, [&](auto d, std::size_t at, auto gradient) HWY_ATTR {
      Step<kKind, kMomentum>(d, job.target, at, gradient, hn::Set(d, row.read),
                             hn::Set(d, job.target.reg * row.lookups), rates);
    });
  }
}

// The same for a table one number wide: as many rows as fit are brought together, so that they too are stepped in
// vectors.
template <OptimizerKind kKind, bool kMomentum>
void UpdateNumbers(const Job& job, const StepRates& rates) {
  constexpr bool kFirst = kKind != OptimizerKind::sgd || kMomentum;
  constexpr bool kSecond = kKind == OptimizerKind::adam;
  constexpr std::size_t kTogether = 64;
  const hn::CappedTag<float, kTogether> d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN float values[kTogether] = {};
  HWY_ALIGN float first[kTogether] = {};
  HWY_ALIGN float second[kTogether] = {};
  HWY_ALIGN float gradients[kTogether] = {};
  HWY_ALIGN float reads[kTogether] = {};
  HWY_ALIGN float regs[kTogether] = {};
  const UpdateTarget together{values, first, second, 1, 0};
  for (std::size_t begin = 0; begin < job.count; begin += kTogether) {
    const std::size_t count = HWY_MIN(kTogether, job.count - begin);
    for (std::size_t n = 0; n < count; ++n) {
      const TouchedRow& row = job.rows[begin + n];
      values[n] = job.target.values[row.row];
      if constexpr (kFirst) first[n] = job.target.first[row.row];
      if constexpr (kSecond) second[n] = job.target.second[row.row];
      reads[n] = row.read;
      regs[n] = job.target.reg * row.lookups;
      float sum = 0;
      for (std::uint32_t p = row.head; p != GradientPiece::kEnd; p = job.pieces[p].next) {
        const GradientPiece& piece = job.pieces[p];
        const GradientSource& source = job.sources[piece.source];
        sum += piece.weight * source.data[piece.example * source.stride];
      }
      gradients[n] = sum;
    }
    for (std::size_t n = 0; n < count; n += lanes) {
      Step<kKind, kMomentum>(d, together, n, hn::Load(d, gradients + n), hn::Load(d, reads + n), hn::Load(d, regs + n),
                             rates);
    }
    for (std::size_t n = 0; n < count; ++n) {
      const std::uint32_t row = job.rows[begin + n].row;
      job.target.values[row] = values[n];
      if constexpr (kFirst) job.target.first[row] = first[n];
      if constexpr (kSecond) job.target.second[row] = second[n];
    }
  }
}

template <OptimizerKind kKind, bool kMomentum>
void Update(const Job& job, const StepRates& rates) {
  job.target.width == 1 ? UpdateNumbers<kKind, kMomentum>(job, rates) : UpdateAll<kKind, kMomentum>(job, rates);
}

void UpdateRows(const Job& job, const StepRates& rates) {
  switch (rates.kind) {
    case OptimizerKind::adam:
    case OptimizerKind::adamw: return Update<OptimizerKind::adam, false>(job, rates);
    case OptimizerKind::adagrad: return Update<OptimizerKind::adagrad, false>(job, rates);
    case OptimizerKind::sgd:
      if (rates.first_decay > 0) return Update<OptimizerKind::sgd, true>(job, rates);
      return Update<OptimizerKind::sgd, false>(job, rates);
  }
}

double GradientNorm(const Job& job) {
  double total = 0;
  for (std::size_t r = 0; r < job.count; ++r) {
    const TouchedRow& row = job.rows[r];
    float sum = 0;
    ForParts(job, row, [&](auto d, std::size_t at, auto gradient) HWY_ATTR {
      const auto w = hn::LoadU(d, job.target.values + at);
      const auto g = hn::MulAdd(hn::Set(d, job.target.reg * row.lookups * row.read), w, gradient);
      sum += hn::GetLane(hn::SumOfLanes(d, hn::Mul(g, g)));
    });
    total += static_cast<double>(sum);
  }
  return total;
}
// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto::nn {

HWY_EXPORT(UpdateRows);
HWY_EXPORT(GradientNorm);

void update_rows(const UpdateTarget& target, std::span<const TouchedRow> rows, std::span<const GradientPiece> pieces,
                 std::span<const GradientSource> sources, const StepRates& rates) {
  HWY_DYNAMIC_DISPATCH(UpdateRows)({target, rows.data(), rows.size(), pieces.data(), sources.data()}, rates);
}

double gradient_norm(const UpdateTarget& target, std::span<const TouchedRow> rows,
                     std::span<const GradientPiece> pieces, std::span<const GradientSource> sources) {
  return HWY_DYNAMIC_DISPATCH(GradientNorm)({target, rows.data(), rows.size(), pieces.data(), sources.data()});
}

}  // namespace gusto::nn
#endif  // HWY_ONCE
