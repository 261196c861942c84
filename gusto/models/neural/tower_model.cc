#include "gusto/models/neural/tower_model.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/models/neural/centered.h"
#include "gusto/models/neural/fingerprint.h"
#include "gusto/models/shared/choices.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/trainer.h"

namespace gusto {
namespace {

// Users, or items, that run through a tower at once.
constexpr std::size_t kTowerBlock = 256;

}  // namespace

std::vector<std::string> TowerModel::fields(nn::Side side, const Catalog& catalog) const {
  return side == nn::Side::item
             ? fields_of_side("item_fields", item_fields(), side, AutoFields::id_and_features, catalog)
             : fields_of_side("query_fields", query_fields(), side, automatic_query_fields(), catalog);
}

std::vector<nn::FieldSpec> TowerModel::all_fields(const Catalog& catalog) const {
  return nn::parse_fields(
      fmt::format("{}, {}", join(fields(nn::Side::user, catalog), ", "), join(fields(nn::Side::item, catalog), ", ")));
}

void TowerModel::build(const Dataset& data, std::unique_ptr<nn::ParameterSet> parameters) {
  const TowerOptions& options = tower_options();
  parameters_ = std::move(parameters);
  const auto tower = [&](std::string_view name, nn::Side side, const std::string& hidden, const Tower* items) {
    return Tower(name, fields(side, data.catalog()), hidden, options, encoder_->schema(), *parameters_, items);
  };
  item_ = tower("item", nn::Side::item, item_hidden(), nullptr);
  query_user_ = tower("query", nn::Side::user, options.query_hidden, options.tied ? &*item_ : nullptr);
}

void TowerModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  const TowerOptions& options = tower_options();
  encoder_ = std::make_unique<nn::Encoder>(data, nn::Schema::learn(data, all_fields(data.catalog())));
  build(data, std::make_unique<nn::ParameterSet>(fit.seed));
  const TowerNetwork network(*encoder_, *query_user_, *item_, options, task() != Task::top_n, fit.seed);
  nn::CandidateOptions candidates;
  candidates.sampling = options.sampling;
  candidates.negatives = static_cast<std::size_t>(options.negatives);
  candidates.power = options.power;
  candidates.correction = options.correction;
  candidates.accidental_hits = options.accidental_hits;
  candidates.loss = options.loss;
  candidates.temperature = options.temperature;
  candidates.calibration = options.calibration;
  nn::CandidateTask training(network, data, candidates);
  nn::train(*parameters_, training, options, training_run(*this, data, fit), context);
  for (std::size_t p = 0; p < parameters_->size(); ++p) {
    require_finite((*parameters_)[p].name, (*parameters_)[p].values.values());
  }
  finish();
}

void TowerModel::finish() {
  const std::size_t count = encoder_->data().item_count();
  item_vectors_ = Matrix<float>(count, static_cast<std::size_t>(tower_options().dim));
  nn::Tape tape;
  std::vector<ItemRow> rows;
  for (std::size_t begin = 0; begin < count; begin += kTowerBlock) {
    const std::size_t end = std::min(count, begin + kTowerBlock);
    rows.clear();
    for (std::size_t i = begin; i < end; ++i) rows.emplace_back(i);
    tape.begin(nn::Mode::infer);
    const MatrixView<const float> vectors =
        item_->forward(tape, encoder_->encode_items(rows, {}, tape.arena())).value();
    for (std::size_t i = begin; i < end; ++i) {
      std::copy_n(vectors.row(i - begin).data(), vectors.cols, item_vectors_.row(i).data());
    }
  }
}

std::uint64_t TowerModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const TowerOptions& options = tower_options();
  const auto dim = static_cast<std::uint64_t>(options.dim);
  const std::uint64_t items = data.item_count();
  const std::uint64_t batch = nn::chosen_batch_size(options, data.event_count());
  const std::uint64_t candidates = options.sampling == nn::Sampling::full
                                       ? items
                                       : std::min(items, batch + static_cast<std::uint64_t>(options.negatives));
  std::uint64_t parameters = 0;
  std::uint64_t floats = 0;
  const auto add_tower = [&](nn::Side side, std::string_view option, std::string_view hidden, std::uint64_t rows) {
    std::uint64_t width = 0;
    for (const std::string& field : fields(side, data.catalog())) {
      parameters += nn::most_rows(nn::parse_fields(field).front(), data) * dim;
      width += dim;
    }
    // Of hidden layers a gradient a shard; of every row what goes into each, and its slope.
    const std::uint64_t shards = rows / nn::kShardSize + 1;
    for (const std::size_t next : layer_widths(hidden, option, options.dim)) {
      parameters += width * next;
      floats += shards * width * next + 2 * rows * width;
      width = next;
    }
    floats += 4 * rows * width;
  };
  add_tower(nn::Side::user, "query_hidden", options.query_hidden, batch);
  add_tower(nn::Side::item, "item_hidden", item_hidden(), candidates);
  // Values, two of the optimizer's, the best epoch's; the vectors of items, and a validation's.
  floats += 4 * parameters + 2 * items * dim + threads * nn::CandidateTask::kScored * items;
  return floats * sizeof(float) + nn::CandidateLosses::memory_need(candidates, options.dim, threads) +
         data.event_count() * (32 + (strength_of(data, task).used() ? 8 : 0));
}

MatrixView<const float> TowerModel::item_vectors() const {
  static_cast<void>(data());
  return item_vectors_.view();
}

void TowerModel::save_state(TensorWriter& out) const {
  encoder_->schema().save(out, "schema/");
  parameters_->save(out, "network/");
}

void TowerModel::do_load(const TensorFile& in) {
  encoder_ = std::make_unique<nn::Encoder>(data(), nn::Schema::load(in, "schema/", data()));
  build(data(), std::make_unique<nn::ParameterSet>(in, "network/"));
  finish();
}

void TowerModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  nn::Tape tape;
  std::vector<nn::EncodedQueryUser> query_users;
  for (std::size_t begin = 0; begin < queries.size(); begin += kTowerBlock) {
    const std::size_t end = std::min(queries.size(), begin + kTowerBlock);
    query_users.clear();
    for (std::size_t q = begin; q < end; ++q) query_users.push_back(encoder_->encode(queries[q]));
    tape.begin(nn::Mode::infer);
    const MatrixView<const float> vectors =
        query_user_->forward(tape, encoder_->encode_query_users(query_users, tape.arena())).value();
    for (std::size_t q = begin; q < end; ++q) {
      std::copy_n(vectors.row(q - begin).data(), vectors.cols, out.row(q).data());
    }
  }
}

void TowerModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  Matrix<float> map = item_vectors_;
  center(map);
  cosine_to_rows(std::as_const(map).view(), map.row(item.index), out);
}

void TowerModel::do_user_similarity(const Query& query, std::span<float> out) const {
  std::vector<Query> queries;
  for (std::size_t u = 0; u < out.size(); ++u) queries.push_back(Query::known(UserRow(u)));
  queries.push_back(query);
  Matrix<float> map(queries.size(), item_vectors_.cols());
  do_query_vectors(queries, map.view());
  center(map);
  cosine_to_rows(std::as_const(map).view().slice(0, out.size()), map.row(out.size()), out);
}

}  // namespace gusto
