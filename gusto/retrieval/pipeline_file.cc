#include "gusto/retrieval/pipeline_file.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/file.h"
#include "gusto/base/text.h"
#include "gusto/base/toml_reader.h"

namespace gusto {
namespace {

constexpr std::array<std::string_view, 5> kPipelineKeys{"candidates", "merge", "ranking", "scale", "rerank"};
constexpr std::array<std::string_view, 4> kSourceKeys{"model", "popularity", "count", "label"};
constexpr std::array<std::string_view, 2> kRankingKeys{"model", "weight"};
constexpr std::array<std::string_view, 6> kRerankKeys{"diversity",      "diversity_by",       "calibration",
                                                      "calibration_by", "popularity_penalty", "caps"};

class PipelineReader {
 public:
  PipelineReader(std::string_view text, std::string_view name, const std::filesystem::path& folder)
      : in_(text, name, "pipeline"), folder_(folder) {}

  PipelineSpec read() const {
    const toml::table& all = in_.table();
    in_.require_known(all, kPipelineKeys, "a pipeline");
    PipelineSpec spec;
    const toml::node* candidates = all.get("candidates");
    if (candidates == nullptr) {
      in_.fail(all, "A pipeline has no source of candidates.", "Begin one with a line [[candidates]].");
    }
    for (const toml::node& element : in_.tables(*candidates, "candidates")) {
      read_source(*element.as_table(), spec.candidates);
    }
    if (const toml::node* node = all.get("merge")) {
      spec.merge = static_cast<Merge>(in_.choice(*node, "merge", kMergeNames));
    }
    if (const toml::node* node = all.get("scale")) {
      spec.scale = static_cast<ScoreScale>(in_.choice(*node, "scale", kScoreScaleNames));
    }
    if (const toml::node* node = all.get("ranking")) spec.ranking = read_ranking(in_.table(*node, "ranking"));
    if (const toml::node* node = all.get("rerank")) spec.rerank = read_rerank(in_.table(*node, "rerank"));
    return spec;
  }

 private:
  std::filesystem::path model_file(const toml::node& node) const {
    const std::string typed = in_.text(node, "model");
    if (typed.empty()) in_.fail(node, "model is empty.", "Name a model file that `gusto train` wrote.");
    return folder_ / typed;
  }

  double share(const toml::node& node, std::string_view key) const {
    const double value = in_.number(node, key);
    if (value >= 0 && value <= 1) return value;
    in_.fail(node, fmt::format("{} is {}, outside of 0 to 1.", key, value), "Write a share, such as 0.3.");
  }

  void read_source(const toml::table& table, std::vector<CandidateSource>& sources) const {
    in_.require_known(table, kSourceKeys, "a source of candidates");
    CandidateSource source;
    const toml::node* model = table.get("model");
    bool popularity = false;
    if (const toml::node* node = table.get("popularity")) {
      const auto* value = node->as_boolean();
      if (value == nullptr) in_.fail(*node, "popularity is neither true nor false.", "Write popularity = true.");
      popularity = value->get();
    }
    if (popularity == (model != nullptr)) {
      in_.fail(table, "A source of candidates is either a model or popularity.",
               "Add a line such as model = \"films.gusto\", or popularity = true.");
    }
    if (model != nullptr) source.model = model_file(*model);
    source.label = model != nullptr ? source.model.stem().string() : "popularity";
    if (const toml::node* node = table.get("count")) source.count = in_.whole(*node, "count", 1);
    const toml::node* label = table.get("label");
    if (label != nullptr) source.label = in_.text(*label, "label");
    if (source.label.empty()) in_.fail(label != nullptr ? *label : table, "A label is empty.", "Fill it in.");
    for (const CandidateSource& earlier : sources) {
      if (earlier.label != source.label) continue;
      in_.fail(label != nullptr ? *label : table, fmt::format("Two sources have the label {}.", quote(source.label)),
               "Give each a label of its own.");
    }
    sources.push_back(std::move(source));
  }

  RankingStage read_ranking(const toml::table& table) const {
    in_.require_known(table, kRankingKeys, "ranking");
    const toml::node* model = table.get("model");
    if (model == nullptr) in_.fail(table, "ranking has no model.", "Add a line such as model = \"deepfm.gusto\".");
    RankingStage stage;
    stage.model = model_file(*model);
    if (const toml::node* node = table.get("weight")) stage.weight = share(*node, "weight");
    return stage;
  }

  RerankStage read_rerank(const toml::table& table) const {
    in_.require_known(table, kRerankKeys, "rerank");
    RerankStage stage;
    if (const toml::node* node = table.get("diversity")) stage.diversity = share(*node, "diversity");
    if (const toml::node* node = table.get("calibration")) stage.calibration = share(*node, "calibration");
    if (const toml::node* node = table.get("popularity_penalty")) {
      stage.popularity_penalty = share(*node, "popularity_penalty");
    }
    in_.at(table, [&] { check_rerank_shares(stage.diversity, stage.calibration, stage.popularity_penalty); });
    if (const toml::node* node = table.get("diversity_by")) {
      stage.diversity_by = static_cast<DiversityBy>(in_.choice(*node, "diversity_by", kDiversityByNames));
    }
    if (const toml::node* node = table.get("calibration_by")) {
      stage.calibration_by = in_.text(*node, "calibration_by");
    }
    if (const toml::node* node = table.get("caps")) {
      for (const auto& [key, most] : in_.table(*node, "rerank.caps")) {
        stage.caps.emplace_back(std::string(key.str()), in_.whole(most, key.str(), 1));
      }
    }
    return stage;
  }

  TomlReader in_;
  std::filesystem::path folder_;
};

}  // namespace

PipelineSpec parse_pipeline(std::string_view toml, std::string_view name, const std::filesystem::path& folder) {
  return PipelineReader(toml, name, folder).read();
}

PipelineSpec read_pipeline(const std::filesystem::path& path) {
  return parse_pipeline(MappedFile::open(path).text(), path.string(), path.parent_path());
}

}  // namespace gusto
