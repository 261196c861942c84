#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/evaluate.h"
#include "gusto/models/registry.h"

/// A model that was fitted, and how long its quickest epoch took but for the first, which allocates.
struct TimedFit {
  std::unique_ptr<gusto::Model> model;
  double epoch_seconds = std::numeric_limits<double>::infinity();
};
inline TimedFit fit_timed(const char* name, const gusto::Settings& settings,
                          const std::shared_ptr<const gusto::Dataset>& data, gusto::Task task, unsigned threads) {
  using Clock = std::chrono::steady_clock;
  TimedFit result{gusto::make_model(name, settings)};
  Clock::time_point begin;
  gusto::Context context({.threads = threads, .progress = [&](const gusto::ProgressEvent& event) {
                            if (!event.epoch) return;
                            const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
                            if (*event.epoch > 1) result.epoch_seconds = std::min(result.epoch_seconds, seconds);
                            begin = Clock::now();
                          }});
  result.model->fit(data, task, context);
  return result;
}

/// What the model reaches on the fold's test events: RMSE, or for top-n NDCG@10 among all items.
inline double reached(const gusto::Model& model, const gusto::Fold& fold, gusto::Task task) {
  gusto::Context context({.threads = 1});
  gusto::EvaluateOptions options;
  options.task = task;
  options.metrics = {"rmse"};
  std::vector<gusto::ItemRow> candidates;
  if (task == gusto::Task::top_n) {
    options.k = {10};
    options.metrics = {"ndcg@10"};
    for (std::size_t i = 0; i < fold.train->item_count(); ++i) candidates.emplace_back(i);
  }
  return gusto::evaluate(model, fold, candidates, options, context).estimates.front().mean;
}
