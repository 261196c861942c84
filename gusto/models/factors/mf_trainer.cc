#include "gusto/models/factors/mf_trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/parallel.h"
#include "gusto/base/random.h"
#include "gusto/base/solve_kernels.h"
#include "gusto/base/steps.h"
#include "gusto/models/factors/grouping.h"
#include "gusto/models/shared/baseline.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

constexpr std::size_t kMfEvents = 65536;
constexpr std::size_t kUsersBetween = 1024;  // two looks at whether it is time to tell progress

/// λ of each place: reg · n^(−power), scaled so that its mean over events is reg.
std::vector<float> scaled_reg(std::span<const std::uint32_t> counts, const Grouping& grouping, double reg,
                              double power) {
  double sum = 0;
  double events = 0;
  for (const std::uint32_t n : counts) {
    if (n > 0) sum += n * std::pow(n, -power);
    events += n;
  }
  std::vector<float> result(counts.size());
  for (std::size_t row = 0; row < counts.size(); ++row) {
    result[grouping.place_of[row]] =
        static_cast<float>(reg * std::pow(std::max(counts[row], 1U), -power) * events / sum);
  }
  return result;
}

/// Fills in what 0 leaves to the task. Chosen on inner validation parts of ml-1m.
MfOptions chosen_for(Task task, MfOptions options) {
  const bool ranks = task == Task::top_n;
  if (options.learning_rate == 0) options.learning_rate = ranks ? 0.1 : 0.023;
  if (options.reg == 0) options.reg = ranks ? 0.01 : 0.05;
  if (options.init == 0) options.init = ranks ? 0.1 : 0.02;
  return options;
}

class Trainer {
 public:
  Trainer(const Dataset& data, Task task, const MfOptions& options, std::uint64_t seed, Context& context,
          MfCenters* centers)
      : data_(data),
        centers_(centers),
        options_(chosen_for(task, options)),
        seed_(seed),
        context_(context),
        negatives_(task == Task::top_n ? options.negatives : 0),
        strength_(strength_of(data, task)),
        dim_(static_cast<std::size_t>(options.dim)),
        width_(padded_width(dim_)),
        groups_(group_count(data.event_count(), data.user_count(), data.item_count(), width_)),
        user_counts_(data.user_count()),
        item_counts_(data.item_count()) {
    for (std::size_t u = 0; u < user_counts_.size(); ++u) {
      user_counts_[u] = static_cast<std::uint32_t>(data.history(UserRow(u)).size());
    }
    for (const ItemRow item : data.items()) ++item_counts_[item.index];
    if (task != Task::top_n) standardize();
  }

  MfFactors run() {
    context_.progress(name(), 0, 1);
    const Grouping users(user_counts_, groups_);
    const Grouping items(item_counts_, groups_);
    lay_out(users, items);
    user_reg_ = scaled_reg(user_counts_, users, options_.reg, options_.reg_power);
    item_reg_ = scaled_reg(item_counts_, items, options_.reg, options_.reg_power);
    learned_.users = start_vectors(users, dim_, options_.init, seed_, "biased-mf users");
    learned_.items = start_vectors(items, dim_, options_.init, seed_, "biased-mf items");
    learned_.user_bias.assign(user_counts_.size(), 0.0F);
    learned_.item_bias.assign(item_counts_.size(), 0.0F);
    descend(users, items);
    return in_row_order(users, items);
  }

 private:
  struct Tables {
    Matrix<float> users, items;  // by place, padded
    std::vector<float> user_bias, item_bias;
    double error = 0;
  };

  void standardize() {
    const Moments moments = moments_of(data_.values(), context_);
    mean_ = moments.mean;
    stddev_ = moments.variance > 0 ? std::sqrt(moments.variance) : 1;
  }

  /// Whether the e-th event is held out to stop early.
  bool held_out(std::size_t e) const {
    return options_.validation > 0 && Random(seed_, "biased-mf validation", e).uniform() < options_.validation;
  }

  /// Sorts events by block: block r·B + g holds those of user group g and item group (g + r) mod B, user by user.
  void lay_out(const Grouping& users, const Grouping& items) {
    item_begin_ = items.begin;
    block_begin_.assign(groups_ * groups_ + 1, 0);
    const std::vector<std::uint32_t> by_place = users.row_of();
    const auto block_of = [&](std::size_t user, std::size_t item) {
      const std::size_t g = users.group_of[user];
      return (items.group_of[item] + groups_ - g) % groups_ * groups_ + g;
    };
    const std::span<const std::uint64_t> offsets = data_.offsets();
    for (std::size_t u = 0; u < user_counts_.size(); ++u) {
      for (std::size_t e = offsets[u]; e < offsets[u + 1]; ++e) {
        if (!held_out(e)) ++block_begin_[block_of(u, data_.items()[e].index) + 1];
      }
    }
    std::partial_sum(block_begin_.begin(), block_begin_.end(), block_begin_.begin());
    events_.resize(block_begin_.back());
    std::vector<std::size_t> next(block_begin_.begin(), block_begin_.end() - 1);
    for (const std::uint32_t u : by_place) {
      if (u % kUsersBetween == 0) context_.keep_telling();
      for (std::size_t e = offsets[u]; e < offsets[u + 1]; ++e) {
        const std::size_t i = data_.items()[e].index;
        // An event that items are drawn against has its strength here, and the value 1 there.
        const float value = negatives_ > 0 ? strength_.of(data_.values()[e])
                                           : static_cast<float>((data_.values()[e] - mean_) / stddev_);
        const SgdEvent event{users.place_of[u], items.place_of[i], value};
        if (held_out(e)) {
          validation_.push_back({event.user, event.item, negatives_ > 0 ? 1.0F : value});
        } else {
          events_[next[block_of(u, i)]++] = event;
        }
      }
    }
    if (events_.empty()) throw Error(ErrorCode::empty_dataset, "All events were held out for validation.");
  }

  void descend(const Grouping& users, const Grouping& items) {
    const auto epochs = static_cast<std::size_t>(options_.epochs);
    Tables best;
    double least = std::numeric_limits<double>::infinity();
    std::size_t best_epoch = 0;
    Steps steps(context_, name(), epochs * groups_);
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
      const double left = 1 - static_cast<double>(epoch) / static_cast<double>(epochs);
      const double rate = options_.learning_rate * (options_.schedule == Schedule::linear ? left : 1);
      learned_.error = run_epoch(epoch, static_cast<float>(rate), steps);
      if (!std::isfinite(learned_.error)) {
        throw Error(ErrorCode::not_finite, fmt::format("{} diverged in epoch {}.", name(), epoch + 1),
                    "Lower learning_rate, or raise reg.");
      }
      if (centers_ != nullptr) {
        centers_->improve(context_, {learned_.users, learned_.items, learned_.user_bias, learned_.item_bias,
                                     users.place_of, items.place_of, mean_, stddev_, negatives_});
      }
      double shown = learned_.error;
      if (!validation_.empty()) {
        shown = validation_error();
        if (shown < least) {
          least = shown;
          best_epoch = epoch;
          best = learned_;
        }
      }
      ProgressEvent event = steps.event();
      event.epoch = epoch + 1;
      event.metric = ProgressMetric{"rmse", stddev_ * std::sqrt(shown)};
      context_.progress(event);
      if (!validation_.empty() && epoch - best_epoch >= static_cast<std::size_t>(options_.patience)) break;
    }
    if (!validation_.empty()) learned_ = std::move(best);
  }

  /// One pass over all blocks; the mean squared error as it was met.
  double run_epoch(std::size_t epoch, float rate, Steps& steps) {
    const SgdRates rates{rate, static_cast<float>(options_.reg_bias)};
    std::vector<std::size_t> rounds(groups_);
    std::iota(rounds.begin(), rounds.end(), std::size_t{0});
    Random(seed_, "biased-mf rounds", epoch).shuffle(std::span(rounds));
    std::vector<double> errors(groups_ * groups_);
    std::vector<std::size_t> counts(groups_ * groups_);
    for (const std::size_t round : rounds) {
      context_.check_canceled();
      context_.pool().run(groups_, [&](std::size_t g, unsigned) {
        const std::size_t block = round * groups_ + g;
        std::span<const SgdEvent> events =
            std::span(events_).subspan(block_begin_[block], block_begin_[block + 1] - block_begin_[block]);
        std::vector<SgdEvent> mixed;
        if (negatives_ > 0) {
          mixed = with_negatives(events, (g + round) % groups_, epoch * errors.size() + block);
          events = mixed;
        }
        errors[block] = sgd_block(events, tables(), rates);
        if (centers_ != nullptr) shrink_to_centers(events, rate);
        counts[block] = events.size();
      });
      steps.add(1);
    }
    return std::accumulate(errors.begin(), errors.end(), 0.0) /
           static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  }

  std::string_view name() const { return centers_ == nullptr ? "biased-mf" : centers_->name(); }

  /// Takes back from users that the events shrunk them to 0, and shrinks them to their centers instead.
  void shrink_to_centers(std::span<const SgdEvent> events, float rate) {
    for (std::size_t begin = 0; begin < events.size();) {
      const std::uint32_t user = events[begin].user;
      std::size_t end = begin;
      while (end < events.size() && events[end].user == user) ++end;
      const std::span<const float> center = centers_->of(user);
      const std::span<float> vector = learned_.users.row(user);
      if (centers_->only_centers()) {
        std::copy(center.begin(), center.end(), vector.begin());
      } else {
        const float kept = std::pow(1 - rate * user_reg_[user], static_cast<float>(end - begin));
        axpy(1 - kept, center, vector);
      }
      begin = end;
    }
  }

  /// Each event followed by items of the block's group drawn uniformly, with value 0. One of strength s comes ⌊s⌋ times
  /// or once more.
  std::vector<SgdEvent> with_negatives(std::span<const SgdEvent> events, std::size_t item_group,
                                       std::size_t key) const {
    const auto whole = static_cast<std::size_t>(negatives_);
    const double fraction = negatives_ - static_cast<double>(whole);
    const std::uint32_t first = item_begin_[item_group];
    const std::uint32_t items = item_begin_[item_group + 1] - first;
    Random random(seed_, "biased-mf negatives", key);
    std::vector<SgdEvent> mixed;
    mixed.reserve(events.size() * (whole + 2));
    for (const auto& [user, item, strength] : events) {
      auto times = strength == 1 ? 1 : static_cast<std::size_t>(static_cast<double>(strength) + random.uniform());
      for (; times > 0; --times) {
        mixed.push_back({user, item, 1.0F});
        const std::size_t draws = whole + (fraction > 0 && random.uniform() < fraction ? 1 : 0);
        for (std::size_t n = 0; n < draws; ++n) {
          mixed.push_back({user, first + static_cast<std::uint32_t>(random.below(items)), 0.0F});
        }
      }
    }
    return mixed;
  }

  SgdTables tables() {
    return {learned_.users.values().data(),
            learned_.items.values().data(),
            learned_.user_bias.data(),
            learned_.item_bias.data(),
            user_reg_.data(),
            item_reg_.data(),
            width_};
  }

  double validation_error() const {
    const double sum = parallel_sum(context_, validation_.size(), kMfEvents, [&](std::size_t begin, std::size_t end) {
      double part = 0;
      for (std::size_t e = begin; e < end; ++e) {
        const auto& [user, item, value] = validation_[e];
        const float predicted = learned_.user_bias[user] + learned_.item_bias[item] +
                                dot(learned_.users.row(user), learned_.items.row(item));
        part += static_cast<double>(value - predicted) * static_cast<double>(value - predicted);
      }
      return part;
    });
    return sum / static_cast<double>(validation_.size());
  }

  /// Back from places to rows and from unit standard deviation to the training values' units; the users' side takes the
  /// scale.
  MfFactors in_row_order(const Grouping& users, const Grouping& items) const {
    MfFactors result;
    result.mean = mean_;
    result.stddev = stddev_;
    result.error = learned_.error * stddev_ * stddev_;
    result.users = by_row(users, learned_.users, dim_);
    result.items = by_row(items, learned_.items, dim_);
    result.user_bias = by_row(users, learned_.user_bias);
    result.item_bias = by_row(items, learned_.item_bias);
    const auto scale = static_cast<float>(stddev_);
    for (const std::span<float> values :
         {result.users.values(), std::span(result.user_bias), std::span(result.item_bias)}) {
      for (float& value : values) value *= scale;
    }
    return result;
  }

  const Dataset& data_;
  MfCenters* centers_;  // may be null
  const MfOptions options_;
  std::uint64_t seed_;
  Context& context_;
  double negatives_;
  Strength strength_;
  std::size_t dim_;
  std::size_t width_;
  std::size_t groups_;
  double mean_ = 0;
  double stddev_ = 1;
  std::vector<std::uint32_t> user_counts_, item_counts_;
  std::vector<std::uint32_t> item_begin_;  // places of item groups
  std::vector<std::size_t> block_begin_;
  std::vector<SgdEvent> events_;
  std::vector<SgdEvent> validation_;
  std::vector<float> user_reg_, item_reg_;
  Tables learned_;
};

}  // namespace

MfFactors train_mf(const Dataset& data, Task task, const MfOptions& options, std::uint64_t seed, Context& context,
                   MfCenters* centers) {
  return Trainer(data, task, options, seed, context, centers).run();
}

}  // namespace gusto
