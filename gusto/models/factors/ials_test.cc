#include "gusto/models/factors/ials.h"

#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

/// The objective of IalsModel's declaration, dense and in double, from the saved state alone.
class PlainIalsObjective {
 public:
  PlainIalsObjective(const IalsModel& model, Task task)
      : options_(model.options()), unobserved_(model.unobserved_weight()), reg_(model.reg()), data_(model.data()) {
    TensorWriter state;
    model.save_state(state);
    const TensorFile file = TensorFile::parse(state.serialize(), "state");
    dim_ = static_cast<std::size_t>(options_.dim);  // given in all tests
    users_ = widened(file.matrix<float>("user_vectors", data_.user_count(), dim_));
    items_ = widened(file.matrix<float>("item_vectors", data_.item_count(), dim_));
    events_ = Matrix<double>(users_.rows(), items_.rows());
    const float least = least_choice(data_, task, options_.like_threshold);
    std::vector<double> of_user(users_.rows());
    std::vector<double> of_item(items_.rows());
    for (const Event& event : data_.events()) {
      if (event.value < least) continue;
      events_(event.user.index, event.item.index) = 1;
      ++of_user[event.user.index];
      ++of_item[event.item.index];
    }
    const auto active = [](const std::vector<double>& counts) {
      return static_cast<double>(std::count_if(counts.begin(), counts.end(), [](double n) { return n > 0; }));
    };
    user_reg_ = regs(of_user, active(of_item));
    item_reg_ = regs(of_item, active(of_user));
    const SideFeatures features(data_, options_.user_fields, options_.item_fields);
    const auto prior_of = [&](nn::Side side, std::size_t rows, const char* name) {
      Prior prior{features.rows(side), Matrix<double>(features.values(side), dim_), Matrix<double>(rows, dim_)};
      if (!features.has(side)) return prior;
      prior.vectors = widened(file.matrix<float>(name, prior.vectors.rows(), dim_));
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::uint64_t e = prior.rows.offsets[r]; e < prior.rows.offsets[r + 1]; ++e) {
          for (std::size_t d = 0; d < dim_; ++d) {
            prior.mean(r, d) += static_cast<double>(prior.rows.weights[e]) * prior.vectors(prior.rows.ids[e], d);
          }
        }
      }
      return prior;
    };
    user_prior_ = prior_of(nn::Side::user, users_.rows(), "user_feature_vectors");
    item_prior_ = prior_of(nn::Side::item, items_.rows(), "item_feature_vectors");
  }

  double value() const {
    double sum = 0;
    for (std::size_t u = 0; u < users_.rows(); ++u) {
      for (std::size_t i = 0; i < items_.rows(); ++i) {
        if (user_reg_[u] == 0 || item_reg_[i] == 0) continue;
        sum += events_(u, i) * std::pow(score(u, i) - 1, 2) + unobserved_ * std::pow(score(u, i), 2);
      }
    }
    const auto reg_strength = [&](const Matrix<double>& rows, const Matrix<double>& mean,
                                  const std::vector<double>& reg) {
      for (std::size_t r = 0; r < rows.rows(); ++r) {
        for (std::size_t d = 0; d < dim_; ++d) sum += reg[r] * std::pow(rows(r, d) - mean(r, d), 2);
      }
    };
    reg_strength(users_, user_prior_.mean, user_reg_);
    reg_strength(items_, item_prior_.mean, item_reg_);
    return sum;
  }

  /// The largest entry of half the gradient at the users', or at the items', vectors of rows with events.
  double slope(bool of_users) const {
    const Matrix<double>& rows = of_users ? users_ : items_;
    const Matrix<double>& others = of_users ? items_ : users_;
    const std::vector<double>& reg = of_users ? user_reg_ : item_reg_;
    const std::vector<double>& other_reg = of_users ? item_reg_ : user_reg_;
    const Matrix<double>& mean = of_users ? user_prior_.mean : item_prior_.mean;
    double most = 0;
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      if (reg[r] == 0) continue;
      for (std::size_t d = 0; d < dim_; ++d) {
        double g = reg[r] * (rows(r, d) - mean(r, d));
        for (std::size_t o = 0; o < others.rows(); ++o) {
          if (other_reg[o] == 0) continue;
          const std::size_t u = of_users ? r : o;
          const std::size_t i = of_users ? o : r;
          g += (events_(u, i) * (score(u, i) - 1) + unobserved_ * score(u, i)) * others(o, d);
        }
        most = std::max(most, std::abs(g));
      }
    }
    return most;
  }

  /// The same at the vectors of one side's features.
  double feature_slope(bool of_users) const {
    const Prior& prior = of_users ? user_prior_ : item_prior_;
    const Matrix<double>& vectors = of_users ? users_ : items_;
    const std::vector<double>& reg = of_users ? user_reg_ : item_reg_;
    Matrix<double> g(prior.vectors.rows(), dim_);
    const double rows = static_cast<double>(std::count_if(reg.begin(), reg.end(), [](double x) { return x > 0; }));
    const double mean_reg = std::accumulate(reg.begin(), reg.end(), 0.0) / rows;
    for (std::size_t n = 0; n < g.values().size(); ++n) {
      g.values()[n] = options_.reg_features * mean_reg * prior.vectors.values()[n];
    }
    for (std::size_t r = 0; r < vectors.rows(); ++r) {
      for (std::uint64_t e = prior.rows.offsets[r]; e < prior.rows.offsets[r + 1]; ++e) {
        for (std::size_t d = 0; d < dim_; ++d) {
          g(prior.rows.ids[e], d) -=
              reg[r] * static_cast<double>(prior.rows.weights[e]) * (vectors(r, d) - prior.mean(r, d));
        }
      }
    }
    double most = 0;
    for (const double x : g.values()) most = std::max(most, std::abs(x));
    return most;
  }

 private:
  /// What features say of one side: their values, these values' vectors, and where they expect each row.
  struct Prior {
    SparseRows rows;
    Matrix<double> vectors, mean;
  };
  static Matrix<double> widened(const Matrix<float>& a) {
    Matrix<double> wide(a.rows(), a.cols());
    std::copy(a.values().begin(), a.values().end(), wide.values().begin());
    return wide;
  }
  std::vector<double> regs(const std::vector<double>& counts, double others) const {
    std::vector<double> result;
    for (const double n : counts) {
      result.push_back(n == 0 ? 0 : reg_ * std::pow(n + unobserved_ * others, options_.reg_power));
    }
    return result;
  }
  double score(std::size_t u, std::size_t i) const {
    return std::inner_product(users_.row(u).begin(), users_.row(u).end(), items_.row(i).begin(), 0.0);
  }

  const IalsOptions options_;
  const double unobserved_;
  const double reg_;
  const Dataset& data_;
  std::size_t dim_ = 0;
  Matrix<double> users_, items_, events_;
  Prior user_prior_, item_prior_;
  std::vector<double> user_reg_, item_reg_;
};

IalsModel fitted_ials(const IalsOptions& options, const std::shared_ptr<const Dataset>& data, Task task = Task::top_n) {
  Context context({.threads = 2});
  IalsModel model(options);
  model.fit(data, task, context);
  return model;
}

/// three_tastes, where items tell which taste they are for, and users who they are; the last item and user have no
/// events.
std::shared_ptr<const Dataset> with_features() {
  const auto plain = test::three_tastes();
  auto catalog = std::make_shared<Catalog>(plain->catalog());
  const auto kinds = [](std::size_t rows, const char* name) {
    FeatureField field;
    field.name = name;
    field.offsets = {0};
    for (std::size_t r = 0; r < rows; ++r) field.append("kind " + std::to_string(r % 3));
    return FeatureTable({field});
  };
  catalog->item_features = kinds(plain->item_count(), "genre");
  catalog->user_features = kinds(plain->user_count(), "group");
  return std::make_shared<const Dataset>(catalog, plain->events());
}

TEST(Ials, GradientIsZeroAtTheSolution) {
  const auto data = test::three_tastes();
  for (const double power : {0.5, 1.0}) {
    for (const Task task : {Task::top_n, Task::likes}) {
      const IalsModel model =
          fitted_ials({.dim = 5, .epochs = 250, .unobserved_weight = 0.2, .reg = 0.03, .reg_power = power}, data, task);
      const PlainIalsObjective objective(model, task);
      EXPECT_LT(objective.slope(true), 1e-4) << power << to_string(task);
      EXPECT_LT(objective.slope(false), 2e-3) << power << to_string(task);
    }
  }
}

TEST(Ials, UsersAreSolvedForExactlyHoweverFewTheEpochs) {
  const auto data = test::three_tastes();
  for (const int block : {16, 64}) {
    const IalsModel model = fitted_ials({.dim = 40, .epochs = 1, .block = block}, data);
    EXPECT_LT(PlainIalsObjective(model, Task::top_n).slope(true), 1e-4);
  }
}

TEST(Ials, BlocksReachTheObjectiveOfAllCoordinatesAtOnce) {
  const auto data = test::three_tastes();
  const IalsOptions options{.dim = 40, .epochs = 60, .reg = 0.03};
  IalsOptions blocks = options;
  blocks.block = 16;
  const double whole = PlainIalsObjective(fitted_ials(options, data), Task::top_n).value();
  const double parts = PlainIalsObjective(fitted_ials(blocks, data), Task::top_n).value();
  EXPECT_NEAR(parts, whole, 1e-3 * whole);
}

TEST(Ials, WeighsPairsByTheDensityOfTheData) {
  const auto data = test::three_tastes(200, 100);
  std::set<std::uint32_t> items;
  for (const ItemRow item : data->items()) items.insert(item.index);
  const double pairs = 199.0 * static_cast<double>(items.size());
  const double weight = fitted_ials({.dim = 4, .epochs = 1}, data).unobserved_weight();
  EXPECT_DOUBLE_EQ(weight, std::min(1.0, 8 * static_cast<double>(data->event_count()) / pairs));
  EXPECT_EQ(fitted_ials({.dim = 4, .epochs = 1, .unobserved_weight = 0.2}, data).unobserved_weight(), 0.2);
}

TEST(Ials, WideVectorsAreSolvedForBySweeps) {
  const auto data = test::three_tastes(30, 20);
  IalsOptions options{.dim = RowSolver::kExactWidth + 8, .epochs = 1, .reg = 0.03, .init = 1};
  options.block = 128;
  EXPECT_LT(PlainIalsObjective(fitted_ials(options, data), Task::top_n).slope(true), 1e-3);
}

TEST(Ials, FeaturesAreWhereTheirGradientIsZeroToo) {
  const auto data = with_features();
  IalsOptions options{.dim = 4, .epochs = 1000, .reg = 0.03};
  options.user_fields = "group";
  options.item_fields = "genre";
  const IalsModel model = fitted_ials(options, data);
  const PlainIalsObjective objective(model, Task::top_n);
  EXPECT_LT(objective.slope(true), 1e-4);
  EXPECT_LT(objective.slope(false), 2e-3);
  EXPECT_LT(objective.feature_slope(true), 2e-3);
  EXPECT_LT(objective.feature_slope(false), 2e-3);
}

TEST(Ials, FeaturesGiveVectorsToNewItemsAndNewPeople) {
  const auto data = with_features();
  IalsOptions options{.dim = 8, .reg = 0.03};
  options.user_fields = "auto";
  options.item_fields = "auto";
  const IalsModel model = fitted_ials(options, data);
  const std::size_t kind = 39 % 3;  // of the item without events
  double fitting = 0;
  double other = 0;
  for (std::size_t u = 0; u < 59; ++u) {
    (u % 3 == kind ? fitting : other) += test::scores_of(model, Query::known(UserRow(u)))[39] / (u % 3 == kind ? 1 : 2);
  }
  EXPECT_GT(fitting, 1.2 * other);

  const FeatureValue group{"group", "kind 1"};
  Query query;
  query.features = {&group, 1};
  const std::vector<float> scores = test::scores_of(model, query);
  double own = 0;
  double others = 0;
  for (std::size_t i = 0; i < 39; ++i) (i % 3 == 1 ? own : others) += scores[i];
  EXPECT_GT(own, others / 2);
  EXPECT_EQ(test::scores_of(model, Query::known(UserRow(59))), test::scores_of(model, [&] {
              static const FeatureValue same{"group", "kind 2"};
              Query stranger;
              stranger.features = {&same, 1};
              return stranger;
            }()));

  const std::vector<HistoryEvent> history{{ItemRow(1)}, {ItemRow(4)}};
  query.history = history;
  double sum = 0;
  for (const Contribution& part : model.explain(query, ItemRow(7))) sum += part.amount;
  EXPECT_NEAR(sum, test::scores_of(model, query)[7], 1e-4);
}

TEST(Ials, FeaturesTravelWithTheModel) {
  const auto data = with_features();
  IalsOptions options{.dim = 8};
  options.user_fields = "group";
  options.item_fields = "genre";
  const IalsModel model = fitted_ials(options, data);
  TensorWriter state;
  model.save_state(state);
  IalsModel loaded(options);
  loaded.load_state(TensorFile::parse(state.serialize(), "state"), data, Task::top_n);
  const FeatureValue group{"group", "kind 1"};
  Query query;
  query.features = {&group, 1};
  EXPECT_EQ(test::scores_of(loaded, query), test::scores_of(model, query));
  EXPECT_EQ(test::scores_of(loaded, Query::known(UserRow(3))), test::scores_of(model, Query::known(UserRow(3))));
}

TEST(Ials, RefusesFieldsThatAreNoFeatures) {
  const auto data = with_features();
  Context context({.threads = 1});
  for (const char* fields : {"user", "genre", "history(5)"}) {
    IalsOptions options;
    options.user_fields = fields;
    IalsModel model(options);
    EXPECT_EQ(test::code_of([&] { model.fit(data, Task::top_n, context); }), ErrorCode::invalid_option) << fields;
  }
}

TEST(Ials, IsExactOverSeveralBlocksOfRows) {
  // More users than one partial sum of a Gram matrix takes.
  const auto data = test::three_tastes(5000, 15);
  const IalsModel model = fitted_ials({.dim = 3, .epochs = 60, .reg = 0.03}, data);
  const PlainIalsObjective objective(model, Task::top_n);
  EXPECT_LT(objective.slope(true), 1e-3);
  EXPECT_LT(objective.slope(false), 0.1);
}

TEST(Ials, WideVectorsAreExplainedByWhatTheyAre) {
  const auto data = test::three_tastes(30, 20);
  IalsOptions options{.dim = RowSolver::kExactWidth + 8, .epochs = 1, .reg = 0.0005, .init = 1};
  options.block = 16;
  const IalsModel model = fitted_ials(options, data);
  const std::vector<HistoryEvent> history{{ItemRow(1)}, {ItemRow(4)}, {ItemRow(6)}, {ItemRow(9)}};
  Query query;
  query.history = history;
  double sum = 0;
  for (const Contribution& part : model.explain(query, ItemRow(7))) sum += part.amount;
  EXPECT_NEAR(sum, test::scores_of(model, query)[7], 1e-5);
}

TEST(Ials, HoldsLargeDataInLittleMemory) {
  // What the design promises: 10⁸ events of a million users and 100,000 items. Only their numbers are known here.
  const auto large = std::make_shared<const Dataset>(
      test::catalog_of(1'000'000, 100'000), Dataset::EventInfo{.events = 100'000'000},
      Deferred<EventColumns>::later([]() -> EventColumns { throw Error(ErrorCode::internal, "read"); }));
  EXPECT_LT(IalsModel({.dim = 64}).memory_need(*large, Task::top_n, 2), 1'300'000'000U);
}

}  // namespace
}  // namespace gusto
