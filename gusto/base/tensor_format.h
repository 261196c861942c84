#pragma once

// What the writer and the reader of tensor files share; see tensor_file.h.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace gusto::tensor_format {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie in memory, little-endian");

inline constexpr std::size_t kAlignment = 64;
inline constexpr std::size_t kLengthBytes = 8;
inline constexpr std::uint64_t kMaxHeader = 100'000'000;  // as in the reference implementation
inline constexpr std::string_view kChecksums = "xxh3";
inline constexpr std::string_view kHeaderChecksum = "xxh3_header";
inline constexpr std::string_view kMetadata = "__metadata__";
// Quotes inside JSON strings are escaped, so this text is the key itself wherever it occurs.
inline constexpr std::string_view kHeaderChecksumText = "\"xxh3_header\":\"";
inline constexpr std::string_view kZeros = "0000000000000000";

// Nothing if the product does not fit.
inline std::optional<std::uint64_t> checked_product(std::span<const std::uint64_t> factors) {
  std::uint64_t product = 1;
  for (const std::uint64_t factor : factors) {
    if (factor != 0 && product > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
    product *= factor;
  }
  return product;
}

inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string shape_text(std::span<const std::uint64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace gusto::tensor_format
