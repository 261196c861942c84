#include "gusto/data/simulation/simulation_words.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cmath>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/random.h"

namespace gusto {
namespace {

constexpr std::size_t kNouns = 6;
using Nouns = std::array<std::string_view, kNouns>;

// In the order of kGenreNames.
constexpr std::array<Nouns, kGenres> kGenreNouns{{
    {"chase", "explosion", "bodyguard", "heist", "helicopter", "showdown"},
    {"expedition", "treasure", "jungle", "voyage", "compass", "lagoon"},
    {"squirrel", "crayon", "teapot", "rabbit", "cartoon", "penguin"},
    {"puppy", "schoolyard", "treehouse", "birthday", "playground", "kite"},
    {"prank", "mix-up", "wedding", "neighbor", "disguise", "joke"},
    {"gangster", "robbery", "detective", "bribe", "courtroom", "getaway"},
    {"interview", "archive", "witness", "campaign", "glacier", "factory"},
    {"mother", "silence", "inheritance", "confession", "divorce", "farewell"},
    {"wizard", "dragon", "curse", "kingdom", "amulet", "prophecy"},
    {"shadow", "cigarette", "nightclub", "blackmail", "alley", "widow"},
    {"cellar", "scream", "vampire", "graveyard", "possession", "asylum"},
    {"chorus", "piano", "ballroom", "melody", "rehearsal", "tap-dance"},
    {"riddle", "alibi", "manor", "disappearance", "cipher", "clue"},
    {"kiss", "letter", "promise", "honeymoon", "rose", "reunion"},
    {"spaceship", "android", "planet", "laboratory", "time-machine", "signal"},
    {"hostage", "conspiracy", "assassin", "double-cross", "deadline", "wiretap"},
    {"trench", "regiment", "bomber", "armistice", "medal", "submarine"},
    {"sheriff", "saloon", "outlaw", "stagecoach", "prairie", "gunfight"},
}};

// Two themes a coordinate: of its negative and of its positive values.
constexpr std::size_t kThemedCoordinates = 16;
constexpr std::array<std::array<Nouns, 2>, kThemedCoordinates> kThemes{{
    {{{"harbor", "lighthouse", "tide", "sailor", "anchor", "island"},
      {"desert", "caravan", "oasis", "dune", "mirage", "canyon"}}},
    {{{"village", "harvest", "orchard", "barn", "shepherd", "mill"},
      {"skyline", "subway", "traffic", "rooftop", "neon", "apartment"}}},
    {{{"childhood", "lullaby", "toy", "cradle", "swing", "nursery"},
      {"old age", "memoir", "rocking-chair", "grandfather", "album", "will"}}},
    {{{"solitude", "hermit", "cabin", "diary", "window", "snow"},
      {"crowd", "carnival", "parade", "festival", "stadium", "market"}}},
    {{{"money", "banker", "casino", "diamond", "mansion", "contract"},
      {"poverty", "strike", "slum", "debt", "pawnshop", "orphan"}}},
    {{{"summer", "beach", "barbecue", "sunburn", "hammock", "lemonade"},
      {"winter", "blizzard", "sled", "frost", "fireplace", "avalanche"}}},
    {{{"machine", "engine", "robot", "circuit", "reactor", "wire"},
      {"garden", "river", "wolf", "meadow", "oak", "bee"}}},
    {{{"king", "crown", "throne", "castle", "duke", "banquet"},
      {"revolution", "barricade", "pamphlet", "exile", "prison", "anthem"}}},
    {{{"faith", "monk", "cathedral", "pilgrim", "miracle", "psalm"},
      {"doubt", "professor", "telescope", "theorem", "lecture", "skeptic"}}},
    {{{"kitchen", "recipe", "chef", "bakery", "spice", "wine"},
      {"hospital", "surgeon", "fever", "vaccine", "nurse", "ward"}}},
    {{{"football", "coach", "marathon", "boxer", "trophy", "locker-room"},
      {"library", "poet", "novel", "bookshop", "manuscript", "translator"}}},
    {{{"train", "station", "suitcase", "conductor", "border", "passport"},
      {"attic", "heirloom", "staircase", "wallpaper", "porch", "mirror"}}},
    {{{"violin", "opera", "conservatory", "jazz", "trumpet", "encore"},
      {"painter", "gallery", "forgery", "portrait", "studio", "sculptor"}}},
    {{{"dream", "sleepwalker", "hypnotist", "memory", "mask", "twin"},
      {"map", "clock", "ledger", "timetable", "census", "blueprint"}}},
    {{{"friendship", "roommate", "reunion party", "club", "pact", "picnic"},
      {"revenge", "feud", "duel", "rival", "betrayal", "poison"}}},
    {{{"horse", "ranch", "saddle", "rodeo", "barn owl", "trail"},
      {"aeroplane", "pilot", "balloon", "airfield", "parachute", "cloud"}}},
}};

constexpr std::array<std::string_view, 32> kAdjectives{
    "Silent",    "Golden", "Broken", "Last",     "Hidden",  "Crimson", "Distant", "Little",
    "Forgotten", "Second", "Wild",   "Quiet",    "Burning", "Lonely",  "Strange", "Perfect",
    "Empty",     "Lucky",  "Secret", "Frozen",   "Gentle",  "Hollow",  "Bitter",  "Ancient",
    "Blue",      "Savage", "Velvet", "Restless", "Honest",  "Fallen",  "Bright",  "Endless"};

// Each takes an adjective, a genre's noun and a theme's.
constexpr std::array<std::string_view, 8> kSentences{
    "It begins with the {1} and ends with the {2}.",   "The {0} {1} changes everything, even the {2}.",
    "Nobody expected the {2}, nor the {0} {1}.",       "Between the {2} and the {1}, someone has to choose.",
    "A story of the {2}, told by way of the {0} {1}.", "First comes the {0} {2}, then the {1}.",
    "Where the {2} is, the {1} cannot be far.",        "There is more to the {1} than the {0} {2}."};

std::string_view choose(Random& random, std::span<const std::string_view> words) {
  return words[random.below(words.size())];
}

std::string_view genre_noun(Random& random, std::uint32_t genres) {
  std::uint64_t skipped = random.below(static_cast<std::uint64_t>(std::popcount(genres)));
  for (; skipped > 0; --skipped) genres &= genres - 1;
  return choose(random, kGenreNouns[static_cast<std::size_t>(std::countr_zero(genres))]);
}

std::string_view theme_noun(Random& random, const float* taste, const UserDistribution& law) {
  const std::size_t coordinates = std::min(law.stddev.size(), kThemedCoordinates);
  double sum = 0;
  for (std::size_t k = 0; k < coordinates; ++k) sum += static_cast<double>(law.stddev[k] * std::abs(taste[k]));
  double at = random.uniform() * sum;
  std::size_t k = 0;
  for (; k + 1 < coordinates; ++k) {
    at -= static_cast<double>(law.stddev[k] * std::abs(taste[k]));
    if (at < 0) break;
  }
  return choose(random, kThemes[k][taste[k] > 0 ? 1 : 0]);
}

// Syllables are digits, at least two, and numbers of as many are scattered one to one: no two have the same name.
std::string name_of(std::uint64_t number) {
  static constexpr std::string_view kConsonants = "bdfgklmnprstvz";
  static constexpr std::string_view kVowels = "aeiou";
  constexpr std::uint64_t kSyllables = kConsonants.size() * kVowels.size();
  constexpr std::uint64_t kStep = 1'000'003;  // has no divisor in common with the syllables
  std::uint64_t names = kSyllables * kSyllables;
  while (number >= names) {
    number -= names;
    names *= kSyllables;
  }
  number = number * kStep % names;
  std::string name;
  for (std::uint64_t left = names; left > 1; left /= kSyllables) {
    const std::uint64_t syllable = number % kSyllables;
    number /= kSyllables;
    name += kConsonants[syllable % kConsonants.size()];
    name += kVowels[syllable / kConsonants.size()];
  }
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  return name;
}

}  // namespace

std::string simulated_title(const SimulatedItems& items, std::uint64_t seed, std::size_t item) {
  Random random(seed, "simulated title", item);
  const std::string_view adjective = choose(random, kAdjectives);
  std::string noun(genre_noun(random, items.genres(item)));
  noun[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(noun[0])));
  return fmt::format("The {} {} of {} ({})", adjective, noun, name_of(item), items.year(item));
}

std::string simulated_genres(const SimulatedItems& items, std::size_t item) {
  std::string text;
  for (std::uint32_t left = items.genres(item); left != 0; left &= left - 1) {
    if (!text.empty()) text += '|';
    text += kGenreNames[static_cast<std::size_t>(std::countr_zero(left))];
  }
  return text;
}

std::string simulated_plot(const SimulatedItems& items, const UserDistribution& law, std::size_t item) {
  Random random(law.seed, "simulated plot", item);
  std::string text;
  for (std::uint64_t sentences = 3 + random.below(3); sentences > 0; --sentences) {
    const std::string_view frame = choose(random, kSentences);
    std::string adjective(choose(random, kAdjectives));
    adjective[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(adjective[0])));
    const std::string_view by_genre = genre_noun(random, items.genres(item));
    const std::string_view by_taste = theme_noun(random, items.vector(item), law);
    if (!text.empty()) text += ' ';
    text += fmt::format(fmt::runtime(frame), adjective, by_genre, by_taste);
  }
  return text;
}

}  // namespace gusto
