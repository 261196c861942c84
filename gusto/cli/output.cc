#include "gusto/cli/output.h"

#include <filesystem>
#include <span>
#include <system_error>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/file.h"
#include "gusto/base/text.h"
#include "gusto/cli/interrupt.h"

namespace gusto::cli {

void require_folder(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return;
  throw Error(ErrorCode::not_found, fmt::format("There is no folder {} to write into.", quote(folder.string())),
              "Make it first, or choose another file.");
}

void write_result(const std::string& path, std::string_view text) {
  std::string whole(text);
  if (!whole.ends_with('\n')) whole += '\n';
  if (path == "-") {
    fmt::print("{}", whole);
    return;
  }
  const WriteGuard guard;
  write_file_atomically(path, std::as_bytes(std::span(whole)));
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + '"';
}

}  // namespace gusto::cli
