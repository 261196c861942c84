#include "gusto/cli/output.h"

#include <cstdio>
#include <filesystem>
#include <span>
#include <system_error>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

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
  require_folder(path);
  const WriteGuard guard;
  write_file_atomically(path, std::as_bytes(std::span(whole)));
}

void require_writable(const std::string& file) {
  if (file == "-") return;
  require_folder(file);
  const WriteGuard guard;
  const AtomicFile trial(file);  // gone again at once
}

OutputText::OutputText(const std::string& path) {
  if (path == "-") return;
  guard_.emplace();
  file_.emplace(path);
}

void OutputText::append(std::string_view text) {
  if (file_) file_->append(text);
  else if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw Error(ErrorCode::io, "Standard output could not be written in full.", "Write into a file instead.");
  }
}

void OutputText::commit() {
  if (file_) file_->commit();
}

}  // namespace gusto::cli
