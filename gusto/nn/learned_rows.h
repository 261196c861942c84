#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/nn/parameters.h"
#include "gusto/nn/schema.h"

namespace gusto::nn {

/// For each id of a field the id that means the same in the field of that text of another schema: the same user, item,
/// value or piece of a text, or for ranges, hashes and parts of the time the same place. None, where hashes are of
/// other values.
std::vector<std::optional<std::uint32_t>> same_ids_of_field(const SchemaField& field, const Dataset& data,
                                                            const SchemaField& other, const Dataset& other_data);

/// What another network of the same layers learned, and from what.
struct LearnedNetwork {
  const ParameterSet& parameters;
  const Schema& schema;
  const Dataset& data;
};

/// Puts what another network learned in the place of what `parameters` begin with: layers, and of embeddings the rows
/// of ids that mean the same.
/// Errors   invalid_option, naming the parameter, if a layer or the width of an embedding is another
void copy_learned(const LearnedNetwork& from, ParameterSet& parameters, const Schema& schema, const Dataset& data);

/// The same for one parameter, whose row r is `rows[r]` there; of a layer, no rows: all. Errors as above
void copy_learned(const Parameter& from, std::span<const std::optional<std::uint32_t>> rows, Parameter& to);

}  // namespace gusto::nn
