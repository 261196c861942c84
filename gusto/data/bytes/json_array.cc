#include "gusto/data/bytes/json_array.h"

#include <cstddef>
#include <string>
#include <utility>

#include "gusto/data/bytes/compressed.h"

namespace gusto {
namespace {

constexpr std::size_t kJsonHead = 256;

class JsonArrayStream final : public ByteStream {
 public:
  explicit JsonArrayStream(std::unique_ptr<ByteStream> text) : text_(std::move(text)) {}

  std::size_t read(std::span<char> out) override {
    const std::size_t got = text_->read(out);
    for (char& c : out.first(got)) convert(c);
    return got;
  }
  const std::string& name() const override { return text_->name(); }
  std::uint64_t stored_position() const override { return text_->stored_position(); }
  std::uint64_t stored_size() const override { return text_->stored_size(); }

 private:
  // Between objects commas end lines; within them line ends are blanks.
  void convert(char& c) {
    if (in_text_) {
      in_text_ = c != '"' || escaped_;
      escaped_ = c == '\\' && !escaped_;
      return;
    }
    switch (c) {
      case '"': in_text_ = true; break;
      case '{':
      case '[':
        if (depth_++ == 0) c = ' ';
        break;
      case '}':
      case ']':
        if (--depth_ == 0) c = '\n';
        break;
      case ',':
        if (depth_ == 1) c = '\n';
        break;
      case '\n':
      case '\r': c = ' '; break;
      default: break;
    }
  }

  std::unique_ptr<ByteStream> text_;
  int depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> json_lines(std::unique_ptr<ByteStream> stream) {
  std::string head = peek(stream, kJsonHead);
  if (head.starts_with("\xef\xbb\xbf")) head.erase(0, 3);
  std::erase_if(head, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  if (!head.starts_with("[{")) return stream;
  return std::make_unique<JsonArrayStream>(std::move(stream));
}

}  // namespace gusto
