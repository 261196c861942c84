#include "gusto/data/file/dataset_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::string_view kSchema = "data.schema";
constexpr std::string_view kStrength = "data.strength";
constexpr std::array<std::string_view, 3> kStrengthForms{"none", "linear", "logarithm"};
constexpr std::array kStoredKinds = {FeatureKind::categorical, FeatureKind::multi, FeatureKind::number,
                                     FeatureKind::text};

std::string field_prefix(std::string_view side, std::string_view field) {
  return fmt::format("data/{}/{}/", side, field);
}

std::string_view unended(std::string_view sentence) {
  if (sentence.ends_with('.')) sentence.remove_suffix(1);
  return sentence;
}

void write_texts(const std::string& name, std::string_view text, std::span<const std::uint64_t> offsets,
                 TensorWriter& out) {
  out.add_view(name, std::span<const char>(text));
  out.add_view(name + ".offsets", offsets);
}

void write_field(std::string_view side, const FeatureField& field, TensorWriter& out) {
  const std::string prefix = field_prefix(side, field.name);
  switch (field.kind) {
    case FeatureKind::categorical:
    case FeatureKind::multi:
      write_texts(prefix + "values", field.values.text(), field.values.offsets(), out);
      out.add_view(prefix + "ids", std::span<const std::uint32_t>(field.ids));
      out.add_view(prefix + "offsets", std::span<const std::uint64_t>(field.offsets));
      return;
    case FeatureKind::number: out.add_view(prefix + "numbers", field.numbers.span()); return;
    case FeatureKind::text: {
      std::string text;
      std::vector<std::uint64_t> offsets{0};
      for (const std::string& entry : field.texts) {
        text += entry;
        offsets.push_back(text.size());
      }
      out.add_text(prefix + "text", text);
      out.add(prefix + "text.offsets", offsets);
      return;
    }
  }
}

// Reads a file that may hold anything. Copies share the file.
class Reader {
 public:
  enum class Arrays { copied, in_place };
  Reader(std::shared_ptr<const TensorFile> in, Arrays arrays) : in_(std::move(in)), arrays_(arrays) {}

  std::shared_ptr<const Dataset> read() const;

 private:
  struct FieldHead {
    std::string prefix;  // of its tensors
    std::string name;
    FeatureKind kind;
  };

  [[noreturn]] void corrupt(std::string_view what) const {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: {}.", in_->name(), what),
                "The file is damaged or was not written by gusto; make it again.");
  }
  template <class T>
  SharedArray<T> array(const std::string& name) const {
    const std::span<const T> found = in_->values<T>(name);
    if (arrays_ == Arrays::copied) return std::vector<T>(found.begin(), found.end());
    return {in_, found};
  }

  // By the header alone.
  std::size_t entries(const std::string& offsets) const;
  std::size_t id_count(std::string_view side) const;
  Strength strength() const;
  std::vector<FieldHead> schema(std::string_view side, std::size_t rows) const;
  void check_rows(const FieldHead& head, std::size_t rows) const;
  Dataset::EventInfo event_info(const Catalog& catalog) const;

  // From the tensors.
  SharedArray<std::uint64_t> offsets(const std::string& name, std::uint64_t end) const;
  StoredIds texts(const std::string& name) const;
  FeatureField field(const FieldHead& head) const;
  SharedArray<ItemRow> item_rows(const std::string& name) const;
  EventColumns events(const Catalog& catalog) const;

  // Parts that are read when they are first used.
  Vocabulary vocabulary(std::string name, std::size_t size) const;
  FeatureTable features(std::string_view side, std::size_t rows) const;
  Deferred<std::vector<ItemRow>> item_order(std::size_t items) const;

  std::shared_ptr<const TensorFile> in_;
  Arrays arrays_;
};

std::size_t Reader::entries(const std::string& offsets) const {
  const std::uint64_t count = in_->count<std::uint64_t>(offsets);
  if (count == 0) corrupt(fmt::format("the offsets {} are empty", quote(offsets)));
  return count - 1;
}

std::size_t Reader::id_count(std::string_view side) const {
  const std::string name = fmt::format("data/{}/ids", side);
  in_->count<char>(name);
  const std::size_t count = entries(name + ".offsets");
  if (count > Vocabulary::kMaxSize) {
    corrupt(fmt::format("it names {} {}, and there can be {} at most", format_count(count), side,
                        format_count(Vocabulary::kMaxSize)));
  }
  return count;
}

std::vector<Reader::FieldHead> Reader::schema(std::string_view side, std::size_t rows) const {
  std::vector<FieldHead> heads;
  try {
    for (const Json& row : parse_json(in_->metadata(kSchema))) {
      const auto row_side = row.at("side").get<std::string>();
      const auto name = row.at("name").get<std::string>();
      const auto kind_name = row.at("kind").get<std::string>();
      if (row_side != "users" && row_side != "items") {
        corrupt(fmt::format("a feature is of the unknown side {}", quote(row_side)));
      }
      const auto kind =
          std::find_if(kStoredKinds.begin(), kStoredKinds.end(), [&](auto k) { return to_string(k) == kind_name; });
      if (kind == kStoredKinds.end()) corrupt(fmt::format("a feature is of the unknown kind {}", quote(kind_name)));
      if (row_side != side) continue;
      heads.push_back({field_prefix(side, name), name, *kind});
      check_rows(heads.back(), rows);
    }
  } catch (const Json::exception&) {
    corrupt(fmt::format("its metadata {} are malformed", quote(kSchema)));
  }
  return heads;
}

void Reader::check_rows(const FieldHead& head, std::size_t rows) const {
  std::size_t found = 0;
  switch (head.kind) {
    case FeatureKind::categorical:
    case FeatureKind::multi: found = entries(head.prefix + "offsets"); break;
    case FeatureKind::number: found = in_->count<double>(head.prefix + "numbers"); break;
    case FeatureKind::text: found = entries(head.prefix + "text.offsets"); break;
  }
  if (found != rows) corrupt(fmt::format("the feature {} has {} rows for {} ids", quote(head.prefix), found, rows));
}

Dataset::EventInfo Reader::event_info(const Catalog& catalog) const {
  const std::uint64_t events = in_->count<std::uint32_t>("data/events/items");
  const bool timed = in_->has("data/events/times");
  if (entries("data/events/offsets") != catalog.users.size() || in_->count<float>("data/events/values") != events ||
      (timed && in_->count<std::int64_t>("data/events/times") != events)) {
    corrupt("the columns of its events differ in length");
  }
  return {events, timed && events > 0};
}

// Offsets that ascend from 0 to `end`.
SharedArray<std::uint64_t> Reader::offsets(const std::string& name, std::uint64_t end) const {
  SharedArray<std::uint64_t> found = array<std::uint64_t>(name);
  if (found.empty() || found.front() != 0 || found.back() != end || !std::is_sorted(found.begin(), found.end())) {
    corrupt(fmt::format("the offsets {} do not ascend from 0 to {}", quote(name), end));
  }
  return found;
}

// Text that is UTF-8, and not cut within a character.
StoredIds Reader::texts(const std::string& name) const {
  SharedArray<char> text = array<char>(name);
  SharedArray<std::uint64_t> places = offsets(name + ".offsets", text.size());
  const bool cut = std::any_of(places.begin(), places.end(), [&](std::uint64_t place) {
    return place < text.size() && (static_cast<unsigned char>(text[place]) & 0xC0U) == 0x80U;
  });
  if (cut || !is_utf8({text.span().data(), text.size()})) {
    corrupt(fmt::format("the text {} is not UTF-8", quote(name)));
  }
  return {std::move(text), std::move(places)};
}

FeatureField Reader::field(const FieldHead& head) const {
  FeatureField result;
  result.name = head.name;
  result.kind = head.kind;
  const std::string& prefix = head.prefix;
  switch (head.kind) {
    case FeatureKind::categorical:
    case FeatureKind::multi: {
      result.values = vocabulary(prefix + "values", entries(prefix + "values.offsets"));
      result.values.find("");  // a field is used as a whole
      const std::span<const std::uint32_t> ids = in_->values<std::uint32_t>(prefix + "ids");
      const SharedArray<std::uint64_t> places = offsets(prefix + "offsets", ids.size());
      result.ids.assign(ids.begin(), ids.end());
      result.offsets.assign(places.begin(), places.end());
      const bool outside =
          std::any_of(ids.begin(), ids.end(), [&](std::uint32_t id) { return id >= result.values.size(); });
      if (outside) corrupt(fmt::format("the feature {} names values that it does not have", quote(prefix)));
      const auto two = [](std::uint64_t begin, std::uint64_t end) { return end > begin + 1; };
      if (result.kind == FeatureKind::categorical &&
          std::adjacent_find(places.begin(), places.end(), two) != places.end()) {
        corrupt(fmt::format("the feature {} has two values in a row", quote(prefix)));
      }
      break;
    }
    case FeatureKind::number: {
      const std::span<const double> numbers = in_->values<double>(prefix + "numbers");
      result.numbers = std::vector<double>(numbers.begin(), numbers.end());
      if (std::any_of(numbers.begin(), numbers.end(), [](double number) { return std::isinf(number); })) {
        corrupt(fmt::format("the feature {} holds infinite numbers", quote(prefix)));
      }
      break;
    }
    case FeatureKind::text: {
      const StoredIds found = texts(prefix + "text");
      const std::string_view text(found.text.span().data(), found.text.size());
      for (std::size_t r = 0; r + 1 < found.offsets.size(); ++r) {
        result.texts.emplace_back(text.substr(found.offsets[r], found.offsets[r + 1] - found.offsets[r]));
      }
      break;
    }
  }
  return result;
}

SharedArray<ItemRow> Reader::item_rows(const std::string& name) const {
  static_assert(sizeof(ItemRow) == sizeof(std::uint32_t) && std::is_trivially_copyable_v<ItemRow>);
  const SharedArray<std::uint32_t> rows = array<std::uint32_t>(name);
  const auto* first = reinterpret_cast<const ItemRow*>(rows.span().data());
  const auto owner = std::make_shared<const SharedArray<std::uint32_t>>(rows);
  return {owner, std::span<const ItemRow>(first, rows.size())};
}

EventColumns Reader::events(const Catalog& catalog) const {
  EventColumns columns;
  columns.items = item_rows("data/events/items");
  columns.offsets = offsets("data/events/offsets", columns.items.size());
  columns.values = array<float>("data/events/values");
  if (in_->has("data/events/times")) columns.times = array<std::int64_t>("data/events/times");
  try {
    check_columns(catalog, columns);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::corrupt_file) throw;
    corrupt(unended(error.message()));
  }
  return columns;
}

Vocabulary Reader::vocabulary(std::string name, std::size_t size) const {
  std::string complaint = fmt::format("{} cannot be used: in {}", in_->name(), quote(name));
  auto ids = Deferred<StoredIds>::later([*this, name = std::move(name)] { return texts(name); });
  return Vocabulary::over(size, std::move(ids), std::move(complaint));
}

FeatureTable Reader::features(std::string_view side, std::size_t rows) const {
  return FeatureTable(Deferred<std::vector<FeatureField>>::later([*this, heads = schema(side, rows)] {
    std::vector<FeatureField> fields;
    for (const FieldHead& head : heads) fields.push_back(field(head));
    try {
      check_fields(fields);
    } catch (const Error& error) {
      corrupt(unended(error.message()));
    }
    return fields;
  }));
}

Deferred<std::vector<ItemRow>> Reader::item_order(std::size_t items) const {
  const std::string name = "data/items/order";
  if (!in_->has(name)) return {};
  if (in_->count<std::uint32_t>(name) > items)
    corrupt(fmt::format("the order {} is longer than the list of items", quote(name)));
  return Deferred<std::vector<ItemRow>>::later([*this, name, items] {
    const SharedArray<ItemRow> rows = item_rows(name);
    if (std::any_of(rows.begin(), rows.end(), [items](ItemRow row) { return row.index >= items; })) {
      corrupt(fmt::format("the order {} names items that there are not", quote(name)));
    }
    return std::vector<ItemRow>(rows.begin(), rows.end());
  });
}

Strength Reader::strength() const {
  if (!in_->has_metadata(kStrength)) return {};
  try {
    const Json stored = parse_json(in_->metadata(kStrength));
    const auto form = std::find(kStrengthForms.begin(), kStrengthForms.end(), stored.at("form").get<std::string>());
    const auto scale = stored.at("scale").get<double>();
    if (form != kStrengthForms.end() && std::isfinite(scale) && scale > 0) {
      return {static_cast<Strength::Form>(form - kStrengthForms.begin()), scale};
    }
  } catch (const Json::exception&) {
    // As below.
  }
  corrupt(fmt::format("its metadata {} are malformed", quote(kStrength)));
}

std::shared_ptr<const Dataset> Reader::read() const {
  const auto catalog = std::make_shared<Catalog>();
  catalog->users = vocabulary("data/users/ids", id_count("users"));
  catalog->items = vocabulary("data/items/ids", id_count("items"));
  catalog->user_features = features("users", catalog->users.size());
  catalog->item_features = features("items", catalog->items.size());
  catalog->item_order = item_order(catalog->items.size());
  catalog->strength = strength();
  auto columns = Deferred<EventColumns>::later([*this, catalog] { return events(*catalog); });
  return std::make_shared<const Dataset>(catalog, event_info(*catalog), std::move(columns));
}

}  // namespace

void write_catalog(const Catalog& catalog, TensorWriter& out) {
  OrderedJson schema = OrderedJson::array();
  const auto write_side = [&](std::string_view side, const Vocabulary& ids, const FeatureTable& features) {
    write_texts(fmt::format("data/{}/ids", side), ids.text(), ids.offsets(), out);
    for (const FeatureField& field : features.fields()) {
      write_field(side, field, out);
      schema.push_back({{"side", side}, {"name", field.name}, {"kind", to_string(field.kind)}});
    }
  };
  write_side("users", catalog.users, catalog.user_features);
  write_side("items", catalog.items, catalog.item_features);
  out.set_metadata(std::string(kSchema), print_json(schema));
  if (!catalog.strength.used()) return;
  const OrderedJson strength{{"form", kStrengthForms.at(static_cast<std::size_t>(catalog.strength.form))},
                             {"scale", catalog.strength.scale}};
  out.set_metadata(std::string(kStrength), print_json(strength));
}

void write_events(const Dataset& data, TensorWriter& out) {
  out.add_view("data/events/offsets", data.offsets());
  out.add_view("data/events/items", TensorType::u32, std::as_bytes(data.items()));
  out.add_view("data/events/values", data.values());
  if (data.has_times()) out.add_view("data/events/times", data.times());
}

void write_dataset(const Dataset& data, TensorWriter& out) {
  write_catalog(data.catalog(), out);
  write_events(data, out);
}

std::shared_ptr<const Dataset> read_dataset(const TensorFile& in) {
  // Nothing is left to be read from the file, which the caller keeps.
  const std::shared_ptr<const TensorFile> borrowed(std::shared_ptr<void>(), &in);
  std::shared_ptr<const Dataset> data = Reader(borrowed, Reader::Arrays::copied).read();
  use_all(*data);
  return data;
}

std::shared_ptr<const Dataset> map_dataset(std::shared_ptr<const TensorFile> in) {
  return Reader(std::move(in), Reader::Arrays::in_place).read();
}

void use_all(const Dataset& data) {
  const Catalog& catalog = data.catalog();
  for (const Vocabulary* ids : {&catalog.users, &catalog.items}) ids->find("");
  for (const FeatureTable* table : {&catalog.user_features, &catalog.item_features}) table->fields();
  catalog.item_order.get();
  data.offsets();
}

}  // namespace gusto
