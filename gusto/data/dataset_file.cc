#include "gusto/data/dataset_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::string_view kSchema = "data.schema";
constexpr std::array kKinds = {FeatureKind::categorical, FeatureKind::multi, FeatureKind::number, FeatureKind::text};

std::string field_name(std::string_view side, const FeatureField& field) {
  return fmt::format("data/{}/{}/", side, field.name);
}

void write_texts(const std::string& name, std::string_view text, std::span<const std::uint64_t> offsets,
                 TensorWriter& out) {
  out.add_text(name, text);
  out.add(name + ".offsets", offsets);
}

void write_field(std::string_view side, const FeatureField& field, TensorWriter& out) {
  const std::string prefix = field_name(side, field);
  switch (field.kind) {
    case FeatureKind::categorical:
    case FeatureKind::multi:
      write_texts(prefix + "values", field.values.text(), field.values.offsets(), out);
      out.add(prefix + "ids", field.ids);
      out.add(prefix + "offsets", field.offsets);
      return;
    case FeatureKind::number: out.add(prefix + "numbers", field.numbers); return;
    case FeatureKind::text: {
      std::string text;
      std::vector<std::uint64_t> offsets{0};
      for (const std::string& entry : field.texts) {
        text += entry;
        offsets.push_back(text.size());
      }
      write_texts(prefix + "text", text, offsets, out);
      return;
    }
  }
}

// Reads a file that may hold anything.
class Reader {
 public:
  explicit Reader(const TensorFile& in) : in_(in) {}

  std::shared_ptr<const Dataset> read() const;

 private:
  [[noreturn]] void corrupt(std::string_view what) const {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: {}.", in_.name(), what),
                "The file is damaged or was not written by gusto; make it again.");
  }
  // Offsets that ascend from 0 to `end`, one more than there are entries.
  std::vector<std::uint64_t> offsets(const std::string& name, std::uint64_t end) const;
  // Checks that the text is UTF-8 and is not cut within a character.
  std::pair<std::string_view, std::vector<std::uint64_t>> texts(const std::string& name) const;
  Vocabulary vocabulary(const std::string& name) const;
  FeatureField field(std::string_view side, const nlohmann::json& row, std::size_t rows) const;
  FeatureTable features(std::string_view side, std::size_t rows) const;
  std::vector<Event> events(const Catalogue& catalogue) const;

  const TensorFile& in_;
};

std::vector<std::uint64_t> Reader::offsets(const std::string& name, std::uint64_t end) const {
  const std::span<const std::uint64_t> found = in_.values<std::uint64_t>(name);
  if (found.empty() || found.front() != 0 || found.back() != end || !std::is_sorted(found.begin(), found.end())) {
    corrupt(fmt::format("the offsets {} do not ascend from 0 to {}", quote(name), end));
  }
  return {found.begin(), found.end()};
}

std::pair<std::string_view, std::vector<std::uint64_t>> Reader::texts(const std::string& name) const {
  const std::string_view text = in_.text(name);
  std::vector<std::uint64_t> places = offsets(name + ".offsets", text.size());
  const bool cut = std::any_of(places.begin(), places.end(), [&](std::uint64_t place) {
    return place < text.size() && (static_cast<unsigned char>(text[place]) & 0xC0U) == 0x80U;
  });
  if (cut || !is_utf8(text)) corrupt(fmt::format("the text {} is not UTF-8", quote(name)));
  return {text, std::move(places)};
}

Vocabulary Reader::vocabulary(const std::string& name) const {
  auto [text, places] = texts(name);
  try {
    return Vocabulary::from_parts(std::string(text), std::move(places));
  } catch (const Error& error) {
    corrupt(fmt::format("in {}: {}", quote(name), error.message()));
  }
}

FeatureField Reader::field(std::string_view side, const nlohmann::json& row, std::size_t rows) const {
  FeatureField result;
  result.name = row.at("name").get<std::string>();
  const auto kind_name = row.at("kind").get<std::string>();
  const auto kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](FeatureKind k) { return to_string(k) == kind_name; });
  if (kind == kKinds.end()) corrupt(fmt::format("a feature is of the unknown kind {}", quote(kind_name)));
  result.kind = *kind;

  const std::string prefix = field_name(side, result);
  switch (result.kind) {
    case FeatureKind::categorical:
    case FeatureKind::multi: {
      result.values = vocabulary(prefix + "values");
      const std::span<const std::uint32_t> ids = in_.values<std::uint32_t>(prefix + "ids");
      result.ids.assign(ids.begin(), ids.end());
      result.offsets = offsets(prefix + "offsets", ids.size());
      const bool outside =
          std::any_of(ids.begin(), ids.end(), [&](std::uint32_t id) { return id >= result.values.size(); });
      if (outside) corrupt(fmt::format("the feature {} names values that it does not have", quote(prefix)));
      const auto two = [](std::uint64_t begin, std::uint64_t end) { return end > begin + 1; };
      if (result.kind == FeatureKind::categorical &&
          std::adjacent_find(result.offsets.begin(), result.offsets.end(), two) != result.offsets.end()) {
        corrupt(fmt::format("the feature {} has two values in a row", quote(prefix)));
      }
      break;
    }
    case FeatureKind::number: {
      const std::span<const double> numbers = in_.values<double>(prefix + "numbers");
      result.numbers.assign(numbers.begin(), numbers.end());
      if (std::any_of(numbers.begin(), numbers.end(), [](double number) { return std::isinf(number); })) {
        corrupt(fmt::format("the feature {} holds infinite numbers", quote(prefix)));
      }
      break;
    }
    case FeatureKind::text: {
      const auto [text, places] = texts(prefix + "text");
      for (std::size_t r = 0; r + 1 < places.size(); ++r) {
        result.texts.emplace_back(text.substr(places[r], places[r + 1] - places[r]));
      }
      break;
    }
  }
  if (result.rows() != rows) {
    corrupt(fmt::format("the feature {} has {} rows for {} ids", quote(prefix), result.rows(), rows));
  }
  return result;
}

FeatureTable Reader::features(std::string_view side, std::size_t rows) const {
  std::vector<FeatureField> fields;
  try {
    const auto schema = nlohmann::json::parse(in_.metadata(kSchema));
    for (const nlohmann::json& row : schema) {
      const auto row_side = row.at("side").get<std::string>();
      if (row_side != "users" && row_side != "items") {
        corrupt(fmt::format("a feature is of the unknown side {}", quote(row_side)));
      }
      if (row_side == side) fields.push_back(field(side, row, rows));
    }
  } catch (const nlohmann::json::exception&) {
    corrupt(fmt::format("its metadata {} are malformed", quote(kSchema)));
  }
  try {
    return FeatureTable(std::move(fields));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::corrupt_file) throw;
    corrupt(error.message());
  }
}

std::vector<Event> Reader::events(const Catalogue& catalogue) const {
  const std::span<const std::uint32_t> items = in_.values<std::uint32_t>("data/events/items");
  const std::span<const float> values = in_.values<float>("data/events/values");
  const bool timed = in_.has("data/events/times");
  const std::span<const std::int64_t> times =
      timed ? in_.values<std::int64_t>("data/events/times") : std::span<const std::int64_t>{};
  const std::vector<std::uint64_t> begins = offsets("data/events/offsets", items.size());
  if (begins.size() != catalogue.users.size() + 1 || values.size() != items.size() ||
      (timed && times.size() != items.size())) {
    corrupt("the columns of its events differ in length");
  }
  std::vector<Event> result;
  result.reserve(items.size());
  for (std::size_t user = 0; user + 1 < begins.size(); ++user) {
    for (std::size_t i = begins[user]; i < begins[user + 1]; ++i) {
      result.push_back({UserRow(user), ItemRow(items[i]), values[i], timed ? times[i] : kNoTime});
    }
  }
  return result;
}

std::shared_ptr<const Dataset> Reader::read() const {
  auto catalogue = std::make_shared<Catalogue>();
  catalogue->users = vocabulary("data/users/ids");
  catalogue->items = vocabulary("data/items/ids");
  catalogue->user_features = features("users", catalogue->users.size());
  catalogue->item_features = features("items", catalogue->items.size());
  const std::vector<Event> all = events(*catalogue);
  try {
    return std::make_shared<const Dataset>(std::move(catalogue), all);
  } catch (const Error& error) {
    corrupt(error.message());
  }
}

}  // namespace

void write_dataset(const Dataset& data, TensorWriter& out) {
  const Catalogue& catalogue = data.catalogue();
  nlohmann::ordered_json schema = nlohmann::ordered_json::array();
  const auto write_side = [&](std::string_view side, const Vocabulary& ids, const FeatureTable& features) {
    write_texts(fmt::format("data/{}/ids", side), ids.text(), ids.offsets(), out);
    for (const FeatureField& field : features.fields()) {
      write_field(side, field, out);
      schema.push_back({{"side", side}, {"name", field.name}, {"kind", to_string(field.kind)}});
    }
  };
  write_side("users", catalogue.users, catalogue.user_features);
  write_side("items", catalogue.items, catalogue.item_features);
  out.set_metadata(std::string(kSchema), schema.dump());

  std::vector<std::uint32_t> items(data.event_count());
  std::transform(data.items().begin(), data.items().end(), items.begin(), [](ItemRow item) { return item.index; });
  out.add("data/events/offsets", data.offsets());
  out.add("data/events/items", items);
  out.add("data/events/values", data.values());
  if (data.has_times()) out.add("data/events/times", data.times());
}

std::shared_ptr<const Dataset> read_dataset(const TensorFile& in) { return Reader(in).read(); }

}  // namespace gusto
