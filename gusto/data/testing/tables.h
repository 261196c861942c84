#pragma once

#include "gusto/data/table/make_dataset.h"

namespace gusto::testing_io {

/// The data set of a table, made on one thread.
inline OpenedDataset made(const EventTable& table, const TableOptions& options = {}) {
  Context context({.threads = 1});
  return make_dataset(table, options, context);
}

}  // namespace gusto::testing_io
