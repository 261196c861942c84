#pragma once

/// A pipeline as an entry of a comparison: its models are fitted on each fold, as other entries are.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/eval/compare_entry.h"
#include "gusto/eval/evaluate.h"
#include "gusto/retrieval/pipeline.h"

namespace gusto {

struct ComparedPipeline {
  struct Member {
    std::filesystem::path name;  ///< as the spec has it
    const ModelInfo* info = nullptr;
    Settings settings;
    Task task = Task::top_n;
  };
  PipelineSpec spec;
  std::vector<Member> members;  ///< in the order in which they are named
};

/// What a pipeline file says, and of which kinds and options the models of the files are that it names. What these
/// learned is not read.
/// Errors   those of read_pipeline and of model_outline
std::shared_ptr<const ComparedPipeline> open_compared_pipeline(const std::filesystem::path& file,
                                                               FurtherModels further);

/// The pipeline, of models that are fitted on these events. Errors   those of Model::fit and Pipeline
Pipeline fit_pipeline(const ComparedPipeline& pipeline, const std::shared_ptr<const Dataset>& train,
                      const FitOptions& fit, Context& context);

/// The pipeline of a file as an entry, called by the file's name without its ending. Errors as open_compared_pipeline
CompareEntry pipeline_entry(const std::filesystem::path& file, FurtherModels further = {});

/// evaluate() of a pipeline's lists, for top_n; rows are those of its data().
/// Errors   unsupported, for another task; those of evaluate and of Pipeline::recommend
Evaluation evaluate(const Pipeline& pipeline, const Fold& fold, std::span<const ItemRow> candidates,
                    const EvaluateOptions& options, Context& context);

}  // namespace gusto
