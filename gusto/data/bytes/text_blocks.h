#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "gusto/data/bytes/byte_stream.h"

namespace gusto {

/// Some hundred kilobytes of text, cut where a line ends. Behind the text there are kPadding more bytes that may be
/// read, the first of which ends a line.
class TextBlock {
 public:
  static constexpr std::size_t kPadding = 16;

  TextBlock() = default;
  /// A copy of that text.
  explicit TextBlock(std::string_view text);

  std::string_view text() const { return {bytes_.get() + begin_, end_ - begin_}; }
  /// Whether nothing follows.
  bool last = false;
  /// Whether the text ends within a line, which is longer than any line may be.
  bool too_long = false;

 private:
  friend class TextBlocks;
  /// Makes room for so many bytes, and keeps what is there.
  void reserve(std::size_t bytes);
  void set(std::size_t begin, std::size_t end);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// The longest line, and the longest record of several lines, that is read.
inline constexpr std::size_t kLongestRecord = std::size_t{64} << 20;

/// Cuts what a stream gives into blocks of whole lines; if possible not within quotation marks, which is told by their
/// number, and so not for certain.
class TextBlocks {
 public:
  static constexpr std::size_t kBytes = std::size_t{1} << 17;

  /// The stream must outlive this. A block has about so many bytes, the first one no more than recognizing a format
  /// takes.
  explicit TextBlocks(ByteStream& stream, std::size_t bytes = kBytes) : stream_(stream), bytes_(bytes) {}

  /// Reads the next block into `block`, whose memory is used again; false if there is none.
  /// Errors   those of the stream; invalid_input, if the text begins as UTF-16 does
  bool next(TextBlock& block);

 private:
  ByteStream& stream_;
  std::size_t bytes_;
  std::vector<char> begun_;  // of the line that the preceding block did not take in
  bool first_ = true;
  bool ended_ = false;
};

}  // namespace gusto
