#pragma once

/// What a Recommender is made of.

#include <memory>
#include <optional>
#include <vector>

#include "gusto/base/deferred.h"
#include "gusto/retrieval/aligned_model.h"
#include "gusto/retrieval/index.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/popular_items.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/request_resolver.h"

namespace gusto {

struct Recommender::Parts {
  Parts(std::shared_ptr<const Model> fitted, std::shared_ptr<const Index> made_of_it, ItemNames names);
  Parts(Pipeline stages, ItemNames names);

  /// The filter in rows; what no event has trained is denied where the model knows nothing else of it.
  ResolvedFilter resolve(const ItemFilter& filter) const;
  /// Items that no event has trained, of a model alone that has no vectors for them; ascending.
  std::vector<ItemRow> untrained() const;

  std::optional<Pipeline> pipeline;
  AlignedModel model;                  // asked in the rows of data()
  std::shared_ptr<const Index> index;  // of the model; null with a pipeline
  RequestResolver resolver;
  Deferred<std::shared_ptr<const PopularItems>> popular;  // of data(); made when first needed
};

}  // namespace gusto
