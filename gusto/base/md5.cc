#include "gusto/base/md5.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

namespace gusto {
namespace {

constexpr std::size_t kMd5Block = 64;

// ⌊2³² |sin(i + 1)|⌋, as RFC 1321 defines them.
std::array<std::uint32_t, kMd5Block> sines() {
  std::array<std::uint32_t, kMd5Block> table{};
  for (std::size_t i = 0; i < kMd5Block; ++i) {
    table[i] = static_cast<std::uint32_t>(std::abs(std::sin(static_cast<double>(i + 1))) * 4294967296.0);
  }
  return table;
}

constexpr std::array<std::array<int, 4>, 4> kTurns{{{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

std::uint32_t word_at(const std::byte* bytes) {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i) word |= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
  return word;
}

}  // namespace

void Md5::take(const std::byte* block) {
  static const std::array<std::uint32_t, kMd5Block> kSines = sines();
  std::array<std::uint32_t, 16> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = word_at(block + 4 * i);
  auto [a, b, c, d] = state_;
  for (std::size_t i = 0; i < kMd5Block; ++i) {
    std::uint32_t mixed = 0;
    std::size_t word = 0;
    switch (i / 16) {
      case 0: mixed = (b & c) | (~b & d), word = i; break;
      case 1: mixed = (d & b) | (~d & c), word = (5 * i + 1) % 16; break;
      case 2: mixed = b ^ c ^ d, word = (3 * i + 5) % 16; break;
      default: mixed = c ^ (b | ~d), word = (7 * i) % 16; break;
    }
    const std::uint32_t turned = std::rotl(a + mixed + kSines[i] + words[word], kTurns[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b += turned;
  }
  state_[0] += a;
  state_[1] += b;
  state_[2] += c;
  state_[3] += d;
}

void Md5::update(std::span<const std::byte> bytes) {
  std::size_t filled = size_ % kMd5Block;
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (filled == 0 && bytes.size() >= kMd5Block) {
      take(bytes.data());
      bytes = bytes.subspan(kMd5Block);
      continue;
    }
    const std::size_t count = std::min(kMd5Block - filled, bytes.size());
    std::copy_n(bytes.begin(), count, open_.begin() + static_cast<std::ptrdiff_t>(filled));
    bytes = bytes.subspan(count);
    filled += count;
    if (filled == kMd5Block) {
      take(open_.data());
      filled = 0;
    }
  }
}

std::string Md5::finish() {
  const std::uint64_t bits = 8 * size_;
  std::array<std::byte, kMd5Block> padding{std::byte{0x80}};
  const std::size_t filled = size_ % kMd5Block;
  update({padding.data(), filled < kMd5Block - 8 ? kMd5Block - 8 - filled : 2 * kMd5Block - 8 - filled});
  std::array<std::byte, 8> length;
  for (unsigned i = 0; i < length.size(); ++i) length[i] = static_cast<std::byte>(bits >> (8 * i));
  update(length);
  std::string hex;
  for (const std::uint32_t word : state_) {
    for (unsigned i = 0; i < 4; ++i) hex += fmt::format("{:02x}", word >> (8 * i) & 0xffU);
  }
  return hex;
}

}  // namespace gusto
