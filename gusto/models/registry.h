#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "gusto/base/field.h"
#include "gusto/models/model.h"

namespace gusto {

/// One row of the registry: a kind of model.
struct ModelInfo {
  std::string_view name;     ///< "item-knn"
  std::string_view summary;  ///< one line
  std::string_view about;    ///< formula, source and when to use it, a paragraph
  Fields fields;
  Abilities abilities;
  /// A new, unfitted model with these options. Error(invalid_option) with the nearest name.
  std::unique_ptr<Model> (*make)(const Settings& settings);
};

/// Makes a model's row: its options struct is filled from settings through the field table.
template <class ModelType, class Options>
std::unique_ptr<Model> make_with(Fields table, std::string_view owner, const Settings& settings) {
  Options options;
  apply_settings(table, owner, settings, &options);
  return std::make_unique<ModelType>(options);
}

/// All kinds of model, in the order in which they are shown.
std::span<const ModelInfo* const> registry();

/// Error(not_found) with the nearest name.
const ModelInfo& find_model(std::string_view name);

std::unique_ptr<Model> make_model(std::string_view name, const Settings& settings = {});

}  // namespace gusto
