#include "gusto/nn/epoch_order.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "gusto/base/parallel.h"
#include "gusto/base/random.h"
#include "gusto/base/systematic_draw.h"

namespace gusto::nn {
namespace {

constexpr std::size_t kOrderBlock = 16384;
constexpr std::size_t kHands = 256;  // as many as a byte tells apart

}  // namespace

EpochOrder::EpochOrder(std::vector<float> strengths) : strengths_(std::move(strengths)) {
  const auto differs = std::adjacent_find(strengths_.begin(), strengths_.end(), std::not_equal_to<>());
  if (differs == strengths_.end()) strengths_ = {};
}

std::span<const std::uint32_t> EpochOrder::shuffle(std::size_t n, std::size_t epoch, std::uint64_t seed,
                                                   Context& context) {
  order_.resize(n);
  hands_.resize(n);
  // Few examples need no more than one hand each of a block's size.
  const std::size_t hands = std::clamp<std::size_t>(n / kOrderBlock, 1, kHands);
  const std::size_t blocks = (n + kOrderBlock - 1) / kOrderBlock;
  begin_.assign(blocks * hands + 1, 0);
  parallel_blocks(context, n, kOrderBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    const std::size_t block = begin / kOrderBlock;
    Random random(seed, "epoch hands", epoch << 32 | block);
    for (std::size_t example = begin; example < end; ++example) {
      const auto hand = static_cast<std::uint8_t>(random.below(hands));
      hands_[example] = hand;
      ++begin_[block * hands + hand];
    }
  });
  std::vector<std::uint32_t> hand_begin(hands + 1);
  std::uint32_t sum = 0;
  for (std::size_t hand = 0; hand < hands; ++hand) {
    hand_begin[hand] = sum;
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::uint32_t count = begin_[block * hands + hand];
      begin_[block * hands + hand] = sum;
      sum += count;
    }
  }
  hand_begin[hands] = sum;
  parallel_blocks(context, n, kOrderBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    std::uint32_t* next = begin_.data() + begin / kOrderBlock * hands;
    for (std::size_t example = begin; example < end; ++example) {
      order_[next[hands_[example]]++] = static_cast<std::uint32_t>(example);
    }
  });
  context.pool().run(hands, [&](std::size_t hand, unsigned) {
    Random(seed, "epoch order", epoch << 32 | hand)
        .shuffle(std::span(order_).subspan(hand_begin[hand], hand_begin[hand + 1] - hand_begin[hand]));
  });
  if (strengths_.empty()) return order_;
  const std::vector<std::uint32_t> drawn =
      systematic_draw(strengths_, Random(seed, "epoch strengths", epoch).uniform());
  for (std::uint32_t& example : order_) example = drawn[example];
  return order_;
}

}  // namespace gusto::nn
