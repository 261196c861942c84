// A delimited file from anyone: it is read, or refused as invalid input with a sentence that names the file.
//
// What was read keeps the reader's own account of it: every record is an event of the data set or a counted duplicate.

#include <cmath>
#include <cstdint>
#include <string_view>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/data/io/open.h"

using gusto::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gusto::fuzz::text_of(data, size);
  try {
    const gusto::OpenedDataset opened = gusto::read_delimited("input", input, {}, gusto::fuzz::context());
    require(opened.data->event_count() > 0);
    require(opened.data->event_count() + opened.report.duplicates == opened.report.files.at(0).records);
    for (const float value : opened.data->values()) require(std::isfinite(value));
  } catch (const gusto::Error& error) {
    require(error.code() == gusto::ErrorCode::invalid_input || error.code() == gusto::ErrorCode::empty_dataset);
    require(error.message().find("input") != std::string::npos);
  }
  return 0;
}
