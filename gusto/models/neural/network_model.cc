#include "gusto/models/neural/network_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/neural/centered.h"
#include "gusto/models/neural/fingerprint.h"
#include "gusto/models/neural/network_design.h"
#include "gusto/models/neural/network_objective.h"
#include "gusto/models/neural/network_task.h"
#include "gusto/models/neural/new_user.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/data_shape.h"
#include "gusto/nn/arena.h"
#include "gusto/nn/encoder.h"
#include "gusto/nn/learned_rows.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/trainer.h"

namespace gusto {
namespace {

// Items that are scored at once.
constexpr std::size_t kScoredItems = 512;

// Ids of the field that a row of a batch may look up. The count of other kinds is that of buckets or pieces.
std::uint64_t most_ids(const nn::FieldSpec& spec) {
  constexpr std::uint64_t kSome = 64;
  const bool lists = spec.kind == nn::FieldKind::history || spec.kind == nn::FieldKind::rated;
  return lists ? std::max<std::uint64_t>(spec.count, 1) : kSome;
}

}  // namespace

NetworkModel::NetworkModel() = default;
NetworkModel::NetworkModel(NetworkModel&&) noexcept = default;
NetworkModel& NetworkModel::operator=(NetworkModel&&) noexcept = default;
NetworkModel::~NetworkModel() = default;

bool NetworkModel::ranks_new_items() const { return knows_features(encoder_->schema(), nn::Side::item); }

std::uint64_t NetworkModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const NetworkOptions& options = network_options();
  const std::uint64_t dim = settled_dim(options.dim, kUsualNetworkDim, data, task);
  const auto fields_of = [&](const std::string& text) {
    return nn::expand_fields(nn::parse_fields(text), data.catalog());
  };
  const std::vector<nn::FieldSpec> vectors = fields_of(vector_fields(data));
  std::uint64_t rows = 0;     // of all tables
  std::uint64_t numbers = 0;  // in them and in layers
  std::uint64_t width = 0;    // of all embeddings side by side
  std::uint64_t a_row = 64;   // floats that a row of a batch takes
  for (const nn::FieldSpec& spec : fields_of(input_fields(data))) {
    const bool has_vectors =
        std::any_of(vectors.begin(), vectors.end(), [&](const auto& v) { return v.text == spec.text; });
    const std::uint64_t of_field = nn::most_rows(spec, data);
    rows += 2 * of_field;
    numbers += of_field * (has_vectors ? dim + 1 : 1);
    width += has_vectors ? dim : 0;
    a_row += 4 + 2 * most_ids(spec);
  }
  a_row += 5 * width;
  std::uint64_t in_layers = 0;
  for (std::uint64_t from = width; const std::size_t to : parse_widths(hidden_layers())) {
    in_layers += from * to + 4 * to;
    a_row += 6 * to;
    from = to;
  }
  numbers += in_layers;

  const std::uint64_t events = data.event_count();
  const std::uint64_t examples = events * (task == Task::top_n ? 1 + options.negatives : 1);
  const std::uint64_t of_example = 5 + (strength_of(data, task).used() ? 8 : 0);
  const auto held_out = static_cast<std::uint64_t>(options.validation * static_cast<double>(examples));
  const std::uint64_t batch = nn::chosen_batch_size(options, examples);
  const std::uint64_t shards = batch / nn::kShardSize + 1;
  const std::uint64_t blocks = std::min<std::uint64_t>(threads, held_out / nn::kValidationBlock + 1);
  const std::uint64_t training = shards * nn::Arena::memory_need(in_layers) + batch * a_row * sizeof(float);
  const std::uint64_t validation =
      held_out > 0 ? blocks * nn::Arena::memory_need(std::min(held_out, nn::kValidationBlock) * a_row / 2) : 0;
  const std::uint64_t scoring = threads * nn::Arena::memory_need(kScoredItems * a_row / 2);
  // Of each number its value, two of the optimizer's, the best epoch's.
  return numbers * sizeof(float) + rows * 8 +
         std::max(3 * numbers * sizeof(float) + examples * of_example + events * 18 + training + validation, scoring);
}

void NetworkModel::prepare(const Dataset& data, std::unique_ptr<nn::ParameterSet> parameters) {
  objective_ = std::make_unique<NetworkObjective>(data, task(), network_options(), linear_output());
  parameters_ = std::move(parameters);
  network_ = build({data, encoder_->schema(), *parameters_, task(), objective_->center(), dim_});
  const bool gentle = objective_->loss() == NetworkLoss::logistic || objective_->loss() == NetworkLoss::bpr;
  for (std::size_t p = 0; gentle && p < parameters_->size(); ++p) (*parameters_)[p].reg /= 4;
}

void NetworkModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  const NetworkOptions& options = network_options();
  encoder_ = std::make_unique<nn::Encoder>(data, nn::Schema::learn(data, nn::parse_fields(input_fields(data))));
  const auto* const start = static_cast<const NetworkModel*>(fit.from);
  dim_ = start != nullptr && options.dim == 0 ? start->dim_ : settled_dim(options.dim, kUsualNetworkDim, data, task());
  prepare(data, std::make_unique<nn::ParameterSet>(fit.seed));
  if (start != nullptr) {
    const NetworkModel& from = *start;
    nn::copy_learned({*from.parameters_, from.encoder_->schema(), from.data()}, *parameters_, encoder_->schema(), data);
  }
  NetworkTask training(*network_, *encoder_, *objective_, task(), options, fit.seed);
  const nn::TrainingResult result =
      nn::train(*parameters_, training, steps_of(options, fit), training_run(*this, data, fit), context);
  for (std::size_t p = 0; p < parameters_->size(); ++p) {
    require_finite((*parameters_)[p].name, (*parameters_)[p].values.values());
  }
  noise_ = objective_->noise(training.validation_size() > 0 ? result.validation : result.loss,
                             training.validation_size() > 0);
  prior_ = std::make_unique<NewUserPrior>(*parameters_);
  finish();
}

void NetworkModel::save_state(TensorWriter& out) const {
  encoder_->schema().save(out, "schema/");
  parameters_->save(out, "network/");
  out.add("noise", std::span<const double>(&noise_, 1));
  if (network_options().dim == 0) out.add("dim", std::vector<std::uint32_t>{static_cast<std::uint32_t>(dim_)});
}

void NetworkModel::do_load(const TensorFile& in) {
  encoder_ = std::make_unique<nn::Encoder>(data(), nn::Schema::load(in, "schema/", data()));
  const int dim = network_options().dim;
  dim_ = dim > 0 ? static_cast<std::size_t>(dim) : in.vector<std::uint32_t>("dim", 1).front();
  prepare(data(), std::make_unique<nn::ParameterSet>(in, "network/"));
  noise_ = in.vector<double>("noise", 1).front();
  if (!(noise_ > 0) || !std::isfinite(noise_)) {
    throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: its noise is {}.", in.name(), noise_),
                "The file is damaged or was not written by gusto; train the model again.");
  }
  prior_ = std::make_unique<NewUserPrior>(*parameters_);
  finish();
}

nn::EncodedQueryUser NetworkModel::encode(const Query& query, NewUser& new_user) const {
  nn::EncodedQueryUser query_user = encoder_->encode(query);
  if (is_training_user(query) || query.history.empty()) return query_user;
  new_user = learn_new_user(*network_, *encoder_, *objective_, *prior_, noise_, query_user);
  return query_user;
}

void NetworkModel::run(const nn::EncodedQueryUser& query_user, const NewUser& new_user, std::span<const ItemRow> items,
                       nn::Tape& tape, std::span<float> out) const {
  for (std::size_t begin = 0; begin < items.size(); begin += kScoredItems) {
    const std::size_t count = std::min(kScoredItems, items.size() - begin);
    tape.begin(nn::Mode::infer);
    tape.set_extra_rows(new_user.extra_rows);
    const nn::Var z = network_->forward(tape, encoder_->encode(query_user, items.subspan(begin, count), tape.arena()));
    for (std::size_t n = 0; n < count; ++n) out[begin + n] = z.value()(n, 0);
  }
}

void NetworkModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items,
                              std::span<float> out) const {
  nn::Tape tape;
  for (std::size_t begin = 0, end = 0; begin < queries.size(); begin = end) {
    end = begin + 1;
    while (end < queries.size() && same_query_user(queries[begin], queries[end])) ++end;
    NewUser new_user;
    const nn::EncodedQueryUser query_user = encode(queries[begin], new_user);
    const std::span<float> answers = out.subspan(begin, end - begin);
    run(query_user, new_user, items.subspan(begin, end - begin), tape, answers);
    for (float& answer : answers) answer = objective_->output().predict(answer);
  }
}

void NetworkModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  nn::Tape tape;
  std::vector<ItemRow> items(scores.cols);
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = ItemRow(i);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    NewUser new_user;
    const nn::EncodedQueryUser query_user = encode(queries[q], new_user);
    run(query_user, new_user, items, tape, scores.row(q));
  }
}

void NetworkModel::do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const {
  nn::Tape tape;
  NewUser new_user;
  const nn::EncodedQueryUser query_user = encode(query, new_user);
  run(query_user, new_user, items, tape, out);
}

Matrix<float> NetworkModel::positions(nn::Side side, const nn::Batch& batch, const NewUser& new_user) const {
  nn::Tape tape;
  tape.begin(nn::Mode::infer);
  tape.set_extra_rows(new_user.extra_rows);
  std::vector<nn::Lookup> lookups;
  for (std::size_t p = 0; p < parameters_->size(); ++p) {
    nn::Parameter& table = (*parameters_)[p];
    if (table.kind != nn::ParameterKind::embedding || table.values.cols() == 1) continue;
    const std::size_t slot = encoder_->schema().slot(table.field);
    if (encoder_->schema()[slot].side == side) lookups.push_back({&table, batch[slot]});
  }
  if (lookups.empty()) refuse("has no embeddings on this side");
  const MatrixView<const float> found = nn::embedding_lookup(tape, lookups).value();
  Matrix<float> result(found.rows, found.cols);
  for (std::size_t r = 0; r < found.rows; ++r) std::copy_n(found.row(r).data(), found.cols, result.row(r).data());
  return result;
}

void NetworkModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  nn::Arena arena;
  std::vector<ItemRow> items(out.size());
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = ItemRow(i);
  const nn::EncodedQueryUser nobody = encoder_->encode(Query{});
  Matrix<float> map = positions(nn::Side::item, encoder_->encode(nobody, items, arena), {});
  center(map);
  cosine_to_rows(std::as_const(map).view(), map.row(item.index), out);
}

void NetworkModel::do_user_similarity(const Query& query, std::span<float> out) const {
  nn::Arena arena;
  const ItemRow any(0);
  Matrix<float> map;  // all users, and last the query user
  for (std::size_t u = 0; u <= out.size(); ++u) {
    NewUser new_user;
    const nn::EncodedQueryUser query_user = encode(u < out.size() ? Query::known(UserRow(u)) : query, new_user);
    arena.reset();
    const Matrix<float> here = positions(nn::Side::user, encoder_->encode(query_user, {&any, 1}, arena), new_user);
    if (map.empty()) map = Matrix<float>(out.size() + 1, here.cols());
    std::copy(here.row(0).begin(), here.row(0).end(), map.row(u).begin());
  }
  center(map);
  cosine_to_rows(std::as_const(map).view().slice(0, out.size()), map.row(out.size()), out);
}

}  // namespace gusto
