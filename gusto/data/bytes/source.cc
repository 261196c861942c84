#include "gusto/data/bytes/source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::size_t kPipeChunk = std::size_t{1} << 20;

struct Buffer {
  std::shared_ptr<char[]> bytes;
  std::size_t size = 0;
};

// A regular file fits the first buffer, whose last byte lets the end of the file be seen; a pipe makes it grow.
Buffer read_all(ByteStream& stream) {
  std::size_t capacity = stream.stored_size() > 0 ? static_cast<std::size_t>(stream.stored_size()) + 1 : kPipeChunk;
  Buffer buffer{std::shared_ptr<char[]>(new char[capacity]), 0};
  while (true) {
    buffer.size += stream.read({buffer.bytes.get() + buffer.size, capacity - buffer.size});
    if (buffer.size < capacity) return buffer;
    std::shared_ptr<char[]> larger(new char[2 * capacity]);
    std::memcpy(larger.get(), buffer.bytes.get(), buffer.size);
    buffer.bytes = std::move(larger);
    capacity *= 2;
  }
}

[[noreturn]] void fail_zero_byte(const std::string& name, std::uint64_t line) {
  throw Error(ErrorCode::invalid_input,
              fmt::format("{}, line {}: the file holds a zero byte, so it is not text.", name, line),
              "Give a text file; unpack it first if it is an archive.");
}

[[noreturn]] void fail_encoding(const std::string& name, std::uint64_t line) {
  throw Error(ErrorCode::invalid_input, fmt::format("{}, line {}: the text is not UTF-8.", name, line),
              "Convert the file, for example with iconv -f LATIN1 -t UTF-8.");
}

// Written so that the compiler turns it into vector code.
bool is_ascii(std::string_view text) {
  unsigned char seen = 0;
  for (char c : text) seen |= static_cast<unsigned char>(c);
  return seen < 0x80;
}

std::size_t line_of(std::string_view text, std::size_t position) {
  return 1 +
         static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

std::size_t first_line_that_is_not_utf8(std::string_view text) {
  std::size_t line = 1;
  for (std::string_view rest = text;; ++line) {
    const std::size_t end = rest.find('\n');
    if (!is_utf8(rest.substr(0, end)) || end == std::string_view::npos) return line;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

void require_line_feeds(const SourceText& source) {
  const std::string_view text = source.text.substr(0, source.text.find_last_not_of("\r\n") + 1);
  if (text.find('\n') != std::string_view::npos || text.find('\r') == std::string_view::npos) return;
  throw Error(ErrorCode::invalid_input,
              fmt::format("{}, line 1: lines end with a carriage return and no line feed.", source.name),
              "Convert them, for example with tr '\\r' '\\n'.");
}

std::size_t byte_order_mark(const std::string& name, std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    throw Error(ErrorCode::invalid_input, fmt::format("{}, line 1: the file is in UTF-16.", name),
                "Convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8.");
  }
  return text.starts_with("\xef\xbb\xbf") ? 3 : 0;
}

bool is_plain_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;
  return is_ascii(text) || is_utf8(text);
}

void require_plain_text(const std::string& name, std::string_view text, std::uint64_t line) {
  if (text.find('\0') != std::string_view::npos) fail_zero_byte(name, line);
  if (!is_plain_text(text)) fail_encoding(name, line);
}

SourceText load_source(const std::filesystem::path& path, Encoding encoding) {
  return load_source(*open_stream(path), encoding);
}

SourceText load_source(ByteStream& stream, Encoding encoding) {
  Buffer buffer = read_all(stream);
  const std::string_view bytes(buffer.bytes.get(), buffer.size);
  return check_source(stream.name(), bytes, std::move(buffer.bytes), encoding);
}

SourceText check_source(std::string name, std::string_view bytes, std::shared_ptr<const void> owner,
                        Encoding encoding) {
  SourceText source{std::move(name), bytes, bytes.size(), false, std::move(owner)};
  source.text.remove_prefix(byte_order_mark(source.name, bytes));
  if (const std::size_t zero = source.text.find('\0'); zero != std::string_view::npos) {
    fail_zero_byte(source.name, line_of(source.text, zero));
  }
  if (is_plain_text(source.text)) return source;
  if (encoding == Encoding::utf8) fail_encoding(source.name, first_line_that_is_not_utf8(source.text));
  const auto converted = std::make_shared<const std::string>(latin1_to_utf8(source.text));
  source.text = *converted;
  source.owner = converted;
  source.latin1 = true;
  return source;
}

}  // namespace gusto
