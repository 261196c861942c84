#include "gusto/eval/estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "gusto/base/error.h"

namespace gusto {
namespace {

double standard_error(std::span<const double> influence) {
  // One user says nothing about how users differ.
  if (influence.size() < 2) return 0;
  double squares = 0;
  for (const double x : influence) squares += x * x;
  const auto n = static_cast<double>(influence.size());
  return std::sqrt(n / (n - 1) * squares);
}

// Adds up the influences of a user who comes several times.
void merge_users(std::vector<UserRow>& users, std::vector<double>& influence) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < users.size(); ++i) {
    if (kept > 0 && users[kept - 1] == users[i]) {
      influence[kept - 1] += influence[i];
      continue;
    }
    users[kept] = users[i];
    influence[kept++] = influence[i];
  }
  users.resize(kept);
  influence.resize(kept);
}

}  // namespace

Estimate influence_estimate(std::string metric, double mean, std::vector<UserRow> users, std::vector<double> influence,
                            bool higher_is_better) {
  if (users.size() != influence.size()) {
    throw Error(ErrorCode::internal, "An estimate of " + metric + " has as many users as influences.");
  }
  merge_users(users, influence);
  Estimate estimate;
  estimate.metric = std::move(metric);
  estimate.mean = mean;
  estimate.stderr_ = standard_error(influence);
  estimate.user_count = users.size();
  estimate.higher_is_better = higher_is_better;
  estimate.users = std::move(users);
  estimate.influence = std::move(influence);
  return estimate;
}

Estimate mean_estimate(std::string metric, std::span<const UserRow> users, std::span<const double> values,
                       bool higher_is_better) {
  const std::vector<double> ones(values.size(), 1.0);
  return ratio_estimate(std::move(metric), users, values, ones, higher_is_better);
}

Estimate ratio_estimate(std::string metric, std::span<const UserRow> users, std::span<const double> numerators,
                        std::span<const double> denominators, bool higher_is_better, bool root) {
  const double numerator = std::accumulate(numerators.begin(), numerators.end(), 0.0);
  const double denominator = std::accumulate(denominators.begin(), denominators.end(), 0.0);
  const double ratio = denominator > 0 ? numerator / denominator : 0;
  const double value = root ? std::sqrt(ratio) : ratio;
  // d sqrt(r) = dr / (2 sqrt(r)); at r = 0 all numerators are 0, and so are their influences.
  double scale = denominator > 0 ? 1 / denominator : 0;
  if (root) scale = value > 0 ? scale / (2 * value) : 0;

  std::vector<double> influence(numerators.size());
  for (std::size_t i = 0; i < influence.size(); ++i) {
    influence[i] = (numerators[i] - ratio * denominators[i]) * scale;
  }
  return influence_estimate(std::move(metric), value, {users.begin(), users.end()}, std::move(influence),
                            higher_is_better);
}

Estimate average_folds(std::span<const Estimate> folds) {
  if (folds.empty()) throw Error(ErrorCode::internal, "There are no folds to average.");
  if (folds.size() == 1) return folds.front();
  const double share = 1 / static_cast<double>(folds.size());
  double sum = 0;
  std::vector<std::pair<UserRow, double>> parts;
  for (const Estimate& fold : folds) {
    sum += fold.mean;
    for (std::size_t i = 0; i < fold.users.size(); ++i) parts.emplace_back(fold.users[i], fold.influence[i] * share);
  }
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<UserRow> users;
  std::vector<double> influence;
  for (const auto& [user, part] : parts) {
    users.push_back(user);
    influence.push_back(part);
  }
  return influence_estimate(folds.front().metric, sum * share, std::move(users), std::move(influence),
                            folds.front().higher_is_better);
}

}  // namespace gusto
