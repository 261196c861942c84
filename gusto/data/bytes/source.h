#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "gusto/data/bytes/byte_stream.h"

namespace gusto {

enum class Encoding {
  utf8,            ///< anything else is an error
  utf8_or_latin1,  ///< what is not UTF-8 is taken for Latin-1 and converted: MovieLens before 2012
};

/// A text file in memory, in UTF-8. Copies share the bytes.
struct SourceText {
  std::string name;         ///< its path, for messages
  std::string_view text;    ///< without byte order mark
  std::uint64_t bytes = 0;  ///< as stored
  bool latin1 = false;      ///< was converted from Latin-1
  std::shared_ptr<const void> owner;
  std::uint64_t lines_before = 0;  ///< that the text leaves out
};

/// Reads a whole file; pipes too. The file is read, not mapped, so that one that is cut short meanwhile does no harm.
/// Errors   not_found; io; invalid_input as check_source
/// Cost     about 0.3 ns a byte
SourceText load_source(const std::filesystem::path& path, Encoding encoding);
/// The same from a stream, from where it stands to its end.
SourceText load_source(ByteStream& stream, Encoding encoding);

/// The same for bytes that `owner` keeps alive (null if they live for ever).
/// Errors   invalid_input, with the line: bytes that are not text, or text in another encoding
SourceText check_source(std::string name, std::string_view bytes, std::shared_ptr<const void> owner, Encoding encoding);

/// Whether text is UTF-8 without zero bytes.
bool is_plain_text(std::string_view text);
/// Throws unless a line's text is.
void require_plain_text(const std::string& name, std::string_view text, std::uint64_t line);
/// Throws if a text that is one line has carriage returns in it: the line ends of old Macs, and of some spreadsheets on
/// new ones.
void require_line_feeds(const SourceText& source);
/// How long a UTF-8 byte order mark at a text's beginning is: 3, or 0 if there is none. Error(invalid_input) if there
/// is one of UTF-16.
std::size_t byte_order_mark(const std::string& name, std::string_view text);

}  // namespace gusto
