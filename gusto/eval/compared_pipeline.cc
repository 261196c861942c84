#include "gusto/eval/compared_pipeline.h"

#include <algorithm>
#include <utility>

#include "gusto/models/model_outline.h"
#include "gusto/retrieval/pipeline_file.h"

namespace gusto {

std::shared_ptr<const ComparedPipeline> open_compared_pipeline(const std::filesystem::path& file,
                                                               FurtherModels further) {
  auto result = std::make_shared<ComparedPipeline>();
  result->spec = read_pipeline(file);
  const auto add = [&](const std::filesystem::path& name) {
    const auto is_it = [&](const ComparedPipeline::Member& member) { return member.name == name; };
    if (name.empty() || std::any_of(result->members.begin(), result->members.end(), is_it)) return;
    const ModelOutline outline = model_outline(name, further);
    result->members.push_back({name, &outline.model->info(), outline.model->settings(), outline.task});
  };
  for (const CandidateSource& source : result->spec.candidates) add(source.model);
  if (result->spec.ranking) add(result->spec.ranking->model);
  return result;
}

Pipeline fit_pipeline(const ComparedPipeline& pipeline, const std::shared_ptr<const Dataset>& train,
                      const FitOptions& fit, Context& context) {
  return Pipeline(pipeline.spec, [&](const std::filesystem::path& name) -> PipelineModel {
    const auto member = std::find_if(pipeline.members.begin(), pipeline.members.end(),
                                     [&](const ComparedPipeline::Member& each) { return each.name == name; });
    std::shared_ptr<Model> model = member->info->make(member->settings);
    model->fit(train, member->task, context, fit);
    return {std::move(model)};
  });
}

}  // namespace gusto
