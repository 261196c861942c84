#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

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

/// Holds a model's options and its row in the registry, so that a model is its mathematics and little else:
///   extern const ModelInfo kSvdInfo;                        // svd.h; defined constexpr in svd.cc, with
///   class SvdModel final : public ModelWith<SvdOptions, kSvdInfo> { using ModelWith::ModelWith; … };
///   … .make = &make_with<SvdModel> …                        // and one line in registry.cc
/// Base is Model, or what several models have in common.
template <class OptionsStruct, const ModelInfo& Info, class Base = Model>
class ModelWith : public Base {
 public:
  using Options = OptionsStruct;
  static constexpr const ModelInfo& kInfo = Info;

  explicit ModelWith(Options options = {}) : options_(std::move(options)) {}
  const ModelInfo& info() const final { return Info; }
  Settings settings() const final { return list_settings(Info.fields, &options_); }
  const Options& options() const { return options_; }

 private:
  Options options_;
};

/// Makes a model whose options struct is filled from settings through the field table.
template <class ModelType>
std::unique_ptr<Model> make_with(const Settings& settings) {
  typename ModelType::Options options;
  apply_settings(ModelType::kInfo.fields, ModelType::kInfo.name, settings, &options);
  return std::make_unique<ModelType>(std::move(options));
}

}  // namespace gusto
