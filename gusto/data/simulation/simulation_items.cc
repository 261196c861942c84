#include "gusto/data/simulation/simulation_items.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace gusto {
namespace {

constexpr std::size_t kItemBlockOfSimulation = 4096;

// Of 3,883 films of ml-1m, those of each genre.
constexpr std::array<double, kGenres> kGenreFrequency{503, 283, 105, 251, 1200, 211, 127, 1603, 68,
                                                      44,  343, 114, 106, 471,  276, 492, 143,  68};
// And those with one and with two genres; the others are given three.
constexpr double kOneGenre = 2025.0 / 3883;
constexpr double kTwoGenres = 1322.0 / 3883;

constexpr double kGenreShare = 0.5;  // of the variance of items' tastes
constexpr double kPopularityDrift = 0.5;
constexpr double kQualityStddev = 0.6;
constexpr double kQualityByPopularity = 0.4;  // a correlation
constexpr double kQualityDrift = 0.12;

// The larger a catalog, the longer its tail.
double popularity_stddev(std::size_t items) {
  return std::min(3.0, 1.7 + 0.6 * std::max(0.0, std::log(static_cast<double>(items) / 4000)));
}

std::size_t padded(std::size_t dim) { return (dim + 2 + 7) / 8 * 8; }

std::uint32_t draw_genre_set(Random& random) {
  static constexpr double kAll = [] {
    double sum = 0;
    for (const double frequency : kGenreFrequency) sum += frequency;
    return sum;
  }();
  const double size = random.uniform();
  const int count = size < kOneGenre ? 1 : size < kOneGenre + kTwoGenres ? 2 : 3;
  std::uint32_t set = 0;
  while (std::popcount(set) < count) {
    double at = random.uniform() * kAll;
    std::size_t genre = 0;
    while (genre + 1 < kGenres && at >= kGenreFrequency[genre]) at -= kGenreFrequency[genre++];
    set |= std::uint32_t{1} << genre;
  }
  return set;
}

// Years of release grow denser toward the end of the twentieth century.
std::uint16_t draw_year(Random& random) {
  const double back = std::min(79.0, -14.0 * std::log(1.0 - random.uniform()));
  return static_cast<std::uint16_t>(1999 - static_cast<int>(back));
}

}  // namespace

const std::array<std::string_view, kGenres> kGenreNames{
    "Action",    "Adventure", "Animation", "Children's", "Comedy",  "Crime",  "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror",    "Musical",   "Mystery",    "Romance", "Sci-Fi", "Thriller",    "War",   "Western"};

void build_alias(std::span<const double> weights, std::span<AliasSlot> slots) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  const double scale = static_cast<double>(weights.size()) / sum;
  std::vector<double> rest(weights.begin(), weights.end());
  std::vector<std::uint32_t> small, large;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    rest[i] *= scale;
    (rest[i] < 1 ? small : large).push_back(static_cast<std::uint32_t>(i));
  }
  for (AliasSlot& slot : slots) slot = {std::numeric_limits<std::uint32_t>::max(), slot.item, slot.item};
  while (!small.empty() && !large.empty()) {
    const std::uint32_t low = small.back();
    small.pop_back();
    const std::uint32_t high = large.back();
    slots[low].threshold = static_cast<std::uint32_t>(rest[low] * 0x1.0p32);
    slots[low].other = slots[high].item;
    rest[high] -= 1 - rest[low];
    if (rest[high] < 1) {
      large.pop_back();
      small.push_back(high);
    }
  }
}

SimulatedItems::SimulatedItems(std::size_t count, std::size_t dim, double drift, double tail, std::uint64_t seed,
                               Context& context)
    : dim_(dim),
      vectors_(count, padded(dim)),
      popularity_(count),
      popularity_drift_(count),
      genres_(count),
      years_(count),
      genre_tastes_(kGenres, dim),
      shares_(kPeriods, count),
      ranking_(kPeriods, count) {
  draw_genres(seed);
  draw_items(drift, tail, seed, context);
  center_quality();
  rank(context);
}

void SimulatedItems::draw_genres(std::uint64_t seed) {
  for (std::size_t genre = 0; genre < kGenres; ++genre) {
    Random random(seed, "simulated genre", genre);
    for (float& value : genre_tastes_.row(genre)) value = static_cast<float>(random.normal());
  }
}

void SimulatedItems::draw_items(double drift, double tail, std::uint64_t seed, Context& context) {
  const double stddev = tail * popularity_stddev(size());
  parallel_blocks(context, size(), kItemBlockOfSimulation, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t item = begin; item < end; ++item) {
      Random random(seed, "simulated item", item);
      genres_[item] = draw_genre_set(random);
      years_[item] = draw_year(random);
      const double fame = random.normal();
      popularity_[item] = static_cast<float>(stddev * fame);
      popularity_drift_[item] = static_cast<float>(drift * kPopularityDrift * random.normal());
      const std::span<float> row = vectors_.row(item);
      row[dim_] = static_cast<float>(
          kQualityStddev *
          (kQualityByPopularity * fame + std::sqrt(1 - kQualityByPopularity * kQualityByPopularity) * random.normal()));
      row[dim_ + 1] = static_cast<float>(drift * kQualityDrift * random.normal());
      const double of_genre = std::sqrt(kGenreShare / std::popcount(genres_[item]));
      for (std::size_t k = 0; k < dim_; ++k) {
        double taste = std::sqrt(1 - kGenreShare) * random.normal();
        for (std::uint32_t left = genres_[item]; left != 0; left &= left - 1) {
          taste += of_genre * static_cast<double>(genre_tastes_(static_cast<std::size_t>(std::countr_zero(left)), k));
        }
        row[k] = static_cast<float>(taste);
      }
      const float sharing = static_cast<float>(std::popcount(genres_[item]));
      for (std::size_t period = 0; period < kPeriods; ++period) {
        const float x = (2.0F * static_cast<float>(period) + 1.0F) / kPeriods - 1.0F;
        shares_(period, item) = std::exp(popularity_[item] + popularity_drift_[item] * x) / sharing;
      }
    }
  });
}

// So that the mean of ratings hardly depends on the catalog.
void SimulatedItems::center_quality() {
  double weights = 0;
  double weighted = 0;
  for (std::size_t item = 0; item < size(); ++item) {
    const double weight = std::exp(static_cast<double>(popularity_[item]));
    weights += weight;
    weighted += weight * static_cast<double>(quality(item));
  }
  const auto mean = static_cast<float>(weighted / weights);
  for (std::size_t item = 0; item < size(); ++item) vectors_(item, dim_) -= mean;
}

void SimulatedItems::rank(Context& context) {
  offsets_.assign(kGenres + 1, 0);
  for (const std::uint32_t set : genres_) {
    for (std::uint32_t left = set; left != 0; left &= left - 1) {
      ++offsets_[static_cast<std::size_t>(std::countr_zero(left)) + 1];
    }
  }
  for (std::size_t genre = 0; genre < kGenres; ++genre) offsets_[genre + 1] += offsets_[genre];
  const std::size_t entries = offsets_[kGenres];
  levels_ = std::bit_width(size());
  lists_.resize(kPeriods * entries);
  rests_.resize(kPeriods * (entries + kGenres));
  guides_.resize(rests_.size());
  heads_.resize(kPeriods * levels_ * kGenres);
  parallel_blocks(context, kPeriods, 1, [&](std::size_t period, std::size_t, unsigned) { fill_period(period); });
}

void SimulatedItems::fill_period(std::size_t period) {
  const std::span<std::uint32_t> order = ranking_.row(period);
  std::iota(order.begin(), order.end(), 0U);
  const auto weight = [&](std::uint32_t item) {
    return shares_(period, item) * static_cast<float>(std::popcount(genres_[item]));
  };
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return weight(a) != weight(b) ? weight(a) > weight(b) : a < b; });

  const std::size_t entries = offsets_[kGenres];
  std::array<std::uint32_t, kGenres> filled{};
  for (std::size_t place = 0; place < order.size(); ++place) {
    if (std::has_single_bit(place)) {  // the head of that many is filled
      const auto level = static_cast<std::size_t>(std::countr_zero(place));
      std::copy(filled.begin(), filled.end(), &heads_[(period * levels_ + level) * kGenres]);
    }
    for (std::uint32_t left = genres_[order[place]]; left != 0; left &= left - 1) {
      const auto genre = static_cast<std::size_t>(std::countr_zero(left));
      lists_[period * entries + offsets_[genre] + filled[genre]++] = order[place];
    }
  }
  if (std::has_single_bit(order.size())) {
    std::copy(filled.begin(), filled.end(), &heads_[(period * levels_ + levels_ - 1) * kGenres]);
  }

  for (std::size_t genre = 0; genre < kGenres; ++genre) {
    const GenreList list = genre_list(period, genre);
    const std::size_t count = list.items.size();
    const std::size_t begin = period * (entries + kGenres) + offsets_[genre] + genre;
    const std::span<double> rest = std::span(rests_).subspan(begin, count + 1);
    const std::span<std::uint32_t> guide = std::span(guides_).subspan(begin, count + 1);
    rest[count] = 0;
    for (std::size_t n = count; n > 0; --n)
      rest[n - 1] = rest[n] + static_cast<double>(shares_(period, list.items[n - 1]));
    std::size_t place = 0;
    for (std::size_t b = count + 1; b > 0 && count > 0; --b) {
      const double bound = static_cast<double>(b - 1) / static_cast<double>(count) * rest[0];
      while (place + 1 < count && rest[place + 1] > bound) ++place;
      guide[b - 1] = static_cast<std::uint32_t>(place);
    }
  }
}

GenreList SimulatedItems::genre_list(std::size_t period, std::size_t genre) const {
  const std::size_t entries = offsets_[kGenres];
  const std::size_t count = offsets_[genre + 1] - offsets_[genre];
  const std::size_t begin = period * (entries + kGenres) + offsets_[genre] + genre;
  return {std::span(lists_).subspan(period * entries + offsets_[genre], count),
          std::span(rests_).subspan(begin, count + 1), std::span(guides_).subspan(begin, count + 1)};
}

GenreList::Aim GenreList::aim(std::size_t from, double uniform) const {
  const double at = uniform * rest[from];
  const auto count = static_cast<double>(items.size());
  const auto part = std::min(static_cast<std::size_t>(at / rest[0] * count), items.size() - 1);
  __builtin_prefetch(&guide[part]);
  return {at, part, 0, 0};
}

void GenreList::narrow(Aim& aim) const {
  aim.low = guide[aim.part + 1];
  aim.high = guide[aim.part];
  __builtin_prefetch(&rest[(aim.low + aim.high + 1) / 2]);
}

// The place p with rest[p] > at ≥ rest[p + 1], between those that the guide gives for the ends of its part.
std::uint32_t GenreList::pick(const Aim& aim) const {
  const double* above = &rest[aim.low + 1];
  for (std::size_t left = aim.high - aim.low; left > 0;) {
    const std::size_t half = (left + 1) / 2;
    above += above[half - 1] > aim.at ? half : 0;
    left -= half;
  }
  return items[static_cast<std::size_t>(above - rest.data()) - 1];
}

std::uint64_t SimulatedItems::memory(std::size_t count, std::size_t dim) {
  constexpr std::uint64_t kMostGenres = 3;
  return count * (sizeof(float) * padded(dim) +
                  kPeriods * (kMostGenres * (sizeof(double) + 2 * sizeof(std::uint32_t)) + sizeof(std::uint32_t) +
                              sizeof(float)) +
                  2 * sizeof(float) + sizeof(std::uint32_t) + sizeof(std::uint16_t));
}

}  // namespace gusto
