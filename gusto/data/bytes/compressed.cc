#include "gusto/data/bytes/compressed.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>
#include <zlib.h>

#include "gusto/base/error.h"
#include "gusto/data/bytes/archive_reader.h"

namespace gusto {
namespace {

// A stream whose first bytes have been looked at.
class Replayed final : public ByteStream {
 public:
  Replayed(std::string head, std::unique_ptr<ByteStream> rest) : head_(std::move(head)), rest_(std::move(rest)) {}

  std::size_t read(std::span<char> out) override {
    const std::size_t from_head = std::min(out.size(), head_.size() - at_);
    std::memcpy(out.data(), head_.data() + at_, from_head);
    at_ += from_head;
    return from_head == out.size() ? from_head : from_head + rest_->read(out.subspan(from_head));
  }
  const std::string& name() const override { return rest_->name(); }
  std::uint64_t stored_position() const override { return rest_->stored_position(); }
  std::uint64_t stored_size() const override { return rest_->stored_size(); }

 private:
  std::string head_;
  std::size_t at_ = 0;
  std::unique_ptr<ByteStream> rest_;
};

// By zlib itself, since libarchive does not look at the checksums of gzip.
class GzipStream final : public ByteStream {
 public:
  GzipStream(std::unique_ptr<ByteStream> stored, UnpackLimits limits) : stored_(std::move(stored)), limits_(limits) {
    constexpr int kGzipOnly = 15 + 16;
    if (::inflateInit2(&inflate_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~GzipStream() override { ::inflateEnd(&inflate_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  std::size_t read(std::span<char> out) override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      if (inflate_.avail_in == 0 && !ended_) refill();
      if (inflate_.avail_in == 0 && between_members_) break;
      const std::size_t step = std::min(out.size() - filled, std::size_t{1} << 20);
      inflate_.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      inflate_.avail_out = static_cast<uInt>(step);
      const int status = ::inflate(&inflate_, Z_NO_FLUSH);
      filled += step - inflate_.avail_out;
      unpacked_ += step - inflate_.avail_out;
      if (limits_.exceeded(unpacked_, stored_->stored_position())) fail_unpacking(name(), limits_);
      between_members_ = status == Z_STREAM_END;
      if (between_members_) {
        ::inflateReset(&inflate_);
      } else if (status == Z_BUF_ERROR && inflate_.avail_in == 0 && ended_) {
        fail("the compressed data end too early");
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        fail(inflate_.msg != nullptr ? inflate_.msg : "the data are not compressed by gzip");
      }
    }
    return filled;
  }
  const std::string& name() const override { return stored_->name(); }
  std::uint64_t stored_position() const override { return stored_->stored_position() - inflate_.avail_in; }
  std::uint64_t stored_size() const override { return stored_->stored_size(); }

 private:
  void refill() {
    const std::size_t got = stored_->read(chunk_);
    inflate_.next_in = reinterpret_cast<Bytef*>(chunk_.data());
    inflate_.avail_in = static_cast<uInt>(got);
    ended_ = got < chunk_.size();
  }
  [[noreturn]] void fail(std::string_view reason) const {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} is damaged or cut short: {}.", name(), reason),
                "Copy or download it again.");
  }

  std::unique_ptr<ByteStream> stored_;
  UnpackLimits limits_;
  z_stream inflate_{};
  std::array<char, std::size_t{128} << 10> chunk_;
  std::uint64_t unpacked_ = 0;
  bool ended_ = false;            // nothing is left but what chunk_ holds
  bool between_members_ = false;  // a .gz may be several, end to end
};

// What libarchive unpacks.
class FilteredStream final : public ByteStream {
 public:
  FilteredStream(std::unique_ptr<ByteStream> stored, UnpackLimits limits)
      : name_(stored->name()), reader_(std::move(stored), ArchiveKind::filtered, limits), empty_(!reader_.next()) {}

  std::size_t read(std::span<char> out) override { return empty_ ? 0 : reader_.read(out, name_); }
  const std::string& name() const override { return name_; }
  std::uint64_t stored_position() const override { return reader_.stored().stored_position(); }
  std::uint64_t stored_size() const override { return reader_.stored().stored_size(); }

 private:
  std::string name_;
  ArchiveReader reader_;
  bool empty_;
};

// Whether a file that may be cut short begins with that mark.
bool begins_as(std::string_view head, std::string_view mark) {
  return head.starts_with(mark) || mark.starts_with(head);
}

}  // namespace

StoredFormat format_of(std::string_view head) {
  constexpr std::size_t kTarPlace = 257;
  if (head.starts_with("\x1f\x8b")) return StoredFormat::gzip;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return StoredFormat::zstd;
  if (head.size() > 3 && begins_as(head,
                                   "\xfd"
                                   "7zXZ")) {
    return StoredFormat::xz;
  }
  // What follows the size of its blocks begins a block, or ends a file that holds nothing.
  const bool bzip2 = head.size() > 3 && head.starts_with("BZh") && head[3] >= '1' && head[3] <= '9';
  if (bzip2 && (begins_as(head.substr(4), "1AY&SY") || begins_as(head.substr(4), "\x17\x72\x45\x38\x50\x90"))) {
    return StoredFormat::bzip2;
  }
  // The second is an archive without entries.
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return StoredFormat::zip;
  if (head.size() > kTarPlace && head.substr(kTarPlace).starts_with("ustar")) return StoredFormat::tar;
  return StoredFormat::plain;
}

std::string peek(std::unique_ptr<ByteStream>& stream, std::size_t count) {
  std::string head(count, '\0');
  head.resize(stream->read(head));
  stream = std::make_unique<Replayed>(head, std::move(stream));
  return head;
}

std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> stored, UnpackLimits limits) {
  constexpr std::size_t kShortest = 14;  // by fewer bytes libarchive does not know .xz and .bz2
  const std::string head = peek(stored, kFormatHead);
  const StoredFormat format = format_of(head);
  if ((format == StoredFormat::xz || format == StoredFormat::bzip2) && head.size() < kShortest) {
    throw Error(ErrorCode::corrupt_file,
                fmt::format("{} is damaged or cut short: the compressed data end too early.", stored->name()),
                "Copy or download it again.");
  }
  switch (format) {
    case StoredFormat::gzip: return std::make_unique<GzipStream>(std::move(stored), limits);
    case StoredFormat::zstd:
    case StoredFormat::xz:
    case StoredFormat::bzip2: return std::make_unique<FilteredStream>(std::move(stored), limits);
    default: return stored;
  }
}

}  // namespace gusto
