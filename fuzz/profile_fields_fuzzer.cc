// The fields of items' profiles from anyone: they are understood, and profiles of length 1 come of them, however they
// are weighed; or they are refused.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/models/content/item_profiles.h"

namespace {

using namespace gusto;
using gusto::fuzz::require;

Catalog small_catalog() {
  Catalog catalog;
  for (const char* id : {"a", "b", "c"}) catalog.items.add(id);
  catalog.item_features =
      FeatureTable({fuzz::feature_of("genres", FeatureKind::multi, {"p|q", "q", ""}),
                    fuzz::feature_of("year", FeatureKind::number, {"1", "2", "1"}),
                    fuzz::feature_of("title", FeatureKind::text, {"A toy", "a dog, a toy", "dog"})});
  return catalog;
}

void check(const ItemProfiles& profiles) {
  for (std::size_t item = 0; item < profiles.item_count(); ++item) {
    double square = 0;
    for (const float weight : profiles.weights_of(item)) {
      require(std::isfinite(weight) && weight >= 0);
      square += static_cast<double>(weight) * static_cast<double>(weight);
    }
    require(profiles.terms_of(item).empty() || std::abs(square - 1) < 1e-5);
    for (const std::uint32_t term : profiles.terms_of(item)) require(term < profiles.term_count());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalog catalog = small_catalog();
  const std::string_view input = fuzz::text_of(data, size);
  try {
    std::set<std::string> names;
    double most = 0;
    for (const ProfileField& field : parse_profile_fields(input)) {
      require(!field.name.empty() && names.insert(field.name).second);
      require(field.weight >= 0 && field.weight <= 1e6);
      most = std::max(most, field.weight);
    }
    require(most > 0);
    for (const TermWeighting weighting : {TermWeighting::tf_idf, TermWeighting::bm25, TermWeighting::count}) {
      for (const bool soup : {false, true}) {
        const ProfileOptions options{std::string(input), weighting, soup, 1};
        check(ItemProfiles(catalog, options));
        require(profile_memory(catalog, options) < 1U << 20U);
      }
    }
  } catch (const Error& error) {
    require(error.code() == ErrorCode::invalid_option || error.code() == ErrorCode::not_found);
    require(!error.hint().empty());
  }
  return 0;
}
