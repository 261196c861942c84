#include "gusto/models/model.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/parallel.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

/// Written on bits without an early exit, so that compilers vectorize it: it runs over every score that is handed out.
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t bad = 0;
  for (const float value : values) bad |= (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent ? 1U : 0U;
  return bad == 0;
}

void require_shape(std::string_view who, std::size_t found, std::size_t expected) {
  if (found == expected) return;
  throw Error(ErrorCode::internal, fmt::format("{} was given {} entries where {} belong.", who, found, expected));
}

/// Options that come from a struct, which nothing has checked yet. Error(invalid_option)
void check_options(const ModelInfo& info, const Settings& settings) {
  for (const auto& [name, value] : settings) check_field(find_field(info.fields, info.name, name), info.name, value);
}

// Operations below this number take less than a second anywhere, and nobody needs to know how much less.
constexpr double kFewOperations = 1e10;

constexpr double kUpdateShare = 0.1;  // of a fit's operations, that an update takes

/// Seconds that they take on all threads, by the speed of some that are made.
double seconds_of(double operations, Context& context) {
  if (operations < kFewOperations) return 0;
  constexpr std::size_t kSide = 384;
  constexpr int kRounds = 8;
  std::vector<Matrix<float>> squares(2 * context.threads(), Matrix<float>(kSide, kSide));
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    context.pool().run(context.threads(), [&](std::size_t n, unsigned) {
      const MatrixView<const float> a = std::as_const(squares[2 * n]).view();
      gemm(Transpose::no, Transpose::no, 1, a, a, 0, squares[2 * n + 1].view());
    });
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  const double made = 2 * static_cast<double>(context.threads()) * std::pow(static_cast<double>(kSide), 3);
  return operations * best / made;
}

/// Limits the time of a fit, as long as it lasts.
class TimeLimit {
 public:
  TimeLimit(Context& context, const Model& model, const Dataset& data, Task task, const FitOptions& options)
      : context_(context) {
    const double share = options.update ? kUpdateShare : 1;
    const double estimate = seconds_of(share * model.fit_operations(data, task), context);
    context.limit_time(model.info().name, options.budget, estimate);
  }
  ~TimeLimit() { context_.limit_time({}, 0); }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

 private:
  Context& context_;
};

/// Error, if a model of that kind can't go on from the other one.
void check_start(const ModelInfo& info, Task task, const Model* from) {
  if (from == nullptr) return;
  if (!info.abilities.continues) {
    throw Error(ErrorCode::unsupported, fmt::format("{} is solved as a whole, and goes on from no model.", info.name),
                "Train it anew.");
  }
  static_cast<void>(from->data());
  if (from->info().name == info.name && from->task() == task) return;
  throw Error(ErrorCode::invalid_option,
              fmt::format("{} for {} cannot go on from {} for {}.", info.name, to_string(task), from->info().name,
                          to_string(from->task())),
              "Go on from a model of the same kind and task.");
}

}  // namespace

void Model::fit(std::shared_ptr<const Dataset> data, Task task, Context& context, const FitOptions& options) {
  data_.reset();
  check_options(info(), settings());
  if (data == nullptr || data->event_count() == 0) {
    throw Error(ErrorCode::empty_dataset, fmt::format("{} has no events to learn from.", info().name),
                "Check the data, and the filters and the split that were applied to it.");
  }
  if (!options.checkpoint.empty() && !info().abilities.checkpoints) {
    throw Error(ErrorCode::unsupported, fmt::format("{} keeps no checkpoint.", info().name),
                "Train it without one; it starts again if it is stopped.");
  }
  check_start(info(), task, options.from);
  context.require_memory(info().name, memory_need(*data, task, context.threads()));
  context.check_canceled();
  const TimeLimit limit(context, *this, *data, task, options);
  task_ = task;
  const std::size_t throws = context.sink_throws();
  try {
    do_fit(*data, options, context);
    context.check_canceled();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::canceled || context.sink_throws() != throws) throw;
    std::error_code ignored;
    if (options.checkpoint.empty() || !std::filesystem::exists(options.checkpoint, ignored)) throw;
    throw Error(ErrorCode::canceled,
                fmt::format("Stopped as asked; {} holds what was learned so far.", quote(options.checkpoint.string())),
                "Run the same again to go on from there.");
  }
  data_ = std::move(data);
  mark_unranked();
}

bool Model::ranks_new_items() const { return info().abilities.cold_items; }

bool Model::ranks(ItemRow item) const {
  return unranked_.empty() || ((unranked_[item.index / 64] >> (item.index % 64)) & 1U) == 0;
}

void Model::mark_unranked() {
  unranked_.clear();
  if (ranks_new_items()) return;
  const std::size_t count = data().item_count();
  unranked_.assign((count + 63) / 64, ~std::uint64_t{0});
  if (count % 64 != 0) unranked_.back() >>= 64 - count % 64;
  for (const ItemRow item : data().items()) unranked_[item.index / 64] &= ~(std::uint64_t{1} << (item.index % 64));
  const auto none = [](std::uint64_t word) { return word == 0; };
  if (std::all_of(unranked_.begin(), unranked_.end(), none)) unranked_.clear();
}

const Dataset& Model::data() const {
  if (data_ == nullptr) {
    throw Error(ErrorCode::unsupported, fmt::format("{} has not been trained yet.", info().name),
                "Train it first, or load a trained model.");
  }
  return *data_;
}

bool Model::predicts() const {
  if (task_ == Task::top_n) return false;
  return info().abilities.predicts_ratings || (info().abilities.probabilities && task_ == Task::likes);
}

void Model::check_pairs(std::span<const Query> queries, std::span<const ItemRow> items, std::size_t answers) const {
  check_queries(queries);
  if (!predicts()) {
    if (task_ == Task::top_n && info().abilities.predicts_ratings) {
      throw Error(ErrorCode::unsupported, fmt::format("{} was trained for top-n and predicts no values.", info().name),
                  "Train it with the option `task` ratings.");
    }
    refuse(task_ == Task::top_n ? "was trained for top-n and predicts no values" : "predicts no values");
  }
  require_shape("Model::predict", items.size(), queries.size());
  require_shape("Model::predict", answers, queries.size());
  for (const ItemRow item : items) check_item(item);
}

void Model::predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const {
  check_pairs(queries, items, out.size());
  do_predict(queries, items, out);
  check_answer(out);
}

void Model::predict_stddev(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out,
                           std::span<float> stddev) const {
  check_pairs(queries, items, out.size());
  if (!info().abilities.stddev) refuse("does not say how sure it is");
  require_shape("Model::predict_stddev", stddev.size(), queries.size());
  do_predict_stddev(queries, items, out, stddev);
  check_answer(out);
  check_answer(stddev);
}

void Model::score(std::span<const Query> queries, MatrixView<float> scores) const {
  check_queries(queries);
  require_shape("Model::score", scores.rows, queries.size());
  require_shape("Model::score", scores.cols, data().item_count());
  do_score(queries, scores);
  for (std::size_t q = 0; q < scores.rows; ++q) check_answer(scores.row(q));
}

void Model::score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const {
  check_queries({&query, 1});
  require_shape("Model::score_items", out.size(), items.size());
  for (const ItemRow item : items) check_item(item);
  do_score_items(query, items, out);
  check_answer(out);
}

MatrixView<const float> Model::item_vectors() const { refuse("has no item vectors"); }

void Model::query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  check_queries(queries);
  if (!info().abilities.item_vectors) refuse("has no query vectors");
  require_shape("Model::query_vectors", out.rows, queries.size());
  require_shape("Model::query_vectors", out.cols, item_vectors().cols);
  do_query_vectors(queries, out);
  for (std::size_t q = 0; q < out.rows; ++q) check_answer(out.row(q));
}

void Model::item_similarity(ItemRow item, std::span<float> out) const {
  require_shape("Model::item_similarity", out.size(), data().item_count());
  if (!info().abilities.similar_items) refuse("does not find similar items");
  check_item(item);
  do_item_similarity(item, out);
  check_answer(out);
}

void Model::user_similarity(const Query& query, std::span<float> out) const {
  require_shape("Model::user_similarity", out.size(), data().user_count());
  if (!info().abilities.similar_users) refuse("does not find similar users");
  check_queries({&query, 1});
  do_user_similarity(query, out);
  check_answer(out);
}

std::vector<Contribution> Model::explain(const Query& query, ItemRow item) const {
  check_queries({&query, 1});
  if (!info().abilities.explains) refuse("does not explain its scores");
  check_item(item);
  std::vector<Contribution> result = do_explain(query, item);
  std::stable_sort(result.begin(), result.end(),
                   [](const Contribution& a, const Contribution& b) { return a.amount > b.amount; });
  return result;
}

void Model::load_state(const TensorFile& in, std::shared_ptr<const Dataset> data, Task task) {
  data_ = std::move(data);
  task_ = task;
  try {
    do_load(in);
    mark_unranked();
  } catch (...) {
    data_.reset();
    throw;
  }
}

void Model::do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const {
  const MatrixView<const float> vectors = item_vectors();
  Matrix<float> query_user(1, vectors.cols);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (i == 0 || !same_query_user(queries[i], queries[i - 1]))
      do_query_vectors(queries.subspan(i, 1), query_user.view());
    out[i] = dot(query_user.row(0), vectors.row(items[i].index));
  }
}

void Model::do_predict_stddev(std::span<const Query>, std::span<const ItemRow>, std::span<float>,
                              std::span<float>) const {
  refuse("does not say how sure it is");
}

void Model::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  const MatrixView<const float> items = item_vectors();
  Matrix<float> vectors(queries.size(), items.cols);
  do_query_vectors(queries, vectors.view());
  gemm(Transpose::no, Transpose::yes, 1, std::as_const(vectors).view(), items, 0, scores);
}

void Model::do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const {
  if (info().abilities.item_vectors) {
    const MatrixView<const float> vectors = item_vectors();
    Matrix<float> query_user(1, vectors.cols);
    do_query_vectors({&query, 1}, query_user.view());
    for (std::size_t i = 0; i < items.size(); ++i) out[i] = dot(query_user.row(0), vectors.row(items[i].index));
    return;
  }
  Matrix<float> scores(1, data().item_count());
  do_score({&query, 1}, scores.view());
  for (std::size_t i = 0; i < items.size(); ++i) out[i] = scores(0, items[i].index);
}

void Model::do_query_vectors(std::span<const Query>, MatrixView<float>) const { refuse("has no query vectors"); }
void Model::do_item_similarity(ItemRow, std::span<float>) const { refuse("does not find similar items"); }
void Model::do_user_similarity(const Query&, std::span<float>) const { refuse("does not find similar users"); }
std::vector<Contribution> Model::do_explain(const Query&, ItemRow) const { refuse("does not explain its scores"); }

std::span<const HistoryEvent> Model::history_of(const Query& query, std::vector<HistoryEvent>& storage) const {
  if (!is_training_user(query)) return query.history;
  storage = events_of(data().history(*query.user));
  return storage;
}

std::vector<Choice> Model::choices(const Query& query, float least) const {
  const Strength strength = task() == Task::top_n ? data().catalog().strength : Strength{};
  std::vector<HistoryEvent> storage;
  std::vector<Choice> chosen;
  for (const HistoryEvent& event : history_of(query, storage)) {
    if (event.value >= least) chosen.push_back({event.item.index, strength.of(event.value)});
  }
  return chosen;
}

bool Model::same_query_user(const Query& a, const Query& b) {
  return a.user == b.user && a.time == b.time && a.history.data() == b.history.data() &&
         a.history.size() == b.history.size() && a.features.data() == b.features.data() &&
         a.features.size() == b.features.size();
}

void Model::require_finite(std::string_view array, std::span<const float> values) const {
  if (all_finite(values)) return;
  throw Error(ErrorCode::not_finite,
              fmt::format("{} diverged: its {} hold numbers that are not finite.", info().name, array),
              "Lower the learning rate or raise the regularization, and look for extreme values in the data.");
}

void Model::refuse(std::string_view what) const {
  throw Error(ErrorCode::unsupported, fmt::format("{} {}.", info().name, what),
              "Choose a model that declares this ability; `gusto models` lists them.");
}

void Model::check_queries(std::span<const Query> queries) const {
  const Dataset& known = data();
  const bool folds_in = info().abilities.fold_in != FoldIn::none;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const Query& query = queries[q];
    if (q > 0 && same_query_user(query, queries[q - 1])) continue;
    if (!folds_in && !is_training_user(query)) refuse("answers only for users it was trained on");
    if (query.user && query.user->index >= known.user_count()) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("User row {} is outside the catalog's {} users.", query.user->index, known.user_count()));
    }
    for (const HistoryEvent& event : query.history) {
      check_item(event.item);
      if (!std::isfinite(event.value)) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("The history's value {} for item {} is not a finite number.", event.value,
                                known.catalog().title(event.item)),
                    "Give every item of the history a number, such as its rating.");
      }
    }
    for (const FeatureValue& feature : query.features) known.catalog().user_features.at(feature.field);
  }
}

void Model::check_item(ItemRow item) const {
  if (item.index < data().item_count()) return;
  throw Error(ErrorCode::invalid_input,
              fmt::format("Item row {} is outside the catalog's {} items.", item.index, data().item_count()));
}

void Model::check_answer(std::span<const float> values) const {
  if (all_finite(values)) return;
  throw Error(ErrorCode::not_finite, fmt::format("{} gave an answer that is not a finite number.", info().name),
              "Look for extreme values in the history.");
}

}  // namespace gusto
