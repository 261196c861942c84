#pragma once

#include <cstddef>

#include "gusto/base/context.h"
#include "gusto/data/io/builder.h"
#include "gusto/data/open_options.h"
#include "gusto/data/side/feature_types.h"
#include "gusto/data/side/side_format.h"

namespace gusto {

/// Reads files of features, keyed by id, into the catalog of a builder whose events have been read.
///
/// Ids that the catalog lacks become users or items that are only described, and the report counts them. When an id
/// comes again, a multi-valued column gathers all values, each once, and of another column the last value counts, which
/// the report tells if they differ. A recognized column is left out, and the report says so, if it has no value, or for
/// at least kLeastRows rows: if all have the same one, or if it is categorical and has nearly as many values (19 of 20)
/// as rows, as ids and addresses do.
/// Errors   invalid_option, for types that say nothing of any file; invalid_input, with file, line, column and value,
///          also if the data set has a feature of that name, or no id of the file; not_found, io, canceled
/// Cost     about 0.1 µs a field; the file's size and the features' of memory
void read_side_files(const SideFiles& files, DatasetBuilder& builder, Context& context);
inline constexpr std::size_t kLeastRows = 20;

/// The same for one file that is in memory; `types` may be null.
void read_side_features(const SourceText& source, Side side, const FileTypes* types, DatasetBuilder& builder,
                        Context& context);

}  // namespace gusto
