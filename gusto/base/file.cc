#include "gusto/base/file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gusto/base/descriptor.h"
#include "gusto/base/error.h"
#include "gusto/base/missing_file.h"

namespace gusto {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail_to_write(const std::filesystem::path& path, int error) {
  throw Error(ErrorCode::io, fmt::format("Cannot write {}: {}.", path.string(), reason(error)),
              "Check that the folder exists, may be written to, and has room.");
}

// A name beside `path` that no other writer uses: process number and a counter, and never an existing file.
int create_beside(const std::filesystem::path& path, std::filesystem::path& temporary) {
  static std::atomic<unsigned> counter{0};
  while (true) {
    temporary =
        path.parent_path() / fmt::format(".{}.{}.{}.tmp", path.filename().string(), ::getpid(), counter.fetch_add(1));
    const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
}

void write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
    if (written < 0) {
      if (errno == EINTR) continue;
      fail_to_write(path, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

constexpr std::size_t kSpillBuffer = std::size_t{1} << 18;

}  // namespace

void MappedFile::Unmap::operator()(const std::byte* data) const noexcept {
  ::munmap(const_cast<std::byte*>(data), size);
}

MappedFile MappedFile::open(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) fail_for_missing_file(path);
    throw Error(ErrorCode::io, fmt::format("Cannot read {}: {}.", path.string(), reason(error)));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    throw Error(ErrorCode::io, fmt::format("Cannot read {}: {}.", path.string(), reason(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::io, fmt::format("Cannot read {}: it is not a regular file.", path.string()), "Name a file.");
  }
  MappedFile result;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return result;
  void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) {
    throw Error(ErrorCode::io, fmt::format("Cannot map {} into memory: {}.", path.string(), reason(errno)));
  }
  result.data_ = {static_cast<const std::byte*>(data), Unmap{size}};
  return result;
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.append(bytes);
  file.commit();
}

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  // Renaming over a device such as /dev/null would destroy it.
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
    throw Error(ErrorCode::io, fmt::format("Cannot write {}: it exists and is not a regular file.", path_.string()),
                "Give the name of a file.");
  }
  fd_ = create_beside(path_, temporary_);
  if (fd_ < 0) fail_to_write(path_, errno);
}

AtomicFile::~AtomicFile() {
  ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::append(std::span<const std::byte> bytes) { write_all(fd_, bytes, path_); }

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) fail_to_write(path_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_to_write(path_, errno);
  temporary_.clear();

  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems have no sync for folders and say EINVAL; there is nothing more to do there.
  if (directory.get() < 0 || (::fsync(directory.get()) != 0 && errno != EINVAL)) fail_to_write(path_, errno);
}

SpillFile::SpillFile(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::path name;
  fd_ = create_beside(folder_ / "gusto", name);
  if (fd_ < 0) fail_to_write(folder_, errno);
  ::unlink(name.c_str());
  buffer_.reserve(kSpillBuffer);
}

SpillFile::SpillFile(SpillFile&& other) noexcept
    : folder_(std::move(other.folder_)),
      fd_(std::exchange(other.fd_, -1)),
      written_(other.written_),
      buffer_(std::move(other.buffer_)) {}

SpillFile& SpillFile::operator=(SpillFile&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(fd_, other.fd_);
  std::swap(written_, other.written_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

SpillFile::~SpillFile() {
  if (fd_ >= 0) ::close(fd_);
}

void SpillFile::append(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > kSpillBuffer) flush();
  if (bytes.size() > kSpillBuffer) {
    write_all(fd_, bytes, folder_);
    written_ += bytes.size();
  } else {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
}

void SpillFile::flush() {
  write_all(fd_, buffer_, folder_);
  written_ += buffer_.size();
  buffer_.clear();
}

std::size_t SpillFile::read(std::uint64_t place, std::span<std::byte> out) {
  flush();
  const std::uint64_t left = place >= written_ ? 0 : written_ - place;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left));
  for (std::size_t filled = 0; filled < wanted;) {
    const ssize_t got = ::pread(fd_, out.data() + filled, wanted - filled, static_cast<off_t>(place + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(ErrorCode::io, fmt::format("Cannot read back what was written to {}: {}.", folder_.string(),
                                             got < 0 ? reason(errno) : "it is shorter than it was"));
    }
    filled += static_cast<std::size_t>(got);
  }
  return wanted;
}

void SpillFile::read(const std::function<void(std::span<const std::byte>)>& sink) {
  std::vector<std::byte> piece(kSpillBuffer);
  std::uint64_t place = 0;
  while (const std::size_t got = read(place, piece)) {
    sink(std::span(piece).first(got));
    place += got;
  }
}

}  // namespace gusto
