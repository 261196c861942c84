#include "gusto/data/simulation/simulation_users.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "gusto/base/random.h"

namespace gusto {
namespace {

// Of the 6,040 users of ml-1m.
constexpr double kWomen = 1709.0 / 6040;
constexpr std::array<double, kAgeGroups> kAgeFrequency{222, 1103, 2096, 1193, 550, 496, 380};
constexpr std::array<double, kOccupationCount> kOccupationFrequency{711, 528, 267, 173, 759, 112, 236, 679, 17, 92, 195,
                                                                    129, 388, 142, 302, 144, 241, 502, 70,  72, 281};

constexpr double kMeanOpinion = 3.25;
constexpr double kAttributesShare = 0.25;  // of the variance of users' tastes
constexpr double kTurnPerYear = 0.3;       // radians
constexpr double kBiasStddev = 0.4;
constexpr double kBiasDrift = 0.1;  // a year
constexpr double kWholeStars = 0.5;
constexpr double kStayDays = 182;
constexpr double kGenreChoosiness = 1.3;
constexpr double kChoosiness = 2;
constexpr double kExposureUnit = 0.5;  // stars
constexpr double kDaysPerYear = 365.25;

template <std::size_t Size>
std::uint8_t draw_kind(const std::array<double, Size>& frequency, double uniform) {
  double sum = 0;
  for (const double value : frequency) sum += value;
  double at = uniform * sum;
  std::size_t kind = 0;
  while (kind + 1 < Size && at >= frequency[kind]) at -= frequency[kind++];
  return static_cast<std::uint8_t>(kind);
}

Matrix<float> draw_tastes(std::uint64_t seed, std::string_view purpose, std::size_t kinds, std::size_t dim) {
  Matrix<float> tastes(kinds, dim);
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    Random random(seed, purpose, kind);
    for (float& value : tastes.row(kind)) value = static_cast<float>(random.normal());
  }
  return tastes;
}

}  // namespace

const std::array<std::string_view, 2> kGenderNames{"M", "F"};
const std::array<int, kAgeGroups> kAges{1, 18, 25, 35, 45, 50, 56};
UserDistribution::UserDistribution(std::size_t dim, double drift_, double exposure_, double choosiness_,
                                   std::uint64_t groups_, std::uint64_t seed_)
    : seed(seed_),
      drift(drift_),
      exposure(exposure_),
      choosiness(choosiness_),
      groups(groups_),
      stddev(dim),
      gender_tastes(draw_tastes(seed, "simulated gender", 2, dim)),
      age_tastes(draw_tastes(seed, "simulated age", kAgeGroups, dim)),
      occupation_tastes(draw_tastes(seed, "simulated occupation", kOccupationCount, dim)) {
  double sum = 0;
  for (std::size_t k = 0; k < dim; ++k) sum += std::pow(static_cast<double>(k + 1), -1.5);
  for (std::size_t k = 0; k < dim; ++k) {
    stddev[k] = static_cast<float>(kTasteStddev * std::sqrt(std::pow(static_cast<double>(k + 1), -1.5) / sum));
  }
}

SimulatedUser draw_user(const UserDistribution& law, std::size_t user) {
  Random random(law.seed, "simulated user", user);
  SimulatedUser result;
  result.gender = random.uniform() < kWomen ? 1 : 0;
  result.age_group = draw_kind(kAgeFrequency, random.uniform());
  result.occupation = draw_kind(kOccupationFrequency, random.uniform());
  result.whole_stars = random.uniform() < kWholeStars;
  result.bias = static_cast<float>(kBiasStddev * random.normal());
  result.bias_drift = static_cast<float>(law.drift * kBiasDrift * random.normal());
  const std::uint64_t day = random.below(static_cast<std::uint64_t>(kDays));
  result.joined = kFirstTime + static_cast<std::int64_t>(day) * kSecondsPerDay +
                  static_cast<std::int64_t>(random.below(kSecondsPerDay / 2));
  const std::int64_t left = kDays - 1 - static_cast<std::int64_t>(day);
  result.stays = std::min(left, static_cast<std::int64_t>(-kStayDays * std::log(1.0 - random.uniform())));

  const std::size_t dim = law.stddev.size();
  const std::span<const float> gender = law.gender_tastes.row(result.gender);
  const std::span<const float> age = law.age_tastes.row(result.age_group);
  const std::span<const float> occupation = law.occupation_tastes.row(result.occupation);
  const auto shared = static_cast<float>(std::sqrt(kAttributesShare / 3));
  const auto own = static_cast<float>(std::sqrt(1 - kAttributesShare));
  result.taste.resize(dim);
  result.turn.resize(dim);
  for (std::size_t k = 0; k < dim; ++k) {
    result.taste[k] = own * static_cast<float>(random.normal());
    result.turn[k] = law.stddev[k] * static_cast<float>(random.normal());
  }
  if (law.groups > 0) {
    const std::uint64_t group = Random(law.seed, "simulated group", user).below(law.groups);
    Random of_pair(law.seed, "simulated pair of groups", group / 2);
    const float side = group % 2 == 0 ? own : -own;
    for (float& value : result.taste) value = side * static_cast<float>(of_pair.normal());
  }
  for (std::size_t k = 0; k < dim; ++k) {
    result.taste[k] = law.stddev[k] * (shared * (gender[k] + age[k] + occupation[k]) + result.taste[k]);
  }
  return result;
}

double opinion_vector(const UserDistribution& law, const SimulatedUser& user, std::int64_t time,
                      std::span<float> vector) {
  const std::int64_t day = user.day_of(time);
  const double years = static_cast<double>(day - user.joined) / static_cast<double>(kSecondsPerDay) / kDaysPerYear;
  const double angle = law.drift * kTurnPerYear * years;
  const auto kept = static_cast<float>(std::cos(angle));
  const auto turned = static_cast<float>(std::sin(angle));
  const std::size_t dim = user.taste.size();
  for (std::size_t k = 0; k < dim; ++k) vector[k] = kept * user.taste[k] + turned * user.turn[k];
  vector[dim] = 1;
  vector[dim + 1] = static_cast<float>(time_position(day));
  std::fill(vector.begin() + static_cast<std::ptrdiff_t>(dim) + 2, vector.end(), 0.0F);
  return kMeanOpinion + static_cast<double>(user.bias) + static_cast<double>(user.bias_drift) * years;
}

Taste taste_of(const UserDistribution& law, const SimulatedUser& user, const SimulatedItems& items) {
  const std::size_t dim = items.dim();
  Taste result;
  result.period = user.period();
  double sum = 0;
  for (std::size_t genre = 0; genre < kGenres; ++genre) {
    const double weight = items.genre_weight(result.period, genre);
    if (weight <= 0) continue;
    double liking = 0;
    for (std::size_t k = 0; k < dim; ++k) {
      liking += static_cast<double>(user.taste[k]) * static_cast<double>(items.genre_tastes()(genre, k));
    }
    result.genre_ratio[genre] = std::exp(law.choosiness * kGenreChoosiness * liking / kTasteStddev);
    sum += weight * result.genre_ratio[genre];
  }
  for (double& ratio : result.genre_ratio) ratio /= sum;

  const auto by_quality = static_cast<float>(law.exposure / kExposureUnit);
  const auto by_taste = static_cast<float>(law.choosiness * kChoosiness / kTasteStddev) + by_quality;
  result.vector.assign(items.width(), 0);
  for (std::size_t k = 0; k < dim; ++k) result.vector[k] = by_taste * user.taste[k];
  result.vector[dim] = by_quality;
  return result;
}

float Taste::acceptance(const SimulatedItems& items, std::size_t item) const {
  const float fit = padded_dot(vector.data(), items.vector(item), items.width()) - kReserve;
  return 1 / (1 + std::exp(-fit));
}

double Taste::weight(const SimulatedItems& items, std::size_t item) const {
  double ratio = 0;
  for (std::uint32_t left = items.genres(item); left != 0; left &= left - 1) {
    ratio += genre_ratio[static_cast<std::size_t>(std::countr_zero(left))];
  }
  return ratio * static_cast<double>(items.share(period, item)) * static_cast<double>(acceptance(items, item));
}

}  // namespace gusto
