#include "gusto/eval/bootstrap.h"

#include <algorithm>
#include <iterator>

#include "gusto/base/error.h"
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

// Adds sign · influence to a pair's column of the [users × pairs] table.
void add_influence(const Estimate& estimate, double sign, std::span<const UserRow> users, std::size_t column,
                   Matrix<double>& table) {
  std::size_t row = 0;
  for (std::size_t i = 0; i < estimate.users.size(); ++i) {
    while (users[row] != estimate.users[i]) ++row;
    table(row, column) += sign * estimate.influence[i];
  }
}

// The value below which a share of the ascending values lies, by linear interpolation between neighbours.
double percentile(std::span<const double> ascending, double share) {
  const double position = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (position - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

}  // namespace

std::vector<Difference> paired_bootstrap(std::span<const EstimatePair> pairs, Context& context, std::size_t draws) {
  if (draws == 0) throw Error(ErrorCode::invalid_option, "A bootstrap takes at least one draw.");
  const std::vector<UserRow> users = union_of_users(pairs);
  Matrix<double> influence(users.size(), pairs.size());
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    add_influence(*pairs[p].a, 1, users, p, influence);
    add_influence(*pairs[p].b, -1, users, p, influence);
  }

  // Σ_u influence is 0 but for rounding, so Σ (w_u − 1) · influence_u is the sum over the users drawn, less that.
  std::vector<double> remainder(pairs.size());
  for (std::size_t u = 0; u < users.size(); ++u) {
    for (std::size_t p = 0; p < pairs.size(); ++p) remainder[p] += influence(u, p);
  }
  Matrix<double> samples(draws, pairs.size());
  parallel_blocks(context, draws, 8, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t draw = begin; draw < end; ++draw) {
      Random random(context.seed(), "bootstrap", draw);
      const std::span<double> sample = samples.row(draw);
      for (std::size_t i = 0; i < users.size(); ++i) {
        const std::span<const double> drawn = influence.row(random.below(users.size()));
        for (std::size_t p = 0; p < sample.size(); ++p) sample[p] += drawn[p];
      }
    }
  });

  std::vector<Difference> differences(pairs.size());
  std::vector<double> column(draws);
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    Difference& difference = differences[p];
    difference.mean = pairs[p].a->mean - pairs[p].b->mean;
    for (std::size_t draw = 0; draw < draws; ++draw) {
      column[draw] = difference.mean + samples(draw, p) - remainder[p];
    }
    std::sort(column.begin(), column.end());
    difference.low = percentile(column, 0.025);
    difference.high = percentile(column, 0.975);
    difference.distinguishable = users.size() >= 2 && (difference.low > 0 || difference.high < 0);
  }
  return differences;
}

}  // namespace gusto
