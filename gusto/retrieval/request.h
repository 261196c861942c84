#pragma once

/// What a Recommender is asked, and what it answers: plain structs that own their data.
/// Users and features go by id and name; an item by its id, its title or the start of one, see ItemNames.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gusto/base/error.h"
#include "gusto/data/dataset.h"

namespace gusto {

enum class ItemNames {
  titles,  ///< by id, title, its start or the closest spelling, as people type (TitleIndex::find)
  ids,     ///< by id alone: for programs, where a name that is nearly right is a mistake
};

/// A feature and its value, such as gender and F, or genre and Comedy.
struct NamedValue {
  std::string name, value;
  friend auto operator<=>(const NamedValue&, const NamedValue&) = default;
};

/// What an item's feature must be: relation is "=" or "!=", of a number also "<", "<=", ">" or ">=".
struct ItemCondition {
  std::string name, value, relation = "=";
  friend auto operator<=>(const ItemCondition&, const ItemCondition&) = default;
};

/// What somebody did with an item.
struct RequestEvent {
  std::string item;
  std::optional<float> value{};  ///< left out: the highest value of the training data
  std::int64_t time = kNoTime;
};

/// Who asks: a known user, a history, features, or several of these. None of them: everyone.
/// A user with a history is that user after these events: the history is the training events and the new ones together,
/// in order of time, and new events without a time come last, as given. Of an item in both, the new event counts.
struct Person {
  std::optional<std::string> user{};    ///< the id of a user of the training data
  std::vector<RequestEvent> history{};  ///< each item once, in any order; by time, those without one last, as given
  std::vector<NamedValue> features{};   ///< features of users
  std::int64_t time = kNoTime;          ///< when it is asked
};

/// Which items may come.
struct ItemFilter {
  std::vector<std::string> only{};     ///< no other items; empty: any
  std::vector<std::string> exclude{};  ///< never these
  std::vector<ItemCondition> where{};  ///< all must hold; "genre" stands for a feature "genres" too
  bool with_seen = false;              ///< also items of the person's history and training events
  friend auto operator<=>(const ItemFilter&, const ItemFilter&) = default;
};

struct RecommendRequest {
  Person who{};
  std::size_t k = 10;
  ItemFilter filter{};
  std::size_t reasons = 0;  ///< how many of an item's largest reasons to give; the model must declare `explains`
};

/// An event of a request as it was understood.
struct UnderstoodEvent {
  std::string item;   ///< id
  std::string title;  ///< the id, where there is no title
  float value = 1;
  std::int64_t time = kNoTime;
};

/// Whom a request was taken for.
struct UnderstoodPerson {
  /// "user 42", "user 42 after 1 new event (Heat (1995): 4)", "someone new (gender=F)", "everyone"
  std::string name{};
  std::vector<UnderstoodEvent> history{};  ///< the request's own events, in its order
  std::vector<std::string> unknown{};      ///< items of its history that do not exist, as named: left out
};

/// One reason for a score; the amounts of all of a score's reasons sum to the score.
struct Reason {
  std::string text;                   ///< "popularity", "genres: Crime"; of an item its title; "user 7"
  std::optional<std::string> item{};  ///< id of the history's item that contributes
  std::optional<std::string> user{};  ///< id of the similar user who contributes
  double amount = 0;
};

/// A place of the re-ranked list.
struct RerankedItem {
  std::size_t candidate = 0;  ///< position among the candidates
  double value = 0;           ///< what it was picked for
  double similarity = 0;      ///< to the most similar item above it; 0 unless diversity has a share
  double divergence = 0;      ///< KL(p ‖ q̃) of the list down to it; 0 unless calibration has a share
  double popularity = 0;      ///< its own; 0 unless the penalty has a share
};

/// What the stages of a pipeline made of an item; see PipelineItem.
struct StageScores {
  std::string source;            ///< label of the source that has it highest; "popularity" where popular items stood in
  std::size_t source_place = 1;  ///< its place there, from 1
  float source_score = 0;        ///< its score there; of popular items their number of events
  std::optional<float> ranking_score{};  ///< none without a ranking model, or where it has no answer
  float relevance = 1;                   ///< what re-ranking began with, in [0, 1]
  RerankedItem reranked{};               ///< `candidate` is the place by relevance, from 0
};

/// An item of an answer.
struct AnsweredItem {
  ItemRow row;  ///< in the Recommender's data()
  std::string id;
  std::string title;                    ///< the id, where there is no title
  float score = 0;                      ///< the model's, or a similarity; of a pipeline the relevance
  std::optional<float> stddev{};        ///< of a prediction, as Prediction has it
  std::optional<StageScores> stages{};  ///< of a pipeline
  std::vector<Reason> reasons{};        ///< the largest first
};

struct RecommendAnswer {
  UnderstoodPerson who{};
  std::vector<AnsweredItem> items{};  ///< best first; short where fewer are left
  bool popular = false;               ///< whether popular items answer, as the notes say why
  std::vector<std::string> notes{};   ///< sentences: what else to know of the answer
  std::optional<Error> error{};       ///< in a batch: why there is none
};

/// The items most similar to one; their scores are similarities.
struct SimilarItemsAnswer {
  AnsweredItem item;
  std::vector<AnsweredItem> items{};
};

struct SimilarUser {
  std::string id;
  std::size_t events = 0;  ///< trained on
  float similarity = 0;
};
struct SimilarUsersAnswer {
  UnderstoodPerson who{};
  std::vector<SimilarUser> users{};
};
struct ExplainAnswer {
  UnderstoodPerson who{};
  AnsweredItem item{};  ///< with all reasons; the score is their sum
};

/// Items as asked, in that order; their scores are predicted values, or ranking scores.
struct PredictAnswer {
  UnderstoodPerson who{};
  std::vector<AnsweredItem> items{};
};

/// A predicted value, in units of the training values and within their scale; or the probability of a like.
struct Prediction {
  float value = 0;
  std::optional<float> stddev{};  ///< the value's standard deviation about it, if the model declares `stddev`
};

/// A user and an item, both by id.
struct UserItem {
  std::string user, item;
  std::int64_t time = kNoTime;  ///< when it is asked
};

/// The best items of each value of a feature.
struct ChartRequest {
  Person who{};
  std::string by{};         ///< a categorical or multi-valued feature of items; empty: genres
  std::size_t k = 3;        ///< items of a value
  std::size_t values = 20;  ///< at most so many values: those of most training events
  ItemFilter filter{};
};
struct ChartGroup {
  std::string value;
  std::uint64_t events = 0;  ///< training events of its items
  std::vector<AnsweredItem> items{};
};
struct ChartAnswer {
  UnderstoodPerson who{};
  std::string by;  ///< the feature's name
  std::vector<ChartGroup> groups{};
};

}  // namespace gusto
