#include "gusto/eval/bootstrap.h"

#include <algorithm>
#include <iterator>

#include "gusto/base/error.h"
#include "gusto/base/linalg.h"
#include "gusto/base/matrix.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

// All users of all pairs, ascending.
std::vector<UserRow> union_of_users(std::span<const EstimatePair> pairs) {
  std::vector<UserRow> all;
  for (const EstimatePair& pair : pairs) {
    for (const Estimate* estimate : {pair.a, pair.b}) {
      // Usually everybody has the same users, and nothing is added after the first.
      if (std::includes(all.begin(), all.end(), estimate->users.begin(), estimate->users.end())) continue;
      std::vector<UserRow> merged;
      merged.reserve(all.size() + estimate->users.size());
      std::set_union(all.begin(), all.end(), estimate->users.begin(), estimate->users.end(),
                     std::back_inserter(merged));
      all.swap(merged);
    }
  }
  return all;
}

// What each of the users contributes to the difference a − b.
std::vector<double> paired_influence(const EstimatePair& pair, std::span<const UserRow> users) {
  std::vector<double> influence(users.size());
  const auto add = [&](const Estimate& estimate, double sign) {
    std::size_t row = 0;
    for (std::size_t i = 0; i < estimate.users.size(); ++i) {
      while (users[row] != estimate.users[i]) ++row;
      influence[row] += sign * estimate.influence[i];
    }
  };
  add(*pair.a, 1);
  add(*pair.b, -1);
  return influence;
}

// The value below which a share of the ascending values lies, by linear interpolation between neighbors.
double percentile(std::span<const double> ascending, double share) {
  const double position = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (position - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

}  // namespace

std::vector<Difference> paired_bootstrap(std::span<const EstimatePair> pairs, Context& context,
                                         const BootstrapOptions& options) {
  const std::size_t draws = options.draws;
  if (draws == 0) throw Error(ErrorCode::invalid_option, "A bootstrap takes at least one draw.");
  const std::vector<UserRow> users = union_of_users(pairs);
  if (users.empty()) return std::vector<Difference>(pairs.size());
  Matrix<float> influence(users.size(), pairs.size());
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const std::vector<double> column = paired_influence(pairs[p], users);
    for (std::size_t u = 0; u < users.size(); ++u) influence(u, p) = static_cast<float>(column[u]);
  }

  // All draws of all pairs are one matrix product, of (w_u − 1) [draws × users] with influence [users × pairs].
  constexpr std::size_t kBlock = 32;
  Matrix<float> samples(draws, pairs.size());
  parallel_blocks(context, draws, kBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    Matrix<float> weights(end - begin, users.size());
    weights.fill(-1);
    for (std::size_t draw = begin; draw < end; ++draw) {
      Random random(options.seed, "bootstrap", draw);
      const std::span<float> row = weights.row(draw - begin);
      for (std::size_t i = 0; i < row.size(); ++i) ++row[random.below(row.size())];
    }
    gemm(Transpose::no, Transpose::no, 1, weights.view(), influence.view(), 0, samples.view().slice(begin, end));
  });

  std::vector<Difference> differences(pairs.size());
  std::vector<double> column(draws);
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    Difference& difference = differences[p];
    difference.mean = pairs[p].a->mean - pairs[p].b->mean;
    for (std::size_t draw = 0; draw < draws; ++draw) {
      column[draw] = difference.mean + static_cast<double>(samples(draw, p));
    }
    std::sort(column.begin(), column.end());
    difference.low = percentile(column, 0.025);
    difference.high = percentile(column, 0.975);
    difference.distinguishable = users.size() >= 2 && (difference.low > 0 || difference.high < 0);
  }
  return differences;
}

}  // namespace gusto
