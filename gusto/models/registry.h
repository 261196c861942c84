#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "gusto/models/model_info.h"

namespace gusto {

/// All kinds of model, in the order in which they are shown.
std::span<const ModelInfo* const> registry();

/// Error(not_found) with the nearest name.
const ModelInfo& find_model(std::string_view name);

std::unique_ptr<Model> make_model(std::string_view name, const Settings& settings = {});

}  // namespace gusto
