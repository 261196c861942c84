#pragma once

// What fuzzers share.

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "gusto/base/context.h"
#include "gusto/data/features.h"

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

/// A feature with a value for each row; an empty one is missing.
inline FeatureField feature_of(std::string name, FeatureKind kind, std::initializer_list<const char*> values) {
  FeatureField field;
  field.name = std::move(name);
  field.kind = kind;
  for (const std::string_view value : values) {
    if (value.empty()) field.append_missing();
    else field.append(value);
  }
  return field;
}

}  // namespace gusto::fuzz
