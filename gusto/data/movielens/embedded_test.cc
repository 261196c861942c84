#include "gusto/data/movielens/embedded.h"

#include <gtest/gtest.h>

namespace gusto {
namespace {

TEST(Embedded, HoldsMovieLensLatestSmallOf2016) {
  Context context({.threads = 1});
  const OpenedDataset opened = open_embedded(context);
  const Dataset& data = *opened.data;
  EXPECT_EQ(data.event_count(), 100004u);
  EXPECT_EQ(data.user_count(), 671u);
  EXPECT_TRUE(data.has_times());
  EXPECT_EQ(data.scale().low, 0.5f);
  EXPECT_EQ(data.scale().high, 5.0f);
  std::size_t rated = 0;
  for (std::size_t i = 0; i < data.item_count(); ++i) rated += data.item_events(ItemRow(i)).size() > 0;
  EXPECT_EQ(rated, 9066u);
  const auto toy_story = data.catalog().items.find("1");
  ASSERT_TRUE(toy_story.has_value());
  EXPECT_EQ(data.catalog().title(ItemRow(*toy_story)), "Toy Story (1995)");
  EXPECT_TRUE(data.catalog().item_features.at("genres").matches(*toy_story, "comedy"));
  EXPECT_EQ(opened.report.layout, "ml-latest");
  EXPECT_EQ(opened.report.duplicates, 0u);
}

}  // namespace
}  // namespace gusto
