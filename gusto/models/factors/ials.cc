#include "gusto/models/factors/ials.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "gusto/base/linalg.h"
#include "gusto/base/solve_kernels.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/data_shape.h"
#include "gusto/models/shared/warm_start.h"

namespace gusto {
namespace {

constexpr int kPriorIterations = 5;
constexpr int kFirstPriorIterations = 20;  // where vectors come from another model

// How much all pairs weigh together beside all events. Chosen on inner parts of sets from .1 % to 5 % dense: ml-1m,
// ml-100k, ml-latest-small, yelp, citeulike, lastfm; see bench/panel.py.
constexpr double kPairsToEvents = 8;

// Of vectors whose length is not given.
constexpr std::size_t kItemsPerDim = 64;
constexpr std::size_t kLeastVectorDim = 64;
constexpr std::size_t kMostVectorDim = 256;

// 0.013, but up to 0.03 where histories are short, of 22 events down to 7, and more where users or items are fewer than
// 600: there most of what rows seem to say of each other is noise.
double usual_reg(const DataShape& shape) {
  const double of_length = 0.013 * std::pow(0.03 / 0.013, 1 - ramp(shape.events_a_user(), 7, 22));
  return of_length * std::pow(std::max(1.0, 600 / std::max(1.0, shape.narrower())), 0.4);
}

// Of a row's events; without weights, how many there are.
double total_weight(std::span<const std::uint32_t> events, std::span<const float> weights) {
  if (weights.empty()) return static_cast<double>(events.size());
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

}  // namespace

constexpr ModelInfo kIalsInfo{
    .name = "ials",
    .summary = "User and item vectors from who has what, by least squares over all pairs.",
    .about =
        "Implicit alternating least squares in its revisited form (Hu, Koren, Volinsky 2008; Rendle, Krichene, Zhang, "
        "Koren 2022): every event asks for a score of 1, weighed by its strength, every pair of user and item, with "
        "the weight unobserved_weight, for 0, and a vector is shrunk to 0 by as much as it takes part in. Large dim "
        "and a well chosen reg make it one of the strongest models for top lists; blocks of coordinates (iALS++) keep "
        "large dim affordable. With user_fields and item_fields vectors are shrunk to what features suggest instead of "
        "0, so that new items, and users for whom only features are known, get vectors too.",
    .fields = kIalsFields,
    .abilities = {.personalized = true,
                  .fold_in = FoldIn::exact,
                  .cold_items = true,
                  .item_vectors = true,
                  .similar_items = true,
                  .similar_users = true,
                  .explains = true,
                  .strength = true,
                  .continues = true},
    .make = &make_with<IalsModel>,
};

/// One side's rows, with their events that count.
struct IalsModel::Side {
  const Dataset& data;
  bool of_users;
  float least;
  Strength strength;
  std::vector<float> regs;  // λ, by row; 0 of rows without events

  std::size_t rows() const { return of_users ? data.user_count() : data.item_count(); }

  void events(std::size_t row, std::vector<std::uint32_t>& out, std::vector<float>& weights) const {
    out.clear();
    weights.clear();
    const auto keep = [&](const auto& rows, std::span<const float> values) {
      for (std::size_t e = 0; e < rows.size(); ++e) {
        if (values[e] < least) continue;
        out.push_back(rows[e].index);
        if (strength.used()) weights.push_back(strength.of(values[e]));
      }
    };
    if (of_users) {
      const History history = data.history(UserRow(row));
      keep(history.items, history.values);
    } else {
      const ItemEvents item_events = data.item_events(ItemRow(row));
      keep(item_events.users, item_events.values);
    }
  }
};

struct IalsModel::QueryUser {
  RowProblem problem;  // its center is empty without features
  SideFeatures::QueryUser features;
};

double IalsModel::reg_of(double events, std::size_t others) const {
  const double pairs = events + unobserved_weight_ * static_cast<double>(others);
  return reg_ * std::pow(pairs, options().reg_power);
}

std::uint64_t IalsModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const std::uint64_t width = padded_width(dim_for(data));
  const std::uint64_t rows = data.user_count() + data.item_count();
  // The view by item; vectors, and each row's λ and weight; room to count events in.
  const std::uint64_t by_item = data.event_count() * 8 + data.item_count() * 8;
  const std::uint64_t floats = rows * (width + 2) + std::max(data.user_count(), data.item_count()) * 4;
  return by_item + floats * sizeof(float) + alternation_memory(data.user_count(), data.item_count(), width, threads) +
         SideFeatures::memory_need(data, options().user_fields, options().item_fields, width);
}

IalsModel::Side IalsModel::make_side(const Dataset& data, bool of_users, std::size_t others) const {
  Side side{data, of_users, least_, strength_of(data, task()), {}};
  side.regs.resize(side.rows());
  std::vector<std::uint32_t> events;
  std::vector<float> weights;
  for (std::size_t r = 0; r < side.regs.size(); ++r) {
    side.events(r, events, weights);
    side.regs[r] = events.empty() ? 0.0F : static_cast<float>(reg_of(total_weight(events, weights), others));
  }
  return side;
}

// Many items have many niches, which few dimensions do not tell apart.
std::size_t IalsModel::dim_for(const Dataset& data) const {
  if (options().dim > 0) return static_cast<std::size_t>(options().dim);
  const DataShape shape = shape_of(data);
  const auto wanted = static_cast<std::size_t>(shape.items) / kItemsPerDim;
  return fitting_dim(std::clamp(padded_width(wanted), kLeastVectorDim, kMostVectorDim), shape);
}

void IalsModel::measure(const Dataset& data) {
  std::vector<bool> has(data.item_count());
  double events = 0;
  double users = 0;
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const History history = data.history(UserRow(u));
    bool any = false;
    for (std::size_t e = 0; e < history.size(); ++e) {
      if (history.values[e] < least_) continue;
      has[history.items[e].index] = any = true;
      ++events;
    }
    users += any ? 1 : 0;
  }
  items_with_events_ = static_cast<std::size_t>(std::count(has.begin(), has.end(), true));
  const double pairs = std::max(users * static_cast<double>(items_with_events_), 1.0);
  unobserved_weight_ =
      options().unobserved_weight > 0 ? options().unobserved_weight : std::min(1.0, kPairsToEvents * events / pairs);
  reg_ = options().reg > 0 ? options().reg : usual_reg({users, static_cast<double>(items_with_events_), events});
}

RowSolver IalsModel::solver(const Matrix<float>& other, Matrix<float> gram) const {
  return {other.view(), std::move(gram), unobserved_weight_, coordinates_at_once(options().block, dim())};
}

void IalsModel::solve_rows(const Side& side, const std::optional<FeaturePrior>& prior, const RowSolver& solver,
                           Pass pass, const std::vector<bool>& chosen, Steps& steps, Matrix<float>& vectors) const {
  const auto state = [&](std::size_t r, RowProblem& problem) {
    problem.indexes.clear();
    if (!chosen.empty() && !chosen[r]) return;
    side.events(r, problem.indexes, problem.weights);
    problem.targets.assign(problem.indexes.size(), 1.0F);
    problem.reg = side.regs[r];
    if (!prior) return;
    problem.center.resize(vectors.cols());
    prior->expect(r, problem.center);
  };
  solve_side(steps, solver, pass, state, vectors);
}

Matrix<float> IalsModel::start(const Side& side, const IalsModel* from, std::span<const KnownRow> known,
                               std::uint64_t seed, Context& context) const {
  const std::size_t shared = from != nullptr ? std::min(dim(), from->dim()) : 0;
  // Of rows of which no event counts vectors are 0, or they would count as ones that nobody chose.
  const auto counts = [&](std::size_t r) { return side.regs[r] > 0; };
  Matrix<float> vectors = random_vectors(context, side.rows(), padded_width(dim()), dim(), options().init, seed,
                                         side.of_users ? "ials users" : "ials items",
                                         [&](std::size_t r) { return counts(r) && !(shared == dim() && known[r]); });
  if (from == nullptr) return vectors;
  std::vector<KnownRow> copied(known.begin(), known.end());
  for (std::size_t r = 0; r < copied.size(); ++r) {
    if (!counts(r)) copied[r].reset();
  }
  copy_rows(copied, (side.of_users ? from->users_ : from->items_).view(), shared, vectors.view());
  return vectors;
}

void IalsModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  least_ = least_choice(data, task(), options().like_threshold);
  measure(data);
  dim_ = dim_for(data);
  const Side user_side = make_side(data, true, items_with_events_);
  const auto counts = [](float reg) { return reg > 0; };
  const auto users_with_events = std::count_if(user_side.regs.begin(), user_side.regs.end(), counts);
  const Side item_side = make_side(data, false, static_cast<std::size_t>(users_with_events));
  const auto* const from = static_cast<const IalsModel*>(fit.from);
  const std::optional<WarmStart> known = from != nullptr ? std::optional<WarmStart>({data, *from}) : std::nullopt;
  users_ = start(user_side, from, known ? known->users : std::vector<KnownRow>(), fit.seed, context);
  items_ = start(item_side, from, known ? known->items : std::vector<KnownRow>(), fit.seed, context);
  const std::vector<bool> changed = fit.update ? changed_users(data, *from, *known) : std::vector<bool>();

  user_prior_.reset();
  item_prior_.reset();
  features_.reset();
  if (has_fields()) {
    features_ = std::make_unique<SideFeatures>(data, options().user_fields, options().item_fields);
    const auto prior_of = [&](nn::Side side) -> std::optional<FeaturePrior> {
      if (!features_->has(side)) return std::nullopt;
      return FeaturePrior(features_->rows(side), features_->values(side), padded_width(dim()));
    };
    user_prior_ = prior_of(nn::Side::user);
    item_prior_ = prior_of(nn::Side::item);
  }
  const auto weights_of = [](const Side& side) {
    double sum = 0;
    double rows = 0;
    for (const float reg : side.regs) {
      sum += reg;
      rows += reg > 0 ? 1 : 0;
    }
    std::vector<float> weights = side.regs;
    for (float& weight : weights) weight *= static_cast<float>(rows / sum);
    return weights;
  };
  const std::vector<float> user_weights = weights_of(user_side);
  const std::vector<float> item_weights = weights_of(item_side);

  const std::size_t epochs = fit.update ? 1 : static_cast<std::size_t>(options().epochs);
  Steps steps(context, info().name, epochs * (data.user_count() + data.item_count()) + data.user_count());
  const auto improve = [&](const Side& side, std::optional<FeaturePrior>& prior, std::span<const float> weights,
                           const std::vector<bool>& chosen, const Matrix<float>& other, Matrix<float>& vectors) {
    solve_rows(side, prior, solver(other, gram(context, other.view())), Pass::sweep, chosen, steps, vectors);
    if (prior) prior->fit(context, vectors, weights, options().reg_features, kPriorIterations);
  };
  if (fit.from != nullptr) {
    if (user_prior_) user_prior_->fit(context, users_, user_weights, options().reg_features, kFirstPriorIterations);
    if (item_prior_) item_prior_->fit(context, items_, item_weights, options().reg_features, kFirstPriorIterations);
  }
  const std::vector<bool> all;
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    improve(user_side, user_prior_, user_weights, changed, items_, users_);
    improve(item_side, item_prior_, item_weights, all, users_, items_);
    ProgressEvent event = steps.event();
    event.epoch = epoch + 1;
    context.progress(event);
  }
  require_finite("item vectors", items_.values());

  prepare_fold_in(gram(context, items_.view()));
  solve_rows(user_side, user_prior_, *fold_in_solver_, Pass::solve, all, steps, users_);
  const auto expect = [](const Side& side, std::optional<FeaturePrior>& prior, Matrix<float>& vectors) {
    if (!prior) return;
    for (std::size_t r = 0; r < side.rows(); ++r) {
      if (side.regs[r] == 0) prior->expect(r, vectors.row(r));
    }
    prior->forget_rows();
  };
  expect(user_side, user_prior_, users_);
  expect(item_side, item_prior_, items_);
  require_finite("user vectors", users_.values());
}

void IalsModel::prepare_fold_in(Matrix<float> gram) {
  all_items_ = std::move(gram);
  fold_in_solver_.emplace(solver(items_, all_items_));
}

MatrixView<const float> IalsModel::item_vectors() const {
  static_cast<void>(data());
  return items_.view().first_columns(dim());
}

IalsModel::QueryUser IalsModel::query_user(const Query& query) const {
  QueryUser query_user;
  RowProblem& problem = query_user.problem;
  const bool weighted = strength_of(data(), task()).used();
  for (const auto& [item, strength] : choices(query, least_)) {
    problem.indexes.push_back(item);
    if (weighted) problem.weights.push_back(strength);
  }
  problem.targets.assign(problem.indexes.size(), 1.0F);
  problem.reg = static_cast<float>(reg_of(total_weight(problem.indexes, problem.weights), items_with_events_));
  if (user_prior_) {
    query_user.features = features_->query_user(query);
    problem.center.resize(items_.cols());
    user_prior_->expect(query_user.features.ids, query_user.features.weights, problem.center);
  }
  return query_user;
}

void IalsModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  Matrix<float> vectors(queries.size(), items_.cols());
  std::vector<std::size_t> source(queries.size());  // the first of the same query user
  RowQueue queue(*fold_in_solver_, Pass::solve);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    source[q] = q;
    const std::span<float> vector = vectors.row(q);
    if (is_training_user(queries[q]) && queries[q].features.empty()) {
      std::copy_n(users_.row(queries[q].user->index).data(), dim(), vector.data());
    } else if (q > 0 && same_query_user(queries[q], queries[q - 1])) {
      source[q] = source[q - 1];
    } else {
      queue.problem() = query_user(queries[q]).problem;
      std::copy(queue.problem().center.begin(), queue.problem().center.end(), vector.begin());
      if (!queue.problem().indexes.empty()) queue.add(vector);
    }
  }
  queue.finish();
  for (std::size_t q = 0; q < queries.size(); ++q) std::copy_n(vectors.row(source[q]).data(), dim(), out.row(q).data());
}

void IalsModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  cosine_to_rows(item_vectors(), item_vectors().row(item.index), out);
}

void IalsModel::do_user_similarity(const Query& query, std::span<float> out) const {
  Matrix<float> own(1, dim());
  do_query_vectors({&query, 1}, own.view());
  cosine_to_rows(users_.view().first_columns(dim()), own.row(0), out);
}

std::vector<Contribution> IalsModel::do_explain(const Query& query, ItemRow item) const {
  const QueryUser who = query_user(query);
  const std::span<const float> target = item_vectors().row(item.index);
  std::vector<Contribution> parts;
  // What an event's item, or a feature, adds to w_u goes through A⁻¹ h_i; without events w_u is what features say
  // itself.
  std::vector<double> reach(target.begin(), target.end());
  double reg_strength = 1;
  if (!who.problem.indexes.empty()) {
    reach = fold_in_solver_->reach(who.problem.row(), target);
    reg_strength = static_cast<double>(who.problem.reg);
  }
  const auto through = [&](std::span<const float> vector) {
    return std::inner_product(reach.begin(), reach.end(), vector.begin(), 0.0);
  };
  for (std::size_t n = 0; n < who.problem.indexes.size(); ++n) {
    const std::uint32_t other = who.problem.indexes[n];
    const double weight = who.problem.weights.empty() ? 1.0 : static_cast<double>(who.problem.weights[n]);
    parts.push_back({.label = "", .item = ItemRow(other), .user = {}, .amount = weight * through(items_.row(other))});
  }
  for (std::size_t f = 0; f < who.features.ids.size(); ++f) {
    const double amount = reg_strength * static_cast<double>(who.features.weights[f]) *
                          through(user_prior_->vectors().row(who.features.ids[f]));
    const std::string label(who.features.fields[f]);
    if (!parts.empty() && parts.back().label == label) {
      parts.back().amount += amount;
    } else {
      parts.push_back({.label = label, .item = {}, .user = {}, .amount = amount});
    }
  }
  return parts;
}

void IalsModel::save_state(TensorWriter& out) const {
  out.add("item_vectors", resized(items_, items_.rows(), dim()));
  out.add("user_vectors", resized(users_, users_.rows(), dim()));
  out.add("all_items", resized(all_items_, dim(), dim()));
  if (features_) features_->save(out);
  const auto add_vectors = [&](const char* name, const FeaturePrior& prior) {
    out.add(name, resized(prior.vectors(), prior.vectors().rows(), dim()));
  };
  if (user_prior_) add_vectors("user_feature_vectors", *user_prior_);
  if (item_prior_) add_vectors("item_feature_vectors", *item_prior_);
}

void IalsModel::do_load(const TensorFile& in) {
  least_ = least_choice(data(), task(), options().like_threshold);
  measure(data());
  const std::span<const std::uint64_t> shape = in.shape("item_vectors");
  dim_ = shape.empty() ? 0 : shape.back();
  const std::size_t width = padded_width(dim());
  const auto padded = [&](std::string_view name, std::size_t rows) {
    return resized(in.matrix<float>(name, rows, dim()), rows, width);
  };
  items_ = padded("item_vectors", data().item_count());
  users_ = padded("user_vectors", data().user_count());
  user_prior_.reset();
  item_prior_.reset();
  features_.reset();
  if (has_fields()) {
    features_ = std::make_unique<SideFeatures>(data(), in);
    const auto prior_of = [&](nn::Side side, const char* name) -> std::optional<FeaturePrior> {
      if (!features_->has(side)) return std::nullopt;
      FeaturePrior prior(SparseRows{}, features_->values(side), width);
      prior.set_vectors(padded(name, features_->values(side)));
      return prior;
    };
    user_prior_ = prior_of(nn::Side::user, "user_feature_vectors");
    item_prior_ = prior_of(nn::Side::item, "item_feature_vectors");
  }
  prepare_fold_in(resized(in.matrix<float>("all_items", dim(), dim()), width, width));
}

}  // namespace gusto
