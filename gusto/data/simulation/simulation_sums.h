#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/data/simulation/simulation_truth.h"

namespace gusto {

/// Adds up what TruthFigures are made of while users' events pass by, block by block of users.
///
/// Memory   an item and thread: 1 byte; a block: 32
/// Threads  add() may be called concurrently for different blocks and workers
class RatingSums {
 public:
  RatingSums(const Simulation& simulation, unsigned threads);
  /// Users of a block: so many that it has about 65,536 events, at most 4,096. By the data alone.
  static std::size_t users_per_block(const Simulation& simulation);
  std::size_t blocks() const { return blocks_.size(); }

  void add(std::span<const SimulatedEvent> events, bool whole_stars, std::size_t block, unsigned worker);
  /// Once all have passed: adds the blocks up in order, and measures the ranking. Error(canceled)
  TruthFigures finish(Context& context) const;

 private:
  struct Sums {
    double ratings = 0;
    double squares = 0;
    double errors = 0;   // squared
    double fourths = 0;  // to the fourth power
  };
  const Simulation& simulation_;
  std::vector<Sums> blocks_;
  std::vector<std::vector<std::uint8_t>> present_;  // by worker
};

}  // namespace gusto
