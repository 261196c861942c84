#include "gusto/data/bytes/file_tree.h"

#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/data/bytes/archive.h"
#include "gusto/data/bytes/foreign.h"

namespace gusto {
namespace {

class DiskFolder final : public FileTree {
 public:
  explicit DiskFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  bool has(std::string_view name) const override {
    std::error_code problem;
    return std::filesystem::exists(folder_ / name, problem) || problem;
  }
  std::unique_ptr<ByteStream> open(std::string_view name) const override { return open_stream(folder_ / name); }
  std::string path_of(std::string_view name) const override { return (folder_ / name).string(); }
  std::optional<std::string> only_file() const override { return std::nullopt; }

 private:
  std::filesystem::path folder_;
};

// The part of a path that is a file on disk, and the rest, which is then to be looked for in it.
std::optional<std::pair<std::filesystem::path, std::string>> inside_archive(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return std::nullopt;
  std::filesystem::path file = path.parent_path();
  while (!file.empty() && file != file.root_path() && !std::filesystem::exists(file, ignored)) {
    file = file.parent_path();
  }
  if (!std::filesystem::is_regular_file(file, ignored)) return std::nullopt;
  return std::pair(file, path.lexically_relative(file).generic_string());
}

}  // namespace

std::unique_ptr<FileTree> open_tree(const std::filesystem::path& path, UnpackLimits limits) {
  std::error_code ignored;  // what can't be examined is opened as a stream, which says why
  if (std::filesystem::is_directory(path, ignored)) return std::make_unique<DiskFolder>(path);
  if (const auto kind = archive_kind(path)) return std::make_unique<ArchiveFolder>(path, *kind, limits);
  return nullptr;
}

std::unique_ptr<ByteStream> open_stream(const std::filesystem::path& path) {
  if (const auto inside = inside_archive(path)) {
    if (const auto kind = archive_kind(inside->first)) {
      return ArchiveFolder(inside->first, *kind, {}).open_path(inside->second);
    }
  }
  if (const auto kind = archive_kind(path)) return ArchiveFolder(path, *kind, {}).open_only();
  auto stream = decompressed(open_stored(path));
  const std::string head = peek(stream, kFormatHead);
  const StoredFormat format = format_of(head);
  refuse_foreign(path.string(), head);
  if (format == StoredFormat::zip || format == StoredFormat::tar) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} is an archive, and no regular file.", path.string()),
                "Write it to a file first, since an archive can't be read through a pipe.");
  }
  return stream;
}

}  // namespace gusto
