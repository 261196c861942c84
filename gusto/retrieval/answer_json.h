#pragma once

/// Answers of a Recommender as JSON: the one place that builds what docs/reference/json.md describes, for the command,
/// a server or a binding alike. Numbers have their shortest form that reads back the same.

#include <cstddef>
#include <string>

#include "gusto/retrieval/request.h"

namespace gusto {

/// Lines are indented by that many blanks; negative: all on one line.
std::string to_json(const RecommendAnswer& answer, int indent = 2);
std::string to_json(const SimilarItemsAnswer& answer, int indent = 2);
std::string to_json(const SimilarUsersAnswer& answer, int indent = 2);
std::string to_json(const ExplainAnswer& answer, int indent = 2);
std::string to_json(const PredictAnswer& answer, int indent = 2);
std::string to_json(const ChartAnswer& answer, int indent = 2);

/// A line of a file of lists: {"user", "items": [{"rank", "item", "title", "score"}]}, and "popular": true where
/// popular items answer.
std::string list_line(const std::string& user, const RecommendAnswer& answer);

}  // namespace gusto
