#pragma once

/// gusto's own data file: a data set as it lies in memory, so that opening it is mapping it. docs/formats/data_file.md
/// tells the format in full; the suffix is .gdata by custom.
///
/// Layout   a tensor file (gusto/base/tensor_file.h), so a valid safetensors file, with the data set under "data/"
///          (gusto/data/file/dataset_file.h)
/// Metadata "format" "gusto-data"; "format_version" "1"; "engine_version" "0.1.0"; "data.schema"; "source" a JSON
/// object: the
///          SourceReport of how the data were read
/// Version  1 is the only one so far. A file of each version is kept in tests/data and must go on opening.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "gusto/base/tensor_file.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

inline constexpr std::string_view kDataFormat = "data";  ///< "format" is "gusto-" and this
inline constexpr std::int64_t kDataFormatVersion = 1;
inline constexpr std::string_view kDataFileSuffix = ".gdata";  ///< by custom: files are known by their content

/// Whether it is a tensor file that says it holds data. Error(corrupt_file) if it is one whose header is damaged
bool is_data_file(const std::filesystem::path& path);

/// The data set where it lies, and how it was read before it was stored.
/// Errors   not_found, io; invalid_input, if it is a model file; unsupported, if it is of a later format; corrupt_file,
///          here for its header and sizes, and for what a part holds from whatever first uses that part (map_dataset)
/// Cost     O(tensors): about a millisecond, whatever its size; a part is read and checked in full when first used, at
///          about 0.1 ns a byte for its checksum and 5 ns an event
/// Memory   pages of the file, which the operating system may take back
OpenedDataset open_data_file(const std::filesystem::path& path);
/// The same from bytes in memory; `name` stands for the path in messages.
OpenedDataset parse_data_file(std::string bytes, std::string name);

/// Reads the whole file: all checksums, and all that is asked of a data set.
/// Errors   as open_data_file
void check_data_file(const std::filesystem::path& path);

/// What "source" holds.
std::string to_json(const SourceReport& report);
/// Error(corrupt_file), with `name` for the file, if it is malformed. What is missing is left at its default.
SourceReport source_from_json(std::string_view json, std::string_view name);

}  // namespace gusto
