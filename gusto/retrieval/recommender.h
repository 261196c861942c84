#pragma once

/// The front door: a model, its index and its titles, or a pipeline, that answers requests by ids and titles.
///   const Recommender films = Recommender::open("films.gusto", context);
///   RecommendRequest request{.who = {.user = "42", .history = {{.item = "Heat (1995)", .value = 5.0F}}}, .k = 3};
///   for (const AnsweredItem& item : films.recommend(request, context).items) std::cout << item.title << '\n';
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/request.h"

namespace gusto {

class Index;
class Pipeline;
struct PipelineItem;
struct PipelineSpec;
struct ResolvedFilter;
struct ResolvedPerson;

/// Gets the answer to the request at that place, from 0. What it throws ends the batch and is thrown on.
using AnswerSink = std::function<void(std::size_t place, RecommendAnswer answer)>;
/// Puts the next request into its argument, or returns false: there are no more.
using RequestSource = std::function<bool(RecommendRequest& request)>;

/// Users, items and features are those of data(), the training data of the model, or of the pipeline's first model.
/// Errors   of every question: not_found, for an unknown user, item or feature (with the nearest), a history of unknown
///          items only, or conditions that no item meets; invalid_input, for a name that several items fit, or an item
///          twice in a history; unsupported, if the model does not declare the ability; those of the Model's function
/// Repeatable  same bits at any number of threads, alone or in a batch
/// Threads  const members may be called concurrently, with a Context each
class Recommender {
 public:
  /// A fitted model, searched by an index that was made of it, or exactly.
  /// Errors   unsupported, if it is not fitted; invalid_option, if the index was made of another model
  explicit Recommender(std::shared_ptr<const Model> model, std::shared_ptr<const Index> index = nullptr,
                       ItemNames names = ItemNames::titles);
  /// recommend() answers by the pipeline; all other questions by its ranking model if it has one, else by its first.
  explicit Recommender(Pipeline pipeline, ItemNames names = ItemNames::titles);

  /// A model file, with the index that is stored in it. Its model, and those of a pipeline, may be further ones.
  /// Errors   as load_model and Index::load
  static Recommender open(const std::filesystem::path& path, Context& context, ItemNames names = ItemNames::titles,
                          FurtherModels further = {});
  /// A pipeline file, or what one says. Errors as read_pipeline and Pipeline::open.
  static Recommender open_pipeline(const std::filesystem::path& path, Context& context,
                                   ItemNames names = ItemNames::titles, FurtherModels further = {});
  static Recommender open_pipeline(PipelineSpec spec, Context& context, ItemNames names = ItemNames::titles,
                                   FurtherModels further = {});

  const Dataset& data() const;
  /// What answers all questions but recommend(); that too without a pipeline.
  const Model& model() const;
  const Index* index() const;
  const Pipeline* pipeline() const;

  /// A typed history, "Toy Story (1995):5,Heat", as events for a Person. Titles that no item has are among them;
  /// whoever answers leaves them out and lists them as unknown. Errors as TitleIndex::parse_history
  std::vector<RequestEvent> parse_history(std::string_view typed) const;
  /// The item that a person types: a number is a title, as of the film 1984, before it is an id; "id:1984" is the id.
  AnsweredItem parse_item(std::string_view typed) const;

  /// The k best items.
  /// Errors   and those of search or Pipeline::recommend; canceled
  RecommendAnswer recommend(const RecommendRequest& request, Context& context) const;

  /// The same for many requests, side by side in batches: the sink gets each answer on the calling thread, in the order
  /// of requests, before later batches are begun. An error of one request is its answer; only `canceled` ends them all.
  /// Cost     requests with the same filter and k are searched for together; memory: about a million items at a time
  void recommend(std::span<const RecommendRequest> requests, const AnswerSink& sink, Context& context) const;
  /// The same for requests that come one by one. The source is called on the calling thread.
  void recommend(const RequestSource& source, const AnswerSink& sink, Context& context) const;

  /// The k items most similar to an item, without itself.
  SimilarItemsAnswer similar_items(std::string_view item, std::size_t k) const;
  /// The k users most similar to a person, without the user that it names.
  SimilarUsersAnswer similar_users(const Person& who, std::size_t k) const;

  /// Why an item gets its score: all reasons, which sum to the model's score.
  ExplainAnswer explain(const Person& who, std::string_view item) const;

  /// The values that a person would give these items, as Prediction says.
  PredictAnswer predict(const Person& who, std::span<const std::string> items) const;
  /// Ranking scores of these items, comparable with one another and with recommend()'s for the same person.
  PredictAnswer score(const Person& who, std::span<const std::string> items) const;
  /// The same for pairs of ids; nothing where user or item is unknown. Times are for `timed` models.
  std::vector<std::optional<Prediction>> predict(std::span<const UserItem> pairs) const;
  std::vector<std::optional<float>> score(std::span<const UserItem> pairs) const;

  /// The best items of each value of a feature.
  /// Errors   and not_found, without a named feature or genres; invalid_option, for a feature without values
  ChartAnswer chart(const ChartRequest& request, Context& context) const;

 private:
  struct Parts;
  struct Batch;

  void answer(const Batch& batch, Context& context) const;
  void answer_unit(const Batch& batch, std::span<const std::size_t> places, Context& context) const;
  void find_items(const Batch& batch, std::span<const std::size_t> places, std::span<const ResolvedPerson> persons,
                  const ResolvedFilter& filter, Context& context) const;
  std::vector<AnsweredItem> pipeline_items(std::span<const PipelineItem> list) const;
  void tell_popular(const ResolvedPerson& person, std::span<const PipelineItem> list, RecommendAnswer& answer) const;
  std::vector<Reason> reasons(const Query& own, ItemRow item, std::size_t most) const;

  std::vector<AnsweredItem> named(std::span<const std::string> items) const;
  struct Pairs;
  Pairs known_pairs(std::span<const UserItem> pairs) const;
  std::vector<Prediction> predictions(std::span<const Query> own, std::span<const ItemRow> items) const;

  std::shared_ptr<const Parts> parts_;
};

}  // namespace gusto
