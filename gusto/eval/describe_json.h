#pragma once

/// What there is, as JSON: models, data sets, model files, a measured model. Beside the answers of a Recommender
/// (gusto/retrieval/answer_json.h) and comparisons (compare.h), the one place that builds what docs/reference/json.md
/// describes. Indented by two.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "gusto/data/dataset.h"
#include "gusto/data/filter.h"
#include "gusto/data/opened_dataset.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/evaluate.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/index.h"

namespace gusto {

/// {"models": [{"name", "summary", "abilities"}]}
std::string models_json(std::span<const ModelInfo* const> models);
/// The same of one, with "about" and "options": [{"name", "default", "meaning", "accepts"}].
std::string model_json(const ModelInfo& info);

/// How a data set was read, what the filters left out of it, and what it is like.
std::string data_json(const SourceReport& source, std::span<const FilterStep> left_out, const Dataset& data);

/// How a model was trained, what it reached, and the data set it was trained on. `bytes`: the file's.
std::string model_file_json(const TrainedModel& trained, const Index* index, std::uint64_t bytes);

/// What a model reached on test events, which are told of by `test`: a split, or a file's name.
std::string evaluation_json(std::string_view model, const Evaluation& evaluation, Task task, const std::string& test);

}  // namespace gusto
