#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "gusto/base/context.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/data/open/open.h"
#include "gusto/data/split/split.h"
#include "gusto/models/task.h"

/// That folder of GUSTO_DATA (by default ../shared/data), or the embedded set where it is missing.
inline gusto::OpenedDataset open_bench_data(gusto::Context& context, const char* name = "ml-1m") {
  const char* variable = std::getenv("GUSTO_DATA");
  const std::filesystem::path folder = variable != nullptr ? variable : "../shared/data";
  if (!std::filesystem::exists(folder / name)) return gusto::open_embedded(context);
  return gusto::open_dataset(folder / name, {}, context);
}

/// A random nine tenths of it for ratings; for top-n, of events with a value of at least 4, four fifths per user.
inline gusto::Fold bench_fold(gusto::Task task) {
  gusto::Context context({.threads = 1});
  gusto::SplitOptions options;
  options.spec = gusto::parse_split(task == gusto::Task::top_n ? "holdout:0.2" : "random:0.1");
  if (task == gusto::Task::top_n) options.filter.positives = 4;
  return gusto::make_split(open_bench_data(context).data, options).folds.front();
}
