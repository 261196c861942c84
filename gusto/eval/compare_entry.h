#pragma once

/// Who takes part in a comparison.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/field.h"
#include "gusto/models/registry.h"
#include "gusto/models/task.h"

namespace gusto {

struct CompareEntry {
  std::string model{};  ///< its name in the registry
  std::string label{};  ///< how results call it; empty: the model's name. Labels are unique within a comparison
  Settings settings{};  ///< options that differ from the defaults
  /// The row of a model of the caller's own, which the registry does not have; `model` may then be empty.
  const ModelInfo* info = nullptr;
  std::shared_ptr<const struct ComparedPipeline> pipeline{};  ///< in place of a model, see compared_pipeline.h

  /// Its row. Error(not_found) with the nearest name.
  const ModelInfo& kind() const { return info != nullptr ? *info : find_model(model); }
  /// A new, unfitted model with these settings. Errors   not_found; invalid_option
  std::unique_ptr<Model> make() const { return kind().make(settings); }

  bool operator==(const CompareEntry&) const = default;
};

/// Whether a model can do a task: each ranks items, some predict values.
bool can_do(const ModelInfo& info, Task task);
/// All models that can do a task, with their defaults: the registry's, then further ones.
std::vector<CompareEntry> default_entries(Task task, FurtherModels further = {});

/// Fills in names of models and labels that are empty, and the rows of further models that are named.
/// Errors   not_found, for an unknown model
void fill_labels(std::vector<CompareEntry>& entries, FurtherModels further = {});

/// Sets options from an assignment "model.option=value": the option goes to every entry whose label, or else whose
/// model, is the part before the last dot. Of an option that is no text, "16,32,64" makes an entry of each value, with
/// a label of its own: "svd dim=16".
/// Errors   invalid_option, if the text has another form or names no entry or option, with the nearest name
void apply_set(std::vector<CompareEntry>& entries, std::string_view assignment);

/// The settings, and after them the experiment's like_threshold for models that have an option of that name which the
/// settings leave out: what is learned as a like is what is measured as one.
Settings with_like_threshold(const ModelInfo& info, Settings settings, double like_threshold);

}  // namespace gusto
