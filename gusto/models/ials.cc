#include "gusto/models/ials.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/base/random.h"
#include "gusto/base/solve_kernels.h"

namespace gusto {
namespace {

constexpr std::size_t kRowBlock = 16;
constexpr std::size_t kAutomaticBlock = 64;
constexpr int kPriorIterations = 5;

}  // namespace

constexpr ModelInfo kIalsInfo{
    .name = "ials",
    .summary = "User and item vectors from who has what, by least squares over all pairs.",
    .about =
        "Implicit alternating least squares in its revisited form (Hu, Koren, Volinsky 2008; Rendle, Krichene, Zhang, "
        "Koren 2022): every event asks for a score of 1, every pair of user and item, with the weight unobserved, for "
        "0, and a vector is pulled to 0 by as much as it takes part in. Large dim and a well chosen reg make it one of "
        "the "
        "strongest models for top lists; blocks of coordinates (iALS++) keep large dim affordable. With user_fields "
        "and "
        "item_fields vectors are pulled to what features suggest instead of 0, so that new items, and people of whom "
        "only features are known, get vectors too.",
    .fields = kIalsFields,
    .abilities = {.personalised = true,
                  .fold_in = FoldIn::exact,
                  .cold_items = true,
                  .item_vectors = true,
                  .similar_items = true,
                  .similar_users = true,
                  .explains = true},
    .make = &make_with<IalsModel>,
};

/// One side's rows, with their events that count.
struct IalsModel::Side {
  const Dataset& data;
  bool of_users;
  float least;
  std::vector<float> regs;  // λ, by row; 0 of rows without events

  std::size_t rows() const { return of_users ? data.user_count() : data.item_count(); }

  void events(std::size_t row, std::vector<std::uint32_t>& out) const {
    out.clear();
    const auto keep = [&](const auto& rows, std::span<const float> values) {
      for (std::size_t e = 0; e < rows.size(); ++e) {
        if (values[e] >= least) out.push_back(rows[e].index);
      }
    };
    if (of_users) {
      const History history = data.history(UserRow(row));
      keep(history.items, history.values);
    } else {
      const Audience audience = data.audience(ItemRow(row));
      keep(audience.users, audience.values);
    }
  }
};

struct IalsModel::Asker {
  std::vector<ItemRow> items;  // of the events that count
  std::vector<std::uint32_t> indexes;
  std::vector<float> targets;
  SideFeatures::Asker features;
  std::vector<float> centre;  // none without features
  float reg = 0;

  RowSolver::Row row() const { return {indexes, targets, reg, centre}; }
};

double IalsModel::reg_of(std::size_t events, std::size_t others) const {
  const double pairs = static_cast<double>(events) + options().unobserved * static_cast<double>(others);
  return options().reg * std::pow(pairs, options().reg_power);
}

std::size_t IalsModel::block() const {
  return options().block == 0 ? std::min(kAutomaticBlock, dim()) : static_cast<std::size_t>(options().block);
}

std::uint64_t IalsModel::memory_need(const Dataset& data, Task, unsigned threads) const {
  const std::uint64_t width = padded_width(dim());
  const std::uint64_t rows = data.user_count() + data.item_count();
  const std::uint64_t most_rows = std::max(data.user_count(), data.item_count());
  const std::uint64_t by_item = data.event_count() * 8;
  // Both sides' vectors; of the larger one partial sums for Σ y yᵀ; a system and the longest row's events for each thread.
  const std::uint64_t floats =
      rows * (width + 1) + (most_rows / 2048 + 4) * width * width + threads * (width * (width + 4) + 4 * most_rows);
  return by_item + floats * sizeof(float) +
         SideFeatures::memory_need(data, options().user_fields, options().item_fields, width);
}

IalsModel::Side IalsModel::make_side(const Dataset& data, bool of_users) const {
  Side side{data, of_users, least_, {}};
  std::vector<std::size_t> counts(side.rows());
  std::vector<std::uint32_t> events;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    side.events(r, events);
    counts[r] = events.size();
  }
  std::size_t others = items_with_events_;
  if (!of_users) {
    others = 0;
    for (std::size_t u = 0; u < data.user_count(); ++u) {
      const History history = data.history(UserRow(u));
      others += std::any_of(history.values.begin(), history.values.end(), [&](float value) { return value >= least_; })
                    ? 1
                    : 0;
    }
  }
  side.regs.resize(counts.size());
  for (std::size_t r = 0; r < counts.size(); ++r) {
    side.regs[r] = counts[r] == 0 ? 0.0F : static_cast<float>(reg_of(counts[r], others));
  }
  return side;
}

void IalsModel::count_items(const Dataset& data) {
  std::vector<bool> has(data.item_count());
  const std::span<const ItemRow> items = data.items();
  for (std::size_t e = 0; e < items.size(); ++e) {
    if (data.values()[e] >= least_) has[items[e].index] = true;
  }
  items_with_events_ = static_cast<std::size_t>(std::count(has.begin(), has.end(), true));
}

void IalsModel::start(const Side& side, std::string_view purpose, Context& context, Matrix<float>& vectors) const {
  vectors = Matrix<float>(side.rows(), padded_width(dim()));
  const double scale = options().init / std::sqrt(static_cast<double>(dim()));
  parallel_blocks(context, side.rows(), kRowBlock * kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t r = begin; r < end; ++r) {
      if (side.regs[r] == 0) continue;
      Random random(context.seed(), purpose, r);
      for (float& x : vectors.row(r).first(dim())) x = static_cast<float>(scale * random.normal());
    }
  });
}

void IalsModel::solve_side(const Side& side, const FeaturePrior* prior, const RowSolver& solver, Pass pass,
                           Context& context, Matrix<float>& vectors) const {
  struct Worker {
    std::vector<std::uint32_t> indexes;
    std::vector<float> targets, centre;
    RowSolver::Workspace workspace;
  };
  std::vector<Worker> workers(context.threads());
  parallel_blocks(context, side.rows(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned number) {
    Worker& worker = workers[number];
    for (std::size_t r = begin; r < end; ++r) {
      if (side.regs[r] == 0) continue;
      side.events(r, worker.indexes);
      worker.targets.assign(worker.indexes.size(), 1.0F);
      if (prior != nullptr) {
        worker.centre.resize(vectors.cols());
        prior->expect(r, worker.centre);
      }
      const RowSolver::Row row{worker.indexes, worker.targets, side.regs[r], worker.centre};
      if (pass == Pass::sweep) solver.sweep(row, vectors.row(r), worker.workspace);
      if (pass == Pass::solve) solver.solve(row, vectors.row(r), worker.workspace);
    }
  });
}

void IalsModel::do_fit(const Dataset& data, Context& context) {
  least_ = least_choice(data, task(), options().like_threshold);
  count_items(data);
  const Side user_side = make_side(data, true);
  const Side item_side = make_side(data, false);
  start(user_side, "ials users", context, users_);
  start(item_side, "ials items", context, items_);

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

  const auto improve = [&](const Side& side, std::optional<FeaturePrior>& prior, std::span<const float> weights,
                           const Matrix<float>& other, Matrix<float>& vectors) {
    const RowSolver solver(other.view(), gram(context, other.view()), options().unobserved, block());
    solve_side(side, prior ? &*prior : nullptr, solver, Pass::sweep, context, vectors);
    if (prior) prior->fit(context, vectors, weights, options().reg_features, kPriorIterations);
  };
  const auto epochs = static_cast<std::size_t>(options().epochs);
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    improve(user_side, user_prior_, user_weights, items_, users_);
    improve(item_side, item_prior_, item_weights, users_, items_);
    context.progress(info().name, epoch + 1, epochs);
  }
  require_finite("item vectors", items_.values());

  prepare_folding(gram(context, items_.view()));
  solve_side(user_side, user_prior_ ? &*user_prior_ : nullptr, *folding_, Pass::solve, context, users_);
  const auto expect = [](const Side& side, const std::optional<FeaturePrior>& prior, Matrix<float>& vectors) {
    for (std::size_t r = 0; prior && r < side.rows(); ++r) {
      if (side.regs[r] == 0) prior->expect(r, vectors.row(r));
    }
  };
  expect(user_side, user_prior_, users_);
  expect(item_side, item_prior_, items_);
  require_finite("user vectors", users_.values());
}

void IalsModel::prepare_folding(Matrix<float> gram) {
  all_items_ = std::move(gram);
  folding_.emplace(std::as_const(items_).view(), all_items_, options().unobserved, block());
}

MatrixView<const float> IalsModel::item_vectors() const {
  static_cast<void>(data());
  return items_.view().first_columns(dim());
}

IalsModel::Asker IalsModel::asker(const Query& query) const {
  Asker asker;
  std::vector<HistoryEvent> storage;
  for (const HistoryEvent& event : history_of(query, storage)) {
    if (event.value < least_) continue;
    asker.items.push_back(event.item);
    asker.indexes.push_back(event.item.index);
  }
  asker.targets.assign(asker.indexes.size(), 1.0F);
  asker.reg = static_cast<float>(reg_of(asker.indexes.size(), items_with_events_));
  if (user_prior_) {
    asker.features = features_->asker(query);
    asker.centre.resize(items_.cols());
    user_prior_->expect(asker.features.ids, asker.features.weights, asker.centre);
  }
  return asker;
}

void IalsModel::do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const {
  RowSolver::Workspace workspace;
  std::vector<float> vector(items_.cols());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (is_training_user(queries[q]) && queries[q].features.empty()) {
      std::copy_n(users_.row(queries[q].user->index).data(), dim(), out.row(q).data());
      continue;
    }
    if (q > 0 && same_asker(queries[q], queries[q - 1])) {
      std::copy_n(out.row(q - 1).data(), dim(), out.row(q).data());
      continue;
    }
    const Asker who = asker(queries[q]);
    std::fill(vector.begin(), vector.end(), 0.0F);
    std::copy(who.centre.begin(), who.centre.end(), vector.begin());
    if (!who.indexes.empty()) folding_->solve(who.row(), vector, workspace);
    std::copy_n(vector.data(), dim(), out.row(q).data());
  }
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
  const Asker who = asker(query);
  const std::span<const float> target = item_vectors().row(item.index);
  std::vector<Contribution> parts;
  // What an event's item, or a feature, adds to w_u: it goes through `reach` = A⁻¹ h_i.
  std::vector<double> reach(target.begin(), target.end());
  double pull = 1;
  if (!who.indexes.empty()) {
    Matrix<double> left(dim(), dim());
    for (std::size_t r = 0; r < dim(); ++r) {
      for (std::size_t c = 0; c < dim(); ++c) left(r, c) = options().unobserved * static_cast<double>(all_items_(r, c));
      left(r, r) += who.reg;
    }
    for (const std::uint32_t other : who.indexes) {
      const std::span<const float> h = items_.row(other);
      for (std::size_t r = 0; r < dim(); ++r) {
        for (std::size_t c = 0; c < dim(); ++c) left(r, c) += static_cast<double>(h[r]) * static_cast<double>(h[c]);
      }
    }
    solve_spd(left.view(), reach);
    pull = who.reg;
  }
  const auto through = [&](std::span<const float> vector) {
    double sum = 0;
    for (std::size_t d = 0; d < dim(); ++d) sum += static_cast<double>(vector[d]) * reach[d];
    return sum;
  };
  for (const ItemRow other : who.items) {
    parts.push_back({.label = "", .item = other, .user = {}, .amount = through(items_.row(other.index))});
  }
  for (std::size_t f = 0; f < who.features.ids.size(); ++f) {
    const double amount =
        pull * static_cast<double>(who.features.weights[f]) * through(user_prior_->vectors().row(who.features.ids[f]));
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
  count_items(data());
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
  prepare_folding(resized(in.matrix<float>("all_items", dim(), dim()), width, width));
}

}  // namespace gusto
