#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gusto/base/file.h"
#include "gusto/cli/interrupt.h"

namespace gusto::cli {

/// Throws Error(not_found) if the folder of a file to be written does not exist; called before work begins.
void require_folder(const std::string& file);

/// Writes text to a file, whole or not at all; "-" is standard output.
void write_result(const std::string& path, std::string_view text);

/// Finds out that a file can't be written before work begins; "-" is standard output.
/// Errors   not_found, if its folder does not exist; io, naming the reason
void require_writable(const std::string& file);

/// Text that is written as it comes; "-" is standard output. A file appears, whole, at commit().
class OutputText {
 public:
  /// Errors   io
  explicit OutputText(const std::string& path);

  void append(std::string_view text);
  void commit();

 private:
  std::optional<WriteGuard> guard_;
  std::optional<AtomicFile> file_;
};

}  // namespace gusto::cli
