// What models tell of their progress while they are fitted.

#include <string_view>

#include <gtest/gtest.h>

#include "gusto/models/testing/conformance.h"

namespace gusto {
namespace {

class ProgressTest : public test::ConformanceTest {};

/// Models whose cost is a few passes over the events tell that they begin and end.
bool is_quick(const ModelInfo& info) {
  for (const std::string_view name : {"popularity", "demographic", "content", "user-knn"}) {
    if (info.name == name) return true;
  }
  return info.name == "bias";
}

TEST_P(ProgressTest, TellsOfItsProgressWithinAnEpochAndMayBeStoppedThere) {
  Settings settings;
  for (const Field& field : info().fields) {
    if (field.name == "epochs") settings.emplace_back("epochs", 2);
  }
  const auto data = suited(test::three_tastes(520, 270));
  std::size_t within = 0;
  Context told({.threads = 1, .progress = [&](const ProgressEvent& event) {
                  EXPECT_FALSE(event.stage.empty());
                  EXPECT_LE(event.done, event.total);
                  within += event.done > 0 && event.done < event.total && !event.epoch ? 1 : 0;
                }});
  info().make(settings)->fit(data, task(), told);
  if (is_quick(info())) return;
  EXPECT_GE(within, 1U);

  struct Stopped {};
  std::size_t since = 0;  // it was enough
  Context stopped({.threads = 1, .progress = [&](const ProgressEvent& event) {
                     if (event.done > 0 && event.done < event.total && !event.epoch) {
                       ++since;
                       throw Stopped{};
                     }
                   }});
  const auto model = info().make(settings);
  EXPECT_THROW(model->fit(data, task(), stopped), Stopped);
  EXPECT_EQ(since, 1U);
  EXPECT_FALSE(model->fitted());
}

INSTANTIATE_TEST_SUITE_P(Every, ProgressTest, ::testing::ValuesIn(test::conformance_cases()),
                         [](const auto& one) { return test::name_of(one.param); });

}  // namespace
}  // namespace gusto
