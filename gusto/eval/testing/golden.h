#pragma once

// Values of an independent implementation, which tests of metrics compare with. For tests only.

#include <fstream>

#include <nlohmann/json.hpp>

namespace gusto::test {

/// How far a metric may be from its golden value.
constexpr double kClose = 1e-12;

/// Values from ranx and scipy, made by tests/golden/make_metrics.py.
inline const nlohmann::json& golden() {
  static const nlohmann::json json =
      nlohmann::json::parse(std::ifstream(GUSTO_SOURCE_DIR "/tests/golden/metrics.json"));
  return json;
}

}  // namespace gusto::test
