// A file of given negatives from anyone: its lists fit the data set, or it is refused.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/data/open/open.h"
#include "gusto/data/split/split_negatives.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gusto;
  static const std::shared_ptr<const Dataset> ratings =
      read_delimited("ratings", "7\t4\n7\t2\n3\t3\n3\t1\n5\t5\n5\t4\n", {}, fuzz::context()).data;
  static const EventFinder finder(*ratings);
  const std::vector<bool> all(ratings->event_count(), true);
  try {
    const SourceText source = check_source("input", fuzz::text_of(data, size), nullptr, Encoding::utf8);
    const GivenNegatives given = read_negatives(finder, source, all);
    fuzz::require(!given.test.empty() && given.test.size() == given.lists.users.size());
    fuzz::require(std::is_sorted(given.lists.users.begin(), given.lists.users.end()));
    for (std::size_t i = 0; i < given.test.size(); ++i) {
      const auto list = given.lists[i];
      const ItemRow tested = ratings->items()[given.test[i]];
      fuzz::require(finder.find(given.lists.users[i], tested) == given.test[i]);
      fuzz::require(std::binary_search(list.begin(), list.end(), tested));
      fuzz::require(std::adjacent_find(list.begin(), list.end(), [](ItemRow a, ItemRow b) { return !(a < b); }) ==
                    list.end());
    }
  } catch (const Error& error) {
    fuzz::require(error.code() != ErrorCode::internal);
  }
  return 0;
}
