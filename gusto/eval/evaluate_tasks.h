#pragma once

/// What evaluate() is made of: one measuring function a task. Not for callers; use gusto/eval/evaluate.h.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/eval/evaluate.h"
#include "gusto/eval/metrics.h"

namespace gusto::detail {

/// Test events grouped by who asks for them: users[i] has test[offsets[i] … offsets[i + 1]). One group for each user
/// or, where the fold has each event asked for by itself, for each event.
struct TestUsers {
  std::vector<UserRow> users;  ///< ascending
  std::vector<std::size_t> offsets{0};
};
TestUsers group_test_users(const Fold& fold);

/// A sum over each user's test events of value(event index).
template <class Value>
std::vector<double> sum_by_user(const TestUsers& test, Value value) {
  std::vector<double> sums(test.users.size());
  for (std::size_t u = 0; u < sums.size(); ++u) {
    for (std::size_t i = test.offsets[u]; i < test.offsets[u + 1]; ++i) sums[u] += value(i);
  }
  return sums;
}

/// What every measuring function gets.
struct Measuring {
  const Model& model;
  const Fold& fold;
  std::span<const ItemRow> candidates;
  const EvaluateOptions& options;
  std::span<const std::string> names;  ///< metrics to keep
  const TestUsers& test;
  Context& context;

  bool wants(std::string_view name) const;
  /// The rows of the task, wanted or not, in order.
  std::vector<const MetricInfo*> metrics() const;
};

/// Bytes that evaluate() takes at most beside the model and the fold, what the model needs to answer not counted.
std::uint64_t evaluation_memory(const Model& model, const Fold& fold, const EvaluateOptions& options, unsigned threads);

/// Error(invalid_option): the row's function measures something else than its task.
[[noreturn]] void refuse_measure(const MetricInfo& metric);

/// Append estimates in the order of the table of metrics and add the time that the model took to answer.
void measure_ratings(const Measuring& measuring, Evaluation& out);
void measure_likes(const Measuring& measuring, Evaluation& out);
void measure_top_n(const Measuring& measuring, Evaluation& out);

}  // namespace gusto::detail
