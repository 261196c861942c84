#include "gusto/retrieval/pair_fallback.h"

#include <gtest/gtest.h>

#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

TEST(PairFallback, IsTheItemsMeanElseTheUsersElseThatOfAllDrawnToTheLast) {
  auto catalog = std::make_shared<Catalog>();
  for (const char* user : {"a", "b"}) catalog->users.add(user);
  for (const char* item : {"x", "y", "unseen"}) catalog->items.add(item);
  std::vector<Event> events{{UserRow(0), ItemRow(0), 5}, {UserRow(0), ItemRow(1), 4}, {UserRow(1), ItemRow(0), 3}};
  const auto model = make_model("bias");
  Context context({.threads = 1});
  model->fit(std::make_shared<const Dataset>(catalog, events), Task::ratings, context);
  const PairFallback fallback(*model);
  // All three have the mean 4: x has 5 and 3, a has 5 and 4.
  EXPECT_FLOAT_EQ(fallback("nobody", "x").value, (5 + 3 + 5 * 4) / 7.0F);
  EXPECT_EQ(fallback("nobody", "x").basis, "item mean");
  EXPECT_FLOAT_EQ(fallback("a", "nothing").value, (5 + 4 + 5 * 4) / 7.0F);
  EXPECT_EQ(fallback("a", "unseen").basis, "user mean");
  EXPECT_FLOAT_EQ(fallback("nobody", "nothing").value, 4);
  EXPECT_EQ(fallback("nobody", "nothing").basis, "mean");
}

}  // namespace
}  // namespace gusto
