#include "gusto/eval/describe_json.h"

#include <gmock/gmock.h>

#include "gusto/base/json.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

TEST(DescribeJson, ListsModelsWithAbilitiesAndOptions) {
  const Json all = parse_json(models_json(registry()));
  EXPECT_EQ(all["models"].size(), registry().size());
  EXPECT_EQ(all["models"][0]["name"], registry()[0]->name);
  const Json one = parse_json(model_json(find_model("svd")));
  EXPECT_TRUE(one["abilities"]["item_vectors"].get<bool>());
  EXPECT_EQ(one["options"].size(), find_model("svd").fields.size());
  for (const Json& option : one["options"]) EXPECT_FALSE(option["default"].is_null()) << option;
}

TEST(DescribeJson, TellsOfDataAndOfAModelFile) {
  Context context({.threads = 1});
  const std::shared_ptr<const Dataset> data = test::three_tastes(30, 20);
  SourceReport source;
  source.layout = "delimited";
  source.notes = {"A note."};
  const FilterStep step{.kind = FilterStep::Kind::since, .events = 3};
  const Json read = parse_json(data_json(source, {&step, 1}, *data));
  EXPECT_EQ(read["notes"][0], "A note.");
  EXPECT_EQ(read["left_out"][0]["filter"], "since");
  EXPECT_EQ(read["data"]["events"], data->event_count());

  TrainedModel trained;
  trained.model = make_model("svd", {{"dim", 4}});
  trained.model->fit(data, Task::top_n, context);
  trained.record.metrics = R"({"ndcg@10":{"mean":0.5,"stderr":0.1,"users":3}})";
  const Json file = parse_json(model_file_json(trained, nullptr, 1234));
  EXPECT_EQ(file["model"], "svd");
  EXPECT_EQ(file["options"]["dim"], 4);
  EXPECT_EQ(file["metrics"]["ndcg@10"]["users"], 3);
  EXPECT_EQ(file["data"]["events"], data->event_count());
  EXPECT_FALSE(file.contains("index"));
}

}  // namespace
}  // namespace gusto
