// A model file from anyone: it is loaded and answers, or is refused; nothing else happens.
//
// An input chooses a model and is a script of edits to that model's file: tensors get another length or other bytes,
// metadata another text, those of a stored index too. Checksums are made to fit again, so that what lies behind them is
// reached.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"
#include "fuzz/tensor_edits.h"

#include "gusto/base/error.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/index.h"

namespace {

using gusto::fuzz::TensorParts;

std::shared_ptr<const gusto::Dataset> small_data() {
  using gusto::FeatureKind, gusto::ItemRow, gusto::UserRow;
  auto catalog = std::make_shared<gusto::Catalog>();
  for (const char* id : {"a", "b", "c"}) catalog->users.add(id);
  for (const char* id : {"x", "y", "z"}) catalog->items.add(id);
  const auto field = [](const char* name, FeatureKind kind, std::array<const char*, 3> values) {
    gusto::FeatureField result;
    result.name = name;
    result.kind = kind;
    for (const char* value : values) result.append(value);
    return result;
  };
  catalog->user_features = gusto::FeatureTable(
      {field("age", FeatureKind::number, {"1", "2", "3"}), field("gender", FeatureKind::categorical, {"f", "m", "f"})});
  catalog->item_features = gusto::FeatureTable(
      {field("title", FeatureKind::text, {"X", "Y", "Z"}), field("genres", FeatureKind::multi, {"p|q", "q", "p"})});
  return std::make_shared<const gusto::Dataset>(std::move(catalog),
                                                std::vector<gusto::Event>{{UserRow(0), ItemRow(0), 5, 1},
                                                                          {UserRow(0), ItemRow(1), 3, 2},
                                                                          {UserRow(1), ItemRow(1), 4, 3},
                                                                          {UserRow(1), ItemRow(2), 2, 4},
                                                                          {UserRow(2), ItemRow(0), 4, 5},
                                                                          {UserRow(2), ItemRow(2), 1, 6}});
}

// Small networks: what matters is where their numbers lie, not how many there are.
gusto::Settings small_settings(const gusto::ModelInfo& info) {
  gusto::Settings settings;
  for (const auto& [name, value] : {std::pair{"dim", "3"}, {"epochs", "2"}, {"hidden", "4"}, {"wide_buckets", "20"}}) {
    for (const gusto::Field& field : info.fields) {
      if (field.name == name) settings.emplace_back(name, gusto::parse_field(field, info.name, value));
    }
  }
  return settings;
}

// The tensors and metadata of one file for each registered model.
std::vector<TensorParts> make_samples() {
  std::vector<TensorParts> samples;
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
    samples.push_back(gusto::fuzz::take_apart(bytes));
  }
  return samples;
}

void ask(const gusto::Model& model, const std::optional<gusto::Index>& index, gusto::Context& context) {
  const gusto::Dataset& data = model.data();
  if (data.user_count() == 0 || data.item_count() == 0) return;
  const gusto::Query query = gusto::Query::known(gusto::UserRow(0));
  gusto::Matrix<float> scores(1, data.item_count());
  model.score({&query, 1}, scores.view());
  if (index) gusto::search(model, *index, {&query, 1}, 2, {}, context);
  data.catalog().title(gusto::ItemRow(0));
  data.item_events(gusto::ItemRow(0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<TensorParts> samples = make_samples();
  std::optional<std::string> bytes = gusto::fuzz::edited(samples, gusto::fuzz::text_of(data, size));
  if (!bytes) return 0;
  try {
    gusto::ContextOptions options;
    options.threads = 1;
    gusto::Context context(options);
    std::optional<gusto::Index> index;
    const auto trained = gusto::parse_model(std::move(*bytes), "input",
                                            {.more = [&](const gusto::TensorFile& in, const gusto::Model& model) {
                                              index = gusto::Index::load(in, model, context);
                                            }});
    ask(*trained.model, index, context);
  } catch (const gusto::Error& error) {
    using gusto::ErrorCode;
    const bool expected = error.code() == ErrorCode::corrupt_file || error.code() == ErrorCode::unsupported ||
                          error.code() == ErrorCode::not_finite;
    if (!expected || error.message().empty()) std::abort();
  }
  return 0;
}
