#pragma once

// What an update gains of what a full training gains, by time. For tests and benchmarks only.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gusto/data/filter.h"
#include "gusto/data/split/split.h"
#include "gusto/eval/evaluate.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/eval/transfer.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/update.h"

namespace gusto::test {

/// NDCG@10 on the last tenth of the events by time, of the test users whom the first model knows: trained on the first
/// 80 %; updated with the next 10 %; trained on both.
struct UpdateGain {
  double before = 0, updated = 0, retrained = 0;
  double update_seconds = 0, retrain_seconds = 0;
  std::size_t users = 0;
  UpdateSummary summary{};

  double share() const { return (updated - before) / (retrained - before); }
};

struct TimeParts {
  std::shared_ptr<const Dataset> first, next, both;
  std::vector<Event> test;  // of users with events in `first`
};

inline TimeParts time_parts(const std::shared_ptr<const Dataset>& data) {
  const auto last_part = [](const std::shared_ptr<const Dataset>& from, const char* split) {
    return std::move(make_split(from, {.spec = parse_split(split)}).folds.front());
  };
  Fold last = last_part(data, "time:0.9");
  Fold next = last_part(last.train, "time:0.88888889");
  TimeParts parts{next.train, std::make_shared<const Dataset>(data->shared_catalog(), next.test), last.train, {}};
  for (const Event& event : last.test) {
    if (parts.first->history(event.user).size() > 0) parts.test.push_back(event);
  }
  return parts;
}

/// The same by each user's own order: for data whose users come one after the other, and hardly overlap in time.
inline TimeParts own_time_parts(const std::shared_ptr<const Dataset>& data) {
  constexpr std::size_t kTenths = 10;
  std::vector<bool> first, next, both;
  TimeParts parts;
  for (const Event& event : data->events()) {
    const std::size_t begin = data->offsets()[event.user.index], end = data->offsets()[event.user.index + 1];
    const std::size_t tenth = kTenths * (first.size() - begin) / (end - begin);
    first.push_back(tenth < 8);
    next.push_back(tenth == 8);
    both.push_back(tenth < 9);
    if (tenth == 9) parts.test.push_back(event);
  }
  parts.first = kept_events(data, first);
  parts.next = kept_events(data, next);
  parts.both = kept_events(data, both);
  return parts;
}

inline UpdateGain update_gain(const TimeParts& parts, const std::string& name, const Settings& settings,
                              Context& context) {
  const auto ndcg = [&](const Model& model) {
    TransferredTest test = transfer_test(model, parts.both->catalog(), parts.test, {});
    test.candidates = items_with_events(*test.fold.train, {});
    const Evaluation reached =
        evaluate(model, test.fold, test.candidates, {.task = Task::top_n, .metrics = {"ndcg@10"}}, context);
    return std::pair(reached.estimates.front().mean, reached.estimates.front().users.size());
  };
  const auto trained_on = [&](const std::shared_ptr<const Dataset>& part) {
    std::unique_ptr<Model> model = make_model(name, settings);
    model->fit(part, Task::top_n, context);
    return model;
  };
  UpdateGain gain;
  const Stopwatch retraining;
  const auto retrained = trained_on(parts.both);
  gain.retrain_seconds = retraining.seconds();
  std::tie(gain.retrained, gain.users) = ndcg(*retrained);

  IndexedModel old;
  old.trained.model = trained_on(parts.first);
  gain.before = ndcg(*old.trained.model).first;
  const OpenedDataset more{parts.next};
  const Stopwatch updating;
  UpdatedModel updated = update_model(std::move(old), more, {}, context);
  gain.update_seconds = updating.seconds();
  gain.updated = ndcg(*updated.model.trained.model).first;
  gain.summary = std::move(updated.summary);
  return gain;
}

}  // namespace gusto::test
