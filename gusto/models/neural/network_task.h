#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gusto/models/neural/network_objective.h"
#include "gusto/nn/encoder.h"
#include "gusto/nn/network.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/trainer.h"

namespace gusto {

/// Training on events, and for top-n, where events are drawn by their strengths, on items drawn against them.
class NetworkTask final : public nn::ShardedTask {
 public:
  NetworkTask(const nn::Network& network, const nn::Encoder& encoder, const NetworkObjective& objective, Task task,
              const NetworkOptions& options, std::uint64_t seed);

  std::size_t size() const override { return events_.size() * (1 + against_); }
  std::vector<float> strengths() const override;
  nn::Var loss(nn::Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key, float scale) override;
  std::size_t validation_size() const override { return held_out_.size() * (1 + against_); }
  double validation_error(nn::Tape& tape, std::size_t begin, std::size_t end) override;
  ProgressMetric validation_metric(double mean) const override { return objective_.metric(mean); }

 private:
  /// An event as training looks at it, in one piece: they are met in random order.
  struct Sample {
    nn::Example example;
    float target;
  };
  /// Sample n of a list in which each event is followed by the items drawn against it.
  Sample sample(std::span<const Sample> events, std::size_t n, std::uint64_t key) const;
  /// An item that the user has no event with, if such a one is found within a few draws.
  ItemRow draw_other(UserRow user, std::uint64_t key, std::size_t n) const;

  const nn::Network& network_;
  const nn::Encoder& encoder_;
  const NetworkObjective& objective_;
  const Dataset& data_;
  std::size_t against_;  // items drawn against each event, as examples of their own
  double unknown_;
  std::vector<Sample> events_, held_out_;
};

}  // namespace gusto
