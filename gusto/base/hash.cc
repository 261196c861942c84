#include "gusto/base/hash.h"

#define XXH_INLINE_ALL
#include <fmt/core.h>
#include <xxhash.h>

namespace gusto {

std::uint64_t xxh3(std::span<const std::byte> bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

struct Xxh3::State {
  XXH3_state_t hash;
};

void Xxh3::Free::operator()(State* state) const noexcept { delete state; }

Xxh3::Xxh3() : state_(new State) { XXH3_64bits_reset(&state_->hash); }

void Xxh3::add(std::span<const std::byte> bytes) { XXH3_64bits_update(&state_->hash, bytes.data(), bytes.size()); }

std::uint64_t Xxh3::digest() const { return XXH3_64bits_digest(&state_->hash); }

std::string to_hex(std::uint64_t number) { return fmt::format("{:016x}", number); }

}  // namespace gusto
