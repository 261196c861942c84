#include "gusto/nn/candidate_task.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/linalg.h"
#include "gusto/base/parallel.h"
#include "gusto/base/random.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();
// So many users speak for the batch when hard negatives are chosen.
constexpr std::size_t kSpokesmen = 64;
// Tells the keys of items' shards from those of users'.
constexpr std::uint64_t kOfItems = 0x6974656D73;

bool draws(const CandidateOptions& options) {
  return options.sampling == Sampling::uniform || options.sampling == Sampling::popularity ||
         options.sampling == Sampling::hard;
}

void check(const CandidateOptions& options) {
  const std::string_view sampling = kSamplingNames[static_cast<std::size_t>(options.sampling)];
  if (draws(options) && options.negatives == 0) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The sampling {} needs negatives, and negatives is 0.", sampling),
                "Set negatives, such as negatives=1000.");
  }
  if (!draws(options) && options.sampling != Sampling::in_batch && options.negatives > 0) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The sampling {} draws no items, and negatives is {}.", sampling, options.negatives),
                "Leave negatives out, or set sampling=uniform, popularity, hard or in-batch.");
  }
  if (options.accidental_hits == Hits::keep &&
      (options.sampling != Sampling::in_batch || options.loss != CandidateLoss::softmax)) {
    throw Error(ErrorCode::invalid_option,
                "Copies of a target are kept among the items of a batch and by softmax only.",
                "Set accidental_hits=target, or sampling=in-batch and loss=softmax.");
  }
  if (options.calibration > 0 && (options.loss != CandidateLoss::binary || !draws(options))) {
    throw Error(ErrorCode::invalid_option, "The calibration of gBCE is for loss=binary with drawn items only.",
                "Set calibration=0, or loss=binary and sampling=uniform.");
  }
  if (options.sampling == Sampling::none && options.loss == CandidateLoss::softmax) {
    throw Error(ErrorCode::invalid_option, "Without candidates a softmax has nothing to tell the target from.",
                "Set loss=binary, or another sampling.");
  }
}

}  // namespace

std::vector<std::uint32_t> frequencies(const Dataset& data) {
  std::vector<std::uint32_t> counts(data.item_count());
  for (const ItemRow item : data.items()) ++counts[item.index];
  return counts;
}

CandidateTask::CandidateTask(const RetrievalNetwork& network, const Dataset& data, const CandidateOptions& options)
    : network_(network),
      data_(data),
      options_(options),
      sampler_(frequencies(data), network.target_counts(), options),
      place_(options.accidental_hits == Hits::history ? data.item_count() : 0, kNowhere) {
  check(options);
  if (options.accidental_hits == Hits::history) learn_histories();
}

void CandidateTask::learn_histories() {
  known_offsets_.push_back(0);
  for (std::size_t u = 0; u < data_.user_count(); ++u) {
    for (std::uint64_t e = data_.offsets()[u]; e < data_.offsets()[u + 1]; ++e) {
      if (!network_.holds_out(e)) known_items_.push_back(data_.items()[e].index);
    }
    known_offsets_.push_back(known_items_.size());
  }
}

std::size_t CandidateTask::query_tapes(std::size_t examples) const {
  return (examples + network_.shard_size() - 1) / network_.shard_size();
}

std::size_t CandidateTask::tapes(std::size_t examples) const {
  const std::size_t candidates = sampler_.most(examples * network_.rows_per_example());
  return query_tapes(examples) + (candidates + kShardSize - 1) / kShardSize;
}

void CandidateTask::ask(std::span<const std::uint32_t> examples, std::uint64_t key, std::span<Tape> tapes,
                        ThreadPool& pool) {
  query_users_.resize(tapes.size());
  const auto forward = [&](std::size_t shard, unsigned) {
    const std::size_t begin = shard * network_.shard_size();
    const std::size_t size = std::min(network_.shard_size(), examples.size() - begin);
    tapes[shard].begin(Mode::train, mix(key + shard));
    query_users_[shard] = network_.ask(tapes[shard], examples.subspan(begin, size), mix(key + shard));
  };
  pool.run(tapes.size(), std::ref(forward));

  first_row_.assign(1, 0);
  targets_.clear();
  users_.clear();
  for (const QueryVectors& query_users : query_users_) {
    first_row_.push_back(first_row_.back() + query_users.vectors.rows());
    targets_.insert(targets_.end(), query_users.targets.begin(), query_users.targets.end());
    users_.insert(users_.end(), query_users.users.begin(), query_users.users.end());
  }
  dim_ = query_users_.front().vectors.cols();
  query_user_vectors_.resize(targets_.size() * dim_);
  for (std::size_t shard = 0; shard < query_users_.size(); ++shard) {
    const MatrixView<const float> from = query_users_[shard].vectors.value();
    float* to = query_user_vectors_.data() + first_row_[shard] * dim_;
    for (std::size_t r = 0; r < from.rows; ++r) std::copy_n(from.row(r).data(), dim_, to + r * dim_);
  }
}

void CandidateTask::run_items(std::span<const std::uint32_t> items, std::uint64_t key, Mode mode, std::span<Tape> tapes,
                              ThreadPool& pool, AlignedVector<float>& vectors) {
  const std::size_t shards = (items.size() + kShardSize - 1) / kShardSize;
  item_vars_.resize(shards);
  const auto forward = [&](std::size_t shard, unsigned) {
    const std::size_t begin = shard * kShardSize;
    tapes[shard].begin(mode, mix(key + shard));
    item_vars_[shard] =
        network_.items(tapes[shard], items.subspan(begin, std::min(kShardSize, items.size() - begin)), key);
  };
  pool.run(shards, std::ref(forward));
  dim_ = item_vars_.front().cols();
  vectors.resize(items.size() * dim_);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    const MatrixView<const float> from = item_vars_[shard].value();
    float* to = vectors.data() + shard * kShardSize * dim_;
    for (std::size_t r = 0; r < from.rows; ++r) std::copy_n(from.row(r).data(), dim_, to + r * dim_);
  }
}

// The mean of some users' softmax over the pool.
void CandidateTask::pool_shares(std::span<const std::uint32_t> items, std::span<const float> offsets, std::uint64_t key,
                                std::span<float> shares, ThreadPool& pool) {
  std::vector<Tape> tapes((items.size() + kShardSize - 1) / kShardSize);
  AlignedVector<float> vectors;
  run_items(items, key, Mode::infer, tapes, pool, vectors);
  const std::size_t count = std::min(kSpokesmen, targets_.size());
  Matrix<float> spokesmen(count, dim_);
  for (std::size_t s = 0; s < count; ++s) {
    const std::size_t row = Random(key, "spokesmen", s).below(targets_.size());
    std::copy_n(query_user_vectors_.data() + row * dim_, dim_, spokesmen.row(s).data());
  }
  Matrix<float> logits(count, items.size());
  gemm(Transpose::no, Transpose::yes, static_cast<float>(1 / options_.temperature), spokesmen.view(),
       MatrixView<const float>(vectors.data(), items.size(), dim_), 0, logits.view());
  std::fill(shares.begin(), shares.end(), 0.0F);
  for (std::size_t s = 0; s < count; ++s) {
    const std::span<float> row = logits.row(s);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] += offsets[j];
    const float largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (float& z : row) sum += static_cast<double>(z = std::exp(z - largest));
    for (std::size_t j = 0; j < row.size(); ++j) {
      shares[j] += row[j] / static_cast<float>(sum * static_cast<double>(count));
    }
  }
}

void CandidateTask::draw(std::uint64_t key, ThreadPool& pool) {
  sampler_.draw(
      targets_, key, [&](auto items, auto offsets, auto shares) { pool_shares(items, offsets, key, shares, pool); },
      candidates_);
  hidden_offsets_.clear();
  hidden_.clear();
  if (options_.accidental_hits == Hits::history) hide_history();
}

void CandidateTask::hide_history() {
  for (std::size_t c = 0; c < candidates_.items.size(); ++c) {
    place_[candidates_.items[c]] = static_cast<std::uint32_t>(c);
  }
  hidden_offsets_.push_back(0);
  for (const std::uint32_t user : users_) {
    for (std::uint64_t k = known_offsets_[user]; k < known_offsets_[user + 1]; ++k) {
      const std::uint32_t place = place_[known_items_[k]];
      if (place != kNowhere) hidden_.push_back(place);
    }
    hidden_offsets_.push_back(static_cast<std::uint32_t>(hidden_.size()));
  }
  for (const std::uint32_t item : candidates_.items) place_[item] = kNowhere;
}

void CandidateTask::backward(std::span<Tape> tapes, ThreadPool& pool) {
  const auto run_back = [&](std::size_t shard, unsigned) {
    const bool asks = shard < query_users_.size();
    const Var result = asks ? query_users_[shard].vectors : item_vars_[shard - query_users_.size()];
    float* const gradient = asks ? query_user_gradient_.data() + first_row_[shard] * dim_
                                 : item_gradient_.data() + (shard - query_users_.size()) * kShardSize * dim_;
    const std::pair<Var, MatrixView<const float>> seed{result, {gradient, result.rows(), dim_}};
    tapes[shard].backward({&seed, 1});
  };
  pool.run(query_users_.size() + item_vars_.size(), std::ref(run_back));
}

double CandidateTask::run(std::span<const std::uint32_t> examples, std::uint64_t key, std::span<Tape> tapes,
                          ThreadPool& pool) {
  const std::size_t shards = query_tapes(examples.size());
  ask(examples, key, tapes.first(shards), pool);
  draw(key, pool);
  run_items(candidates_.items, mix(key ^ kOfItems), Mode::train, tapes.subspan(shards), pool, item_vectors_);
  for (Tape& idle : tapes.subspan(shards + item_vars_.size())) idle.begin(Mode::train);

  const bool binary = options_.loss == CandidateLoss::binary;
  CandidateBatch batch;
  batch.query_users = {query_user_vectors_.data(), targets_.size(), dim_};
  batch.items = {item_vectors_.data(), candidates_.items.size(), dim_};
  batch.targets = candidates_.targets;
  batch.others = binary ? candidates_.counts : candidates_.others;
  batch.own = candidates_.own;
  batch.hidden_offsets = hidden_offsets_;
  batch.hidden = hidden_;
  batch.sharpness = static_cast<float>(1 / options_.temperature);
  batch.loss = options_.loss;
  if (options_.calibration > 0) {
    const double alpha = std::min(1.0, static_cast<double>(options_.negatives) /
                                           std::max(1.0, static_cast<double>(sampler_.catalog().size()) - 1));
    batch.positive = static_cast<float>(alpha * (options_.calibration * (1 - 1 / alpha) + 1 / alpha));
  }
  query_user_gradient_.resize(query_user_vectors_.size());
  item_gradient_.resize(item_vectors_.size());
  const double loss =
      losses_.run(batch, 1 / static_cast<float>(targets_.size()), {query_user_gradient_.data(), targets_.size(), dim_},
                  {item_gradient_.data(), candidates_.items.size(), dim_}, pool);
  if (std::isfinite(loss)) backward(tapes, pool);
  return loss;
}

void CandidateTask::begin_validation(ThreadPool& pool) {
  const std::span<const std::uint32_t> all = sampler_.catalog();
  std::vector<Tape> tapes((all.size() + kShardSize - 1) / kShardSize);
  run_items(all, 0, Mode::infer, tapes, pool, catalog_vectors_);
}

double CandidateTask::validation_error(Tape& tape, std::size_t begin, std::size_t end) {
  const std::span<const std::uint32_t> all = sampler_.catalog();
  const QueryVectors query_users = network_.ask_held_out(tape, begin, end);
  const MatrixView<const float> vectors = query_users.vectors.value();
  const MatrixView<const float> items(catalog_vectors_.data(), all.size(), dim_);
  const MatrixView<float> tile = tape.allocate(std::min(kScored, vectors.rows), all.size());
  const auto place = [&](std::uint32_t item) {
    return static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), item) - all.begin());
  };
  double sum = 0;
  for (std::size_t r = 0; r < vectors.rows; ++r) {
    if (r % kScored == 0) {
      const std::size_t next = std::min(vectors.rows, r + kScored);
      gemm(Transpose::no, Transpose::yes, 1, vectors.slice(r, next), items, 0, tile.slice(0, next - r));
    }
    const std::span<float> row = tile.row(r % kScored);
    const float wanted = row[place(query_users.targets[r])];
    if (!std::isfinite(wanted)) return std::numeric_limits<double>::quiet_NaN();
    for (const ItemRow item : data_.history(UserRow(query_users.users[r])).items) {
      row[place(item.index)] = -std::numeric_limits<float>::infinity();
    }
    const auto ahead = std::count_if(row.begin(), row.end(), [&](float score) { return score >= wanted; });
    sum += 1 - 1 / std::log2(2 + static_cast<double>(ahead));
  }
  return sum;
}

ProgressMetric CandidateTask::validation_metric(double mean) const { return {"ndcg", 1 - mean}; }

}  // namespace gusto::nn
