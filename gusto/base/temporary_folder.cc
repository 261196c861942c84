#include "gusto/base/temporary_folder.h"

#include <string>
#include <system_error>

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include "gusto/base/error.h"

namespace gusto {

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  std::string name = (parent / "gusto-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorCode::io, "There is no place for temporary files.",
                "Set TMPDIR to a folder that can be written to.");
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace gusto
