#include "gusto/data/io/builder.h"

#include <fmt/core.h>

#include "gusto/base/text.h"

namespace gusto {

DescriptionTable::DescriptionTable(Vocabulary& ids, const std::vector<std::pair<std::string, FeatureKind>>& fields)
    : ids_(ids), fields_(fields.size()) {
  for (std::size_t f = 0; f < fields.size(); ++f) {
    fields_[f].name = fields[f].first;
    fields_[f].kind = fields[f].second;
  }
}

void DescriptionTable::add(std::string_view id, std::span<const std::string> values) {
  const std::uint32_t row = ids_.add(id);
  if (rows_.size() < ids_.size()) rows_.resize(ids_.size());
  if (!rows_[row].empty()) ++replaced_;
  rows_[row].assign(values.begin(), values.end());
}

FeatureTable DescriptionTable::finish() {
  rows_.resize(ids_.size());
  for (const std::vector<std::string>& row : rows_) {
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      if (row.empty() || row[f].empty()) {
        fields_[f].append_missing();
      } else {
        fields_[f].append(row[f]);
      }
    }
  }
  return FeatureTable(std::move(fields_));
}

void DatasetBuilder::end_events(Context& context) {
  reader_.require_events();
  reader_.note_what_was_met();
  const auto places = [&](std::uint64_t first_line, std::uint64_t second_line) -> DatasetAssembler::Places {
    const EventReader::Place first = reader_.place_of(first_line), second = reader_.place_of(second_line);
    return {fmt::format("{}, line {}", second.file, second.line),
            fmt::format("on line {}{}", first.line, first.file == second.file ? "" : " of " + first.file)};
  };
  assembler_.order_events(reader_.store(), options_.duplicates, options_.spill_to, places, context);
}

void DatasetBuilder::describe(const RecordReader& reader, std::string_view role, std::uint64_t records,
                              const DescriptionTable& descriptions) {
  report().files.push_back(reader.report(role, records));
  if (descriptions.replaced() > 0) {
    note(fmt::format("Descriptions of {} left out because the id came again: {}; the last one counts.", role,
                     format_count(descriptions.replaced())));
  }
}

OpenedDataset DatasetBuilder::finish() {
  for (const SourceFile& file : report().files) {
    if (file.latin1) note(fmt::format("{} is in Latin-1 and was converted to UTF-8.", file.path));
    if (file.blank_lines > 0) {
      note(fmt::format("Blank lines of {} that were skipped: {}.", file.path, format_count(file.blank_lines)));
    }
  }
  return assembler_.finish();
}

}  // namespace gusto
