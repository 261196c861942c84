// Trains a model on a tiny made-up data set with every kind of feature and saves it: for the test that reads it with
// Python, and for the samples of each format version in tests/data.

#include <cstdio>

#include "gusto/base/error.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"

namespace {

gusto::FeatureField field(std::string name, gusto::FeatureKind kind, const std::vector<std::string>& values) {
  gusto::FeatureField result;
  result.name = std::move(name);
  result.kind = kind;
  for (const std::string& value : values) {
    if (value.empty()) {
      result.append_missing();
    } else {
      result.append(value);
    }
  }
  return result;
}

std::shared_ptr<const gusto::Dataset> made_up_data() {
  using gusto::FeatureKind, gusto::ItemRow, gusto::UserRow;
  auto catalog = std::make_shared<gusto::Catalog>();
  for (const char* id : {"ann", "bob", "zoë"}) catalog->users.add(id);
  for (const char* id : {"10", "20", "30"}) catalog->items.add(id);
  catalog->user_features = gusto::FeatureTable(
      {field("gender", FeatureKind::categorical, {"F", "M", ""}), field("age", FeatureKind::number, {"31", "", "18"})});
  catalog->item_features =
      gusto::FeatureTable({field("title", FeatureKind::text, {"Amélie (2001)", "Heat (1995)", "Alien (1979)"}),
                           field("genres", FeatureKind::multi, {"Comedy|Romance", "Crime", ""})});
  return std::make_shared<const gusto::Dataset>(std::move(catalog),
                                                std::vector<gusto::Event>{{UserRow(0), ItemRow(0), 5, 1000},
                                                                          {UserRow(0), ItemRow(1), 3, 1001},
                                                                          {UserRow(1), ItemRow(1), 4.5F, 1002},
                                                                          {UserRow(1), ItemRow(2), 2, 1003},
                                                                          {UserRow(2), ItemRow(0), 4, 1004},
                                                                          {UserRow(2), ItemRow(2), 1, 1005}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: write_model MODEL FILE\n", stderr);
    return 2;
  }
  try {
    gusto::Context context;
    const auto model = gusto::make_model(argv[1]);
    model->fit(made_up_data(), gusto::Task::ratings, context);
    gusto::ModelRecord record;
    record.metrics = R"({"rmse": {"mean": 0.9, "stderr": 0.1}})";
    gusto::save_model(*model, record, argv[2]);
  } catch (const gusto::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
