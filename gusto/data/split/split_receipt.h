#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gusto/data/split/fold.h"

namespace gusto {

/// Counts, time ranges, unseen shares and hash of a training and a test part.
/// Cost     O(n log n) for n events
SplitReceipt make_receipt(const Dataset& train, std::span<const Event> test);
/// The same of a fold, with what it gives its test users. Where users have candidates of their own: one test item a
/// user, and all other candidates are negatives. What only the split knows is left out.
SplitReceipt make_receipt(const Fold& fold);

/// As a JSON object whose keys are the members' names, and back. Error(corrupt_file) if it is none.
std::string to_json(const SplitReceipt& receipt);
SplitReceipt receipt_from_json(std::string_view json);

}  // namespace gusto
