#include "gusto/models/bayes/ordered_probit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "gusto/base/error.h"

namespace gusto {
namespace {

constexpr std::size_t kProbitEvents = 16384;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Outputs are counted by steps of 1/1024, up to 16 from 0: far beyond any cut point.
constexpr double kBoundarySteps = 1024;
constexpr int kMostSteps = 16 * 1024;
constexpr std::size_t kBins = 2 * kMostSteps + 1;

constexpr double kLeastProbability = 1e-300;
constexpr int kNewtonSteps = 20;

double density(double x) {
  return std::isinf(x) ? 0 : std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

/// Φ(high) − Φ(low), from the tail where the two are small.
double normal_between(double low, double high) {
  return low > 0 ? normal_below(-low) - normal_below(-high) : normal_below(high) - normal_below(low);
}

template <std::size_t N>
double polynomial(const std::array<double, N>& coefficients, double x) {
  double sum = 0;
  for (std::size_t n = N; n-- > 0;) sum = sum * x + coefficients[n];
  return sum;
}

/// Where a level begins and ends.
double cut_below(std::span<const double> cuts, std::size_t level) { return level == 0 ? -kInfinity : cuts[level - 1]; }
double cut_above(std::span<const double> cuts, std::size_t level) {
  return level == cuts.size() ? kInfinity : cuts[level];
}

bool ascending(std::span<const double> cuts) {
  return std::adjacent_find(cuts.begin(), cuts.end(), std::greater_equal<>()) == cuts.end();
}

/// A tridiagonal matrix as L Lᵀ: the diagonal of L, and what lies below it.
struct Factored {
  std::vector<double> diagonal;
  std::vector<double> below;

  explicit Factored(const CutLikelihood& at) : diagonal(at.diagonal), below(at.beside) {
    for (std::size_t r = 0; r < diagonal.size(); ++r) {
      if (r > 0) diagonal[r] -= below[r - 1] * below[r - 1];
      diagonal[r] = std::sqrt(std::max(diagonal[r], 1e-12));
      if (r < below.size()) below[r] /= diagonal[r];
    }
  }
  /// x with Lᵀ x = y.
  void solve_upper(std::vector<double>& y) const {
    for (std::size_t r = y.size(); r-- > 0;) {
      if (r + 1 < y.size()) y[r] -= below[r] * y[r + 1];
      y[r] /= diagonal[r];
    }
  }
  void solve(std::vector<double>& y) const {
    for (std::size_t r = 0; r < y.size(); ++r) {
      if (r > 0) y[r] -= below[r - 1] * y[r - 1];
      y[r] /= diagonal[r];
    }
    solve_upper(y);
  }
  /// ‖Lᵀ x‖².
  double length(std::span<const double> x) const {
    double sum = 0;
    for (std::size_t r = 0; r < x.size(); ++r) {
      const double part = diagonal[r] * x[r] + (r + 1 < x.size() ? below[r] * x[r + 1] : 0);
      sum += part * part;
    }
    return sum;
  }
};

}  // namespace

double normal_below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_quantile(double p) {
  constexpr std::array<double, 8> kMiddleOver{3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                                              13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                                              33430.575583588128105, 2509.0809287301226727};
  constexpr std::array<double, 8> kMiddleUnder{1,
                                               42.313330701600911252,
                                               687.18700749205790830,
                                               5394.1960214247511077,
                                               21213.794301586595867,
                                               39307.895800092710610,
                                               28729.085735721942674,
                                               5226.4952788528545610};
  constexpr std::array<double, 8> kOuterOver{
      1.42343711074968357734, 4.63033784615654529590,  5.76949722146069140550,   3.64784832476320460504,
      1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4};
  constexpr std::array<double, 8> kOuterUnder{1,
                                              2.05319162663775882187,
                                              1.67638483018380384940,
                                              0.689767334985100004550,
                                              0.148103976427480074590,
                                              0.0151986665636164571966,
                                              5.47593808499534494600e-4,
                                              1.05075007164441684324e-9};
  constexpr std::array<double, 8> kFarOver{
      6.65790464350110377720,   5.46378491116411436990,    1.78482653991729133580,    0.296560571828504891230,
      0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr std::array<double, 8> kFarUnder{1,
                                            0.599832206555887937690,
                                            0.136929880922735805310,
                                            0.0148753612908506148525,
                                            7.86869131145613259100e-4,
                                            1.84631831751005468180e-5,
                                            1.42151175831644588870e-7,
                                            2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kMiddleOver, r) / polynomial(kMiddleUnder, r);
  }
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? polynomial(kOuterOver, r - 1.6) / polynomial(kOuterUnder, r - 1.6)
                          : polynomial(kFarOver, r - 5) / polynomial(kFarUnder, r - 5);
  return q < 0 ? -x : x;
}

double truncated_normal(double low, double high, double u) {
  if (low > 0) return -truncated_normal(-high, -low, u);
  const double begin = std::isinf(low) ? 0 : normal_below(low);
  const double end = std::isinf(high) ? 1 : normal_below(high);
  const double p = begin + u * (end - begin);
  if (!(p > kLeastProbability))
    return std::isinf(low) ? high : 0.5 * (low + high);  // so far out that all lies at one end
  if (p >= 1) return std::max(low, 8.0);
  return std::clamp(normal_quantile(p), low, high);
}

ProbitOutput::ProbitOutput(std::vector<std::uint8_t> levels, std::size_t level_count)
    : levels_(std::move(levels)), latents_(levels_.size()) {
  std::vector<double> counts(level_count);
  for (const std::uint8_t level : levels_) ++counts[level];
  std::vector<double> middle(level_count);
  double before = 0;
  const auto events = static_cast<double>(levels_.size());
  for (std::size_t r = 0; r < level_count; ++r) {
    middle[r] = normal_quantile((before + counts[r] / 2) / events);
    before += counts[r];
    if (r + 1 < level_count) cuts_.push_back(normal_quantile(before / events));
  }
  for (std::size_t e = 0; e < levels_.size(); ++e) latents_[e] = static_cast<float>(middle[levels_[e]]);
}

std::uint64_t ProbitOutput::memory_need(std::uint64_t events, std::uint64_t level_count) {
  const std::uint64_t bins = level_count * kBins;
  return events * (sizeof(std::uint8_t) + sizeof(float)) + bins * sizeof(std::uint32_t) +
         std::min(events, bins) * sizeof(OutputCount);
}

double ProbitOutput::draw(std::uint64_t seed, std::size_t sweep, std::span<float> residuals, Context& context) {
  if (!cuts_.empty()) {
    std::vector<std::uint32_t> bins((cuts_.size() + 1) * kBins);
    for (std::size_t e = 0; e < residuals.size(); ++e) {
      const double output = static_cast<double>(latents_[e]) - static_cast<double>(residuals[e]);
      if (std::isnan(output)) {
        throw Error(ErrorCode::not_finite, "bayes-fm diverged: an output is not a number.",
                    "Look for extreme values in the data, or lower init.");
      }
      const auto step = static_cast<int>(
          std::clamp(output * kBoundarySteps, -16.0 * kBoundarySteps, 16.0 * kBoundarySteps) + kMostSteps + 0.5);
      ++bins[levels_[e] * kBins + static_cast<std::size_t>(step)];
    }
    std::vector<OutputCount> counts;
    counts.reserve(bins.size() - static_cast<std::size_t>(std::count(bins.begin(), bins.end(), 0U)));
    for (std::size_t b = 0; b < bins.size(); ++b) {
      if (bins[b] == 0) continue;
      const double output = (static_cast<double>(b % kBins) - kMostSteps) / kBoundarySteps;
      counts.push_back({static_cast<std::uint32_t>(b / kBins), static_cast<float>(output), bins[b]});
    }
    Random random(seed, "bayes-fm cuts", sweep);
    draw_cuts(counts, random, cuts_);
  }
  const std::uint64_t key = mix(mix(seed) + purpose_key("bayes-fm latents") + sweep);
  parallel_blocks(context, residuals.size(), kProbitEvents, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t e = begin; e < end; ++e) {
      const double output = static_cast<double>(latents_[e]) - static_cast<double>(residuals[e]);
      const double u = static_cast<double>(mix(key + (e + 1) * 0x9e3779b97f4a7c15ULL) >> 11) * 0x1.0p-53;
      const double noise =
          truncated_normal(cut_below(cuts_, levels_[e]) - output, cut_above(cuts_, levels_[e]) - output, u);
      residuals[e] = static_cast<float>(noise);
      latents_[e] = static_cast<float>(output + noise);
    }
  });
  return 1;
}

CutLikelihood cut_likelihood(std::span<const OutputCount> counts, std::span<const double> cuts) {
  CutLikelihood at{0, std::vector<double>(cuts.size()), std::vector<double>(cuts.size()),
                   std::vector<double>(cuts.empty() ? 0 : cuts.size() - 1)};
  for (const OutputCount& one : counts) {
    const double low = cut_below(cuts, one.level) - one.output;
    const double high = cut_above(cuts, one.level) - one.output;
    const double probability = std::max(normal_between(low, high), kLeastProbability);
    const double at_low = density(low) / probability;
    const double at_high = density(high) / probability;
    const double n = one.count;
    at.value += n * std::log(probability);
    if (one.level < cuts.size()) {
      at.slope[one.level] += n * at_high;
      at.diagonal[one.level] += n * at_high * (high + at_high);
    }
    if (one.level > 0) {
      at.slope[one.level - 1] -= n * at_low;
      at.diagonal[one.level - 1] += n * at_low * (at_low - low);
    }
    if (one.level > 0 && one.level < cuts.size()) at.beside[one.level - 1] -= n * at_low * at_high;
  }
  return at;
}

void draw_cuts(std::span<const OutputCount> counts, Random& random, std::vector<double>& cuts) {
  // The mode, by Newton's method: the likelihood is concave.
  const CutLikelihood here = cut_likelihood(counts, cuts);
  std::vector<double> mode = cuts;
  CutLikelihood at = here;
  for (int step = 0; step < kNewtonSteps; ++step) {
    std::vector<double> change = at.slope;
    Factored(at).solve(change);
    double largest = 0;
    for (const double c : change) largest = std::max(largest, std::abs(c));
    std::vector<double> next(mode.size());
    double length = 1;
    while (true) {
      for (std::size_t r = 0; r < mode.size(); ++r) next[r] = mode[r] + length * change[r];
      if (length < 1e-6) break;
      if (ascending(next)) {
        const CutLikelihood there = cut_likelihood(counts, next);
        if (there.value >= at.value - 1e-9 * std::abs(at.value)) {
          at = there;
          break;
        }
      }
      length /= 2;
    }
    if (length < 1e-6) break;
    mode = next;
    if (largest < 1e-6) break;
  }

  const Factored shape(at);
  std::vector<double> proposed(mode.size());
  for (double& x : proposed) x = random.normal();
  shape.solve_upper(proposed);
  const double proposed_length = shape.length(proposed);
  std::vector<double> current(mode.size());
  for (std::size_t r = 0; r < mode.size(); ++r) {
    proposed[r] += mode[r];
    current[r] = cuts[r] - mode[r];
  }
  const double chance = random.uniform();
  if (!ascending(proposed)) return;
  const double there = cut_likelihood(counts, proposed).value;
  const double log_ratio = there - here.value + 0.5 * (proposed_length - shape.length(current));
  if (std::log(1 - chance) < log_ratio) cuts = proposed;
}

float draw_latent(std::span<const float> cuts, std::size_t level, float output, float deviation, double u) {
  const auto at = static_cast<double>(output);
  const auto scale = static_cast<double>(deviation);
  const double low = level == 0 ? -kInfinity : (static_cast<double>(cuts[level - 1]) - at) / scale;
  const double high = level == cuts.size() ? kInfinity : (static_cast<double>(cuts[level]) - at) / scale;
  return static_cast<float>(at + scale * truncated_normal(low, high, u));
}

LevelMoments level_moments(std::span<const float> values, std::span<const float> cuts, double output) {
  const auto first = static_cast<double>(values.front());
  LevelMoments moments{first, first * first};
  for (std::size_t r = 0; r < cuts.size(); ++r) {
    const double above = normal_below(output - static_cast<double>(cuts[r]));
    const auto low = static_cast<double>(values[r]);
    const auto high = static_cast<double>(values[r + 1]);
    moments.mean += (high - low) * above;
    moments.square += (high * high - low * low) * above;
  }
  return moments;
}

}  // namespace gusto
