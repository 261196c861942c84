#include "gusto/nn/optimizer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>

#include <fmt/format.h>

namespace gusto::nn {
namespace {

// An embedding's rows are shared out in parts with gradients of at least so many numbers, and no more parts than occupy all
// threads: each looks at all of the batch's ids. A row's gradient is the same sum in whatever part it is.
constexpr std::size_t kNumbersPerPart = 16384;

constexpr std::uint64_t kPlaceBits = 24;  // of State::seen: rows of a part, in one step
constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;

bool keeps_first(const OptimizerOptions& options) { return options.kind != OptimizerKind::sgd || options.momentum > 0; }
bool keeps_second(const OptimizerOptions& options) {
  return options.kind == OptimizerKind::adam || options.kind == OptimizerKind::adamw;
}
bool decays(const OptimizerOptions& options, ParameterKind kind) {
  return options.weight_decay > 0 && kind != ParameterKind::offsets &&
         (options.kind == OptimizerKind::adamw || options.kind == OptimizerKind::sgd);
}

// Spreads ids over parts without regard to how they are ordered.
std::uint32_t part_of(std::uint32_t id, std::uint32_t parts) { return ((id * 0x9e3779b1U) >> 16) & (parts - 1); }

}  // namespace

Optimizer::Optimizer(ParameterSet& parameters, const OptimizerOptions& options)
    : parameters_(parameters), options_(options), states_(parameters.size()), entries_(parameters.size()) {
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    Parameter& parameter = parameters[p];
    State& state = states_[p];
    const std::size_t rows = parameter.values.rows();
    if (keeps_first(options)) state.first = Matrix<float>(rows, parameter.values.cols());
    if (keeps_second(options)) state.second = Matrix<float>(rows, parameter.values.cols());
    if (parameter.kind != ParameterKind::embedding) continue;
    state.seen.resize(rows);
    if (!decays(options, parameter.kind)) continue;
    parameter.decay = std::make_unique<LazyDecay>();
    parameter.decay->written.resize(rows);
  }
}

Optimizer::~Optimizer() {
  for (std::size_t p = 0; p < parameters_.size(); ++p) parameters_[p].decay.reset();
}

Optimizer::Work& Optimizer::next_work() {
  if (work_count_ == works_.size()) works_.emplace_back();
  return works_[work_count_++];
}

void Optimizer::plan(std::span<const Tape> shards, unsigned threads) {
  const std::size_t most_parts = threads == 1 ? 1 : 2 * std::bit_ceil(threads);
  work_count_ = 0;
  std::fill(entries_.begin(), entries_.end(), 0);
  for (const Tape& shard : shards) {
    for (const DenseGradient& dense : shard.dense()) entries_[dense.parameter->index] = 1;
    for (const SparseGradient& sparse : shard.sparse()) entries_[sparse.parameter->index] += sparse.bag.ids.size();
  }
  for (std::size_t p = 0; p < entries_.size(); ++p) {
    if (entries_[p] == 0) continue;
    std::size_t parts = 1;
    if (parameters_[p].kind == ParameterKind::embedding) {
      const std::size_t numbers = std::min(entries_[p], parameters_[p].values.rows()) * parameters_[p].values.cols();
      parts = std::clamp<std::size_t>(std::bit_floor(numbers / kNumbersPerPart), 1, most_parts);
    }
    for (std::size_t part = 0; part < parts; ++part) {
      Work& work = next_work();
      work.parameter = p;
      work.part = static_cast<std::uint32_t>(part);
      work.parts = static_cast<std::uint32_t>(parts);
    }
  }
}

void Optimizer::add_row(Work& work, std::size_t row, std::uint32_t head, float reg) {
  State& state = states_[work.parameter];
  const std::size_t at = row * parameters_[work.parameter].values.cols();
  RowUpdate& added = work.rows.emplace_back();
  added.values = parameters_[work.parameter].values.values().data() + at;
  added.first = state.first.empty() ? nullptr : state.first.values().data() + at;
  added.second = state.second.empty() ? nullptr : state.second.values().data() + at;
  added.read = 1;
  added.reg = reg;
  added.head = head;
  work.tails.push_back(head);
}

void Optimizer::collect(Work& work, std::span<const Tape> shards, double batch_share) {
  work.rows.clear();
  work.tails.clear();
  work.pieces.clear();
  if (parameters_[work.parameter].kind == ParameterKind::embedding) {
    collect_sparse(work, shards, batch_share);
  } else {
    collect_dense(work, shards);
  }
}

void Optimizer::collect_dense(Work& work, std::span<const Tape> shards) {
  const std::size_t rows = parameters_[work.parameter].values.rows();
  for (std::size_t row = 0; row < rows; ++row) add_row(work, row, GradientPiece::kEnd, 0);
  for (const Tape& shard : shards) {
    for (const DenseGradient& dense : shard.dense()) {
      if (dense.parameter->index != work.parameter) continue;
      for (std::size_t row = 0; row < rows; ++row) {
        const auto piece = static_cast<std::uint32_t>(work.pieces.size());
        work.pieces.push_back({dense.gradient.row(row).data(), 1, GradientPiece::kEnd});
        std::uint32_t& tail = work.tails[row];
        (tail == GradientPiece::kEnd ? work.rows[row].head : work.pieces[tail].next) = piece;
        tail = piece;
      }
    }
  }
}

void Optimizer::collect_sparse(Work& work, std::span<const Tape> shards, double batch_share) {
  Parameter& parameter = parameters_[work.parameter];
  std::uint64_t* const seen_rows = states_[work.parameter].seen.data();
  const auto share = static_cast<float>(parameter.reg * batch_share);
  const std::uint64_t step = steps_;
  const std::uint32_t part = work.part;
  const std::uint32_t parts = work.parts;
  const auto add = [&](std::uint32_t id, const float* gradient, float weight) {
    if (part_of(id, parts) != part) return;
    const auto piece = static_cast<std::uint32_t>(work.pieces.size());
    GradientPiece& added = work.pieces.emplace_back();
    added.gradient = gradient;
    added.weight = weight;
    added.next = GradientPiece::kEnd;
    const std::uint64_t seen = seen_rows[id];
    if (seen >> kPlaceBits == step) {
      const std::size_t place = seen & kPlaceMask;
      work.pieces[work.tails[place]].next = piece;
      work.tails[place] = piece;
      work.rows[place].reg += share;
      return;
    }
    seen_rows[id] = step << kPlaceBits | work.rows.size();
    add_row(work, id, piece, share);
    if (parameter.decay == nullptr) return;
    work.rows.back().read = parameter.decay->factor(id);
    parameter.decay->written[id] = static_cast<std::uint32_t>(parameter.decay->log_factor.size());
  };
  for (const Tape& shard : shards) {
    for (const SparseGradient& sparse : shard.sparse()) {
      if (sparse.parameter != &parameter) continue;
      const Bag& bag = sparse.bag;
      const float* gradient = sparse.gradient.data;
      if (bag.offsets.empty() && bag.weights.empty()) {
        for (std::size_t example = 0; example < bag.rows; ++example, gradient += sparse.gradient.stride) {
          add(bag.ids[example], gradient, 1);
        }
        continue;
      }
      for (std::size_t example = 0; example < bag.rows; ++example, gradient += sparse.gradient.stride) {
        for (std::size_t entry = bag.begin(example); entry < bag.end(example); ++entry) {
          add(bag.ids[entry], gradient, bag.weight(entry));
        }
      }
    }
  }
}

void Optimizer::step(std::span<const Tape> shards, double learning_rate, double batch_share, ThreadPool& pool) {
  ++steps_;
  plan(shards, pool.threads());
  StepRates rates{.kind = options_.kind,
                  .rate = static_cast<float>(learning_rate),
                  .first_decay = static_cast<float>(options_.momentum),
                  .second_decay = 0,
                  .epsilon = static_cast<float>(options_.epsilon),
                  .keep = 1,
                  .gradient_scale = 1};
  if (keeps_second(options_)) {
    const auto t = static_cast<double>(steps_);
    const double second = std::sqrt(1 - std::pow(options_.second_decay, t));
    rates.rate = static_cast<float>(learning_rate * second / (1 - std::pow(options_.first_decay, t)));
    rates.first_decay = static_cast<float>(options_.first_decay);
    rates.second_decay = static_cast<float>(options_.second_decay);
    rates.epsilon = static_cast<float>(options_.epsilon * second);
  }
  const double decay = 1 - learning_rate * options_.weight_decay;
  const auto rates_of = [&](const Work& work) {
    StepRates own = rates;
    if (decays(options_, parameters_[work.parameter].kind)) own.keep = static_cast<float>(decay);
    return own;
  };
  const auto width_of = [&](const Work& work) { return parameters_[work.parameter].values.cols(); };

  if (options_.clip > 0) {
    const auto measure = [&](std::size_t w, unsigned) {
      Work& work = works_[w];
      collect(work, shards, batch_share);
      work.norm = gradient_norm(work.rows, work.pieces, width_of(work));
    };
    pool.run(work_count_, std::ref(measure));
    const double norm =
        std::sqrt(std::accumulate(works_.begin(), works_.begin() + static_cast<std::ptrdiff_t>(work_count_), 0.0,
                                  [](double sum, const Work& work) { return sum + work.norm; }));
    if (norm > options_.clip) rates.gradient_scale = static_cast<float>(options_.clip / norm);
  }
  const auto update = [&](std::size_t w, unsigned) {
    Work& work = works_[w];
    if (options_.clip == 0) collect(work, shards, batch_share);
    update_rows(work.rows, work.pieces, width_of(work), rates_of(work));
  };
  pool.run(work_count_, std::ref(update));
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    LazyDecay* lazy = parameters_[p].decay.get();
    if (lazy != nullptr) lazy->log_factor.push_back(lazy->log_factor.back() + std::log(decay));
  }
}

void Optimizer::settle() {
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    Parameter& parameter = parameters_[p];
    if (parameter.decay == nullptr) continue;
    for (std::size_t row = 0; row < parameter.values.rows(); ++row) {
      const float factor = parameter.decay->factor(row);
      for (float& x : parameter.values.row(row)) x *= factor;
    }
    parameter.decay->written.assign(parameter.values.rows(), 0);
    parameter.decay->log_factor.assign(1, 0);
  }
}

void Optimizer::save(TensorWriter& out, std::string_view prefix) const {
  out.add(fmt::format("{}steps", prefix), std::span<const std::uint64_t>(&steps_, 1));
  for (std::size_t p = 0; p < states_.size(); ++p) {
    const std::string& name = parameters_[p].name;
    if (!states_[p].first.empty()) out.add(fmt::format("{}first/{}", prefix, name), states_[p].first);
    if (!states_[p].second.empty()) out.add(fmt::format("{}second/{}", prefix, name), states_[p].second);
  }
}

void Optimizer::load(const TensorFile& in, std::string_view prefix) {
  steps_ = in.vector<std::uint64_t>(fmt::format("{}steps", prefix), 1).front();
  for (std::size_t p = 0; p < states_.size(); ++p) {
    const std::string& name = parameters_[p].name;
    const auto load = [&](Matrix<float>& state, std::string_view kind) {
      if (!state.empty()) {
        state = in.matrix<float>(fmt::format("{}{}/{}", prefix, kind, name), state.rows(), state.cols());
      }
    };
    load(states_[p].first, "first");
    load(states_[p].second, "second");
    std::fill(states_[p].seen.begin(), states_[p].seen.end(), 0);
  }
}

}  // namespace gusto::nn
