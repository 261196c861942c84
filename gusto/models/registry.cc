#include "gusto/models/registry.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/models/als.h"
#include "gusto/models/bayes/bayes_fm.h"
#include "gusto/models/bias.h"
#include "gusto/models/biased_mf.h"
#include "gusto/models/bpr.h"
#include "gusto/models/content.h"
#include "gusto/models/demographic.h"
#include "gusto/models/ease.h"
#include "gusto/models/graph.h"
#include "gusto/models/ials.h"
#include "gusto/models/item_knn.h"
#include "gusto/models/neural/embedding_models.h"
#include "gusto/models/neural/feature_models.h"
#include "gusto/models/neural/retrieval_models.h"
#include "gusto/models/neural/sequential.h"
#include "gusto/models/popularity.h"
#include "gusto/models/random_walk.h"
#include "gusto/models/slim.h"
#include "gusto/models/svd.h"
#include "gusto/models/svdpp.h"
#include "gusto/models/user_knn.h"

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

const ModelInfo& find_model(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ModelInfo* info : kModels) {
    if (info->name == name) return *info;
    names.push_back(info->name);
  }
  const auto nearest = nearest_name(name, names);
  throw Error(
      ErrorCode::not_found, fmt::format("There is no model {}.", quote(name)),
      nearest ? fmt::format("Did you mean {}?", *nearest) : fmt::format("The models are {}.", fmt::join(names, ", ")));
}

std::unique_ptr<Model> make_model(std::string_view name, const Settings& settings) {
  return find_model(name).make(settings);
}

}  // namespace gusto
