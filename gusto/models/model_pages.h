#pragma once

/// What the registry says of its models, in words: for the command's lists and for docs/reference/models.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/models/registry.h"

namespace gusto {

/// A column of the table of abilities.
struct AbilityColumn {
  std::string_view head;     ///< "new users"
  std::string_view meaning;  ///< "it answers for someone it was not trained on, …"
};
/// Those that matter most to who chooses a model come first.
inline constexpr std::array<AbilityColumn, 11> kAbilityColumns{{
    {"ratings", "it predicts the value that a user would give"},
    {"likes", "it gives probabilities of a like itself; of other predictions a fitted curve makes them"},
    {"new users",
     "it answers for someone it was not trained on: exact, as for a training user of the same history, or by an "
     "estimate"},
    {"new items", "it scores items without events by their features"},
    {"similar", "it finds items or users like one"},
    {"why", "it explains a score by contributions that sum to it"},
    {"index", "it ranks by an inner product, which an index can search"},
    {"personal", "the order of items depends on the user"},
    {"resumes", "a training that was stopped resumes from its checkpoint"},
    {"stddev", "it says how far the value may lie from its prediction"},
    {"goes on", "a training goes on from an earlier model, and updates cost a part of it"},
}};

/// A model's cell in such a column.
struct AbilityCell {
  std::string_view value;    ///< "●", or how: "exact", "items"; "·" if the model cannot
  std::string_view meaning;  ///< "answers for people it was not trained on, by an estimate"; empty if it cannot
};
/// One cell a column.
std::array<AbilityCell, kAbilityColumns.size()> describe_abilities(const Abilities& abilities);

/// A file of docs/reference/models.
struct DocumentationPage {
  std::string file;  ///< "svd.md"
  std::string text;  ///< Markdown
};

/// README.md, a table of these models, then a page for each: paragraph, abilities, options, command lines to try.
/// Equal bytes for equal models. The test of this file compares the registry's pages with docs/reference/models.
std::vector<DocumentationPage> model_pages(std::span<const ModelInfo* const> models);

}  // namespace gusto
