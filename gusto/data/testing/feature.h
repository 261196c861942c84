#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gusto/data/features.h"

namespace gusto::test {

/// A feature with a value for each row; an empty one is missing. For tests only.
inline FeatureField feature(std::string name, FeatureKind kind, const std::vector<std::string>& values) {
  FeatureField field;
  field.name = std::move(name);
  field.kind = kind;
  for (const std::string& value : values) {
    if (value.empty()) field.append_missing();
    else field.append(value);
  }
  return field;
}

}  // namespace gusto::test
