#pragma once

/// A data set inside a tensor file, so that a model file carries ids, features and histories and needs nothing beside it.
///
/// Tensors  for each side s of "users" and "items"; text is UTF-8, end to end, with count + 1 offsets into it:
///            data/s/ids, data/s/ids.offsets                     the owner's ids
///            data/s/FIELD/values, data/s/FIELD/values.offsets   the vocabulary of a categorical or multi field
///            data/s/FIELD/ids, data/s/FIELD/offsets             row r has ids[offsets[r] … offsets[r+1]) (u32, u64)
///            data/s/FIELD/numbers                               of a number field, NaN when missing (f64)
///            data/s/FIELD/text, data/s/FIELD/text.offsets       of a text field
///          data/events/offsets [users + 1] u64, data/events/items u32, data/events/values f32, and, where there are times,
///          data/events/times i64: user u's events are [offsets[u], offsets[u + 1])
/// Metadata "data.schema": a JSON array of {"side", "name", "kind"}, one for each feature field, in order

#include <memory>

#include "gusto/base/tensor_file.h"
#include "gusto/data/dataset.h"

namespace gusto {

void write_dataset(const Dataset& data, TensorWriter& out);

/// Errors   corrupt_file, naming the file and the tensor, if one is missing or holds what no data set could
std::shared_ptr<const Dataset> read_dataset(const TensorFile& in);

}  // namespace gusto
