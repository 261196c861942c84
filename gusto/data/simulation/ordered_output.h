#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "gusto/base/context.h"
#include "gusto/base/file.h"

namespace gusto {

/// Appends to a file the texts of blocks 0 … blocks − 1, in this order, while threads make them: body(block, worker,
/// text) fills an empty text. Checks for cancellation before each block.
///
/// Memory  at most three texts a thread
/// Errors  io; canceled; those of body
void write_blocks(AtomicFile& file, std::size_t blocks, Context& context,
                  const std::function<void(std::size_t block, unsigned worker, std::string& text)>& body);

}  // namespace gusto
