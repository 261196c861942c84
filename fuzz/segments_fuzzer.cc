// Ways to sort users from anyone: they are understood, and every user is in one segment of each way at most, the same
// by row and by query; or they are refused.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/models/simple/segments.h"

namespace {

using namespace gusto;
using gusto::fuzz::require;

Catalog small_catalog() {
  Catalog catalog;
  for (const char* id : {"a", "b", "c"}) catalog.users.add(id);
  catalog.user_features = FeatureTable({fuzz::feature_of("gender", FeatureKind::categorical, {"F", "M", ""}),
                                        fuzz::feature_of("age", FeatureKind::number, {"18", "", "25"}),
                                        fuzz::feature_of("zip", FeatureKind::categorical, {"x", "y", "z"}),
                                        fuzz::feature_of("none", FeatureKind::number, {"", "", ""}),
                                        fuzz::feature_of("likes", FeatureKind::multi, {"a|b", "a", ""}),
                                        fuzz::feature_of("about", FeatureKind::text, {"a", "b", "c"})});
  return catalog;
}

void check(const Segments& segments, std::size_t users) {
  std::size_t total = 0;
  for (std::size_t way = 0; way < segments.ways(); ++way) total += segments.size(way);
  require(total == segments.total());
  for (std::size_t user = 0; user < users; ++user) {
    const std::vector<std::optional<std::uint32_t>> found = segments.of(Query::known(UserRow(user)));
    require(found.size() == segments.ways());
    for (std::size_t way = 0; way < found.size(); ++way) {
      const std::optional<std::uint32_t> segment = found[way];
      require(segment == segments.of(way, UserRow(user)));
      if (!segment) continue;
      require(*segment < segments.size(way) && !segments.label(way, *segment).empty());
      for (const std::size_t parent : segments.parents(way)) {
        require(parent < way && found[parent] == segments.parent_segment(way, *segment, parent));
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalog catalog = small_catalog();
  try {
    check(Segments(catalog, fuzz::text_of(data, size)), catalog.users.size());
  } catch (const Error& error) {
    require(error.code() == ErrorCode::invalid_option || error.code() == ErrorCode::not_found);
    require(!error.hint().empty());
  }
  return 0;
}
