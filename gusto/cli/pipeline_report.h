#pragma once

#include <span>
#include <string>

#include "gusto/cli/terminal.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/request.h"

namespace gusto::cli {

/// A list with what each stage of the pipeline made of its items: a column for each number that a stage gave, and below
/// the table a line for each that does not explain itself.
std::string describe_pipeline_items(const Pipeline& pipeline, std::span<const AnsweredItem> items,
                                    const Terminal& terminal);

}  // namespace gusto::cli
