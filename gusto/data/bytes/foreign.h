#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace gusto {

inline constexpr std::size_t kForeignHead = 64;  ///< bytes that tell a format that is not read

/// Throws if a file begins as one of a known format that is not read: Parquet, HDF5, a web page … The hint is a command
/// of one line that converts it. Error(invalid_input)
void refuse_foreign(const std::string& name, std::string_view head);
/// The same by the names of the files in a zip: workbooks of Excel, arrays of NumPy.
void refuse_foreign_archive(const std::string& name, std::span<const std::string> files);

}  // namespace gusto
