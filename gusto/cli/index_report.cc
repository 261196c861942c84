#include "gusto/cli/index_report.h"

#include <fmt/format.h>

#include "gusto/base/tensor_file.h"
#include "gusto/retrieval/search.h"

namespace gusto::cli {

IndexedModel open_indexed_model(const std::string& path, Context& context) {
  IndexedModel result;
  result.trained = load_model(
      path, [&](const TensorFile& in, const Model& model) { result.index = Index::load(in, model, context); });
  return result;
}

TopLists search(const IndexedModel& model, std::span<const Query> queries, std::size_t k, const SearchFilter& filter,
                Context& context) {
  if (!model.index) return gusto::search(*model.trained.model, queries, k, filter, context);
  return gusto::search(*model.trained.model, *model.index, queries, k, filter, context);
}

std::string describe_index(const Index& index) {
  const IndexQuality& quality = index.quality();
  if (quality.queries == 0) return std::string(to_string(index.kind()));
  return fmt::format("{}: finds {:.1f} % of the 10 best, {:.1f} % of the 100 best", to_string(index.kind()),
                     100 * quality.recall_at_10, 100 * quality.recall_at_100);
}

}  // namespace gusto::cli
