#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/matrix.h"
#include "gusto/base/random.h"
#include "gusto/base/steps.h"
#include "gusto/models/bayes/fm_kernels.h"

namespace gusto {

/// A relation block of a factorization machine: rows that events refer to (the users, the items, the days), and what
/// columns each row switches on.
struct FmBlock {
  /// Columns whose weights and factors come from the same normal distributions.
  struct Group {
    std::string name;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  std::string name;
  std::size_t rows = 0;
  bool factors = true;  ///< columns have factors, not only linear weights
  // None stand for one column for each row, of its own, switched on by 1; else the first group are the rows' own
  // columns.
  std::vector<Group> groups;
  // Column j is switched on by weights[n] in row column_rows[n], offsets[j] ≤ n < offsets[j + 1]. Only a design has
  // these.
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::uint32_t> column_rows{};
  std::vector<float> weights{};

  std::size_t columns() const { return groups.empty() ? 0 : groups.back().end; }
  bool shares() const { return columns() > 0; }
  /// Columns that are not a row's own.
  std::size_t shared_columns() const { return shares() ? columns() - groups.front().end : 0; }
  FmColumns view() const { return {offsets, column_rows, weights}; }
};

/// What a factorization machine learns from: which row of each block an event refers to, and blocks that say what
/// follows.
struct FmDesign {
  std::vector<FmBlock> blocks;                   ///< at most kMostFmBlocks
  std::vector<std::vector<std::uint32_t>> rows;  ///< by block, then event
  std::size_t events() const { return rows.front().size(); }
};

/// How predictions and targets go together: keeps what the machine's output stands for, and draws it again in each
/// sweep.
/// Threads  an object belongs to one thread at a time, but for target(), which may be called concurrently
class FmOutput {
 public:
  virtual ~FmOutput() = default;
  /// What event e's output is compared with: residuals are target(e) less the machine's output.
  virtual float target(std::size_t e) const = 0;
  /// One Gibbs step for the output's own unknowns. Residuals are brought up to date.
  /// Returns the noise's precision α
  virtual double draw(std::uint64_t seed, std::size_t sweep, std::span<float> residuals, Context& context) = 0;
  /// What is added to the machine's output.
  virtual float offset() const { return 0; }
  /// Where levels part, if targets are levels.
  virtual std::span<const double> cuts() const { return {}; }
};

/// Targets with normal noise about the machine's output plus an offset: draws the offset (flat prior) and α ~ Γ(1,
/// 1/2), for which targets are best standardized.
class GaussianOutput final : public FmOutput {
 public:
  explicit GaussianOutput(std::vector<float> targets) : targets_(std::move(targets)) {}
  float target(std::size_t e) const override { return targets_[e] - offset_; }
  double draw(std::uint64_t seed, std::size_t sweep, std::span<float> residuals, Context& context) override;
  float offset() const override { return offset_; }

 private:
  std::vector<float> targets_;
  float offset_ = 0;
};

/// The means and precisions of a group's normal distributions: coordinate 0 is the linear weight, 1 + f the factor f.
struct FmPrior {
  std::vector<float> mean;
  std::vector<float> precision;
};

/// A factorization machine and one state of its Gibbs sampler.
///
///   ŷ(x) = Σ_j w_j x_j + Σ_f ½ ((Σ_j v_jf x_j)² − Σ_j v_jf² x_j²)
///   y = ŷ + noise,  noise ~ N(0, 1/α),  w_j ~ N(μ_g, 1/λ_g),  v_jf ~ N(μ_gf, 1/λ_gf) in each group g of columns,
///   μ ~ N(0, 1/λ),  λ ~ Γ(1/2, 1/100),  for normal noise α ~ Γ(1, 1/2), for levels α = 1
///
/// A sweep draws α, then every group's μ and λ, then every w_j and v_jf from its distribution given all else. What an
/// event adds up over blocks is kept by row: q_bf = Σ_j v_jf x_bj, so that a block's shared columns cost as much as its
/// rows have entries, not as much as all events (Rendle 2013). Rows without shared columns are drawn in parallel: given
/// the other blocks they do not depend on one another.
/// Source   Rendle: Factorization machines with libFM, ACM TIST 2012; Scaling factorization machines to relational
///          data, VLDB 2013. There λ ~ Γ(1/2, 1/2), which is too wide for groups of few columns, and α ~ Γ(1/2, 1/2)
/// Cost     a sweep: O(events · dim · blocks); shared columns O(entries · dim), on one thread
/// Memory   4 bytes for each event and each pair of blocks; fewer than 2³² events
/// Repeatable  draws are keyed by (seed, sweep, block, row or column, coordinate): same bits at any number of threads
/// Threads  an object belongs to one thread at a time, and runs on those of its context
class FmSampler {
 public:
  /// What the rows of a block's own columns begin with, in place of random factors: fills in weight and factors of a
  /// row of that block, or returns false.
  using Start = std::function<bool(std::size_t block, std::size_t row, float& weight, std::span<float> factors)>;

  /// A block's learned state.
  struct State {
    std::vector<float> linear;     ///< of each row: all its output that no other block has a part in
    Matrix<float> factors;         ///< q [rows × width], zeros beyond dim
    Matrix<float> turned;          ///< q [dim × rows], if any block shares columns
    std::vector<float> weights;    ///< w [columns]; none for rows' own columns only, where they are `linear`
    Matrix<float> column_factors;  ///< v [dim × columns]; likewise `factors`
    std::vector<FmPrior> priors;   ///< by group
  };

  /// Factors start at random, `init` wide; all else at 0; or as `start` says, in blocks of which it knows a row with
  /// columns that rows share at 0. The design and the output must outlive the sampler.
  FmSampler(const FmDesign& design, std::size_t dim, double init, std::uint64_t seed, FmOutput& output,
            Context& context, const Start& start = {});

  /// Draws everything once. Sweeps are numbered by who calls.
  void sweep(std::size_t number);
  /// Steps of a sweep, and who counts them: nobody at first.
  std::size_t steps() const;
  void count(Steps& steps) { steps_ = &steps; }

  // The parts of a sweep, in order: noise and priors given the rest, then block after block given these.
  void draw_noise(std::size_t number);
  void draw_priors(std::size_t number);
  void draw_block(std::size_t number, std::size_t block);

  std::size_t dim() const { return dim_; }
  std::size_t width() const { return width_; }
  const State& state(std::size_t block) const { return states_[block]; }
  double noise_precision() const { return noise_precision_; }
  std::span<const float> residuals() const { return residuals_; }

 private:
  /// A block's events, row by row, and what rows of other blocks with factors they refer to.
  struct Order {
    std::vector<std::uint64_t> begin;                     // by row, and one past the last
    std::vector<std::uint32_t> events;                    // empty if events are in that order as they are
    std::vector<std::vector<std::uint32_t>> sorted_rows;  // of other blocks, if they are not
    std::vector<std::size_t> others;
    FmLookup lookup;
  };

  void order_events(std::size_t block);
  void begin_with(const Start& start, std::size_t block);
  void draw_rows(std::size_t number, std::size_t block);
  void draw_shared(std::size_t number, std::size_t block);
  void step() {
    if (steps_ != nullptr) steps_->add(1);
  }
  void refresh();
  void add_up_columns(std::size_t block);
  float output_of(std::size_t event) const;
  /// Residuals into the block's order, and back.
  std::span<float> take_residuals(const Order& order);
  void return_residuals(const Order& order);

  const FmDesign& design_;
  std::size_t dim_;
  std::size_t width_;  // dim, padded to whole quarters of a cache line
  FmOutput& output_;
  std::uint64_t seed_;
  Context& context_;
  Steps* steps_ = nullptr;
  bool shares_ = false;  // some block has shared columns
  std::vector<Order> orders_;
  std::vector<State> states_;
  std::vector<float> residuals_;
  std::vector<float> sorted_;  // in the order of the block that is drawn
  double noise_precision_ = 1;
};

/// The key of draws of a block in a sweep: of a row's coordinates, or of a coordinate's columns.
enum class FmDraw { row, coordinate, prior };
std::uint64_t fm_key(std::uint64_t seed, std::size_t sweep, std::size_t block, FmDraw draw, std::size_t number);

/// A gamma-distributed number of that shape, at least 1, and rate 1.
/// Source   Marsaglia, Tsang: A simple method for generating gamma variables, ACM TOMS 2000
double draw_gamma(Random& random, double shape);

}  // namespace gusto
