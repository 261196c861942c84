// An archive or a compressed file from anyone: all that is in it is read, or refused with a sentence, and never is more
// unpacked than the limits allow.

#include <array>
#include <cstdint>
#include <string>

#include "fuzz/fuzz.h"
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gusto/base/descriptor.h"
#include "gusto/base/error.h"
#include "gusto/data/bytes/archive.h"

namespace {

using namespace gusto;

constexpr UnpackLimits kLimits{.ratio = 100, .spare = std::uint64_t{1} << 20};

std::uint64_t unpacked(ByteStream& stream) {
  std::array<char, 4096> part;
  std::uint64_t total = 0;
  while (true) {
    const std::size_t got = stream.read(part);
    total += got;
    if (got < part.size()) return total;
  }
}

// Whatever is done, errors are of the input.
template <class Action>
void attempt(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    const bool expected = error.code() == ErrorCode::invalid_input || error.code() == ErrorCode::corrupt_file;
    fuzz::require(expected && !error.message().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A file without a name: zip archives need one that can be sought in.
  static const Descriptor file(::memfd_create("archive", MFD_CLOEXEC));
  fuzz::require(::ftruncate(file.get(), 0) == 0 && ::pwrite(file.get(), data, size, 0) == static_cast<ssize_t>(size));
  const std::string path = fmt::format("/proc/self/fd/{}", file.get());
  attempt([&] {
    const std::uint64_t most = std::max(kLimits.spare, kLimits.ratio * (size + 1)) + (std::uint64_t{2} << 20);
    fuzz::require(unpacked(*decompressed(open_stored(path), kLimits)) <= most);
  });
  attempt([&] {
    const auto kind = archive_kind(path);
    if (!kind) return;
    const ArchiveFolder folder(path, *kind, kLimits);
    for (const std::string& name : folder.files()) {
      fuzz::require(folder.has(name));
      attempt([&] { unpacked(*folder.open(name)); });
    }
  });
  return 0;
}
