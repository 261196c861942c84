#include "gusto/nn/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "gusto/base/random.h"

namespace gusto::nn {
namespace {

constexpr std::uint32_t kNoCandidate = std::numeric_limits<std::uint32_t>::max();
constexpr float kNever = -std::numeric_limits<float>::infinity();

}  // namespace

CandidateSampler::CandidateSampler(std::span<const std::uint32_t> frequencies, std::span<const std::uint32_t> wanted,
                                   const SamplingOptions& options)
    : options_(options),
      wanted_(wanted.begin(), wanted.end()),
      chance_(frequencies.size()),
      place_(frequencies.size(), kNoCandidate) {
  const double power = options.sampling == Sampling::popularity ? options.power : 0;
  double weights = 0;
  for (std::size_t item = 0; item < frequencies.size(); ++item) {
    if (frequencies[item] == 0) continue;
    catalog_.push_back(static_cast<std::uint32_t>(item));
    chance_[item] = std::pow(static_cast<double>(frequencies[item]), power);
    weights += chance_[item];
    cumulative_.push_back(weights);
  }
  for (const std::uint32_t item : catalog_) chance_[item] /= weights;
  const double targets = std::accumulate(wanted_.begin(), wanted_.end(), 0.0);
  for (double& share : wanted_) share /= std::max(targets, 1.0);
  for (double& sum : cumulative_) sum /= weights;
}

std::size_t CandidateSampler::most(std::size_t targets) const {
  if (options_.sampling == Sampling::full) return catalog_.size();
  return std::min(catalog_.size(), targets + options_.negatives);
}

std::uint32_t CandidateSampler::draw_item(std::uint64_t key, std::size_t n) const {
  Random random(key, "candidates", n);
  if (options_.sampling != Sampling::popularity) return catalog_[random.below(catalog_.size())];
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, random.uniform());
  return catalog_[static_cast<std::size_t>(found - cumulative_.begin())];
}

CandidateSampler::Draw& CandidateSampler::slot(std::uint32_t item) {
  if (place_[item] == kNoCandidate) {
    place_[item] = static_cast<std::uint32_t>(met_.size());
    met_.push_back(item);
    draws_.emplace_back();
  }
  return draws_[place_[item]];
}

// A pool is drawn uniformly, and out of it `negatives` items in proportion to their shares of the softmax over the
// pool.
void CandidateSampler::draw_hard(std::uint64_t key, const PoolShares& shares) {
  std::vector<std::uint32_t> pool(std::min(options_.negatives * kPool, 4 * catalog_.size()));
  for (std::size_t n = 0; n < pool.size(); ++n) pool[n] = draw_item(key, n);
  const auto drawn = static_cast<double>(pool.size());
  std::sort(pool.begin(), pool.end());
  // How much one item of the pool stands for: n_j / E_j of drawing the pool.
  std::vector<float> offsets;
  std::vector<std::uint32_t> distinct;
  for (std::size_t begin = 0, end = 0; begin < pool.size(); begin = end) {
    while (end < pool.size() && pool[end] == pool[begin]) ++end;
    distinct.push_back(pool[begin]);
    offsets.push_back(static_cast<float>(std::log(static_cast<double>(end - begin) / (drawn * chance_[pool[begin]]))));
  }
  std::vector<float> share(distinct.size());
  shares(distinct, offsets, share);
  const double even = kUniformShare / static_cast<double>(distinct.size());
  std::vector<double> sums(distinct.size());
  double sum = 0;
  for (std::size_t j = 0; j < distinct.size(); ++j) {
    sum += (1 - kUniformShare) * static_cast<double>(share[j]) + even;
    sums[j] = sum;
  }
  for (std::size_t n = 0; n < options_.negatives; ++n) {
    const double at = Random(key, "hard candidates", n).uniform() * sum;
    const auto found = std::upper_bound(sums.begin(), sums.end() - 1, at);
    const auto j = static_cast<std::size_t>(found - sums.begin());
    Draw& draw = slot(distinct[j]);
    draw.count += 1;
    const double chance = (sums[j] - (j == 0 ? 0 : sums[j - 1])) / sum;
    draw.expected = static_cast<double>(options_.negatives) * chance / std::exp(static_cast<double>(offsets[j]));
  }
}

void CandidateSampler::draw(std::span<const std::uint32_t> targets, std::uint64_t key, const PoolShares& shares,
                            Candidates& out) {
  met_.clear();
  draws_.clear();
  const bool full = options_.sampling == Sampling::full;
  const bool in_batch = options_.sampling == Sampling::in_batch;
  for (const std::uint32_t target : targets) {
    Draw& draw = slot(target);
    if (in_batch) draw.count += 1;
  }
  if (full) {
    for (const std::uint32_t item : catalog_) slot(item) = {1, 1};
  } else if (options_.sampling == Sampling::hard) {
    draw_hard(key, shares);
  } else if (options_.sampling != Sampling::none) {
    for (std::size_t n = 0; n < options_.negatives; ++n) slot(draw_item(key, n)).count += 1;
    for (std::size_t p = 0; p < met_.size(); ++p) {
      const std::uint32_t item = met_[p];
      draws_[p].expected = static_cast<double>(options_.negatives) * chance_[item];
      if (in_batch) draws_[p].expected += static_cast<double>(targets.size()) * wanted_[item];
    }
  }

  out.items.assign(met_.begin(), met_.end());
  std::sort(out.items.begin(), out.items.end());
  out.counts.clear();
  out.others.clear();
  for (std::size_t place = 0; place < out.items.size(); ++place) {
    const std::uint32_t item = out.items[place];
    const Draw& draw = draws_[place_[item]];
    out.counts.push_back(static_cast<float>(draw.count));
    out.others.push_back(
        draw.count == 0 ? kNever
                        : static_cast<float>(std::log(draw.count) - options_.correction * std::log(draw.expected)));
    place_[item] = static_cast<std::uint32_t>(place);
  }
  out.targets.clear();
  out.own.clear();
  for (const std::uint32_t target : targets) out.targets.push_back(place_[target]);
  if (in_batch && options_.accidental_hits == Hits::keep) {
    // All copies of the target share its numerator. Slopes are those of a column for each copy; the loss is less by a
    // constant.
    for (const std::uint32_t target : out.targets) out.own.push_back(out.others[target]);
  }
  for (const std::uint32_t item : out.items) place_[item] = kNoCandidate;
}

}  // namespace gusto::nn
