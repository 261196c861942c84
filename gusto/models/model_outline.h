#pragma once

#include <filesystem>
#include <memory>

#include "gusto/models/model.h"
#include "gusto/models/registry.h"

namespace gusto {

/// What the head of a model file tells.
struct ModelOutline {
  std::unique_ptr<Model> model;  ///< with its options, unfitted
  Task task = Task::ratings;     ///< what it was trained for
};

/// Reads no more of a model file. Errors   as load_model
ModelOutline model_outline(const std::filesystem::path& path, FurtherModels models = {});

}  // namespace gusto
