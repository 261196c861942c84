#include "gusto/data/fetch/movielens_sets.h"

#include <array>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

// Figures are those of GroupLens' pages and READMEs. Of the two sets named "latest", which are made again from time to
// time, they are of 2018 and 2023.
constexpr std::array<PublishedSet, 8> kSets{{
    {"ml-latest-small", 100'836, 610, 978'202, "", "1996-2018", true},
    {"ml-100k", 100'000, 943, 4'924'029, "0e33842e24a9c977be4e0107933c0723", "1997-1998", false},
    {"ml-1m", 1'000'209, 6'040, 5'917'549, "c4d9eecfca2ab87c1945afe126590906", "2000-2003", false},
    {"ml-10m", 10'000'054, 69'878, 65'566'137, "ce571fd55effeba0271552578f2648bd", "1995-2009", false},
    {"ml-20m", 20'000'263, 138'493, 198'702'078, "cd245b17a1ae2cc31bb14903e1204af3", "1995-2015", true},
    {"ml-25m", 25'000'095, 162'541, 261'978'986, "6b51fb2759a8657d3bfcbfc42b592ada", "1995-2019", true},
    {"ml-32m", 32'000'204, 200'948, 238'950'008, "d472be332d4daa821edc399621853b57", "1995-2023", true},
    {"ml-latest", 33'832'162, 330'975, 350'000'000, "", "1995-2023", true},
}};

}  // namespace

std::span<const PublishedSet> published_sets() { return kSets; }

const PublishedSet& find_published_set(std::string_view name) {
  std::vector<std::string_view> names;
  for (const PublishedSet& set : kSets) {
    if (set.name == name) return set;
    names.push_back(set.name);
  }
  const auto nearest = nearest_name(name, names);
  throw Error(ErrorCode::not_found, fmt::format("There is no set {} to fetch.", quote(name)),
              nearest ? fmt::format("Did you mean {}?", *nearest) : fmt::format("There are {}.", join(names, ", ")));
}

std::string_view license_sentence(const PublishedSet& set) {
  return set.may_be_passed_on
             ? "GroupLens lets it be used for research if it is acknowledged in what is published, passed on only "
               "under "
               "the same conditions, and not used commercially without its permission; the README in the archive "
               "has all conditions."
             : "GroupLens lets it be used for research if it is acknowledged in what is published, but neither passed "
               "on "
               "nor used commercially without its permission; the README in the archive has all conditions.";
}

}  // namespace gusto
