#include "gusto/data/bytes/archive_reader.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>
#include <locale.h>  // NOLINT(modernize-deprecated-headers): newlocale is POSIX

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::size_t kChunk = std::size_t{128} << 10;

// libarchive converts names to the locale's encoding and loses what that can't express, which in C is all but ASCII.
class Utf8Names {
 public:
  Utf8Names() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = ::uselocale(utf8_);
  }
  ~Utf8Names() {
    if (utf8_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(utf8_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t utf8_;
  locale_t before_ = nullptr;
};

ArchiveEntry::Kind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return ArchiveEntry::Kind::link;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return ArchiveEntry::Kind::file;
    case AE_IFDIR: return ArchiveEntry::Kind::folder;
    case AE_IFLNK: return ArchiveEntry::Kind::link;
    default: return ArchiveEntry::Kind::other;
  }
}

std::string path_of(archive_entry* entry) {
  if (const char* path = archive_entry_pathname_utf8(entry); path != nullptr) return path;
  const char* path = archive_entry_pathname(entry);
  return path != nullptr ? path : "";
}

}  // namespace

void fail_unpacking(std::string_view name, const UnpackLimits& limits) {
  throw Error(ErrorCode::corrupt_file,
              fmt::format("{} unpacks to more than {} times its stored size.", name, limits.ratio),
              "It is made to fill memory, or damaged: unpack it by hand if you trust it.");
}

void ArchiveReader::Close::operator()(archive* handle) const noexcept { archive_read_free(handle); }

ArchiveReader::ArchiveReader(std::unique_ptr<ByteStream> stored, ArchiveKind kind, UnpackLimits limits)
    : stored_(std::move(stored)), kind_(kind), limits_(limits), handle_(archive_read_new()) {
  archive* const handle = handle_.get();
  if (handle == nullptr) throw std::bad_alloc();
  int status = ARCHIVE_OK;
  switch (kind) {
    case ArchiveKind::zip: status = archive_read_support_format_zip_seekable(handle); break;
    case ArchiveKind::tar: status = archive_read_support_format_tar(handle); break;
    case ArchiveKind::filtered:
      status = archive_read_support_filter_zstd(handle);
      if (status == ARCHIVE_OK) status = archive_read_support_filter_xz(handle);
      if (status == ARCHIVE_OK) status = archive_read_support_filter_bzip2(handle);
      if (status == ARCHIVE_OK) status = archive_read_support_format_raw(handle);
      if (status == ARCHIVE_OK) status = archive_read_support_format_empty(handle);
      break;
  }
  if (status != ARCHIVE_OK) fail(stored_->name());
  if (kind == ArchiveKind::zip) {
    status = archive_read_open_filename(handle, stored_->name().c_str(), kChunk);
  } else {
    chunk_.reset(new char[kChunk]);
    status = archive_read_open(handle, this, nullptr, &ArchiveReader::fill, nullptr);
  }
  if (status != ARCHIVE_OK) fail(stored_->name());
}

ArchiveReader::~ArchiveReader() = default;

long ArchiveReader::fill(archive* handle, void* self, const void** buffer) {
  auto& reader = *static_cast<ArchiveReader*>(self);
  try {
    *buffer = reader.chunk_.get();
    return static_cast<long>(reader.stored_->read({reader.chunk_.get(), kChunk}));
  } catch (...) {
    reader.problem_ = std::current_exception();
    archive_set_error(handle, EIO, "The file cannot be read");
    return ARCHIVE_FATAL;
  }
}

void ArchiveReader::fail(std::string_view name) {
  if (problem_) std::rethrow_exception(problem_);
  const char* reason = archive_error_string(handle_.get());
  std::string sentence = reason != nullptr ? reason : "the reason is unknown";
  while (sentence.ends_with('.')) sentence.pop_back();
  if (kind_ == ArchiveKind::zip && sentence == "Unrecognized archive format") {
    sentence = "the list of files at its end is missing";
  }
  throw Error(ErrorCode::corrupt_file, fmt::format("{} is damaged or cut short: {}.", name, sentence),
              "Copy or download it again.");
}

std::uint64_t ArchiveReader::position() const {
  const la_int64_t bytes = archive_filter_bytes(handle_.get(), -1);
  return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

std::optional<ArchiveEntry> ArchiveReader::next() {
  const Utf8Names names;
  archive_entry* raw = nullptr;
  const int status = archive_read_next_header(handle_.get(), &raw);
  if (problem_) fail(stored_->name());
  if (status == ARCHIVE_EOF) return std::nullopt;
  // A warning is about what is not looked at here, as times or owners; or the name, which is then empty.
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) fail(stored_->name());
  ArchiveEntry entry;
  entry.path = path_of(raw);
  entry.kind = kind_of(raw);
  entry.encrypted = archive_entry_is_encrypted(raw) != 0;
  if (archive_entry_size_is_set(raw) != 0 && archive_entry_size(raw) > 0) {
    entry.size = static_cast<std::uint64_t>(archive_entry_size(raw));
  }
  // Filters may have read all of a short file by now.
  start_ = kind_ == ArchiveKind::filtered ? 0 : position();
  unpacked_ = 0;
  return entry;
}

std::size_t ArchiveReader::read(std::span<char> out, std::string_view name) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    // In steps, so that the limits are looked at before a large buffer is full.
    const std::size_t step = std::min(out.size() - filled, std::size_t{1} << 20);
    const la_ssize_t got = archive_read_data(handle_.get(), out.data() + filled, step);
    if (problem_ || got < 0) fail(name);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    unpacked_ += static_cast<std::uint64_t>(got);
    const std::uint64_t at = position();
    if (limits_.exceeded(unpacked_, at > start_ ? at - start_ : 0)) fail_unpacking(name, limits_);
  }
  return filled;
}

}  // namespace gusto
