#pragma once

#include <memory>

#include "gusto/base/context.h"
#include "gusto/data/assembly/assembler.h"
#include "gusto/data/event_table.h"

namespace gusto {

/// Adds features to a data set whose events are in order. Ids that it lacks become users or items that are only
/// described, and the report counts them. When an id comes again, a multi-valued feature gathers all values, and of
/// another one the last counts, which the report tells if they differ. `owner` keeps the columns alive, or is null:
/// then all is copied.
/// Errors   invalid_input, with column and row; also if no id is among those there, or there is a feature of that name
void add_features(const FeatureColumns& columns, Side side, const std::shared_ptr<const void>& owner,
                  DatasetAssembler& assembler, Context& context);

}  // namespace gusto
