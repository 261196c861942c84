#include "gusto/data/fetch/part_file.h"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gusto/base/error.h"
#include "gusto/base/file.h"
#include "gusto/base/text.h"
#include "gusto/data/fetch/download.h"

namespace gusto {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int code) {
  throw Error(ErrorCode::io,
              fmt::format("{} cannot be written: {}.", path.string(), std::generic_category().message(code)),
              "Make room or choose another folder; what has come so far is kept, and resumed.");
}

// Whether the descriptor is still of the file of that name: its last owner may have renamed or removed it.
bool is_current(int fd, const std::filesystem::path& path) {
  struct stat mine {};
  struct stat named {};
  return ::fstat(fd, &mine) == 0 && ::stat(path.c_str(), &named) == 0 && mine.st_ino == named.st_ino &&
         mine.st_dev == named.st_dev;
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor directory(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems have no sync for folders and say EINVAL; there is nothing more to do there.
  if (directory.get() < 0 || (::fsync(directory.get()) != 0 && errno != EINVAL)) fail(folder, errno);
}

}  // namespace

PartFile::PartFile(std::filesystem::path target, int fd)
    : target_(std::move(target)), path_(target_.string() + ".part"), file_(std::make_unique<Descriptor>(fd)) {}

std::filesystem::path PartFile::origin_path() const { return path_.string() + ".origin"; }

std::optional<PartFile> PartFile::acquire(const std::filesystem::path& target, bool replace, Context& context) {
  std::error_code error;
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), error);
  if (error) fail(target.parent_path(), error.value());
  while (true) {
    if (!replace && std::filesystem::exists(target, error)) return std::nullopt;
    const std::string path = target.string() + ".part";
    PartFile part(target, ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (part.file_->get() < 0) fail(path, errno);
    while (::flock(part.file_->get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) fail(path, errno);
      context.check_canceled();
      context.progress(kWaitingForDownload, 0, 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    if (!is_current(part.file_->get(), path)) continue;
    if (!replace && std::filesystem::exists(target, error)) {
      part.discard();
      return std::nullopt;
    }
    struct stat info {};
    if (::fstat(part.file_->get(), &info) != 0) fail(path, errno);
    part.size_ = static_cast<std::uint64_t>(info.st_size);
    part.read_origin();
    return part;
  }
}

void PartFile::read_origin() {
  std::ifstream file(origin_path());
  std::string total;
  std::getline(file, origin_.url);
  std::getline(file, origin_.etag);
  std::getline(file, origin_.last_modified);
  std::getline(file, total);
  if (const auto bytes = parse_integer(total); file && bytes && *bytes >= 0) {
    origin_.total = static_cast<std::uint64_t>(*bytes);
  }
}

void PartFile::restart(PartOrigin origin) {
  if (::ftruncate(file_->get(), 0) != 0) fail(path_, errno);
  size_ = 0;
  origin_ = std::move(origin);
  // Bytes follow only once it is known what of.
  const std::string text = fmt::format("{}\n{}\n{}\n{}\n", origin_.url, origin_.etag, origin_.last_modified,
                                       origin_.total ? fmt::format("{}", *origin_.total) : "");
  write_file_atomically(origin_path(), std::as_bytes(std::span(text)));
}

void PartFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_->get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_, errno);
    size_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void PartFile::complete() {
  if (::fsync(file_->get()) != 0) fail(path_, errno);
  if (::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, errno);
  sync_folder(target_.parent_path());
  std::error_code ignored;
  std::filesystem::remove(origin_path(), ignored);
}

void PartFile::discard() {
  std::error_code ignored;
  std::filesystem::remove(origin_path(), ignored);
  std::filesystem::remove(path_, ignored);
}

}  // namespace gusto
