#include "gusto/data/bytes/archive.h"

#include <algorithm>
#include <cctype>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/bytes/foreign.h"

namespace gusto {
namespace {

constexpr std::string_view kPackAgain = "Pack it again from the files alone, or unpack it and name the folder.";
constexpr std::string_view kUnpackOuter = "Unpack the outer one, and name what was in it.";

[[noreturn]] void refuse_archive(const std::string& name, std::string_view problem, std::string_view hint) {
  throw Error(ErrorCode::invalid_input, fmt::format("{} {}.", name, problem), std::string(hint));
}

// A path without empty parts and ".". One that would lead out of the archive makes all of it suspect.
std::string cleaned(const std::string& archive, std::string path) {
  if (!is_utf8(path)) path = latin1_to_utf8(path);  // names carry no word on their encoding
  const bool control =
      std::any_of(path.begin(), path.end(), [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; });
  if (path.empty() || control) {
    refuse_archive(archive, fmt::format("holds an entry whose name {} is no file name", quote(path)), kPackAgain);
  }
  std::string slashes = path;
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  const std::vector<std::string_view> parts = split(slashes, "/");
  const bool drive = parts.front().size() == 2 && parts.front()[1] == ':';
  if (parts.front().empty() || drive || std::find(parts.begin(), parts.end(), "..") != parts.end()) {
    refuse_archive(archive, fmt::format("holds an entry {}, which leads out of the archive", quote(path)), kPackAgain);
  }
  std::string plain;
  for (const std::string_view part : split(path, "/")) {
    if (part.empty() || part == ".") continue;
    if (!plain.empty()) plain += '/';
    plain += part;
  }
  return plain;
}

// What macOS packs beside people's files.
bool is_litter(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return path.starts_with("__MACOSX/") || name == ".DS_Store" || name.starts_with("._");
}

// The longest folder that both lie in, with its slash.
std::string_view common_folder(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  const std::string_view common = a.substr(0, static_cast<std::size_t>(end - a.begin()));
  return common.substr(0, common.rfind('/') + 1);
}

class EntryStream final : public ByteStream {
 public:
  EntryStream(std::string name, std::uint64_t size, std::unique_ptr<ArchiveReader> reader)
      : name_(std::move(name)), size_(size), reader_(std::move(reader)) {}

  std::size_t read(std::span<char> out) override {
    const std::size_t got = reader_->read(out, name_);
    position_ += got;
    return got;
  }
  const std::string& name() const override { return name_; }
  std::uint64_t stored_position() const override { return position_; }
  std::uint64_t stored_size() const override { return size_; }

 private:
  std::string name_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
  std::unique_ptr<ArchiveReader> reader_;
};

}  // namespace

std::optional<ArchiveKind> archive_kind(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  auto stream = open_stored(path);
  if (format_of(peek(stream, kFormatHead)) == StoredFormat::zip) return ArchiveKind::zip;
  stream = decompressed(std::move(stream));
  switch (format_of(peek(stream, kFormatHead))) {
    case StoredFormat::zip: refuse_archive(path.string(), "is an archive inside a compressed file", kUnpackOuter);
    case StoredFormat::tar: return ArchiveKind::tar;
    default: return std::nullopt;
  }
}

ArchiveFolder::ArchiveFolder(std::filesystem::path archive, ArchiveKind kind, UnpackLimits limits)
    : archive_(std::move(archive)), kind_(kind), limits_(limits) {
  list();
}

std::unique_ptr<ArchiveReader> ArchiveFolder::reader() const {
  auto stored = open_stored(archive_);
  if (kind_ == ArchiveKind::tar) stored = decompressed(std::move(stored), limits_);
  return std::make_unique<ArchiveReader>(std::move(stored), kind_, limits_);
}

void ArchiveFolder::list() {
  const auto entries = reader();
  const std::string name = archive_.string();
  for (std::size_t place = 0; auto entry = entries->next(); ++place) {
    entry->path = cleaned(name, std::move(entry->path));
    if (entry->kind == ArchiveEntry::Kind::folder || is_litter(entry->path)) continue;
    files_.push_back({place, std::move(*entry)});
  }
  if (files_.empty()) refuse_archive(name, "holds no files", "Name an archive of a folder, or of a file of events.");
  std::vector<std::string> paths;
  for (const File& file : files_) paths.push_back(file.entry.path);
  refuse_foreign_archive(name, paths);
  std::sort(files_.begin(), files_.end(), [](const File& a, const File& b) { return a.entry.path < b.entry.path; });
  const auto twice = std::adjacent_find(files_.begin(), files_.end(),
                                        [](const File& a, const File& b) { return a.entry.path == b.entry.path; });
  if (twice != files_.end()) refuse_archive(name, fmt::format("holds {} twice", quote(twice->entry.path)), kPackAgain);
  // Sorted, what the first and the last share is shared by all.
  top_ = common_folder(files_.front().entry.path, files_.back().entry.path);
}

const ArchiveFolder::File* ArchiveFolder::find(std::string_view path) const {
  const auto file = std::lower_bound(files_.begin(), files_.end(), path,
                                     [](const File& a, std::string_view b) { return a.entry.path < b; });
  return file != files_.end() && file->entry.path == path ? &*file : nullptr;
}

bool ArchiveFolder::has(std::string_view name) const { return find(fmt::format("{}{}", top_, name)) != nullptr; }

std::unique_ptr<ByteStream> ArchiveFolder::open(std::string_view name) const {
  return open_path(fmt::format("{}{}", top_, name));
}

std::string ArchiveFolder::path_of(std::string_view name) const {
  return fmt::format("{}/{}{}", archive_.string(), top_, name);
}

std::optional<std::string> ArchiveFolder::only_file() const {
  if (files_.size() > 1) return std::nullopt;
  return files().front();
}

std::vector<std::string> ArchiveFolder::files() const {
  std::vector<std::string> names;
  for (const File& file : files_) names.push_back(file.entry.path.substr(top_.size()));
  return names;
}

std::unique_ptr<ByteStream> ArchiveFolder::open_path(std::string_view path) const {
  const std::string name = fmt::format("{}/{}", archive_.string(), path);
  const File* const file = find(path);
  if (file == nullptr) {
    throw Error(ErrorCode::not_found, fmt::format("There is no file {}.", name),
                fmt::format("The archive holds {}{}.", files_.front().entry.path,
                            files_.size() > 1 ? fmt::format(" and {} more", files_.size() - 1) : ""));
  }
  const ArchiveEntry& entry = file->entry;
  if (entry.kind == ArchiveEntry::Kind::link) refuse_archive(name, "is a link, which is not followed", kPackAgain);
  if (entry.kind != ArchiveEntry::Kind::file) refuse_archive(name, "is no regular file", kPackAgain);
  if (entry.encrypted)
    refuse_archive(name, "is encrypted", "Unpack the archive with its password, and name the folder.");
  auto entries = reader();
  if (limits_.exceeded(entry.size, entries->stored().stored_size())) fail_unpacking(name, limits_);
  for (std::size_t place = 0; place <= file->place; ++place) {
    if (!entries->next()) refuse_archive(archive_.string(), "has changed while it was read", "Read it again.");
  }
  std::unique_ptr<ByteStream> stream = std::make_unique<EntryStream>(name, entry.size, std::move(entries));
  if (format_of(peek(stream, kFormatHead)) != StoredFormat::plain) {
    refuse_archive(name, "is compressed or an archive, inside an archive", kUnpackOuter);
  }
  return stream;
}

std::unique_ptr<ByteStream> ArchiveFolder::open_only() const {
  if (files_.size() > 1) {
    refuse_archive(archive_.string(), fmt::format("holds {} files, and one is expected", files_.size()),
                   fmt::format("Name the one that is meant, as {}.", path_of(files().front())));
  }
  return open_path(files_.front().entry.path);
}

}  // namespace gusto
