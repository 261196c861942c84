#pragma once

// What fuzzers share.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gusto/base/context.h"

namespace gusto::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline Context& context() {
  static Context one_thread({.threads = 1});
  return one_thread;
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace gusto::fuzz
