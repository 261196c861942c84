#include "gusto/nn/arena.h"

#include <algorithm>
#include <numeric>

namespace gusto::nn {
namespace {

constexpr std::size_t kLine = 64;

}  // namespace

std::byte* Arena::allocate_bytes(std::size_t size) {
  size = (size + kLine - 1) / kLine * kLine;
  while (chunk_ < chunks_.size() && used_ + size > chunks_[chunk_].bytes.size()) {
    ++chunk_;
    used_ = 0;
  }
  if (chunk_ == chunks_.size()) chunks_.push_back({AlignedVector<std::byte>(std::max(size, kLeastChunk))});
  std::byte* piece = chunks_[chunk_].bytes.data() + used_;
  used_ += size;
  return piece;
}

std::size_t Arena::bytes() const {
  return std::accumulate(chunks_.begin(), chunks_.end(), std::size_t{0},
                         [](std::size_t sum, const Chunk& chunk) { return sum + chunk.bytes.size(); });
}

}  // namespace gusto::nn
