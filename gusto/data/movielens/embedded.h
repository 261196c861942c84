#pragma once

#include <string_view>

#include "gusto/base/context.h"
#include "gusto/data/open_options.h"
#include "gusto/data/opened_dataset.h"

namespace gusto {

/// The name by which the embedded set can be called.
inline constexpr std::string_view kEmbeddedName = "movielens-small";

/// The data set that is part of the library: MovieLens latest-small of 2016, 100,004 ratings of 671 users and 9,066
/// films (F. M. Harper and J. A. Konstan: The MovieLens datasets, ACM TiiS 5(4), 2015). Its license is in
/// data/movielens-small/NOTICE.md: not for commercial use.
///
/// The files are linked into the program as they are, and read like any others. Cost: about 20 ms.
/// Errors   as open_dataset; invalid_option too for columns, a delimiter or extras
OpenedDataset open_embedded(Context& context, const OpenOptions& options = {});

}  // namespace gusto
