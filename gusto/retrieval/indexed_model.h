#pragma once

#include <filesystem>
#include <memory>

#include "gusto/base/context.h"
#include "gusto/models/model_file.h"
#include "gusto/retrieval/index.h"

namespace gusto {

/// What a model file holds: the model, and the index that is stored beside it, if there is one.
struct IndexedModel {
  TrainedModel trained;
  std::shared_ptr<const Index> index;  ///< null: none, the model is searched exactly
};

/// Errors   as load_model and Index::load
IndexedModel load_indexed_model(const std::filesystem::path& path, Context& context, FurtherModels models = {});

}  // namespace gusto
