#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/models/model_info.h"

namespace gusto {

/// All kinds of model that gusto has, in the order in which they are shown.
std::span<const ModelInfo* const> registry();

/// Rows of models of the caller's own, beside the registry's: whatever looks models up by name takes them along.
using FurtherModels = std::span<const ModelInfo* const>;

/// The registry's rows and then the further ones.
/// Errors   invalid_option, if two have the same name
std::vector<const ModelInfo*> all_models(FurtherModels further);

/// The row of that name.
/// Errors   not_found, with the nearest name; as all_models
const ModelInfo& find_model(std::string_view name, FurtherModels further = {});

/// Errors   as find_model; invalid_option, as ModelInfo::make
std::unique_ptr<Model> make_model(std::string_view name, const Settings& settings = {}, FurtherModels further = {});

}  // namespace gusto
