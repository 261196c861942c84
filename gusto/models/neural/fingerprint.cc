#include "gusto/models/neural/fingerprint.h"

#include <span>

#include <fmt/format.h>

#include "gusto/base/hash.h"

namespace gusto {

std::string training_fingerprint(const Model& model, const Dataset& data) {
  std::string text = fmt::format("task={} ", to_string(model.task()));
  for (const auto& [name, value] : model.settings()) text += fmt::format("{}={} ", name, value);
  return text + to_hex(xxh3(std::as_bytes(data.offsets()),
                            xxh3(std::as_bytes(data.items()), xxh3(std::as_bytes(data.values())))));
}

}  // namespace gusto
