#include "gusto/models/content/profile_regression.h"

#include <algorithm>
#include <numeric>

namespace gusto {
namespace {

constexpr int kMostIterations = 300;
constexpr double kRidgeTolerance = 1e-6;

double squared(std::span<const double> x) { return std::inner_product(x.begin(), x.end(), x.begin(), 0.0); }

// out = (XᵀX + reg) in, over the chosen items.
void apply(const ItemProfiles& profiles, const std::vector<bool>& chosen, double reg, std::span<const double> in,
           std::span<double> out) {
  std::transform(in.begin(), in.end(), out.begin(), [reg](double x) { return reg * x; });
  for (std::size_t item = 0; item < chosen.size(); ++item) {
    if (!chosen[item]) continue;
    const std::span<const std::uint32_t> terms = profiles.terms_of(item);
    const std::span<const float> weights = profiles.weights_of(item);
    double product = 0;
    for (std::size_t e = 0; e < terms.size(); ++e) product += static_cast<double>(weights[e]) * in[terms[e]];
    for (std::size_t e = 0; e < terms.size(); ++e) out[terms[e]] += static_cast<double>(weights[e]) * product;
  }
}

}  // namespace

ProfileRegression fit_regression(const ItemProfiles& profiles, std::span<const float> targets,
                                 const std::vector<bool>& chosen, double reg, const Context& context) {
  ProfileRegression result;
  double count = 0;
  for (std::size_t item = 0; item < chosen.size(); ++item) {
    if (!chosen[item]) continue;
    result.mean += static_cast<double>(targets[item]);
    ++count;
  }
  if (count > 0) result.mean /= count;

  std::vector<double> residual(profiles.term_count());  // of the normal equations: minus half the gradient
  for (std::size_t item = 0; item < chosen.size(); ++item) {
    if (!chosen[item]) continue;
    const double error = static_cast<double>(targets[item]) - result.mean;
    const std::span<const std::uint32_t> terms = profiles.terms_of(item);
    const std::span<const float> weights = profiles.weights_of(item);
    for (std::size_t e = 0; e < terms.size(); ++e) residual[terms[e]] += static_cast<double>(weights[e]) * error;
  }
  std::vector<double> solution(residual.size());
  std::vector<double> direction = residual;
  std::vector<double> image(residual.size());
  const double start = squared(residual);
  double left = start;
  for (int iteration = 0; iteration < kMostIterations && left > kRidgeTolerance * kRidgeTolerance * start;
       ++iteration) {
    context.check_canceled();
    apply(profiles, chosen, reg, direction, image);
    const double step = left / std::inner_product(direction.begin(), direction.end(), image.begin(), 0.0);
    for (std::size_t t = 0; t < solution.size(); ++t) {
      solution[t] += step * direction[t];
      residual[t] -= step * image[t];
    }
    const double now = squared(residual);
    const double keep = now / left;
    left = now;
    for (std::size_t t = 0; t < direction.size(); ++t) direction[t] = residual[t] + keep * direction[t];
  }
  result.weights.assign(solution.begin(), solution.end());
  return result;
}

}  // namespace gusto
