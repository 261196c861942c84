#pragma once

#include <string>

#include "gusto/models/neural/tower_model.h"

namespace gusto {

/// Two towers as in TensorFlow Recommenders: any fields on either side, distinguished within the batch.
struct TwoTowerOptions : TowerOptions {
  static constexpr AutoFields kAutomatic = AutoFields::id_and_features;
  std::string query_fields = "auto, rated(100, value)";
  std::string item_fields = "auto";
  std::string item_hidden;
  TwoTowerOptions();
};
extern const ModelInfo kTwoTowerInfo;
using TwoTowerModel = TowerModelWith<TwoTowerOptions, kTwoTowerInfo>;

/// A softmax over the catalog: what goes into hidden layers is the user's history and features, never who they are.
struct SoftmaxOptions : TowerOptions {
  static constexpr AutoFields kAutomatic = AutoFields::features;
  std::string query_fields = "auto, history(100, value, recent), history.count, history.mean";
  static constexpr const char* item_fields = "item";
  static constexpr const char* item_hidden = "";
  SoftmaxOptions();
};
extern const ModelInfo kSoftmaxInfo;
using SoftmaxModel = TowerModelWith<SoftmaxOptions, kSoftmaxInfo>;

}  // namespace gusto
