#pragma once

// Tensor files taken apart, edited as a script says, and put together again with checksums that fit: mutations would
// never get past those by themselves.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"

namespace gusto::fuzz {

struct TensorPart {
  std::string name;
  TensorType type;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> bytes;
};
struct TensorParts {
  std::vector<TensorPart> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;
};

inline TensorType type_named(const std::string& name) {
  for (const TensorType type : {TensorType::u8, TensorType::i32, TensorType::u32, TensorType::i64, TensorType::u64,
                                TensorType::f32, TensorType::f64}) {
    if (to_string(type) == name) return type;
  }
  std::abort();
}

// Of a whole file.
inline TensorParts take_apart(const std::string& bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  const std::string_view data = std::string_view(bytes).substr(8 + length);
  TensorParts parts;
  const auto header = nlohmann::json::parse(bytes.substr(8, length));
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      for (const auto& [key, value] : entry.items()) {
        if (key != "xxh3" && key != "xxh3_header") parts.metadata.emplace_back(key, value.get<std::string>());
      }
      continue;
    }
    const auto place = entry["data_offsets"].get<std::array<std::uint64_t, 2>>();
    const auto span = std::as_bytes(std::span(data.substr(place[0], place[1] - place[0])));
    parts.tensors.push_back({name,
                             type_named(entry["dtype"].get<std::string>()),
                             entry["shape"].get<std::vector<std::uint64_t>>(),
                             {span.begin(), span.end()}});
  }
  return parts;
}

// Takes numbers and text from the input; zeros when it is used up.
class Script {
 public:
  explicit Script(std::string_view input) : rest_(input) {}
  bool ended() const { return rest_.empty(); }
  std::size_t below(std::size_t bound) {
    if (rest_.empty() || bound == 0) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte % bound;
  }
  std::string_view text(std::size_t size) {
    const std::string_view result = rest_.substr(0, size);
    rest_.remove_prefix(result.size());
    return result;
  }

 private:
  std::string_view rest_;
};

inline void edit(TensorParts& parts, Script& script) {
  switch (script.below(3)) {
    case 0: {  // overwrite bytes
      TensorPart& tensor = parts.tensors[script.below(parts.tensors.size())];
      const std::size_t at = script.below(tensor.bytes.size());
      const std::string_view text = script.text(1 + script.below(8));
      for (std::size_t i = 0; i < text.size() && at + i < tensor.bytes.size(); ++i) {
        tensor.bytes[at + i] = static_cast<std::byte>(text[i]);
      }
      return;
    }
    case 1: {  // another length
      TensorPart& tensor = parts.tensors[script.below(parts.tensors.size())];
      const std::size_t count = script.below(16);
      tensor.bytes.resize(count * size_of(tensor.type));
      tensor.shape = {count};
      return;
    }
    default: {  // another text
      auto& value = parts.metadata[script.below(parts.metadata.size())].second;
      const std::size_t at = script.below(value.size() + 1);
      const std::size_t removed = script.below(16);
      value.replace(at, removed, script.text(script.below(32)));
    }
  }
}

// The file that the input, a choice of a sample and a script, makes; nothing if it cannot be written: text that is not
// UTF-8.
inline std::optional<std::string> edited(const std::vector<TensorParts>& samples, std::string_view input) {
  Script script(input);
  TensorParts parts = samples[script.below(samples.size())];
  while (!script.ended()) edit(parts, script);
  try {
    TensorWriter out;
    for (const auto& [key, value] : parts.metadata) out.set_metadata(key, value);
    for (const TensorPart& tensor : parts.tensors) out.add_bytes(tensor.name, tensor.type, tensor.shape, tensor.bytes);
    return out.serialize();
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace gusto::fuzz
