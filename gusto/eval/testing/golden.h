#pragma once

// Values of an independent implementation, which tests of metrics compare with. For tests only.

#include "gusto/base/json.h"
#include "gusto/base/testing/testing.h"

namespace gusto::test {

/// How far a metric may be from its golden value.
constexpr double kClose = 1e-12;

/// Values from ranx and scipy, made by tests/golden/make_metrics.py.
inline const Json& golden() {
  static const Json json = parse_json(content_of(GUSTO_SOURCE_DIR "/tests/golden/metrics.json"));
  return json;
}

}  // namespace gusto::test
