#pragma once

/// A trained model that takes in events that came after its training.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/filter.h"
#include "gusto/data/opened_dataset.h"
#include "gusto/retrieval/indexed_model.h"

namespace gusto {

struct UpdateSummary {
  std::uint64_t read = 0;      ///< new events
  std::uint64_t repeated = 0;  ///< of them, those whose user and item were there already: joined as duplicates are
  std::vector<FilterStep> left_out;              ///< by the filters that the model was trained with
  std::uint64_t events = 0;                      ///< that the model now has
  std::uint64_t new_users = 0, new_items = 0;    ///< that had no events before, and now have
  std::uint64_t cold_users = 0, cold_items = 0;  ///< of the new data, without an event that counts
  bool anew = false;               ///< whether the model is solved as a whole, and was trained anew on all events
  std::vector<std::string> notes;  ///< sentences: what of the new data has no place in the model
};

struct UpdatedModel {
  IndexedModel model;  ///< whose record has neither split nor metrics any more
  UpdateSummary summary;
};

/// How new events are to be read, so that their values mean what those of the model do: what `given` leaves empty is as
/// in training, and the transform comes later, in update_model.
/// Errors   unsupported, for a transform that can't be taken back
ReadingSpec reading_of_update(const ReadingSpec& given, const ModelRecord& record);

/// The model, having joined the new events to those that it was trained on (grow_dataset), filtered as in training. New
/// users and items get vectors, those with new events new ones, and everybody's history is what it now is. Models that
/// declare `continues` go on from what they learned, at about a tenth of the cost of a fit; others, which are counted
/// or solved as a whole, are trained anew. An index is built again, of the same kind.
///
/// `given` is how the new events were read, as typed. Errors   those of grow_dataset and Model::fit
UpdatedModel update_model(IndexedModel old, const OpenedDataset& more, const ReadingSpec& given, Context& context);

}  // namespace gusto
