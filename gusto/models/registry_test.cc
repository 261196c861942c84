#include "gusto/models/registry.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <string>

#include <gmock/gmock.h>

#include "gusto/base/error.h"
#include "gusto/models/factors/ials.h"
#include "gusto/models/linear/ease.h"
#include "gusto/models/linear/graph.h"
#include "gusto/models/task.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

using ::testing::HasSubstr;

/// Lower-case words joined by `joint`, beginning with a letter.
bool is_name(std::string_view text, char joint) {
  return !text.empty() && std::islower(static_cast<unsigned char>(text.front())) != 0 &&
         std::all_of(text.begin(), text.end(), [joint](unsigned char c) {
           return std::islower(c) != 0 || std::isdigit(c) != 0 || c == static_cast<unsigned char>(joint);
         });
}

ErrorCode code_of(const std::function<void()>& action, std::string& message) {
  try {
    action();
  } catch (const Error& error) {
    message = error.what();
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(Registry, NamesAreUniqueAndEveryRowIsComplete) {
  std::set<std::string_view> names;
  for (const ModelInfo* info : registry()) {
    SCOPED_TRACE(info->name);
    EXPECT_TRUE(names.insert(info->name).second);
    EXPECT_TRUE(is_name(info->name, '-'));
    EXPECT_FALSE(info->summary.empty());
    EXPECT_LE(info->summary.size(), 80U);
    EXPECT_GT(info->about.size(), info->summary.size());
    EXPECT_EQ(&find_model(info->name), info);
    EXPECT_EQ(&info->make({})->info(), info);
  }
}

TEST(Registry, TakesFurtherModelsAlongUnlessTheirNamesAreTaken) {
  const ModelInfo own{.name = "own-model", .summary = "", .about = "", .fields = {}, .abilities = {}, .make = nullptr};
  const ModelInfo* const further[]{&own};
  EXPECT_EQ(&find_model("own-model", further), &own);
  EXPECT_EQ(&find_model("bias", further), &find_model("bias"));
  EXPECT_EQ(all_models(further).size(), registry().size() + 1);
  EXPECT_EQ(all_models(further).back(), &own);
  std::string message;
  EXPECT_EQ(code_of([] { find_model("own-model"); }, message), ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { find_model("own-modle", further); }, message), ErrorCode::not_found);
  EXPECT_THAT(message, HasSubstr("Did you mean own-model?"));
  const ModelInfo* const taken[]{&find_model("bias")};
  EXPECT_EQ(code_of([&] { find_model("svd", taken); }, message), ErrorCode::invalid_option);
  EXPECT_THAT(message, HasSubstr("Two models have the name \"bias\""));
}

TEST(Registry, UnknownModelSuggestsTheNearest) {
  std::string message;
  EXPECT_EQ(code_of([] { find_model("popularty"); }, message), ErrorCode::not_found);
  EXPECT_THAT(message, HasSubstr("Did you mean popularity?"));
}

TEST(Registry, FieldTablesKeepTheirOwnRules) {
  for (const ModelInfo* info : registry()) {
    SCOPED_TRACE(info->name);
    const Settings defaults = info->make({})->settings();
    ASSERT_EQ(defaults.size(), info->fields.size());
    std::set<std::string_view> names;
    for (std::size_t f = 0; f < info->fields.size(); ++f) {
      const Field& field = info->fields[f];
      SCOPED_TRACE(field.name);
      EXPECT_TRUE(names.insert(field.name).second);
      EXPECT_TRUE(is_name(field.name, '_'));
      EXPECT_FALSE(field.help.empty());
      EXPECT_EQ(field.help.back(), '.');
      EXPECT_EQ(defaults[f].first, field.name);
      EXPECT_NO_THROW(check_field(field, info->name, defaults[f].second)) << "default out of bounds";
      if (field.search.scale != Search::Scale::fixed) {
        EXPECT_LT(field.search.low, field.search.high);
        EXPECT_GE(field.search.low, field.bounds.low);
        EXPECT_LE(field.search.high, field.bounds.high);
        if (field.search.scale == Search::Scale::log) {
          EXPECT_GT(field.search.low, 0);
        }
      }
    }
  }
}

TEST(Registry, SettingsComeBackAsGiven) {
  for (const ModelInfo* info : registry()) {
    SCOPED_TRACE(info->name);
    const Settings defaults = info->make({})->settings();
    EXPECT_EQ(info->make(defaults)->settings(), defaults);
  }
}

TEST(Registry, UnknownOptionSuggestsTheNearest) {
  for (const ModelInfo* info : registry()) {
    if (info->fields.empty()) continue;
    const std::string_view field = info->fields.front().name;
    std::string message;
    EXPECT_EQ(code_of([&] { info->make({{std::string(field) + "x", "1"}}); }, message), ErrorCode::invalid_option);
    EXPECT_THAT(message, HasSubstr(std::string(info->name)));
    EXPECT_THAT(message, HasSubstr(std::string(field)));
  }
}

TEST(Registry, ValueOutOfBoundsIsRefused) {
  std::string message;
  EXPECT_EQ(code_of([] { make_model("bias", {{"epochs", 0}}); }, message), ErrorCode::invalid_option);
  EXPECT_EQ(code_of([] { make_model("popularity", {{"method", "fame"}}); }, message), ErrorCode::invalid_option);
  EXPECT_THAT(message, HasSubstr("weighted-rating"));
}

TEST(TaskNames, GoBothWays) {
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) EXPECT_EQ(parse_task(to_string(task)), task);
  std::string message;
  EXPECT_EQ(code_of([] { parse_task("topn"); }, message), ErrorCode::invalid_option);
  EXPECT_THAT(message, HasSubstr("top-n"));
}

TEST(Registry, OptionsOfAStructAreCheckedWhenTheyAreFirstUsed) {
  const auto data = test::three_tastes(20, 20);
  const auto message_of = [&](Model&& model) {
    Context context({.threads = 1});
    std::string message;
    EXPECT_EQ(code_of([&] { model.fit(data, Task::top_n, context); }, message), ErrorCode::invalid_option);
    EXPECT_FALSE(model.fitted());
    return message;
  };
  EXPECT_THAT(message_of(GraphModel({.iterations = -1})), HasSubstr("graph.iterations cannot be -1"));
  EXPECT_THAT(message_of(IalsModel({.dim = -1})), HasSubstr("ials.dim"));
  EXPECT_THAT(message_of(EaseModel({.dropout = 1})), HasSubstr("ease.dropout"));
  EXPECT_THAT(message_of(EaseModel({.reg = std::nan("")})), HasSubstr("ease.reg"));
}

}  // namespace
}  // namespace gusto
