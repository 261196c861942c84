// A list of fields from anyone: it is understood, and each field survives being written down and read again; or it is
// refused as an invalid option.

#include <cstdint>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/nn/field_spec.h"
#include "gusto/nn/word_pieces.h"

using gusto::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gusto::fuzz::text_of(data, size);
  try {
    for (const gusto::nn::FieldSpec& spec : gusto::nn::parse_fields(input)) {
      const std::vector<gusto::nn::FieldSpec> again = gusto::nn::parse_fields(spec.text);
      require(again.size() == 1 && again[0].text == spec.text && again[0].kind == spec.kind);
      require(again[0].by_value == spec.by_value && again[0].by_recency == spec.by_recency);
      require(again[0].feature == spec.feature && again[0].parts.size() == spec.parts.size());
    }
  } catch (const gusto::Error& error) {
    require(error.code() == gusto::ErrorCode::invalid_option && !error.hint().empty());
  }
  // The same text as a title: whatever its bytes, its words are found and cut.
  const std::vector<std::string_view> texts{input, input};
  const gusto::nn::WordPieces pieces(gusto::nn::WordPieces::learn(texts, 50));
  std::vector<std::uint32_t> ids;
  pieces.encode(input, ids);
  for (const std::uint32_t id : ids) require(id <= 50);
  return 0;
}
