#include "gusto/data/bytes/byte_stream.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gusto/base/descriptor.h"
#include "gusto/base/error.h"
#include "gusto/base/missing_file.h"

namespace gusto {
namespace {

[[noreturn]] void fail_io(const std::string& name) {
  const int code = errno;
  if (code == ENOENT || code == ENOTDIR) fail_for_missing_file(name);
  throw Error(ErrorCode::io, fmt::format("{} cannot be read: {}.", name, std::generic_category().message(code)),
              "Check that it is a file and may be read.");
}

class FileStream final : public ByteStream {
 public:
  explicit FileStream(const std::filesystem::path& path)
      : name_(path.string()), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat info {};
    if (file_.get() < 0 || ::fstat(file_.get(), &info) != 0) fail_io(name_);
    if (S_ISREG(info.st_mode)) size_ = static_cast<std::uint64_t>(info.st_size);
  }

  std::size_t read(std::span<char> out) override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      const ssize_t got = ::read(file_.get(), out.data() + filled, out.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail_io(name_);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    position_ += filled;
    return filled;
  }
  const std::string& name() const override { return name_; }
  std::uint64_t stored_position() const override { return position_; }
  std::uint64_t stored_size() const override { return size_; }

 private:
  std::string name_;
  Descriptor file_;
  std::uint64_t position_ = 0;
  std::uint64_t size_ = 0;
};

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::string name, std::string_view bytes) : name_(std::move(name)), bytes_(bytes) {}

  std::size_t read(std::span<char> out) override {
    const std::size_t count = bytes_.copy(out.data(), out.size(), position_);
    position_ += count;
    return count;
  }
  const std::string& name() const override { return name_; }
  std::uint64_t stored_position() const override { return position_; }
  std::uint64_t stored_size() const override { return bytes_.size(); }

 private:
  std::string name_;
  std::string_view bytes_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<ByteStream> stream_of(std::string name, std::string_view bytes) {
  return std::make_unique<MemoryStream>(std::move(name), bytes);
}

std::unique_ptr<ByteStream> open_stored(const std::filesystem::path& path) {
  return std::make_unique<FileStream>(path);
}

}  // namespace gusto
