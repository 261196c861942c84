// A file of events from anyone: it is read, or refused as invalid input with a sentence that names the file.
//
// What was read keeps the reader's own account of it: every record is an event of the data set or a counted duplicate.
// With bad lines left out, and with any other way to settle duplicates, it is read as well.

#include <cmath>
#include <cstdint>
#include <string_view>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/data/open/open.h"

using gusto::fuzz::require;

namespace {

/// The events read, or nothing if the file was refused.
std::uint64_t read(std::string_view input, const gusto::OpenOptions& options) {
  try {
    const gusto::OpenedDataset opened = gusto::read_delimited("input", input, options, gusto::fuzz::context());
    const std::uint64_t events = opened.data->event_count();
    const std::uint64_t records = opened.report.files.at(0).records;
    if (opened.report.layout != "lists") require(events + opened.report.duplicates == records);
    for (const float value : opened.data->values()) require(std::isfinite(value));
    return events;
  } catch (const gusto::Error& error) {
    require(error.code() == gusto::ErrorCode::invalid_input || error.code() == gusto::ErrorCode::empty_dataset);
    require(error.message().find("input") != std::string::npos);
    return 0;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gusto::fuzz::text_of(data, size);
  const std::uint64_t events = read(input, {});
  gusto::OpenOptions options;
  options.skip_bad_lines = true;
  options.duplicates = gusto::DuplicatePolicy::sum;
  require(events == 0 || read(input, options) == events);
  options.duplicates = gusto::DuplicatePolicy::refuse;
  read(input, options);
  return 0;
}
