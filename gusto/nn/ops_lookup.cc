#include <algorithm>
#include <memory>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/nn/gather_kernels.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/views.h"

namespace gusto::nn {
namespace {

MatrixView<const float> extra_rows_of(const Tape& tape, const Parameter& table) {
  for (const ExtraRows& extra_rows : tape.extra_rows()) {
    if (extra_rows.parameter == &table) return extra_rows.rows;
  }
  return {};
}

void check(const Lookup& lookup, std::size_t rows, MatrixView<const float> extra_rows) {
  const Bag& bag = lookup.bag;
  const bool fits = bag.rows == rows &&
                    (bag.offsets.empty() ? bag.ids.size() == rows
                                         : bag.offsets.size() == rows + 1 && bag.offsets.back() == bag.ids.size()) &&
                    (bag.weights.empty() || bag.weights.size() == bag.ids.size());
  const Matrix<float>& table = lookup.table->values;
  if (!fits) {
    throw Error(ErrorCode::internal,
                fmt::format("rows: a bag of {} rows, {} offsets, {} ids and {} weights does not fit "
                            "[{} × {}] of {}.",
                            bag.rows, bag.offsets.size(), bag.ids.size(), bag.weights.size(), rows, table.cols(),
                            lookup.table->name));
  }
  if (extra_rows.rows > 0 && extra_rows.cols != table.cols()) shape_error("rows", table.view(), extra_rows);
  const std::size_t known = table.rows() + extra_rows.rows;
  if (!bag.ids.empty() && kernels::largest(bag.ids) >= known) {
    throw Error(ErrorCode::internal, fmt::format("rows: id {} is looked up in {} [{} × {}].", kernels::largest(bag.ids),
                                                 lookup.table->name, known, table.cols()));
  }
}

// The bag with its weights times what decay has left of each row.
Bag decayed(Tape& tape, const Parameter& table, const Bag& bag) {
  const std::span<float> weights = tape.arena().allocate<float>(bag.ids.size());
  for (std::size_t e = 0; e < weights.size(); ++e) {
    const std::uint32_t id = bag.ids[e];
    weights[e] = bag.weight(e) * (id < table.values.rows() ? table.decay->factor(id) : 1.0F);
  }
  return {bag.rows, bag.ids, bag.offsets, weights};
}

void look_up(Tape& tape, const Lookup& lookup, MatrixView<float> out) {
  const Parameter& table = *lookup.table;
  const MatrixView<const float> extra_rows = extra_rows_of(tape, table);
  check(lookup, out.rows, extra_rows);
  const Bag bag = table.decay ? decayed(tape, table, lookup.bag) : lookup.bag;
  if (bag.offsets.empty() && bag.weights.empty() && extra_rows.rows == 0) {
    kernels::gather(table.values.view(), bag.ids, out);
  } else {
    kernels::sum_bags({table.values.view(), extra_rows}, bag, out);
  }
}

// Whether anything learns from the gradient of rows of this table.
bool is_learned(const Tape& tape, const Parameter& table) {
  return tape.mode() == Mode::train || (tape.mode() == Mode::probe && extra_rows_of(tape, table).rows > 0);
}

}  // namespace

Var embedding_lookup(Tape& tape, Parameter& table, const Bag& bag) {
  const Lookup lookup{&table, bag};
  return embedding_lookup(tape, {&lookup, 1});
}

Var embedding_lookup(Tape& tape, std::span<const Lookup> lookups) {
  const std::span<Lookup> kept = tape.arena().allocate<Lookup>(lookups.size());
  std::uninitialized_copy(lookups.begin(), lookups.end(), kept.begin());
  std::size_t cols = 0;
  bool needs = false;
  for (const Lookup& lookup : kept) {
    cols += lookup.table->values.cols();
    needs = needs || is_learned(tape, *lookup.table);
  }
  const std::size_t height = kept.empty() ? 0 : kept.front().bag.rows;
  const Var y = tape.record(
      "rows", height, cols, needs, std::span<const Lookup>(kept), [](const std::span<const Lookup>& found, Var result) {
        Tape& on = result.tape();
        std::size_t column = 0;
        for (const Lookup& lookup : found) {
          const std::size_t width = lookup.table->values.cols();
          if (is_learned(on, *lookup.table)) {
            on.add_sparse({lookup.table, lookup.bag, slice_columns(on.gradient(result), column, width)});
          }
          column += width;
        }
      });
  std::size_t column = 0;
  for (const Lookup& lookup : kept) {
    const std::size_t width = lookup.table->values.cols();
    look_up(tape, lookup, slice_columns(y.mutable_value(), column, width));
    column += width;
  }
  return y;
}

}  // namespace gusto::nn
