#pragma once

/// From a catalog to a list in three stages:
///
///   candidates   some hundred items of one or several sources, each a model's best or the most popular items
///   ranking      another model's scores for these alone, which may cost more an item
///   re-ranking   diversity, calibration, less of what is popular anyway, caps (gusto/retrieval/rerank.h)
///
/// All but the candidates may be left out; a pipeline of one source alone gives what search() gives for its model.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/aligned_model.h"
#include "gusto/retrieval/fusion.h"
#include "gusto/retrieval/index.h"
#include "gusto/retrieval/popular_items.h"
#include "gusto/retrieval/rerank.h"
#include "gusto/retrieval/search.h"

namespace gusto {

/// Where candidates come from.
struct CandidateSource {
  std::string label;              ///< names the source in results and messages; each its own
  std::filesystem::path model{};  ///< a model file; empty: the items with the most training events
  std::size_t count = 200;        ///< how many of its best; more if lists are to be longer
};

struct RankingStage {
  std::filesystem::path model;
  /// relevance = weight · that of the ranking scores + (1 − weight) · that of the candidates' own.
  double weight = 1;
};

/// What diversity compares.
enum class DiversityBy {
  features,   ///< Jaccard similarity of all categorical and multi-valued features
  embedding,  ///< cosine of the item vectors of the pipeline's first model that has any
};
inline constexpr std::array<std::string_view, 2> kDiversityByNames{"features", "embedding"};

/// Shares and caps, as RerankInput has them.
struct RerankStage {
  double diversity = 0;
  DiversityBy diversity_by = DiversityBy::features;
  double calibration = 0;
  std::string calibration_by = "genres";  ///< a categorical or multi-valued feature of items
  double popularity_penalty = 0;          ///< popularity: log(1 + n_i) / log(1 + max n), n_i the item's training events
  std::vector<std::pair<std::string, std::size_t>> caps{};  ///< at most so many of one value of a feature

  bool active() const { return diversity > 0 || calibration > 0 || popularity_penalty > 0 || !caps.empty(); }
};

struct PipelineSpec {
  std::vector<CandidateSource> candidates{};
  Merge merge = Merge::reciprocal_rank;
  std::optional<RankingStage> ranking{};
  ScoreScale scale = ScoreScale::min_max;
  RerankStage rerank{};
};

/// An item of a list, with what each stage made of it.
struct PipelineItem {
  ItemRow item;
  std::size_t source = 0;                ///< the source that has it highest, for source_label()
  std::size_t source_place = 1;          ///< its place there, from 1
  float source_score = 0;                ///< its score there; of popular items their number of events
  std::optional<float> ranking_score{};  ///< none without a ranking model, or where it has no answer
  float relevance = 1;                   ///< what re-ranking began with, in [0, 1]
  RerankedItem reranked{};               ///< `candidate` is the place by relevance, from 0
};

/// For each query its items, best first; short where fewer were left.
struct PipelineLists {
  std::vector<std::uint64_t> offsets{0};  ///< queries + 1
  std::vector<PipelineItem> entries;

  std::size_t size() const { return offsets.size() - 1; }
  std::span<const PipelineItem> operator[](std::size_t query) const {
    return std::span(entries).subspan(offsets[query], offsets[query + 1] - offsets[query]);
  }
};

/// A fitted model, and what finds its best items fast; without an index it is searched exactly.
struct PipelineModel {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Index> index;

  // NOLINTNEXTLINE(google-explicit-constructor): a model is one without an index
  PipelineModel(std::shared_ptr<const Model> model_, std::shared_ptr<const Index> index_ = nullptr)
      : model(std::move(model_)), index(std::move(index_)) {}
};

/// Gives the model that a spec names.
using ModelSource = std::function<PipelineModel(const std::filesystem::path& name)>;

/// An opened pipeline. Queries, filters and results are in the rows of data(): that of the first model named. The
/// others must have been trained on the same items; rows are matched by id, users too.
///
/// Candidates  each source gives its best `count` items that the filter leaves. Of several sources the lists are
///             merged. Someone without any history or features is given popular items in place of what models say; so
///             is everyone the models know nothing about: no source has an answer, or it gives all that the filter
///             leaves the same score.
/// Seen        what the user's history holds, and what any of the models was trained on for that user
/// Relevance   the candidates' scores, brought to [0, 1] by `scale`; of several lists, the merged value by min-max.
///             With a ranking model its scores, likewise, by weight; if it gives all candidates the same score, it has
///             no answer. Candidates are ordered by relevance, equal ones by ranking score, then as they were.
/// Cost        that of search() a source; ranking: Model::score_items for the candidates; re-ranking: that of rerank()
/// Repeatable  same bits at any number of threads
/// Threads     const members may be called concurrently, with a context each
class Pipeline {
 public:
  /// Loads the model files that the spec names, each once, with their indexes; further models may be among them.
  /// Errors   those of load_model, Index::load and the constructor
  static Pipeline open(PipelineSpec spec, Context& context, FurtherModels further = {});

  /// The same with models from elsewhere: `models` is called once for each name.
  /// Errors   invalid_option, for no source, no model at all, two equal labels, a count or cap of 0, a weight or share
  ///          out of bounds, a feature of the wrong kind, or items without what diversity compares; not_found, for an
  ///          unknown feature, with the nearest name; invalid_input, if models were trained on different items
  Pipeline(PipelineSpec spec, const ModelSource& models);

  const PipelineSpec& spec() const { return spec_; }
  /// The data whose rows queries and results are in.
  const Dataset& data() const { return *home_; }
  /// The ranking model, or without one the first that is named.
  const AlignedModel& main_model() const { return members_[ranking_member_.value_or(0)]; }
  std::shared_ptr<const Dataset> shared_data() const { return home_; }
  /// Of its models, in the order in which they are named.
  std::span<const AlignedModel> members() const { return members_; }
  /// The label of an item's source; "popularity" where popular items stood in.
  std::string_view source_label(std::size_t source) const;
  /// The registry's name of the ranking model; empty without one.
  std::string_view ranking_name() const;

  /// Errors   invalid_input, for a row outside the catalog; those of search and Model::score_items; canceled
  PipelineLists recommend(std::span<const Query> queries, std::size_t k, const SearchFilter& filter,
                          Context& context) const;

 private:
  struct QueryUser;
  using Lists = std::vector<std::vector<ScoredItem>>;  // one a source

  std::size_t add_member(const std::filesystem::path& name, std::string_view label, const ModelSource& models);
  void prepare_reranking();
  void check_rows(std::span<const Query> queries, const SearchFilter& filter) const;
  QueryUser learn(const Query& query) const;
  std::vector<ItemRow> seen_by(const AlignedModel& member, const Query& query) const;
  void search_source(std::size_t source, std::span<const Query> queries, std::span<const QueryUser> query_users,
                     std::size_t count, const SearchFilter& filter, Context& context, std::vector<Lists>& found) const;
  std::vector<ScoredItem> popular_items(const QueryUser& query_user, std::size_t count, const SearchFilter& filter,
                                        const std::vector<bool>& open) const;
  std::vector<PipelineItem> rank(const Query& query, const Lists& lists) const;
  std::vector<PipelineItem> reorder(const QueryUser& query_user, std::vector<PipelineItem> candidates,
                                    std::size_t k) const;

  PipelineSpec spec_;
  std::shared_ptr<const Dataset> home_;
  std::string home_label_;
  std::vector<std::filesystem::path> names_;  // of the members, in the order in which they are named
  std::vector<AlignedModel> members_;
  std::vector<std::shared_ptr<const Index>> indexes_;       // by member; null: exact search
  std::vector<std::optional<std::size_t>> source_members_;  // by source; none: popular items
  std::optional<std::size_t> ranking_member_;

  std::optional<PopularItems> popular_;  // always there
  std::vector<float> popularity_;        // for the penalty
  std::optional<FeatureSets> features_;
  std::optional<std::size_t> vectors_member_;
  const FeatureField* calibration_field_ = nullptr;  // of home_'s catalog
  std::vector<FeatureCap> caps_;
};

}  // namespace gusto
