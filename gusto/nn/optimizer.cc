#include "gusto/nn/optimizer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include <fmt/core.h>

#include "gusto/base/parallel.h"
#include "gusto/base/tensor_file.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

// An embedding's rows are shared out in parts with gradients of at least so many numbers, and no more parts than occupy
// all threads: each looks at all of the batch's ids. A row's gradient is the same sum in whatever part it is. The norm
// that clipping needs is not: it adds up parts, so then there are as many whatever the threads.
constexpr std::size_t kNumbersPerPart = 16384;
constexpr std::size_t kPartsToClip = 16;

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
    : parameters_(parameters), options_(options), states_(parameters.size()) {
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

// Shards of one kind lie side by side and differ in data, not in structure: the first of each kind tells what there is.
void Optimizer::find_structure(std::span<const Tape> shards) {
  sparse_structure_.clear();
  dense_structure_.clear();
  const auto same = [](const auto& a, const auto& b) { return a.parameter == b.parameter; };
  for (std::size_t shard = 0; shard < shards.size(); ++shard) {
    const auto sparse = shards[shard].sparse();
    const auto dense = shards[shard].dense();
    if (shard > 0) {
      const auto sparse_before = shards[shard - 1].sparse();
      const auto dense_before = shards[shard - 1].dense();
      if (std::equal(sparse.begin(), sparse.end(), sparse_before.begin(), sparse_before.end(), same) &&
          std::equal(dense.begin(), dense.end(), dense_before.begin(), dense_before.end(), same)) {
        continue;
      }
    }
    sparse_structure_.insert(sparse_structure_.end(), sparse.begin(), sparse.end());
    for (const DenseGradient& part : dense) {
      if (std::find(dense_structure_.begin(), dense_structure_.end(), part.parameter) == dense_structure_.end()) {
        dense_structure_.push_back(part.parameter);
      }
    }
  }
}

void Optimizer::group(std::span<const Tape> shards) {
  group_count_ = 0;
  const auto next_group = [&]() -> Group& {
    if (group_count_ == groups_.size()) groups_.emplace_back();
    Group& added = groups_[group_count_++];
    added.members.clear();
    added.sources.clear();
    added.lookups = 0;
    return added;
  };
  const auto is_same = [](const Bag& a, const Bag& b) {
    return a.ids.data() == b.ids.data() && a.offsets.data() == b.offsets.data() && a.weights.data() == b.weights.data();
  };
  find_structure(shards);
  const std::span<const SparseGradient> first = sparse_structure_;
  const auto once = [&](const Parameter* parameter) {
    return std::count_if(first.begin(), first.end(), [&](const auto& s) { return s.parameter == parameter; }) == 1;
  };
  for (std::size_t s = 0; s < first.size(); ++s) {
    const Parameter* leader = first[s].parameter;
    const auto before = first.first(s);
    const bool grouped = std::any_of(before.begin(), before.end(), [&](const SparseGradient& earlier) {
      return earlier.parameter == leader ||
             (once(leader) && once(earlier.parameter) && is_same(earlier.bag, first[s].bag));
    });
    if (grouped) continue;
    Group& added = next_group();
    added.members.push_back(leader->index);
    if (once(leader)) {
      for (const SparseGradient& later : first.subspan(s + 1)) {
        if (once(later.parameter) && is_same(later.bag, first[s].bag)) added.members.push_back(later.parameter->index);
      }
    }
    for (const std::size_t member : added.members) {
      for (const Tape& shard : shards) {
        for (const SparseGradient& sparse : shard.sparse()) {
          if (sparse.parameter->index != member) continue;
          added.sources.push_back({sparse.gradient.data, sparse.gradient.stride});
          if (member == leader->index) added.lookups += sparse.bag.ids.size();
        }
      }
    }
  }
  for (const Parameter* dense : dense_structure_) {
    Group& added = next_group();
    added.members.push_back(dense->index);
    for (const Tape& shard : shards) {
      for (const DenseGradient& part : shard.dense()) {
        if (part.parameter == dense) added.sources.push_back({part.gradient.data, part.gradient.stride});
      }
    }
  }
}

void Optimizer::plan(unsigned threads) {
  const std::size_t most_parts = options_.clip > 0 ? kPartsToClip : std::bit_ceil(threads);
  work_count_ = 0;
  for (std::size_t g = 0; g < group_count_; ++g) {
    const Parameter& leader = parameters_[groups_[g].members.front()];
    std::size_t parts = 1;
    if (leader.kind == ParameterKind::embedding) {
      const std::size_t numbers = std::min(groups_[g].lookups, leader.values.rows()) * leader.values.cols();
      parts = std::clamp<std::size_t>(std::bit_floor(numbers / kNumbersPerPart), 1, most_parts);
    }
    for (std::size_t part = 0; part < parts; ++part) {
      if (work_count_ == works_.size()) works_.emplace_back();
      Work& work = works_[work_count_++];
      work.group = g;
      work.part = static_cast<std::uint32_t>(part);
      work.parts = static_cast<std::uint32_t>(parts);
    }
  }
}

UpdateTarget Optimizer::target(std::size_t parameter, double batch_share) {
  State& state = states_[parameter];
  Parameter& updated = parameters_[parameter];
  return {updated.values.values().data(), state.first.empty() ? nullptr : state.first.values().data(),
          state.second.empty() ? nullptr : state.second.values().data(), updated.values.cols(),
          static_cast<float>(updated.reg * batch_share)};
}

std::span<const GradientSource> Optimizer::sources(const Group& group, std::size_t member) const {
  const std::size_t each = group.sources.size() / group.members.size();
  return std::span(group.sources).subspan(member * each, each);
}

void Optimizer::collect(Work& work, std::span<const Tape> shards) {
  work.rows.clear();
  work.tails.clear();
  work.pieces.clear();
  if (parameters_[groups_[work.group].members.front()].kind == ParameterKind::embedding) {
    collect_sparse(work, shards);
  } else {
    collect_dense(work);
  }
  // Another batch may touch somewhat more: room to spare, so that it needs no allocation.
  const auto keep_spare = [](auto& list) {
    if (list.capacity() < list.size() + list.size() / 4) list.reserve(list.size() + list.size() / 2);
  };
  keep_spare(work.rows);
  keep_spare(work.tails);
  keep_spare(work.pieces);
}

void Optimizer::collect_dense(Work& work) {
  const Group& group = groups_[work.group];
  const auto count = static_cast<std::uint32_t>(group.sources.size());
  const auto rows = static_cast<std::uint32_t>(parameters_[group.members.front()].values.rows());
  for (std::uint32_t row = 0; row < rows; ++row) {
    work.rows.push_back({row, row * count, 0, 1});
    for (std::uint32_t source = 0; source < count; ++source) {
      const bool last = source + 1 == count;
      work.pieces.push_back({source, row, 1, last ? GradientPiece::kEnd : row * count + source + 1});
    }
  }
}

void Optimizer::collect_sparse(Work& work, std::span<const Tape> shards) {
  Parameter& leader = parameters_[groups_[work.group].members.front()];
  std::uint64_t* const seen_rows = states_[leader.index].seen.data();
  const std::uint64_t step = steps_;
  const std::uint32_t part = work.part;
  const std::uint32_t parts = work.parts;
  std::uint32_t source = 0;
  const auto add = [&](std::uint32_t id, std::size_t example, float weight) {
    if (part_of(id, parts) != part) return;
    const auto piece = static_cast<std::uint32_t>(work.pieces.size());
    GradientPiece& added = work.pieces.emplace_back();
    added.source = source;
    added.example = static_cast<std::uint32_t>(example);
    added.weight = weight;
    added.next = GradientPiece::kEnd;
    const std::uint64_t seen = seen_rows[id];
    if (seen >> kPlaceBits == step) {
      const std::size_t place = seen & kPlaceMask;
      work.pieces[work.tails[place]].next = piece;
      work.tails[place] = piece;
      work.rows[place].lookups += 1;
      return;
    }
    seen_rows[id] = step << kPlaceBits | work.rows.size();
    work.tails.push_back(piece);
    TouchedRow& row = work.rows.emplace_back();
    row.row = id;
    row.head = piece;
    row.lookups = 1;
    row.read = leader.decay == nullptr ? 1 : leader.decay->factor(id);
  };
  for (const Tape& shard : shards) {
    for (const SparseGradient& sparse : shard.sparse()) {
      if (sparse.parameter != &leader) continue;
      const Bag& bag = sparse.bag;
      if (bag.offsets.empty() && bag.weights.empty()) {
        for (std::size_t example = 0; example < bag.rows; ++example) add(bag.ids[example], example, 1);
      } else {
        for (std::size_t example = 0; example < bag.rows; ++example) {
          for (std::size_t entry = bag.begin(example); entry < bag.end(example); ++entry) {
            add(bag.ids[entry], example, bag.weight(entry));
          }
        }
      }
      ++source;
    }
  }
}

void Optimizer::step(std::span<const Tape> shards, double learning_rate, double batch_share, ThreadPool& pool) {
  ++steps_;
  group(shards);
  plan(pool.threads());
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

  if (options_.clip > 0) {
    const auto measure = [&](std::size_t w, unsigned) {
      Work& work = works_[w];
      const Group& group = groups_[work.group];
      collect(work, shards);
      work.norm = 0;
      for (std::size_t m = 0; m < group.members.size(); ++m) {
        work.norm += gradient_norm(target(group.members[m], batch_share), work.rows, work.pieces, sources(group, m));
      }
    };
    pool.run(work_count_, std::ref(measure));
    double norm = 0;
    for (std::size_t w = 0; w < work_count_; ++w) norm += works_[w].norm;
    if (std::sqrt(norm) > options_.clip) rates.gradient_scale = static_cast<float>(options_.clip / std::sqrt(norm));
  }
  const auto update = [&](std::size_t w, unsigned) {
    Work& work = works_[w];
    const Group& group = groups_[work.group];
    if (options_.clip == 0) collect(work, shards);
    for (std::size_t m = 0; m < group.members.size(); ++m) {
      Parameter& parameter = parameters_[group.members[m]];
      StepRates own = rates;
      if (decays(options_, parameter.kind)) own.keep = static_cast<float>(decay);
      update_rows(target(group.members[m], batch_share), work.rows, work.pieces, sources(group, m), own);
      if (parameter.decay == nullptr) continue;
      for (const TouchedRow& row : work.rows) {
        parameter.decay->written[row.row] = static_cast<std::uint32_t>(parameter.decay->log_factor.size());
      }
    }
  };
  pool.run(work_count_, std::ref(update));
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    LazyDecay* lazy = parameters_[p].decay.get();
    if (lazy != nullptr) lazy->log_factor.push_back(lazy->log_factor.back() + std::log(decay));
  }
}

void Optimizer::reserve(std::size_t steps) {
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    if (parameters_[p].decay != nullptr) parameters_[p].decay->log_factor.reserve(steps + 1);
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
