#include "gusto/retrieval/indexed_model.h"

#include <optional>
#include <utility>

namespace gusto {

IndexedModel load_indexed_model(const std::filesystem::path& path, Context& context, FurtherModels models) {
  IndexedModel result;
  result.trained = load_model(path, {.models = models, .more = [&](const TensorFile& in, const Model& model) {
                                       if (std::optional<Index> stored = Index::load(in, model, context)) {
                                         result.index = std::make_shared<const Index>(*std::move(stored));
                                       }
                                     }});
  return result;
}

}  // namespace gusto
