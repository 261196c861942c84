// A tensor file from anyone: it is read, or refused as corrupt; nothing else happens.
//
// An input is tried as a file, and as "header\ndata" with length, padding and header checksum made to fit: mutations
// would never get past those by themselves.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/tensor_file.h"

namespace {

void read_all(std::string bytes) {
  try {
    const gusto::TensorFile file = gusto::TensorFile::parse(std::move(bytes), "input");
    std::uint64_t sum = 0;
    for (const std::string& name : file.names()) {
      sum += file.shape(name).size();
      try {
        for (const std::uint8_t byte : file.values<std::uint8_t>(name)) sum += byte;
      } catch (const gusto::Error& error) {
        if (error.code() != gusto::ErrorCode::corrupt_file) throw;  // another type is fine
      }
    }
    volatile std::uint64_t keep = sum;
    static_cast<void>(keep);
  } catch (const gusto::Error& error) {
    if (error.code() != gusto::ErrorCode::corrupt_file || error.message().empty()) std::abort();
  }
}

std::string forged(std::string_view input) {
  const std::size_t line = std::min(input.find('\n'), input.size());
  std::string header(input.substr(0, line));
  header.append((64 - (header.size() + 8) % 64) % 64, ' ');
  constexpr std::string_view kKey = "\"xxh3_header\":\"";
  const std::size_t key = header.find(kKey);
  if (key != std::string::npos && key + kKey.size() + 16 <= header.size()) {
    const std::size_t digits = key + kKey.size();
    header.replace(digits, 16, 16, '0');
    header.replace(digits, 16, gusto::to_hex(gusto::xxh3(std::as_bytes(std::span(header)), header.size())));
  }
  const auto length = std::bit_cast<std::array<char, 8>>(static_cast<std::uint64_t>(header.size()));
  return std::string(length.data(), length.size()) + header +
         std::string(input.substr(std::min(line + 1, input.size())));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gusto::fuzz::text_of(data, size);
  read_all(std::string(input));
  read_all(forged(input));
  return 0;
}
