#pragma once

#include <string>

#include "gusto/retrieval/index.h"

namespace gusto::cli {

/// "hnsw, which finds 99.1 % of the 10 best, 97.8 % of the 100 best".
std::string describe_index(const Index& index);

}  // namespace gusto::cli
