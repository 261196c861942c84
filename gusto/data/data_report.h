#pragma once

/// What `gusto inspect` says of a data set and of where it came from, as data: sentences, charts and tables to lay out.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gusto/base/report_table.h"
#include "gusto/data/dataset.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

/// How a data set was recognized, and what was skipped or repaired while reading.
std::vector<ReportEntry> report_source(const SourceReport& source);

/// A title, and below it a line for each value with its number of events, drawn to `events` ÷ `most`.
struct ValueChart {
  struct Bar {
    float value = 0;
    std::uint64_t events = 0;
  };
  std::string title;
  std::vector<Bar> bars;
  std::uint64_t most = 1;    ///< the largest number of events
  std::uint64_t events = 0;  ///< of all values
};

/// How few items hold how many events.
struct TailChart {
  struct Bar {
    std::string text;
    double share = 0;  ///< of all events
  };
  std::string title;
  std::vector<Bar> bars;
  std::string note;
};

struct DataReport {
  std::vector<ReportEntry> entries;  ///< counts, sparsity, times
  std::optional<ValueChart> values;  ///< where they are few
  TailChart tail;
  std::optional<ReportTable> features;
};

/// Cost     that of make_profile
DataReport report_data(const Dataset& data);

}  // namespace gusto
