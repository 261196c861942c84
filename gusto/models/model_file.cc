#include "gusto/models/model_file.h"

#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/base/version.h"
#include "gusto/data/file/dataset_file.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/data/split/split_receipt.h"
#include "gusto/models/model_outline.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

constexpr std::string_view kFormat = "model";
constexpr std::int64_t kFormatVersion = 1;

[[noreturn]] void corrupt(const TensorFile& in, std::string_view what) {
  throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: {}.", in.name(), what),
              "The file is damaged or was not written by gusto; train the model again.");
}

std::string reading_json(const ReadingSpec& reading) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, text] : kReadingTexts) {
    if (!(reading.*text).empty()) json[std::string(name)] = reading.*text;
  }
  if (reading.skip_bad_lines) json["skip_bad_lines"] = true;
  return print_json(json);
}

TensorWriter collect(const Model& model, const ModelRecord& record, const WriteMore& more) {
  if (!try_parse_json(record.metrics).is_object()) {
    throw Error(ErrorCode::internal,
                fmt::format("The metrics to store are not a JSON object: {}.", quote(record.metrics)));
  }
  OrderedJson options = OrderedJson::object();
  for (const auto& [name, value] : model.settings()) options[name] = format_field(value);

  TensorWriter out;
  out.set_metadata("format", fmt::format("gusto-{}", kFormat));
  out.set_metadata("format_version", std::to_string(kFormatVersion));
  out.set_metadata("engine_version", std::string(version()));
  out.set_metadata("model", std::string(model.info().name));
  out.set_metadata("options", print_json(options));
  out.set_metadata("task", std::string(to_string(model.task())));
  out.set_metadata("seed", std::to_string(record.seed));
  out.set_metadata("split", record.split);
  const auto set_number = [&](const char* key, const auto& number) {
    if (number) out.set_metadata(key, fmt::format("{}", *number));
  };
  set_number("positives", record.filter.positives);
  set_number("since", record.filter.since);
  set_number("min_user_events", record.filter.min_user_events);
  set_number("min_item_events", record.filter.min_item_events);
  if (record.like_threshold) out.set_metadata("like_threshold", fmt::format("{}", *record.like_threshold));
  if (record.reading != ReadingSpec{}) out.set_metadata("reading", reading_json(record.reading));
  out.set_metadata("receipt", record.receipt ? to_json(*record.receipt) : std::string());
  out.set_metadata("metrics", record.metrics);
  write_dataset(model.data(), out);
  model.save_state(out);
  if (more) more(out);
  return out;
}

// Options as the file holds them: names and texts.
std::vector<std::pair<std::string, std::string>> read_options(const TensorFile& in) {
  std::vector<std::pair<std::string, std::string>> texts;
  try {
    const auto options = parse_ordered_json(in.metadata("options"));
    if (!options.is_object()) corrupt(in, "its options are malformed");
    for (const auto& [name, value] : options.items()) texts.emplace_back(name, value.get<std::string>());
  } catch (const Json::exception&) {
    corrupt(in, "its options are malformed");
  }
  return texts;
}

std::unique_ptr<Model> make_unfitted(const TensorFile& in, FurtherModels models) {
  const auto texts = read_options(in);
  try {
    const ModelInfo& info = find_model(in.metadata("model"), models);
    Settings settings;
    for (const auto& [name, text] : texts) {
      const Field& field = find_field(info.fields, info.name, current_name(info.fields, name));
      settings.emplace_back(field.name, parse_field(field, info.name, text));
    }
    return info.make(settings);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::invalid_option) throw;
    throw Error(ErrorCode::unsupported,
                fmt::format("{} was written by gusto {}, and gusto {} cannot make its model: {}", in.name(),
                            in.metadata("engine_version"), version(), error.message()),
                "Use the gusto that wrote it, or train the model again.");
  }
}

FilterOptions read_filter(const TensorFile& in) {
  FilterOptions filter;
  if (in.has_metadata("positives")) {
    filter.positives = parse_real(in.metadata("positives"));
    if (!filter.positives) corrupt(in, "its positives are malformed");
  }
  const auto whole = [&](const char* key) -> std::optional<std::int64_t> {
    if (!in.has_metadata(key)) return std::nullopt;
    const std::optional<std::int64_t> number = parse_integer(in.metadata(key));
    if (!number) corrupt(in, fmt::format("its {} is malformed", key));
    return number;
  };
  const auto least = [&](const char* key) -> std::optional<std::uint64_t> {
    const std::optional<std::int64_t> number = whole(key);
    if (!number) return std::nullopt;
    if (*number < 1) corrupt(in, fmt::format("its {} is malformed", key));
    return static_cast<std::uint64_t>(*number);
  };
  filter.since = whole("since");
  filter.min_user_events = least("min_user_events");
  filter.min_item_events = least("min_item_events");
  return filter;
}

ReadingSpec read_reading(const TensorFile& in) {
  ReadingSpec reading;
  if (!in.has_metadata("reading")) return reading;
  const Json stored = try_parse_json(in.metadata("reading"));
  if (!stored.is_object()) corrupt(in, "its reading is malformed");
  for (const auto& [name, text] : kReadingTexts) {
    const auto found = stored.find(std::string(name));
    if (found == stored.end()) continue;
    if (!found->is_string()) corrupt(in, "its reading is malformed");
    reading.*text = found->get<std::string>();
  }
  reading.skip_bad_lines = stored.contains("skip_bad_lines");
  return reading;
}

ModelRecord read_record(const TensorFile& in) {
  const auto seed = try_parse_json(in.metadata("seed"));
  const auto metrics = try_parse_json(in.metadata("metrics"));
  if (!seed.is_number_unsigned()) corrupt(in, "its seed is malformed");
  if (!metrics.is_object()) corrupt(in, "its metrics are malformed");
  ModelRecord record;
  record.seed = seed.get<std::uint64_t>();
  record.metrics = in.metadata("metrics");
  record.split = in.metadata("split");
  record.filter = read_filter(in);
  record.reading = read_reading(in);
  if (in.has_metadata("like_threshold")) {
    record.like_threshold = parse_real(in.metadata("like_threshold"));
    if (!record.like_threshold) corrupt(in, "its like threshold is malformed");
  }
  if (const std::string& receipt = in.metadata("receipt"); !receipt.empty()) {
    record.receipt = receipt_from_json(receipt);
  }
  return record;
}

Task read_task(const TensorFile& in) {
  for (const Task task : {Task::ratings, Task::likes, Task::top_n}) {
    if (to_string(task) == in.metadata("task")) return task;
  }
  corrupt(in, fmt::format("its task {} is unknown", quote(in.metadata("task"))));
}

TrainedModel read_model(const TensorFile& in, const LoadOptions& options) {
  check_format(in, kFormat, kFormatVersion);
  TrainedModel result;
  result.engine_version = in.metadata("engine_version");
  result.record = read_record(in);
  result.model = make_unfitted(in, options.models);
  std::shared_ptr<const Dataset> data = read_dataset(in);
  if (data->event_count() == 0) corrupt(in, "it holds no events");
  try {
    result.model->load_state(in, std::move(data), read_task(in));
  } catch (const Error& error) {
    // Options, data and state lie in this one file: if they don't go together, it is not for want of the right data.
    const bool contradiction = error.code() == ErrorCode::invalid_option || error.code() == ErrorCode::invalid_input ||
                               error.code() == ErrorCode::not_found;
    if (!contradiction) throw;
    std::string_view what = error.message();
    if (what.ends_with('.')) what.remove_suffix(1);
    corrupt(in, fmt::format("its parts contradict each other: {}", what));
  }
  if (options.more) options.more(in, *result.model);
  return result;
}

}  // namespace

std::string serialize_model(const Model& model, const ModelRecord& record, const WriteMore& more) {
  return collect(model, record, more).serialize();
}

void save_model(const Model& model, const ModelRecord& record, const std::filesystem::path& path,
                const WriteMore& more) {
  collect(model, record, more).write(path);
}

ModelOutline model_outline(const std::filesystem::path& path, FurtherModels models) {
  const TensorFile in = TensorFile::open(path);
  check_format(in, kFormat, kFormatVersion);
  return {make_unfitted(in, models), read_task(in)};
}

TrainedModel load_model(const std::filesystem::path& path, const LoadOptions& options) {
  return read_model(TensorFile::open(path), options);
}

TrainedModel parse_model(std::string bytes, std::string name, const LoadOptions& options) {
  return read_model(TensorFile::parse(std::move(bytes), std::move(name)), options);
}

}  // namespace gusto
