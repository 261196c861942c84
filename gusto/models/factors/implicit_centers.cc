#include "gusto/models/factors/implicit_centers.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/solve_kernels.h"
#include "gusto/models/shared/baseline.h"

namespace gusto {
namespace {

constexpr std::size_t kCenterRows = 32;
// so that an item without events, and without regularization, divides by something
constexpr float kLeastCurvature = 1e-6F;

double product(const Matrix<float>& a, const Matrix<float>& b) {
  double sum = 0;
  for (std::size_t r = 0; r < a.rows(); ++r) sum += dot(a.row(r), b.row(r));
  return sum;
}

}  // namespace

ImplicitCenters::ImplicitCenters(const Dataset& data, Task task, std::size_t dim, bool asymmetric, double reg,
                                 int steps)
    : data_(data),
      ranks_(task == Task::top_n),
      asymmetric_(asymmetric),
      dim_(dim),
      reg_(static_cast<float>(reg)),
      steps_(steps),
      scale_(data.user_count()),
      lean_(data.user_count()),
      vectors_((has_x() ? 2 : 1) * data.item_count(), padded_width(dim)),
      centers_(data.user_count(), padded_width(dim)),
      by_user_(data.user_count(), padded_width(dim)) {
  for (std::size_t u = 0; u < scale_.size(); ++u) {
    scale_[u] = implicit_scale(data.history(UserRow(u)).size());
  }
}

float ImplicitCenters::weight_of_value(const State& state, std::size_t user, std::size_t item, float value) const {
  const auto standard = static_cast<float>((static_cast<double>(value) - state.mean) / state.stddev);
  return scale_[user] * (standard - state.item_bias[state.item_place[item]] - lean_[user]);
}

void ImplicitCenters::weigh_users(const State& state) {
  for (std::size_t u = 0; u < lean_.size(); ++u) {
    const History history = data_.history(UserRow(u));
    double sum = 0;
    for (std::size_t e = 0; e < history.size(); ++e) {
      sum += (static_cast<double>(history.values[e]) - state.mean) / state.stddev -
             state.item_bias[state.item_place[history.items[e].index]];
    }
    lean_[u] = static_cast<float>(damped_mean(sum, static_cast<double>(history.size()), kLeanReg));
  }
}

void ImplicitCenters::sum_centers(Context& context, const State& state, const Matrix<float>& vectors,
                                  Matrix<float>& out) const {
  const std::size_t items = data_.item_count();
  parallel_blocks(context, data_.user_count(), kCenterRows, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<std::uint32_t> rows;
    std::vector<float> weights;
    for (std::size_t u = begin; u < end; ++u) {
      const History history = data_.history(UserRow(u));
      rows.clear();
      weights.clear();
      for (std::size_t e = 0; e < history.size(); ++e) {
        const std::uint32_t item = history.items[e].index;
        rows.push_back(item);
        weights.push_back(scale_[u]);
        if (!has_x()) continue;
        rows.push_back(static_cast<std::uint32_t>(items + item));
        weights.push_back(weight_of_value(state, u, item, history.values[e]));
      }
      sum_rows(vectors.values().data(), vectors.cols(), rows, weights, out.row(u));
    }
  });
}

void ImplicitCenters::gather(Context& context, const State& state, Matrix<float>& out) const {
  const std::size_t items = data_.item_count();
  parallel_blocks(context, items, kCenterRows, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<std::uint32_t> rows;
    std::vector<float> weights;
    for (std::size_t i = begin; i < end; ++i) {
      const ItemEvents item_events = data_.item_events(ItemRow(i));
      rows.clear();
      weights.clear();
      for (const UserRow user : item_events.users) {
        rows.push_back(user.index);
        weights.push_back(scale_[user.index]);
      }
      sum_rows(by_user_.values().data(), by_user_.cols(), rows, weights, out.row(i));
      if (!has_x()) continue;
      for (std::size_t e = 0; e < rows.size(); ++e) {
        weights[e] = weight_of_value(state, rows[e], i, item_events.values[e]);
      }
      sum_rows(by_user_.values().data(), by_user_.cols(), rows, weights, out.row(items + i));
    }
  });
}

void ImplicitCenters::move_users(Context& context, const State& state) {
  sum_centers(context, state, vectors_, by_user_);
  for (std::size_t u = 0; u < by_user_.rows(); ++u) {
    const std::size_t place = state.user_place[u];
    const std::span<float> center = centers_.row(place);
    const std::span<float> user = state.users.row(place);
    if (!only_centers()) {
      axpy(-1, center, user);
      axpy(1, by_user_.row(u), user);
    }
    std::copy(by_user_.row(u).begin(), by_user_.row(u).end(), center.begin());
    if (only_centers()) std::copy(center.begin(), center.end(), user.begin());
  }
}

template <class VectorOf>
void ImplicitCenters::for_users(Context& context, const State& state, const VectorOf& visit) {
  parallel_blocks(context, data_.user_count(), kCenterRows, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<std::uint32_t> places;
    std::vector<float> products;
    for (std::size_t u = begin; u < end; ++u) {
      const History history = data_.history(UserRow(u));
      places.resize(history.size());
      for (std::size_t e = 0; e < places.size(); ++e) places[e] = state.item_place[history.items[e].index];
      products.assign(places.size(), 0.0F);
      visit(u, history, std::span<const std::uint32_t>(places), products);
    }
  });
}

void ImplicitCenters::begin(Context& context, const State& state) {
  if (has_x()) weigh_users(state);
  sum_centers(context, state, vectors_, by_user_);
  for (std::size_t u = 0; u < data_.user_count(); ++u) {
    const std::span<const float> center = std::as_const(by_user_).row(u);
    std::copy(center.begin(), center.end(), centers_.row(state.user_place[u]).begin());
    if (only_centers()) std::copy(center.begin(), center.end(), state.users.row(state.user_place[u]).begin());
  }
}

void ImplicitCenters::improve(Context& context, const State& state) {
  if (has_x()) weigh_users(state);
  move_users(context, state);  // what x stands for has moved with the biases

  const Matrix<float>& q = state.items;
  const std::size_t width = q.cols();
  const auto rest = [&](std::size_t u) {
    const auto events = static_cast<double>(data_.history(UserRow(u)).size());
    return static_cast<float>(state.negatives * events / static_cast<double>(data_.item_count()));
  };
  // Of top-n every item asks for 0, too: Σ q qᵀ, Σ q and Σ b q.
  Matrix<float> all;
  std::vector<float> all_sum, all_bias;
  if (ranks_) {
    all = gram(context, q.view());
    all_sum.assign(width, 0.0F);
    all_bias.assign(width, 0.0F);
    for (std::size_t i = 0; i < q.rows(); ++i) {
      axpy(1, q.row(i), all_sum);
      axpy(state.item_bias[i], q.row(i), all_bias);
    }
  }
  std::vector<std::uint32_t> every(all.rows());
  for (std::size_t c = 0; c < every.size(); ++c) every[c] = static_cast<std::uint32_t>(c);
  const auto add_all = [&](std::size_t u, float sign, std::span<const float> vector, std::span<float> out) {
    std::vector<float> turned(width);
    sum_rows(all.values().data(), width, every, vector, turned);
    axpy(sign * rest(u), turned, out);
  };

  // Down the slope of the squared errors, by user: Σ e q.
  for_users(
      context, state,
      [&](std::size_t u, const History& history, std::span<const std::uint32_t> places, std::vector<float>& products) {
        const std::size_t place = state.user_place[u];
        const std::span<const float> user = state.users.row(place);
        add_row_products({q.values().data(), width, places, 0}, user, products);
        for (std::size_t e = 0; e < places.size(); ++e) {
          const double value = ranks_ ? 1.0 : (static_cast<double>(history.values[e]) - state.mean) / state.stddev;
          products[e] = static_cast<float>(value) - state.user_bias[place] - state.item_bias[places[e]] - products[e];
        }
        sum_rows(q.values().data(), width, places, products, by_user_.row(u));
        if (!ranks_) return;
        axpy(-rest(u), all_bias, by_user_.row(u));
        axpy(-rest(u) * state.user_bias[place], all_sum, by_user_.row(u));
        add_all(u, -1, user, by_user_.row(u));
      });
  const auto count = [&](std::size_t row) {
    return static_cast<float>(data_.item_events(ItemRow(row % data_.item_count())).size());
  };
  Matrix<float> residual(vectors_.rows(), width);
  gather(context, state, residual);
  axpy(-reg_, vectors_.values(), residual.values());

  // The curvature in one entry of y_j is about n_j times the mean square of q's.
  const double square = product(q, q) / static_cast<double>(q.rows() * dim_);
  const auto precondition = [&](Matrix<float>& z) {
    for (std::size_t r = 0; r < z.rows(); ++r) {
      const float scale = 1 / (reg_ + static_cast<float>(square) * count(r) + kLeastCurvature);
      for (std::size_t c = 0; c < width; ++c) z(r, c) = scale * residual(r, c);
    }
  };
  Matrix<float> z(vectors_.rows(), width);
  Matrix<float> turned(vectors_.rows(), width);
  precondition(z);
  Matrix<float> direction = z;
  double slope = product(residual, z);
  for (int step = 0; step < steps_ && slope > 0; ++step) {
    sum_centers(context, state, direction, by_user_);
    for_users(context, state,
              [&](std::size_t u, const History&, std::span<const std::uint32_t> places, std::vector<float>& products) {
                const std::vector<float> moved(by_user_.row(u).begin(), by_user_.row(u).end());
                add_row_products({q.values().data(), width, places, 0}, moved, products);
                sum_rows(q.values().data(), width, places, products, by_user_.row(u));
                if (ranks_) add_all(u, 1, moved, by_user_.row(u));
              });
    gather(context, state, turned);
    axpy(reg_, direction.values(), turned.values());
    const double curvature = product(direction, turned);
    if (!(curvature > 0)) break;
    const auto length = static_cast<float>(slope / curvature);
    axpy(length, direction.values(), vectors_.values());
    axpy(-length, turned.values(), residual.values());
    precondition(z);
    const double next = product(residual, z);
    const auto carried = static_cast<float>(next / slope);
    for (std::size_t n = 0; n < z.values().size(); ++n) {
      direction.values()[n] = z.values()[n] + carried * direction.values()[n];
    }
    slope = next;
  }
  move_users(context, state);
}

void ImplicitCenters::go_on(std::span<const std::optional<std::uint32_t>> known, const Matrix<float>& learned,
                            double stddev) {
  const std::size_t width = std::min(dim_, learned.cols());
  const std::size_t halves = vectors_.rows() / known.size();
  for (std::size_t r = 0; r < vectors_.rows(); ++r) {
    const std::size_t half = r / known.size();
    if (!known[r % known.size()]) continue;
    const auto scale = static_cast<float>(half == 0 ? 1 / stddev : 1.0);
    axpy(scale, learned.row(half * (learned.rows() / halves) + *known[r % known.size()]).first(width),
         vectors_.row(r).first(width));
  }
}

Matrix<float> ImplicitCenters::vectors(double stddev) const {
  Matrix<float> result(vectors_.rows(), dim_);
  for (std::size_t r = 0; r < result.rows(); ++r) {
    axpy(r < data_.item_count() ? static_cast<float>(stddev) : 1.0F, vectors_.row(r).first(dim_), result.row(r));
  }
  return result;
}

}  // namespace gusto
