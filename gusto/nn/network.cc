#include "gusto/nn/network.h"

#include <fmt/core.h>

#include "gusto/nn/encoder.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/schema.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {

Var Embedding::operator()(Tape& tape, const Batch& batch) const { return embedding_lookup(tape, *table, batch[slot]); }

Lookup Embedding::lookup(const Batch& batch) const { return {table, batch[slot]}; }

Embedding add_embedding(ParameterSet& parameters, const Schema& schema, std::string_view field, std::string_view what,
                        std::size_t dim, Start start, double reg) {
  const std::size_t slot = schema.slot(field);
  Parameter& table =
      parameters.add(fmt::format("{}/{}", field, what), ParameterKind::embedding, schema[slot].rows, dim, start);
  table.reg = static_cast<float>(reg);
  table.field = field;
  return {slot, &table};
}

Var DenseLayer::operator()(Var x) const { return dense(x, *weights, *bias); }

DenseLayer add_layer(ParameterSet& parameters, std::string_view name, std::size_t in, std::size_t out,
                     bool before_relu) {
  const Start start = before_relu ? Start::he(in) : Start::glorot(in, out);
  Parameter& weights = parameters.add(fmt::format("{}/weights", name), ParameterKind::weights, in, out, start);
  Parameter& bias = parameters.add(fmt::format("{}/bias", name), ParameterKind::offsets, 1, out, Start::constant(0));
  return {&weights, &bias};
}

}  // namespace gusto::nn
