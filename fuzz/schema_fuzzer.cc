// The schema of a network's inputs from anyone: it is loaded and encodes, or is refused. An input is the schema's JSON
// text, a zero byte, and bytes that stand for all that its fields have learned.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/nn/encoder.h"

namespace {

using namespace gusto;

std::shared_ptr<const Dataset> small_data() {
  auto catalog = std::make_shared<Catalog>();
  for (const char* id : {"a", "b"}) catalog->users.add(id);
  for (const char* id : {"x", "y"}) catalog->items.add(id);
  catalog->user_features = FeatureTable({fuzz::feature_of("age", FeatureKind::number, {"1", "2"})});
  catalog->item_features = FeatureTable({fuzz::feature_of("tag", FeatureKind::multi, {"p|q", "q"}),
                                         fuzz::feature_of("title", FeatureKind::text, {"A b", "b"})});
  return std::make_shared<const Dataset>(
      catalog, std::vector<Event>{{UserRow(0), ItemRow(0), 1, 10}, {UserRow(0), ItemRow(1), 1, 99999999}});
}

// What the bytes stand for: texts are the bytes, numbers are made of them.
std::string file_of(std::string_view json, std::string_view bytes) {
  TensorWriter out;
  out.add_text("schema", json);
  std::vector<double> bounds(bytes.size() / sizeof(double));
  if (!bounds.empty()) std::memcpy(bounds.data(), bytes.data(), bounds.size() * sizeof(double));
  std::vector<std::uint64_t> offsets{0};
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] == '|' || at + 1 == bytes.size()) offsets.push_back(at + 1);
  }
  for (const char* place : {"schema/0", "schema/1", "schema/0.0", "schema/0.1"}) {
    out.add(std::string(place) + "/bounds", bounds);
    out.add_text(std::string(place) + "/values", bytes);
    out.add(std::string(place) + "/values.offsets", offsets);
  }
  return out.serialize();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const Dataset> small = small_data();
  const std::string_view input = fuzz::text_of(data, size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const TensorFile file =
      TensorFile::parse(file_of(input.substr(0, end), input.substr(std::min(end + 1, input.size()))), "input");
  try {
    const nn::Encoder encoder(*small, nn::Schema::load(file, "", *small));
    nn::Arena arena;
    const std::vector<nn::Example> examples{{0, UserRow(0), ItemRow(0)}, {1, UserRow(0), ItemRow(1)}};
    const nn::Batch batch = encoder.encode(examples, {0.5, 1}, arena);
    for (std::size_t slot = 0; slot < encoder.schema().size(); ++slot) {
      for (const std::uint32_t id : batch[slot].ids) fuzz::require(id < encoder.schema()[slot].rows);
      for (const float weight : batch[slot].weights) fuzz::require(std::isfinite(weight));
    }
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt_file || error.code() == ErrorCode::invalid_input);
  }
  return 0;
}
