// How a schema is written to a tensor file, and read from one that may hold anything.

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/nn/schema.h"

namespace gusto::nn {
namespace {

constexpr std::array kKinds = {FeatureKind::categorical, FeatureKind::multi, FeatureKind::number, FeatureKind::text};

bool reads_feature(FieldKind kind) {
  return kind == FieldKind::feature || kind == FieldKind::bucket || kind == FieldKind::words || kind == FieldKind::hash;
}
bool keeps_values(const SchemaField& field) {
  return field.spec.kind == FieldKind::words || (field.spec.kind == FieldKind::feature && !field.is_number()) ||
         (field.spec.kind == FieldKind::time && field.spec.part == TimePart::year);
}

OrderedJson save_field(const SchemaField& field, const std::string& place, TensorWriter& out) {
  OrderedJson json = {{"field", field.spec.text}, {"rows", field.rows}};
  if (reads_feature(field.spec.kind)) json["kind"] = to_string(field.feature);
  if (field.is_number()) {
    json["mean"] = field.mean;
    json["deviation"] = field.deviation;
  }
  if (field.spec.kind == FieldKind::bucket) out.add(place + "/bounds", field.bounds);
  if (keeps_values(field)) {
    std::string text;
    std::vector<std::uint64_t> offsets{0};
    for (const std::string& value : field.values) {
      text += value;
      offsets.push_back(text.size());
    }
    out.add_text(place + "/values", text);
    out.add(place + "/values.offsets", offsets);
  }
  for (std::size_t p = 0; p < field.parts.size(); ++p) {
    json["parts"].push_back(save_field(field.parts[p], fmt::format("{}.{}", place, p), out));
  }
  return json;
}

class Reader {
 public:
  Reader(const TensorFile& in, const Dataset& data) : in_(in), data_(data) {}

  std::vector<SchemaField> read(const std::string& place);

 private:
  [[noreturn]] void corrupt(std::string_view what) const {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: {}.", in_.name(), what),
                "The file is damaged or was not written by gusto; train the model again.");
  }
  FieldSpec spec(const Json& json) const;
  SchemaField field(const Json& json, const FieldSpec& spec, const std::string& place);
  // False, and noted, if the data have no such feature.
  bool find(const Json& json, SchemaField& field);
  std::vector<double> bounds(const SchemaField& field, const std::string& place) const;
  std::vector<std::string> values(const SchemaField& field, const std::string& place) const;
  double number(const Json& json, const char* key) const;

  const TensorFile& in_;
  const Dataset& data_;
  std::vector<std::string> missing_;  // fields without their features
};

FieldSpec Reader::spec(const Json& json) const {
  const auto text = json.at("field").get<std::string>();
  std::vector<FieldSpec> specs;
  try {
    specs = parse_fields(text);
  } catch (const Error& error) {
    corrupt(fmt::format("its inputs are malformed: {}", error.message()));
  }
  if (specs.size() != 1 || specs[0].text != text || specs[0].is_auto()) {
    corrupt(fmt::format("its inputs name {}, which is no field", quote(text)));
  }
  return specs[0];
}

bool Reader::find(const Json& json, SchemaField& field) {
  const auto kind_name = json.at("kind").get<std::string>();
  const auto* const kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](FeatureKind k) { return to_string(k) == kind_name; });
  if (kind == kKinds.end())
    corrupt(fmt::format("the field {} is of the unknown kind {}", field.spec.text, quote(kind_name)));
  field.feature = *kind;
  try {
    check_feature(field.spec, *kind);
  } catch (const Error& error) {
    corrupt(error.message());
  }
  try {
    const FeatureRef ref = find_feature(data_.catalog(), field.spec.feature);
    field.side = ref.side;
    if (ref.feature->kind == *kind) return true;
    missing_.push_back(fmt::format("{} (of kind {})", field.spec.text, kind_name));
  } catch (const Error&) {
    missing_.push_back(field.spec.text);
  }
  return false;
}

double Reader::number(const Json& json, const char* key) const {
  const auto value = json.at(key).get<double>();
  if (!std::isfinite(value)) corrupt(fmt::format("the {} of a field is not finite", key));
  return value;
}

std::vector<double> Reader::bounds(const SchemaField& field, const std::string& place) const {
  const std::span<const double> found = in_.values<double>(place + "/bounds");
  const bool finite = std::all_of(found.begin(), found.end(), [](double b) { return std::isfinite(b); });
  const auto falls = [](double a, double b) { return a >= b; };
  if (!finite || found.size() >= field.spec.count ||
      std::adjacent_find(found.begin(), found.end(), falls) != found.end()) {
    corrupt(fmt::format("the bounds of {} do not ascend", field.spec.text));
  }
  return {found.begin(), found.end()};
}

std::vector<std::string> Reader::values(const SchemaField& field, const std::string& place) const {
  const std::string_view text = in_.text(place + "/values");
  const std::span<const std::uint64_t> offsets = in_.values<std::uint64_t>(place + "/values.offsets");
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != text.size() ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    corrupt(fmt::format("the values of {} do not fit their text", field.spec.text));
  }
  if (field.spec.kind == FieldKind::words && offsets.size() - 1 > field.spec.count) {
    corrupt(fmt::format("{} has more pieces than it may have", field.spec.text));
  }
  std::vector<std::string> result;
  std::unordered_set<std::string_view> different;
  for (std::size_t v = 0; v + 1 < offsets.size(); ++v) {
    const std::string_view value = text.substr(offsets[v], offsets[v + 1] - offsets[v]);
    if (!different.insert(value).second || !is_utf8(value)) {
      corrupt(fmt::format("{} has the value {} twice, or it is not UTF-8", field.spec.text, quote(value)));
    }
    result.emplace_back(value);
  }
  if (field.spec.kind == FieldKind::time) {
    std::optional<std::int64_t> last;
    for (const std::string& value : result) {
      const std::optional<std::int64_t> year = parse_integer(value);
      if (!year || (last && *year <= *last)) corrupt(fmt::format("the years of {} do not ascend", field.spec.text));
      last = year;
    }
  }
  return result;
}

SchemaField Reader::field(const Json& json, const FieldSpec& spec, const std::string& place) {
  SchemaField result;
  result.spec = spec;
  if (spec.kind == FieldKind::user) result.side = Side::user;
  if (spec.kind == FieldKind::item) result.side = Side::item;
  if (reads_feature(spec.kind) && !find(json, result)) return result;
  if (result.is_number()) {
    result.mean = number(json, "mean");
    result.deviation = number(json, "deviation");
    if (result.deviation <= 0) corrupt(fmt::format("the deviation of {} is not positive", spec.text));
  }
  if (spec.kind == FieldKind::bucket) result.bounds = bounds(result, place);
  if (keeps_values(result)) result.values = values(result, place);
  if (spec.kind == FieldKind::cross) {
    const Json& parts = json.at("parts");
    if (!parts.is_array() || parts.size() != spec.parts.size()) {
      corrupt(fmt::format("the parts of {} are malformed", spec.text));
    }
    for (std::size_t p = 0; p < parts.size(); ++p) {
      result.parts.push_back(field(parts[p], spec.parts[p], fmt::format("{}.{}", place, p)));
    }
    result.side = side_of_parts(result.parts);
  }
  if (spec.kind == FieldKind::time && !data_.has_times()) missing_.push_back(spec.text);
  result.rows = rows_of(result, data_);
  if (json.at("rows").get<std::uint64_t>() != result.rows) {
    corrupt(fmt::format("the field {} has {} rows, not {}", spec.text, result.rows, print_json(json.at("rows"))));
  }
  return result;
}

std::vector<SchemaField> Reader::read(const std::string& place) {
  std::vector<SchemaField> fields;
  try {
    const Json json = parse_json(in_.text(place));
    if (!json.is_array() || json.empty()) corrupt("its inputs are malformed");
    std::unordered_set<std::string> texts;
    for (const Json& entry : json) {
      const FieldSpec found = spec(entry);
      if (!texts.insert(found.text).second) corrupt(fmt::format("its inputs name {} twice", found.text));
      fields.push_back(field(entry, found, fmt::format("{}/{}", place, fields.size())));
    }
  } catch (const Json::exception&) {
    corrupt("its inputs are malformed");
  }
  if (missing_.empty()) return fields;
  throw Error(
      ErrorCode::invalid_input,
      fmt::format("The model of {} takes fields that these data do not have: {}.", in_.name(), join(missing_, ", ")),
      "Give users and items these features, as in the data that it was trained on.");
}

}  // namespace

void Schema::save(TensorWriter& out, std::string_view prefix) const {
  const std::string place = std::string(prefix) + "schema";
  OrderedJson json = OrderedJson::array();
  for (std::size_t slot = 0; slot < size(); ++slot) {
    json.push_back(save_field(fields_[slot], fmt::format("{}/{}", place, slot), out));
  }
  out.add_text(place, print_json(json));
}

Schema Schema::load(const TensorFile& in, std::string_view prefix, const Dataset& data) {
  Schema schema;
  schema.fields_ = Reader(in, data).read(std::string(prefix) + "schema");
  return schema;
}

}  // namespace gusto::nn
