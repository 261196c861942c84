#pragma once

// A few films and who saw them, and encoders of them, that tests of the encoder share. For tests only.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/data/testing/feature.h"
#include "gusto/nn/encoder.h"

namespace gusto::nn::test {

using gusto::test::feature;

/// Users ann, ben and cid, where cid has no events; items w, x, y and z, of which y has none. Times are hours of
/// 1970-01-02, a Friday.
inline const Dataset& films() {
  auto catalog = std::make_shared<Catalog>();
  for (const char* id : {"ann", "ben", "cid"}) catalog->users.add(id);
  for (const char* id : {"w", "x", "y", "z"}) catalog->items.add(id);
  catalog->user_features = FeatureTable({feature("gender", FeatureKind::categorical, {"f", "m", "d"}),
                                         feature("age", FeatureKind::number, {"20", "40", "90"})});
  catalog->item_features = FeatureTable({feature("genres", FeatureKind::multi, {"a|b", "b", "c|a", ""}),
                                         feature("title", FeatureKind::text, {"Toy Toy Story", "story", "toys", ""})});
  const auto at = [](int hour) { return std::int64_t{86400 + 3600 * hour}; };
  static const Dataset data(catalog, std::vector<Event>{{UserRow(0), ItemRow(0), 5, at(1)},
                                                        {UserRow(0), ItemRow(1), 4, at(2)},
                                                        {UserRow(0), ItemRow(3), 3, at(3)},
                                                        {UserRow(1), ItemRow(1), 2, at(4)},
                                                        {UserRow(1), ItemRow(0), 1, at(23)}});
  return data;
}

inline Encoder encoder_of(const Dataset& data, std::string_view fields) {
  return Encoder(data, Schema::learn(data, parse_fields(fields)));
}

/// A bag as text: "1 | 2*0.5 3*0.5".
inline std::string text_of(const Bag& bag) {
  std::string text;
  for (std::size_t r = 0; r < bag.rows; ++r) {
    if (r > 0) text += " | ";
    for (std::size_t e = bag.begin(r); e < bag.end(r); ++e) {
      if (e > bag.begin(r)) text += ' ';
      text += std::to_string(bag.ids[e]);
      if (bag.weight(e) != 1) {
        std::string weight = std::to_string(bag.weight(e));
        weight.erase(weight.find_last_not_of('0') + 1);
        text += "*" + weight;
      }
    }
  }
  return text;
}

/// The data's events, in stored order.
inline std::vector<Example> examples_of(const Dataset& data) {
  std::vector<Example> examples;
  for (const Event& event : data.events()) {
    examples.push_back({static_cast<std::uint32_t>(examples.size()), event.user, event.item});
  }
  return examples;
}

inline std::string encoded(const Encoder& encoder, std::string_view field) {
  Arena arena;
  return text_of(encoder.encode(examples_of(encoder.data()), {}, arena)[encoder.schema().slot(field)]);
}
inline std::string encoded_field(std::string_view field) { return encoded(encoder_of(films(), field), field); }

inline std::string asked(const Encoder& encoder, const Query& query, std::string_view field,
                         std::vector<ItemRow> items) {
  Arena arena;
  return text_of(encoder.encode(encoder.encode(query), items, arena)[encoder.schema().slot(field)]);
}

}  // namespace gusto::nn::test
