#pragma once

/// A data set inside a tensor file: what model files (gusto/models/model_file.h), which carry ids, features and
/// histories and need nothing beside them, and data files (gusto/data/file/data_file.h) have in common.
///
/// Tensors  for each side s of "users" and "items"; text is UTF-8, end to end, with count + 1 offsets into it:
///            data/s/ids, data/s/ids.offsets                     the owner's ids
///            data/s/FIELD/values, data/s/FIELD/values.offsets   the vocabulary of a categorical or multi field
///            data/s/FIELD/ids, data/s/FIELD/offsets             row r has ids[offsets[r] … offsets[r+1]) (u32, u64)
///            data/s/FIELD/numbers                               of a number field, NaN when missing (f64)
///            data/s/FIELD/text, data/s/FIELD/text.offsets       of a text field
///          data/items/order [up to items] u32: Catalog::item_order; in data files only
///          data/events/offsets [users + 1] u64, data/events/items u32, data/events/values f32, and, where there are
///          times, data/events/times i64: user u's events are [offsets[u], offsets[u + 1])
/// Metadata "data.schema": a JSON array of {"side", "name", "kind"}, one for each feature field, in order
///          "data.strength": Catalog::strength as {"form", "scale"}, if values are strengths

#include <memory>

#include "gusto/base/tensor_file.h"
#include "gusto/data/dataset.h"

namespace gusto {

/// Adds ids and features, without data/items/order. The catalog must stay unchanged until the file is written.
void write_catalog(const Catalog& catalog, TensorWriter& out);
/// Adds the events, in the same way.
void write_events(const Dataset& data, TensorWriter& out);
/// Adds both: the data set must stay unchanged until the file is written.
void write_dataset(const Dataset& data, TensorWriter& out);

/// Copies the data set out of the file, checked.
/// Errors   corrupt_file, naming the file and the tensor, if one is missing or holds what no data set could
std::shared_ptr<const Dataset> read_dataset(const TensorFile& in);

/// The data set where it lies. Sizes are checked here; what a part holds, and its checksum if the file has been opened
/// so, when the part is first used: ids, features of users, features of items, events.
/// Errors   as read_dataset, here and from whatever uses a part first
/// Cost     O(tensors), whatever their sizes
std::shared_ptr<const Dataset> map_dataset(std::shared_ptr<const TensorFile> in);

/// Uses every part of a data set for a first time, so that whatever is wrong with its file comes out.
/// Errors   as read_dataset
void use_all(const Dataset& data);

}  // namespace gusto
