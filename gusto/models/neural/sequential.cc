#include "gusto/models/neural/sequential.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/neural/fingerprint.h"
#include "gusto/models/shared/data_shape.h"
#include "gusto/models/shared/warm_start.h"
#include "gusto/nn/arena.h"
#include "gusto/nn/learned_rows.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/trainer.h"

namespace gusto {
namespace {

// Queries that are read at once.
constexpr std::size_t kQueriesAtOnce = 16;
constexpr std::size_t kUsualSequenceDim = 128;

/// The shared rows, with what is meant by them here.
constexpr auto training_fields() {
  auto rows = nn::training_fields<SequentialOptions>();
  for (Field& row : rows) {
    if (row.name == "batch_size") {
      row.bounds = between(0, 1 << 16);
      row.search = search_log(8, 512);
      row.help = "Histories in a step; 0 chooses by their number, from 4 to 128.";
    }
    if (row.name == "epochs") row.help = "Most passes over the histories.";
    if (row.name == "validation") {
      row.help = "Share of the users whose last event is held out to stop early; 0: none.";
    }
  }
  return rows;
}

constexpr auto kSequentialFields =
    join(fields(field<&SequentialOptions::dim>("dim", between(0, 4096), search_log(32, 256),
                                               "Width of all vectors; 0: 128, fewer where users or items are few."),
                field<&SequentialOptions::blocks>("blocks", between(1, 64), search_linear(1, 4),
                                                  "Blocks of attention and a hidden layer."),
                field<&SequentialOptions::heads>("heads", between(1, 64), search_none(),
                                                 "Heads of attention, which share dim equally."),
                field<&SequentialOptions::length>("length", between(1, 65536), search_log(20, 500),
                                                  "Most events of a history that are read: the latest."),
                field<&SequentialOptions::hidden>("hidden", between(1, 16384), search_log(64, 1024),
                                                  "Width of a block's hidden layer."),
                field<&SequentialOptions::dropout>("dropout", between(0, 0.95), search_linear(0.1, 0.5),
                                                   "Share of numbers left out in training, at every stage."),
                choice<&SequentialOptions::loss>("loss", nn::kCandidateLossNames, "What training minimizes."),
                choice<&SequentialOptions::sampling>(
                    "sampling", nn::kSamplingNames,
                    "What an event's item is contrasted with: every item, those of the batch, or "
                    "drawn ones."),
                field<&SequentialOptions::negatives>("negatives", between(0, 1 << 20), search_none(),
                                                     "Items drawn for a batch, where sampling draws."),
                field<&SequentialOptions::power>("power", between(0, 2), search_none(),
                                                 "With sampling=popularity, the power of an item's number of events."),
                field<&SequentialOptions::calibration>("calibration", between(0, 1), search_none(),
                                                       "With loss=binary, the calibration t of gBCE; 0: plain."),
                field<&SequentialOptions::like_threshold>("like_threshold", {}, search_none(),
                                                          "Ratings, likes: value from which an event counts.")),
         training_fields());

/// The power of two that gives some 200 to 400 steps an epoch.
int chosen_batch_size(std::size_t windows) {
  constexpr std::size_t kSteps = 200;
  return static_cast<int>(std::clamp<std::size_t>(std::bit_floor(windows / kSteps + 1), 4, 128));
}

}  // namespace

SequentialOptions::SequentialOptions() {
  epochs = 24;
  learning_rate = 0.001;
}

constexpr ModelInfo kSequentialInfo{
    .name = "sequential",
    .summary = "A self-attention network that reads the history in its order.",
    .about =
        "The history's last events, each an item's embedding and its place, go through blocks of causal attention "
        "and hidden layers; what comes out at the last one is matched with the items' embeddings. Trained at every "
        "event to find the next among all items by softmax, or among drawn ones, by softmax or by gBCE. To use "
        "where the order of events says what comes next; it answers at once for anyone with a history, and learns "
        "nothing of who they are beside it. All events of a history count the same. Where events are withheld at "
        "random instead of the latest, or few histories are there to learn from, popularity may rank better. Source: "
        "Kang & McAuley: "
        "Self-attentive sequential recommendation, ICDM "
        "2018; the full softmax as in Klenitskiy & Vasilev: Turning dross into gold loss, RecSys 2023; gBCE: "
        "Petrov & Macdonald: gSASRec, RecSys 2023.",
    .fields = kSequentialFields,
    .abilities =
        {.personalized = true, .fold_in = FoldIn::exact, .item_vectors = true, .checkpoints = true, .continues = true},
    .make = &make_with<SequentialModel>,
};

std::uint64_t SequentialModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const SequentialOptions& of = options();
  const std::uint64_t dim = settled_dim(of.dim, kUsualSequenceDim, data, Task::top_n),
                      hidden = static_cast<std::uint64_t>(of.hidden);
  const auto blocks = static_cast<std::uint64_t>(of.blocks);
  auto length = static_cast<std::uint64_t>(of.length);
  const std::uint64_t parameters =
      (data.item_count() + 1 + length) * dim + blocks * (4 * dim * dim + 2 * dim * hidden + 10 * dim + hidden);
  // Windows are no longer than histories are.
  std::uint64_t longest = 1;
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    longest = std::max<std::uint64_t>(longest, data.offsets()[u + 1] - data.offsets()[u]);
  }
  length = std::min(length, longest);
  const std::uint64_t windows = data.user_count() + data.event_count() / length;
  const std::uint64_t batch = of.batch_size > 0 ? static_cast<std::uint64_t>(of.batch_size)
                                                : static_cast<std::uint64_t>(chosen_batch_size(windows));
  const std::uint64_t tokens = std::min(batch * length, data.event_count());
  const std::uint64_t a_token =
      blocks * (30 * dim + 5 * hidden + 2 * length * static_cast<std::uint64_t>(of.heads)) + 14 * dim;
  // Values, two of the optimizer's, the best epoch's; gradients of layers by shard; of candidates by group.
  const std::uint64_t gradients = (batch / 4 + 1) * blocks * (4 * dim + 2 * hidden) * dim;
  const std::uint64_t validation = data.item_count() * (dim + nn::CandidateTask::kScored * threads);
  const std::uint64_t fitting = 4 * (3 * parameters + tokens * a_token + gradients + validation) +
                                (batch / 4 + 1) * nn::Arena::memory_need(0) + (windows + data.user_count()) * 32 +
                                nn::CandidateLosses::memory_need(data.item_count(), dim, threads);
  // Forward passes need half of it, and keep the last block's of the last tokens only.
  const std::uint64_t scoring = threads * nn::Arena::memory_need(kQueriesAtOnce * length * a_token / 2);
  return 4 * parameters + std::max(fitting + data.event_count() * 4, scoring);
}

void SequentialModel::prepare(const Dataset& data, std::size_t dim, std::unique_ptr<nn::ParameterSet> parameters) {
  const SequentialOptions& of = options();
  if (dim % static_cast<std::size_t>(of.heads) != 0) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} heads cannot share a dim of {} equally.", of.heads, dim),
                "Set heads to a divisor of dim.");
  }
  const auto threshold = static_cast<float>(of.like_threshold);
  const bool any = std::any_of(data.values().begin(), data.values().end(), [&](float v) { return v >= threshold; });
  least_ = task() != Task::top_n && any ? threshold : std::numeric_limits<float>::lowest();
  const auto size = [](int value) { return static_cast<std::size_t>(value); };
  parameters_ = std::move(parameters);
  network_.emplace(SequenceShape{data.item_count(), size(of.length), dim, size(of.blocks), size(of.heads),
                                 size(of.hidden), of.dropout},
                   *parameters_);
}

void SequentialModel::go_on(const Dataset& data, const SequentialModel& from) {
  std::vector<std::optional<std::uint32_t>> tokens{0};
  for (const auto& item : WarmStart(data, from).items) {
    tokens.push_back(item ? std::optional(*item + 1) : std::nullopt);
  }
  for (std::size_t p = 0; p < parameters_->size(); ++p) {
    nn::Parameter& parameter = (*parameters_)[p];
    const nn::Parameter* const learned = from.parameters_->find(parameter.name);
    const bool of_items = parameter.values.rows() == tokens.size() && parameter.name == "tokens";
    if (learned == nullptr) {
      throw Error(ErrorCode::invalid_option, "The model to go on from has fewer blocks.", "Leave blocks as it was.");
    }
    nn::copy_learned(*learned,
                     of_items ? std::span<const std::optional<std::uint32_t>>(tokens)
                              : std::span<const std::optional<std::uint32_t>>(),
                     parameter);
  }
}

void SequentialModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  const auto* const start = static_cast<const SequentialModel*>(fit.from);
  const std::size_t dim = start != nullptr && options().dim == 0
                              ? start->network_->shape().dim
                              : settled_dim(options().dim, kUsualSequenceDim, data, Task::top_n);
  prepare(data, dim, std::make_unique<nn::ParameterSet>(fit.seed));
  if (start != nullptr) go_on(data, *start);
  const SequentialOptions& of = options();
  const SequenceTask sequences(*network_, sequences_of(data, least_), of.validation, fit.seed);
  nn::CandidateOptions candidates;
  candidates.sampling = of.sampling;
  const bool draws = of.sampling != nn::Sampling::full && of.sampling != nn::Sampling::none;
  candidates.negatives = draws ? static_cast<std::size_t>(of.negatives) : 0;
  candidates.power = of.power;
  candidates.loss = of.loss;
  candidates.calibration = draws && of.loss == nn::CandidateLoss::binary ? of.calibration : 0;
  nn::CandidateTask training(sequences, data, candidates);
  nn::TrainingOptions steps = steps_of(of, fit);
  if (steps.batch_size == 0) steps.batch_size = chosen_batch_size(sequences.size());
  nn::train(*parameters_, training, steps, training_run(*this, data, fit), context);
  for (std::size_t p = 0; p < parameters_->size(); ++p) {
    require_finite((*parameters_)[p].name, (*parameters_)[p].values.values());
  }
  network_->reset_untrained_items(nn::frequencies(data));
}

void SequentialModel::save_state(TensorWriter& out) const {
  parameters_->save(out, "network/");
  if (options().dim == 0) out.add("dim", std::vector<std::uint32_t>{static_cast<std::uint32_t>(network_->shape().dim)});
}

void SequentialModel::do_load(const TensorFile& in) {
  const std::size_t dim =
      options().dim > 0 ? static_cast<std::size_t>(options().dim) : in.vector<std::uint32_t>("dim", 1).front();
  prepare(data(), dim, std::make_unique<nn::ParameterSet>(in, "network/"));
}

void SequentialModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  const std::size_t length = network_->shape().length;
  nn::Tape tape;
  std::vector<HistoryEvent> storage;
  std::vector<std::uint32_t> tokens, offsets;
  for (std::size_t first = 0; first < queries.size(); first += kQueriesAtOnce) {
    const std::size_t last = std::min(first + kQueriesAtOnce, queries.size());
    tokens.clear();
    offsets.assign(1, 0);
    for (std::size_t q = first; q < last; ++q) {
      const std::size_t begin = tokens.size();
      tokens.push_back(0);
      for (const HistoryEvent& event : history_of(queries[q], storage)) {
        if (event.value >= least_) tokens.push_back(event.item.index + 1);
      }
      const std::size_t size = tokens.size() - begin;
      if (size > length) {
        const auto at = tokens.begin() + static_cast<std::ptrdiff_t>(begin);
        tokens.erase(at, at + static_cast<std::ptrdiff_t>(size - length));
      }
      offsets.push_back(static_cast<std::uint32_t>(tokens.size()));
    }
    tape.begin(nn::Mode::infer);
    const MatrixView<const float> found = network_->forward(tape, tokens, offsets, /*only_last=*/true).value();
    for (std::size_t r = 0; r < found.rows; ++r) {
      std::copy_n(found.row(r).data(), found.cols, out.row(first + r).data());
    }
  }
}

}  // namespace gusto
