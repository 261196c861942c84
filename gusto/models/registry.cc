#include "gusto/models/registry.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/models/bayes/bayes_fm.h"
#include "gusto/models/content/content.h"
#include "gusto/models/factors/als.h"
#include "gusto/models/factors/biased_mf.h"
#include "gusto/models/factors/bpr.h"
#include "gusto/models/factors/ials.h"
#include "gusto/models/factors/svd.h"
#include "gusto/models/factors/svdpp.h"
#include "gusto/models/linear/ease.h"
#include "gusto/models/linear/graph.h"
#include "gusto/models/linear/random_walk.h"
#include "gusto/models/linear/slim.h"
#include "gusto/models/neighbors/item_knn.h"
#include "gusto/models/neighbors/user_knn.h"
#include "gusto/models/neural/embedding_models.h"
#include "gusto/models/neural/feature_models.h"
#include "gusto/models/neural/retrieval_models.h"
#include "gusto/models/neural/sequential.h"
#include "gusto/models/simple/bias.h"
#include "gusto/models/simple/demographic.h"
#include "gusto/models/simple/popularity.h"

namespace gusto {
namespace {

// Adding a model adds its line here: a constant array leaves no registration for a linker to drop.
constexpr std::array kModels{
    &kPopularityInfo,     &kDemographicInfo,  &kBiasInfo,         &kContentInfo,       &kUserKnnInfo,
    &kItemKnnInfo,        &kSvdInfo,          &kRandomWalkInfo,   &kSlimInfo,          &kEaseInfo,
    &kGraphInfo,          &kBiasedMfInfo,     &kAlsInfo,          &kBayesFmInfo,       &kSvdppInfo,
    &kIalsInfo,           &kBprInfo,          &kEmbeddingDotInfo, &kEmbeddingBiasInfo, &kEmbeddingProductInfo,
    &kEmbeddingDenseInfo, &kFeatureDenseInfo, &kWideDeepInfo,     &kCosineInfo,        &kDeepFmInfo,
    &kNetworkInfo,        &kTwoTowerInfo,     &kSoftmaxInfo,      &kSequentialInfo,
};

}  // namespace

std::span<const ModelInfo* const> registry() { return kModels; }

std::vector<const ModelInfo*> all_models(FurtherModels further) {
  std::vector<const ModelInfo*> all(kModels.begin(), kModels.end());
  for (const ModelInfo* info : further) {
    if (std::any_of(all.begin(), all.end(), [&](const ModelInfo* other) { return other->name == info->name; })) {
      throw Error(ErrorCode::invalid_option, fmt::format("Two models have the name {}.", quote(info->name)),
                  "Give a model of your own a name that gusto has not.");
    }
    all.push_back(info);
  }
  return all;
}

const ModelInfo& find_model(std::string_view name, FurtherModels further) {
  std::vector<std::string_view> names;
  for (const ModelInfo* info : all_models(further)) {
    if (info->name == name) return *info;
    names.push_back(info->name);
  }
  const auto nearest = nearest_name(name, names);
  throw Error(
      ErrorCode::not_found, fmt::format("There is no model {}.", quote(name)),
      nearest ? fmt::format("Did you mean {}?", *nearest) : fmt::format("The models are {}.", join(names, ", ")));
}

std::unique_ptr<Model> make_model(std::string_view name, const Settings& settings, FurtherModels further) {
  return find_model(name, further).make(settings);
}

}  // namespace gusto
