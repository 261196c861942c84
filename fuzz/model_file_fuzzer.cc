// A model file from anyone: it is loaded and answers, or is refused; nothing else happens.
//
// An input chooses a model and is a script of edits to that model's file: tensors get another length or other bytes,
// metadata another text, those of a stored index too. Checksums are made to fit again, so that what lies behind them is
// reached.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "gusto/base/error.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/index.h"

namespace {

struct Tensor {
  std::string name;
  gusto::TensorType type;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> bytes;
};
struct Parts {
  std::vector<Tensor> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;
};

std::shared_ptr<const gusto::Dataset> small_data() {
  using gusto::FeatureKind, gusto::ItemRow, gusto::UserRow;
  auto catalogue = std::make_shared<gusto::Catalogue>();
  for (const char* id : {"a", "b", "c"}) catalogue->users.add(id);
  for (const char* id : {"x", "y", "z"}) catalogue->items.add(id);
  const auto field = [](const char* name, FeatureKind kind, std::array<const char*, 3> values) {
    gusto::FeatureField result;
    result.name = name;
    result.kind = kind;
    for (const char* value : values) result.append(value);
    return result;
  };
  catalogue->user_features = gusto::FeatureTable(
      {field("age", FeatureKind::number, {"1", "2", "3"}), field("gender", FeatureKind::categorical, {"f", "m", "f"})});
  catalogue->item_features = gusto::FeatureTable(
      {field("title", FeatureKind::text, {"X", "Y", "Z"}), field("genres", FeatureKind::multi, {"p|q", "q", "p"})});
  return std::make_shared<const gusto::Dataset>(std::move(catalogue),
                                                std::vector<gusto::Event>{{UserRow(0), ItemRow(0), 5, 1},
                                                                          {UserRow(0), ItemRow(1), 3, 2},
                                                                          {UserRow(1), ItemRow(1), 4, 3},
                                                                          {UserRow(1), ItemRow(2), 2, 4},
                                                                          {UserRow(2), ItemRow(0), 4, 5},
                                                                          {UserRow(2), ItemRow(2), 1, 6}});
}

gusto::TensorType type_named(const std::string& name) {
  using gusto::TensorType;
  for (const TensorType type : {TensorType::u8, TensorType::i32, TensorType::u32, TensorType::i64, TensorType::u64,
                                TensorType::f32, TensorType::f64}) {
    if (gusto::to_string(type) == name) return type;
  }
  std::abort();
}

// Small networks: what matters is where their numbers lie, not how many there are.
gusto::Settings small_settings(const gusto::ModelInfo& info) {
  gusto::Settings settings;
  for (const auto& [name, value] :
       {std::pair{"dim", "3"}, {"epochs", "2"}, {"hidden", "4-3"}, {"wide_buckets", "20"}}) {
    for (const gusto::Field& field : info.fields) {
      if (field.name == name) settings.emplace_back(name, value);
    }
  }
  return settings;
}

// The tensors and metadata of one file for each registered model.
std::vector<Parts> make_samples() {
  std::vector<Parts> samples;
  gusto::ContextOptions options;
  options.threads = 1;
  gusto::Context context(options);
  for (const gusto::ModelInfo* info : gusto::registry()) {
    const auto model = info->make(small_settings(*info));
    model->fit(small_data(), gusto::Task::ratings, context);
    gusto::IndexOptions indexing;
    if (info->abilities.item_vectors) indexing.kind = gusto::IndexKind::hnsw;
    const gusto::Index index = gusto::Index::build(*model, indexing, context);
    const std::string bytes = gusto::serialize_model(*model, {}, [&](gusto::TensorWriter& out) { index.save(out); });
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const std::string_view data = std::string_view(bytes).substr(8 + length);
    Parts parts;
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
    samples.push_back(std::move(parts));
  }
  return samples;
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

void edit(Parts& parts, Script& script) {
  switch (script.below(3)) {
    case 0: {  // overwrite bytes
      Tensor& tensor = parts.tensors[script.below(parts.tensors.size())];
      const std::size_t at = script.below(tensor.bytes.size());
      const std::string_view text = script.text(1 + script.below(8));
      for (std::size_t i = 0; i < text.size() && at + i < tensor.bytes.size(); ++i) {
        tensor.bytes[at + i] = static_cast<std::byte>(text[i]);
      }
      return;
    }
    case 1: {  // another length
      Tensor& tensor = parts.tensors[script.below(parts.tensors.size())];
      const std::size_t count = script.below(16);
      tensor.bytes.resize(count * gusto::size_of(tensor.type));
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

void ask(const gusto::Model& model, const std::optional<gusto::Index>& index, gusto::Context& context) {
  const gusto::Dataset& data = model.data();
  if (data.user_count() == 0 || data.item_count() == 0) return;
  const gusto::Query query = gusto::Query::known(gusto::UserRow(0));
  gusto::Matrix<float> scores(1, data.item_count());
  model.score({&query, 1}, scores.view());
  if (index) gusto::search(model, *index, {&query, 1}, 2, {}, context);
  data.catalogue().title(gusto::ItemRow(0));
  data.audience(gusto::ItemRow(0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Parts> samples = make_samples();
  Script script({reinterpret_cast<const char*>(data), size});
  Parts parts = samples[script.below(samples.size())];
  while (!script.ended()) edit(parts, script);
  std::optional<std::string> bytes;
  try {
    gusto::TensorWriter out;
    for (const auto& [key, value] : parts.metadata) out.set_metadata(key, value);
    for (const Tensor& tensor : parts.tensors) out.add_bytes(tensor.name, tensor.type, tensor.shape, tensor.bytes);
    bytes = out.serialize();
  } catch (const gusto::Error&) {
    return 0;  // text that is not UTF-8 cannot be written
  }
  try {
    gusto::ContextOptions options;
    options.threads = 1;
    gusto::Context context(options);
    std::optional<gusto::Index> index;
    const auto trained =
        gusto::parse_model(std::move(*bytes), "input", [&](const gusto::TensorFile& in, const gusto::Model& model) {
          index = gusto::Index::load(in, model, context);
        });
    ask(*trained.model, index, context);
  } catch (const gusto::Error& error) {
    using gusto::ErrorCode;
    const bool expected = error.code() == ErrorCode::corrupt_file || error.code() == ErrorCode::unsupported ||
                          error.code() == ErrorCode::not_finite;
    if (!expected || error.message().empty()) std::abort();
  }
  return 0;
}
