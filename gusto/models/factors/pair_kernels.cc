#include "gusto/models/factors/pair_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gusto/base/random.h"

// Highway compiles this file once per instruction set, each time with another HWY_NAMESPACE.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gusto/models/factors/pair_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gusto {
namespace HWY_NAMESPACE {
// NOLINTBEGIN(readability-identifier-naming): named as Highway names its own, to tell a kernel from its dispatcher.
namespace hn = hwy::HWY_NAMESPACE;

using RowTag = hn::CappedTag<float, 16>;  // width is a multiple of 16

HWY_INLINE float Product(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t width) {
  const RowTag d;
  auto sum = hn::Zero(d);
  for (std::size_t c = 0; c < width; c += hn::Lanes(d)) sum = hn::MulAdd(hn::LoadU(d, a + c), hn::LoadU(d, b + c), sum);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// One user's events with each of the two groups.
using UserEvents = std::array<std::span<const PairEvent>, 2>;

HWY_INLINE bool Has(const UserEvents& events, std::uint32_t item) {
  for (const std::span<const PairEvent> part : events) {
    const auto place =
        std::lower_bound(part.begin(), part.end(), item, [](PairEvent e, std::uint32_t i) { return e.item < i; });
    if (place != part.end() && place->item == item) return true;
  }
  return false;
}

class Descent {
 public:
  Descent(const PairBlock& block, const PairTables& tables, const PairRates& rates, std::uint64_t seed,
          std::uint64_t key)
      : block_(block),
        tables_(tables),
        rates_(rates),
        first_(block.end[0] - block.begin[0]),
        items_(first_ + block.end[1] - block.begin[1]),
        random_(seed, "pairs", key) {}

  std::size_t Run() {
    std::array<std::size_t, 2> next{};
    std::size_t pairs = 0;
    while (true) {
      std::uint32_t user = std::numeric_limits<std::uint32_t>::max();
      for (std::size_t s = 0; s < 2; ++s) {
        if (next[s] < block_.events[s].size()) user = std::min(user, block_.events[s][next[s]].user);
      }
      UserEvents own;
      std::size_t count = 0;
      for (std::size_t s = 0; s < 2; ++s) {
        const std::size_t begin = next[s];
        while (next[s] < block_.events[s].size() && block_.events[s][next[s]].user == user) ++next[s];
        own[s] = block_.events[s].subspan(begin, next[s] - begin);
        count += own[s].size();
      }
      if (count == 0) return pairs;
      if (count >= items_) continue;  // nothing is left to draw
      for (const std::span<const PairEvent> part : own) {
        for (const PairEvent event : part) {
          for (std::size_t left = Times(event); left > 0; --left) pairs += Learn(event, own) ? 1 : 0;
        }
      }
    }
  }

 private:
  std::size_t Times(PairEvent event) {
    return event.strength == 1 ? 1 : static_cast<std::size_t>(static_cast<double>(event.strength) + random_.uniform());
  }
  std::uint32_t Draw() {
    const auto n = static_cast<std::uint32_t>(random_.below(items_));
    return n < first_ ? block_.begin[0] + n : block_.begin[1] + (n - first_);
  }
  float Bias(std::uint32_t item) const { return tables_.biases == nullptr ? 0.0F : tables_.biases[item]; }
  float Score(const float* HWY_RESTRICT p, std::uint32_t item) const {
    return Product(p, tables_.items + item * tables_.width, tables_.width) + Bias(item);
  }

  bool Learn(PairEvent event, const UserEvents& own) {
    const float* HWY_RESTRICT p = tables_.users + event.user * tables_.width;
    const float chosen = Score(p, event.item);
    constexpr float kNone = -std::numeric_limits<float>::infinity();
    const std::size_t draws = rates_.sampling == PairSampling::uniform ? 1 : rates_.trials;
    std::uint32_t other = 0;
    float best = kNone;
    std::size_t trial = 1;
    const bool hard = rates_.sampling == PairSampling::hard;
    for (; trial <= draws; ++trial) {
      std::uint32_t item = Draw();
      while (!hard && Has(own, item)) item = Draw();
      const float score = Score(p, item);
      // Of hard, whether an item is the user's own is looked up only where it makes a difference.
      if (score > best && !(hard && Has(own, item))) {
        best = score;
        other = item;
      }
      if (rates_.sampling == PairSampling::warp && best > chosen - 1) break;
    }
    if (best == kNone) return false;  // all the user's own, or not a number
    float slope = 1 / (1 + std::exp(chosen - best));
    if (rates_.sampling == PairSampling::warp) {
      if (trial > draws) return false;
      const auto items = static_cast<float>(items_);
      slope = std::log1p(static_cast<float>((items_ - 1) / trial)) / std::log(items);
    }
    Step(event, other, slope);
    return true;
  }

  void Step(PairEvent event, std::uint32_t other, float slope) {
    const RowTag d;
    const std::size_t width = tables_.width;
    float* HWY_RESTRICT p = tables_.users + event.user * width;
    float* HWY_RESTRICT q = tables_.items + event.item * width;
    float* HWY_RESTRICT o = tables_.items + other * width;
    const auto step = hn::Set(d, rates_.learning_rate * slope);
    const auto keep = hn::Set(d, 1 - rates_.learning_rate * rates_.reg);
    for (std::size_t c = 0; c < width; c += hn::Lanes(d)) {
      const auto old_p = hn::LoadU(d, p + c);
      const auto old_q = hn::LoadU(d, q + c);
      const auto old_o = hn::LoadU(d, o + c);
      hn::StoreU(hn::MulAdd(step, hn::Sub(old_q, old_o), hn::Mul(keep, old_p)), d, p + c);
      hn::StoreU(hn::MulAdd(step, old_p, hn::Mul(keep, old_q)), d, q + c);
      hn::StoreU(hn::NegMulAdd(step, old_p, hn::Mul(keep, old_o)), d, o + c);
    }
    if (tables_.biases == nullptr) return;
    float& bias = tables_.biases[event.item];
    float& other_bias = tables_.biases[other];
    bias += rates_.learning_rate * (slope - rates_.reg_bias * bias);
    other_bias += rates_.learning_rate * (-slope - rates_.reg_bias * other_bias);
  }

  const PairBlock& block_;
  const PairTables& tables_;
  const PairRates& rates_;
  std::uint32_t first_;
  std::uint32_t items_;
  Random random_;
};

std::size_t DescendPairs(const PairBlock& block, const PairTables& tables, const PairRates& rates, std::uint64_t seed,
                         std::uint64_t key) {
  return Descent(block, tables, rates, seed, key).Run();
}

// NOLINTEND(readability-identifier-naming)
}  // namespace HWY_NAMESPACE
}  // namespace gusto
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gusto {

HWY_EXPORT(DescendPairs);

std::size_t descend_pairs(const PairBlock& block, const PairTables& tables, const PairRates& rates, std::uint64_t seed,
                          std::uint64_t key) {
  return HWY_DYNAMIC_DISPATCH(DescendPairs)(block, tables, rates, seed, key);
}

}  // namespace gusto
#endif
