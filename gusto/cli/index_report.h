#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gusto/base/context.h"
#include "gusto/models/model.h"
#include "gusto/models/model_file.h"
#include "gusto/retrieval/index.h"

namespace gusto::cli {

/// A model file's model, with the index that is stored beside it, if there is one.
struct IndexedModel {
  TrainedModel trained;
  std::optional<Index> index;
};
/// Errors as load_model and Index::load.
IndexedModel open_indexed_model(const std::string& path, Context& context);

/// By the index if there is one, else by exact search.
TopLists search(const IndexedModel& model, std::span<const Query> queries, std::size_t k, const SearchFilter& filter,
                Context& context);

/// "hnsw, which finds 99.1 % of the 10 best, 97.8 % of the 100 best".
std::string describe_index(const Index& index);

}  // namespace gusto::cli
