#pragma once

#include <string>
#include <string_view>

namespace gusto::cli {

/// Throws Error(not_found) if the folder of a file to be written does not exist; called before work begins.
void require_folder(const std::string& file);

/// Writes text to a file, whole or not at all; "-" is standard output.
void write_result(const std::string& path, std::string_view text);

/// A field as CSV (RFC 4180): quoted where it holds a comma, a quotation mark or a line end.
std::string csv_field(std::string_view text);

}  // namespace gusto::cli
