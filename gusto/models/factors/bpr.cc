#include "gusto/models/factors/bpr.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/parallel.h"
#include "gusto/base/random.h"
#include "gusto/base/solve_kernels.h"
#include "gusto/base/steps.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/factors/grouping.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/data_shape.h"
#include "gusto/models/shared/other_items.h"
#include "gusto/models/shared/warm_start.h"

namespace gusto {
namespace {

// Of fold-in: steps, and pairs at most, but for one of each choice.
constexpr int kBprSteps = 15;
constexpr std::size_t kMostPairs = 50'000;

/// What learning needs: vectors by place, and events sorted by group of users, group of items, user and item.
class PairTrainer {
 public:
  PairTrainer(const Dataset& data, const Strength& strength, float least, const BprOptions& options, std::uint64_t seed,
              Context& context)
      : options_(options),
        strength_(strength),
        seed_(seed),
        context_(context),
        dim_(static_cast<std::size_t>(options.dim)),
        width_(padded_width(dim_)),
        user_counts_(data.user_count()),
        item_counts_(data.item_count()),
        user_groups_(count(data, least)),
        users_(user_counts_, user_groups_),
        items_(item_counts_, 2 * user_groups_) {
    lay_out(data, least);
    user_vectors_ = start_vectors(users_, dim_, options.init, seed, "bpr users");
    item_vectors_ = start_vectors(items_, dim_, options.init, seed, "bpr items");
    if (options_.biases) biases_.assign(item_counts_.size(), 0.0F);
  }

  /// What another model learned, by row, in place of what was drawn.
  void go_on(const WarmStart& known, const Matrix<float>& users, const Matrix<float>& items) {
    for (std::size_t u = 0; u < known.users.size(); ++u) {
      if (known.users[u]) copy_vector(users.row(*known.users[u]), user_vectors_.row(users_.place_of[u]));
    }
    for (std::size_t i = 0; i < known.items.size(); ++i) {
      if (!known.items[i]) continue;
      const std::span<const float> learned = items.row(*known.items[i]);
      copy_vector(learned.first(learned.size() - 1), item_vectors_.row(items_.place_of[i]));
      if (!biases_.empty()) biases_[items_.place_of[i]] = learned.back();
    }
  }

  void run(std::size_t epochs) {
    Steps steps(context_, "bpr", epochs * user_groups_);
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
      const double left = 1 - static_cast<double>(epoch) / static_cast<double>(epochs);
      run_epoch(epoch, static_cast<float>(options_.learning_rate * left), steps);
      ProgressEvent event = steps.event();
      event.epoch = epoch + 1;
      context_.progress(event);
    }
  }

  Matrix<float> users() const { return by_row(users_, user_vectors_, dim_); }
  /// (q_i, b_i).
  Matrix<float> items() const {
    Matrix<float> result = by_row(items_, item_vectors_, dim_ + 1);
    const std::vector<float> biases = by_row(items_, biases_);
    for (std::size_t i = 0; i < biases.size(); ++i) result(i, dim_) = biases[i];
    return result;
  }

 private:
  void copy_vector(std::span<const float> from, std::span<float> to) const {
    std::copy_n(from.begin(), std::min(from.size(), dim_), to.begin());
  }

  std::size_t count(const Dataset& data, float least) {
    std::size_t events = 0;
    for (std::size_t u = 0; u < user_counts_.size(); ++u) {
      const History history = data.history(UserRow(u));
      for (std::size_t e = 0; e < history.size(); ++e) {
        if (history.values[e] < least) continue;
        ++user_counts_[u];
        ++item_counts_[history.items[e].index];
        ++events;
      }
    }
    return group_count(events, user_counts_.size(), item_counts_.size(), width_);
  }

  void lay_out(const Dataset& data, float least) {
    const std::size_t item_groups = 2 * user_groups_;
    block_begin_.assign(user_groups_ * item_groups + 1, 0);
    const auto for_events = [&](const auto& visit) {
      for (const std::uint32_t u : users_.row_of()) {
        const History history = data.history(UserRow(std::size_t{u}));
        for (std::size_t e = 0; e < history.size(); ++e) {
          const std::size_t i = history.items[e].index;
          const float value = history.values[e];
          if (value >= least) visit(u, i, value, users_.group_of[u] * item_groups + items_.group_of[i]);
        }
      }
    };
    for_events([&](std::size_t, std::size_t, float, std::size_t block) { ++block_begin_[block + 1]; });
    std::partial_sum(block_begin_.begin(), block_begin_.end(), block_begin_.begin());
    events_.resize(block_begin_.back());
    std::vector<std::size_t> next(block_begin_.begin(), block_begin_.end() - 1);
    for_events([&](std::size_t u, std::size_t i, float value, std::size_t block) {
      events_[next[block]++] = {users_.place_of[u], items_.place_of[i], strength_.of(value)};
    });
    context_.pool().run(next.size(), [&](std::size_t block, unsigned) {
      std::sort(events_.begin() + static_cast<std::ptrdiff_t>(block_begin_[block]),
                events_.begin() + static_cast<std::ptrdiff_t>(block_begin_[block + 1]),
                [](PairEvent a, PairEvent b) { return std::pair(a.user, a.item) < std::pair(b.user, b.item); });
    });
  }

  void run_epoch(std::size_t epoch, float rate, Steps& steps) {
    const std::size_t item_groups = 2 * user_groups_;
    // Neighbors in this order are this epoch's pairs of groups of items.
    std::vector<std::size_t> order(item_groups);
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random(seed_, "bpr groups", epoch).shuffle(std::span(order));
    const PairTables tables{user_vectors_.values().data(), item_vectors_.values().data(),
                            biases_.empty() ? nullptr : biases_.data(), width_};
    const PairRates rates{rate, static_cast<float>(options_.reg), static_cast<float>(options_.reg_bias),
                          options_.sampling, static_cast<std::size_t>(options_.trials)};
    for (std::size_t round = 0; round < user_groups_; ++round) {
      context_.check_canceled();
      context_.pool().run(user_groups_, [&](std::size_t g, unsigned) {
        const std::size_t pair = (g + round) % user_groups_;
        PairBlock block;
        for (std::size_t side = 0; side < 2; ++side) {
          const std::size_t group = order[2 * pair + side];
          const std::size_t from = g * item_groups + group;
          block.events[side] =
              std::span(events_).subspan(block_begin_[from], block_begin_[from + 1] - block_begin_[from]);
          block.begin[side] = items_.begin[group];
          block.end[side] = items_.begin[group + 1];
        }
        descend_pairs(block, tables, rates, seed_, (epoch * user_groups_ + round) * user_groups_ + g);
      });
      steps.add(1);
    }
  }

  const BprOptions& options_;
  Strength strength_;
  std::uint64_t seed_;
  Context& context_;
  std::size_t dim_, width_;
  std::vector<std::uint32_t> user_counts_, item_counts_;
  std::size_t user_groups_;
  Grouping users_, items_;
  std::vector<PairEvent> events_;
  std::vector<std::size_t> block_begin_;
  Matrix<float> user_vectors_, item_vectors_;  // by place, padded
  std::vector<float> biases_;                  // by place; none without biases
};

}  // namespace

constexpr ModelInfo kBprInfo{
    .name = "bpr",
    .summary = "Vectors learned from pairs: what somebody chose before what they did not.",
    .about =
        "Bayesian personalized ranking (Rendle et al., UAI 2009): for every event another item is drawn, and the "
        "chosen "
        "one's score is pushed above it, x = p_u.q_i + b_i. Drawn uniformly, few of them teach anything once the easy "
        "ones "
        "are learned; so by default the best scored of several is taken (sampling hard), or the first that comes too "
        "close, "
        "weighted by the rank that this tells of (warp: WSABIE, Weston et al. 2011). New people get a vector that "
        "explains their history against drawn items. Quick, and good at the top of lists.",
    .fields = kBprFields,
    .abilities = {.personalized = true,
                  .fold_in = FoldIn::approximate,
                  .item_vectors = true,
                  .similar_items = true,
                  .similar_users = true,
                  .strength = true,
                  .continues = true},
    .make = &make_with<BprModel>,
};

BprOptions settled(BprOptions options, const Dataset& data) {
  const DataShape shape = shape_of(data);
  const double sparse = 1 - ramp(shape.events_an_item(), 15, 45);
  const auto more = [&](double usual, double times) { return usual * std::pow(times, sparse); };
  if (options.dim == 0) options.dim = static_cast<int>(fitting_dim(sparse > 0.5 ? 128 : 64, shape));
  if (options.epochs == 0) options.epochs = static_cast<int>(std::lround(more(60, 2)));
  if (options.learning_rate == 0) options.learning_rate = more(0.05, 3);
  if (options.trials == 0) options.trials = static_cast<int>(std::clamp(shape.items / 200, 2.0, more(8, 2)));
  return options;
}

std::uint64_t BprModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const std::uint64_t rows = data.user_count() + data.item_count();
  std::uint64_t longest = 0;
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    longest = std::max<std::uint64_t>(longest, data.history(UserRow(u)).size());
  }
  const std::uint64_t width = padded_width(static_cast<std::size_t>(settled(options(), data).dim));
  const std::uint64_t pairs = std::min<std::uint64_t>(longest * kDrawn, std::max<std::uint64_t>(longest, kMostPairs));
  return data.event_count() * sizeof(PairEvent) + 2 * rows * (width + 4) * sizeof(float) +
         threads * (pairs * (2 * width + 4) + width * (width + 4)) * sizeof(float);
}

void BprModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  least_ = least_choice(data, task(), options().like_threshold);
  const BprOptions chosen = settled(options(), data);
  PairTrainer trainer(data, strength_of(data, task()), least_, chosen, fit.seed, context);
  if (fit.from != nullptr) {
    const auto& from = static_cast<const BprModel&>(*fit.from);
    trainer.go_on(WarmStart(data, from), from.users_, from.ranking_);
  }
  trainer.run(passes(chosen.epochs, fit));
  users_ = trainer.users();
  ranking_ = trainer.items();
  require_finite("item vectors", ranking_.values());
  require_finite("user vectors", users_.values());
  finish(data);
}

void BprModel::finish(const Dataset& data) {
  typical_.assign(dim(), 0.0F);
  std::vector<std::size_t> idle;
  for (std::size_t u = 0; u < users_.rows(); ++u) {
    const History history = data.history(UserRow(u));
    if (std::none_of(history.values.begin(), history.values.end(), [&](float value) { return value >= least_; })) {
      idle.push_back(u);
    } else {
      axpy(1, users_.row(u), typical_);
    }
  }
  for (float& x : typical_) x /= static_cast<float>(users_.rows() - idle.size());
  for (const std::size_t u : idle) std::copy(typical_.begin(), typical_.end(), users_.row(u).begin());
}

void BprModel::fold_in(const Query& query, std::span<float> out) const {
  std::copy(typical_.begin(), typical_.end(), out.begin());
  std::vector<std::uint32_t> chosen;
  std::vector<float> strengths;
  for (const auto& [item, strength] : choices(query, least_)) {
    chosen.push_back(item);
    strengths.push_back(strength);
  }
  const OtherItems others(chosen, ranking_.rows());
  if (chosen.empty() || others.count() == 0) return;

  const std::size_t width = padded_width(dim());
  const std::size_t drawn = std::clamp<std::size_t>(kMostPairs / chosen.size(), 1, kDrawn);
  Matrix<float> differences(chosen.size() * drawn, width);
  std::vector<float> offsets(differences.rows());
  std::vector<std::uint32_t> indexes(differences.rows());
  std::iota(indexes.begin(), indexes.end(), 0U);
  for (std::size_t n = 0; n < differences.rows(); ++n) {
    const std::size_t item = chosen[n / drawn];
    Random random(n % drawn, "bpr newcomer", item);
    const std::size_t other = others.draw(random);
    for (std::size_t d = 0; d < dim(); ++d) differences(n, d) = ranking_(item, d) - ranking_(other, d);
    offsets[n] = ranking_(item, dim()) - ranking_(other, dim());
  }

  std::vector<float> p(width);
  std::copy(typical_.begin(), typical_.end(), p.begin());
  const double count = std::accumulate(strengths.begin(), strengths.end(), 0.0);
  const auto reg_strength = static_cast<float>(options().reg * count + kLeastReg);
  Matrix<float> left(width, width);
  std::vector<float> right(width), margins(offsets.size()), weights(offsets.size());
  Matrix<float> scaled(differences.rows(), width);
  const float each = 1 / static_cast<float>(drawn);
  for (int step = 0; step < kBprSteps; ++step) {
    margins = offsets;
    add_row_products({differences.values().data(), width, indexes, 0}, p, margins);
    for (std::size_t n = 0; n < margins.size(); ++n) {
      const float x = margins[n];
      const float share = each * strengths[n / drawn];
      const float missing = 1 / (1 + std::exp(x));  // σ(−x)
      // (σ(x) − ½) / x, whose limit at 0 is ¼: the curvature of a parabola through the loss at x that nowhere lies
      // below it.
      const float curvature = std::abs(x) < 1e-3F ? 0.25F : (0.5F - missing) / x;
      const float root = std::sqrt(curvature * share);
      for (std::size_t d = 0; d < dim(); ++d) scaled(n, d) = root * differences(n, d);
      weights[n] = share * missing / root;
    }
    left.fill(0);
    for (std::size_t d = 0; d < width; ++d) {
      left(d, d) = reg_strength;
      right[d] = d < dim() ? reg_strength * (typical_[d] - p[d]) : 0.0F;
    }
    add_normal_equations({scaled.values().data(), width, indexes, 0}, weights, left.view(), right);
    if (!solve_upper(left.view(), right)) break;
    axpy(1, right, p);
  }
  std::copy_n(p.begin(), dim(), out.begin());
}

void BprModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<float> vector = out.row(q).first(dim());
    if (is_training_user(queries[q])) {
      std::copy_n(users_.row(queries[q].user->index).data(), dim(), vector.data());
    } else if (q > 0 && same_query_user(queries[q], queries[q - 1])) {
      std::copy_n(out.row(q - 1).data(), dim(), vector.data());
    } else {
      fold_in(queries[q], vector);
    }
    out(q, dim()) = 1;
  }
}

void BprModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  const MatrixView<const float> vectors = item_vectors().first_columns(dim());
  cosine_to_rows(vectors, vectors.row(item.index), out);
}

void BprModel::do_user_similarity(const Query& query, std::span<float> out) const {
  Matrix<float> own(1, ranking_.cols());
  do_query_vectors({&query, 1}, own.view());
  cosine_to_rows(users_.view(), own.row(0).first(dim()), out);
}

void BprModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", resized(ranking_, ranking_.rows(), dim()));
  out.add("item_bias", column(ranking_, dim()));
  out.add("user_vectors", users_);
}

void BprModel::do_load(const TensorFile& in) {
  least_ = least_choice(data(), task(), options().like_threshold);
  const std::size_t items = data().item_count();
  const auto width = static_cast<std::size_t>(settled(options(), data()).dim);
  users_ = in.matrix<float>("user_vectors", data().user_count(), width);
  ranking_ = resized(in.matrix<float>("item_vectors", items, width), items, width + 1);
  const std::vector<float> biases = in.vector<float>("item_bias", items);
  for (std::size_t i = 0; i < items; ++i) ranking_(i, dim()) = biases[i];
  finish(data());
}

}  // namespace gusto
