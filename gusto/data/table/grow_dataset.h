#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/dataset.h"
#include "gusto/data/open_options.h"

namespace gusto {

struct GrownDataset {
  std::shared_ptr<const Dataset> data;
  std::uint64_t repeated = 0;      ///< events whose user and item were there already: joined as duplicates are
  std::vector<std::string> notes;  ///< sentences: what of the new data has no place in the old
};

/// A data set and then more events: as one would be that was read from both, with the features that the first one has.
/// Of `reading` duplicates, half-life and transform count. `more` has been read with the same weights and half-life,
/// and without the transform: duplicates come before it, so the first one's is taken back.
///
/// Errors   unsupported, for the transform rank, which can't be taken back; invalid_input, if only the first one has
///          times, or a pair of user and item repeats where that is refused; those of make_dataset
/// Cost     that of make_dataset, and 16 bytes an event more meanwhile
GrownDataset grow_dataset(const Dataset& data, const Dataset& more, const OpenOptions& reading, Context& context);

}  // namespace gusto
