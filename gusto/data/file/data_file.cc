#include "gusto/data/file/data_file.h"

#include <memory>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/data/file/dataset_file.h"

namespace gusto {
namespace {

OpenedDataset open(std::shared_ptr<const TensorFile> in) {
  if (in->has_metadata("format") && in->metadata("format") == "gusto-model") {
    throw Error(ErrorCode::invalid_input, fmt::format("{} is a model file, and a data set is wanted here.", in->name()),
                "Name the data that the model is to be trained or measured on.");
  }
  check_format(*in, kDataFormat, kDataFormatVersion);
  OpenedDataset opened;
  opened.report = source_from_json(in->metadata("source"), in->name());
  opened.report.data_file = {in->name(), in->size(), in->metadata("engine_version")};
  opened.source = source_of(opened.report, {}, {});
  opened.data = map_dataset(std::move(in));
  return opened;
}

}  // namespace

bool is_data_file(const std::filesystem::path& path) {
  if (!is_tensor_file(path)) return false;
  const TensorFile file = TensorFile::open(path, Checksums::on_use);
  return file.has_metadata("format") && file.metadata("format") == fmt::format("gusto-{}", kDataFormat);
}

OpenedDataset open_data_file(const std::filesystem::path& path) {
  OpenedDataset opened = open(std::make_shared<const TensorFile>(TensorFile::open(path, Checksums::on_use)));
  opened.source.path = path;
  return opened;
}

OpenedDataset parse_data_file(std::string bytes, std::string name) {
  return open(
      std::make_shared<const TensorFile>(TensorFile::parse(std::move(bytes), std::move(name), Checksums::on_use)));
}

void check_data_file(const std::filesystem::path& path) {
  const auto file = std::make_shared<const TensorFile>(TensorFile::open(path, Checksums::now));
  use_all(*open(file).data);
}

std::string to_json(const SourceReport& report) {
  OrderedJson files = OrderedJson::array();
  for (const SourceFile& file : report.files) {
    files.push_back({{"path", file.path},
                     {"role", file.role},
                     {"bytes", file.bytes},
                     {"lines", file.lines},
                     {"records", file.records},
                     {"blank_lines", file.blank_lines},
                     {"latin1", file.latin1},
                     {"columns", file.columns}});
  }
  const OrderedJson json{
      {"layout", report.layout}, {"reason", report.reason},         {"delimiter", report.delimiter},
      {"header", report.header}, {"columns", report.columns},       {"value_changes", report.value_changes},
      {"files", files},          {"duplicates", report.duplicates}, {"bad_lines", report.bad_lines},
      {"notes", report.notes}};
  // Paths may be any bytes, and metadata are UTF-8.
  return print_json(json);
}

SourceReport source_from_json(std::string_view json, std::string_view name) {
  SourceReport report;
  const auto take = [](const Json& from, const char* key, auto& to) {
    const auto& members = from.get_ref<const Json::object_t&>();
    if (const auto found = members.find(key); found != members.end()) found->second.get_to(to);
  };
  try {
    const auto stored = parse_json(json);
    take(stored, "layout", report.layout);
    take(stored, "reason", report.reason);
    take(stored, "delimiter", report.delimiter);
    take(stored, "header", report.header);
    take(stored, "columns", report.columns);
    take(stored, "value_changes", report.value_changes);
    for (const Json& entry : stored.value("files", Json::array())) {
      SourceFile& file = report.files.emplace_back();
      take(entry, "path", file.path);
      take(entry, "role", file.role);
      take(entry, "bytes", file.bytes);
      take(entry, "lines", file.lines);
      take(entry, "records", file.records);
      take(entry, "blank_lines", file.blank_lines);
      take(entry, "latin1", file.latin1);
      take(entry, "columns", file.columns);
    }
    take(stored, "duplicates", report.duplicates);
    take(stored, "bad_lines", report.bad_lines);
    take(stored, "notes", report.notes);
  } catch (const Json::exception&) {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: its metadata \"source\" are malformed.", name),
                "The file is damaged or was not written by gusto; make it again.");
  }
  return report;
}

}  // namespace gusto
