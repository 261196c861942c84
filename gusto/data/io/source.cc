#include "gusto/data/io/source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

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
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) {
    throw Error(ErrorCode::invalid_input, fmt::format("{}, line 1: the file is in UTF-16.", source.name),
                "Convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8.");
  }
  if (bytes.starts_with("\xef\xbb\xbf")) source.text.remove_prefix(3);
  if (const std::size_t zero = source.text.find('\0'); zero != std::string_view::npos) {
    throw Error(ErrorCode::invalid_input,
                fmt::format("{}, line {}: the file holds a zero byte, so it is not text.", source.name,
                            line_of(source.text, zero)),
                "Give a text file; unpack it first if it is an archive.");
  }
  if (is_ascii(source.text) || is_utf8(source.text)) return source;
  if (encoding == Encoding::utf8) {
    throw Error(
        ErrorCode::invalid_input,
        fmt::format("{}, line {}: the text is not UTF-8.", source.name, first_line_that_is_not_utf8(source.text)),
        "Convert the file, for example with iconv -f LATIN1 -t UTF-8.");
  }
  const auto converted = std::make_shared<const std::string>(latin1_to_utf8(source.text));
  source.text = *converted;
  source.owner = converted;
  source.latin1 = true;
  return source;
}

}  // namespace gusto
