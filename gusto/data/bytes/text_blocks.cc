#include "gusto/data/bytes/text_blocks.h"

#include <algorithm>
#include <cstring>

#include "gusto/data/bytes/source.h"

namespace gusto {
namespace {

constexpr std::size_t kFirstBytes = std::size_t{1} << 16;

// In pieces that a byte can count, which compilers turn into a few instructions for 16 characters.
std::size_t count_quotes(std::string_view text) {
  constexpr std::size_t kCountedBytes = 192;
  std::size_t count = 0;
  for (std::size_t begin = 0; begin < text.size(); begin += kCountedBytes) {
    std::uint8_t some = 0;
    for (const char c : text.substr(begin, kCountedBytes)) some = static_cast<std::uint8_t>(some + (c == '"' ? 1 : 0));
    count += some;
  }
  return count;
}

// Where to cut: behind the last line end that an even number of quotation marks precedes, or else behind the last one;
// 0 if there is none.
std::size_t last_line_end(std::string_view text) {
  const std::size_t last = text.rfind('\n') + 1;
  std::size_t quotes = count_quotes(text.substr(0, last));
  std::size_t cut = last;
  while (quotes % 2 != 0 && cut > 1) {
    const std::size_t before = text.rfind('\n', cut - 2) + 1;
    quotes -= count_quotes(text.substr(before, cut - before));
    cut = before;
  }
  return cut == 0 || quotes % 2 != 0 ? last : cut;
}

}  // namespace

TextBlock::TextBlock(std::string_view text) {
  reserve(text.size());
  text.copy(bytes_.get(), text.size());
  set(0, text.size());
}

void TextBlock::reserve(std::size_t bytes) {
  if (bytes_ != nullptr && bytes <= capacity_) return;
  std::unique_ptr<char[]> larger(new char[bytes + kPadding]);
  if (end_ > 0) std::memcpy(larger.get(), bytes_.get(), end_);
  bytes_ = std::move(larger);
  capacity_ = bytes;
}

void TextBlock::set(std::size_t begin, std::size_t end) {
  begin_ = begin;
  end_ = end;
  std::fill_n(bytes_.get() + end, kPadding, '\n');
}

bool TextBlocks::next(TextBlock& block) {
  if (ended_) return false;
  block.begin_ = block.end_ = 0;
  block.too_long = false;
  std::size_t goal = std::max(first_ ? std::min(kFirstBytes, bytes_) : bytes_, 2 * begun_.size());
  block.reserve(goal);
  std::size_t filled = begun_.size();
  if (filled > 0) std::memcpy(block.bytes_.get(), begun_.data(), filled);
  std::size_t cut = 0;
  while (true) {
    filled += stream_.read({block.bytes_.get() + filled, goal - filled});
    ended_ = filled < goal;
    if (ended_) {
      cut = filled;
      break;
    }
    cut = last_line_end({block.bytes_.get(), filled});
    if (cut > 0) break;
    if (filled >= kLongestRecord) {
      block.too_long = ended_ = true;
      cut = filled;
      break;
    }
    goal *= 2;
    block.end_ = filled;
    block.reserve(goal);
  }
  begun_.assign(block.bytes_.get() + cut, block.bytes_.get() + filled);
  block.set(0, cut);
  block.last = ended_;
  if (first_) block.begin_ = byte_order_mark(stream_.name(), block.text());
  first_ = false;
  return cut > 0;
}

}  // namespace gusto
