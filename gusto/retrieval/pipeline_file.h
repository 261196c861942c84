#pragma once

/// Pipelines as TOML files:
///
///   [[candidates]]                # one or more sources, each with its best `count` items
///   model = "two-tower.gusto"     # a model file, from the folder of this file
///   count = 200                   # left out: 200
///   label = "tower"               # left out: the file's name without its extension
///
///   [[candidates]]
///   popularity = true             # the items with the most training events; label: popularity
///
///   [ranking]                     # left out: by the candidates' own scores
///   model = "deepfm.gusto"
///   weight = 0.8                  # of its relevance; the rest is the candidates' own; left out: 1
///
///   [rerank]                      # left out: as ranked. Shares of the decision, each from 0 to 1, at most 1 in all
///   diversity = 0.3               # unlike what is above it …
///   diversity_by = "features"     # … by features, or by the embedding of the first model that has one
///   calibration = 0.2             # like the history in its mix …
///   calibration_by = "genres"     # … of this feature
///   popularity_penalty = 0.1
///
///   [rerank.caps]                 # at most so many items of one value
///   genres = 3
///   director = 1
///
/// and before the first table, where they are not meant to be as here:
///
///   merge = "reciprocal-rank"     # or best-rank: how the lists of several sources become one
///   scale = "min-max"             # or rank, softmax: how scores become relevances (gusto/retrieval/fusion.h)

#include <filesystem>
#include <string_view>

#include "gusto/retrieval/pipeline.h"

namespace gusto {

/// Reads a pipeline. `name` stands for the file in messages ("p.toml:3:1: …"); model files are meant from `folder`.
/// Errors   all with line and column: invalid_input, if the text is no TOML; invalid_option, for an unknown key or name
///          (with the nearest), a value of the wrong type or out of range, a source with neither model nor popularity
///          or both, or two sources with one label
PipelineSpec parse_pipeline(std::string_view toml, std::string_view name = "pipeline",
                            const std::filesystem::path& folder = {});

/// The same from a file, whose folder is the one that models are looked for in. Errors   not_found and io as well
PipelineSpec read_pipeline(const std::filesystem::path& path);

}  // namespace gusto
