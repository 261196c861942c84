#include "gusto/models/neural/new_user.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "gusto/base/random.h"
#include "gusto/models/shared/choices.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

constexpr int kGuestSteps = 80;
constexpr double kRate = 0.2;  // of the first step, in standard deviations
constexpr double kFirstDecay = 0.9;
constexpr double kSecondDecay = 0.9;  // of Adam over so few steps

/// One coordinate's descent.
struct Coordinate {
  double x = 0, first = 0, second = 0;
};

}  // namespace

NewUserPrior::NewUserPrior(const nn::ParameterSet& parameters) {
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const nn::Parameter& parameter = parameters[p];
    if (parameter.kind != nn::ParameterKind::embedding || parameter.field != "user") continue;
    const Matrix<float>& values = parameter.values;
    Table table{&parameter, std::vector<float>(values.cols()), std::vector<float>(values.cols())};
    // Row 0 is the unknown user's: the only one to go by if there are no others.
    const std::size_t first = values.rows() > 1 ? 1 : 0;
    const auto count = static_cast<double>(values.rows() - first);
    for (std::size_t c = 0; c < values.cols(); ++c) {
      double sum = 0;
      double square = 0;
      for (std::size_t r = first; r < values.rows(); ++r) sum += static_cast<double>(values(r, c));
      const double mean = sum / count;
      for (std::size_t r = first; r < values.rows(); ++r) {
        const double difference = static_cast<double>(values(r, c)) - mean;
        square += difference * difference;
      }
      table.mean[c] = static_cast<float>(mean);
      table.deviation[c] = static_cast<float>(std::sqrt(square / count));
    }
    tables_.push_back(std::move(table));
  }
}

NewUser learn_new_user(const nn::Network& network, const nn::Encoder& encoder, const NetworkObjective& objective,
                       const NewUserPrior& prior, double noise, nn::EncodedQueryUser& query_user) {
  NewUser new_user;
  const auto slot = encoder.schema().find("user");
  if (!slot || query_user.history.empty() || prior.tables().empty()) return new_user;
  query_user.fields[*slot] = {{static_cast<std::uint32_t>(encoder.schema()[*slot].rows)}, {1.0F}};

  std::vector<std::vector<Coordinate>> state;
  for (const NewUserPrior::Table& table : prior.tables()) {
    new_user.rows.emplace_back(1, table.mean.size());
    std::copy(table.mean.begin(), table.mean.end(), new_user.rows.back().values().begin());
    state.emplace_back(table.mean.size());
  }
  for (std::size_t t = 0; t < new_user.rows.size(); ++t) {
    new_user.extra_rows.push_back({prior.tables()[t].parameter, new_user.rows[t].view()});
  }

  std::vector<ItemRow> items;
  std::vector<float> targets;
  for (const HistoryEvent& event : query_user.history) {
    const std::size_t times = times_met(objective.strength().of(event.value), items.size());
    items.insert(items.end(), times, event.item);
    targets.insert(targets.end(), times, objective.target(event.value));
  }
  const std::size_t against = items.size() * objective.negatives();
  for (std::size_t n = 0; n < against; ++n) {
    items.emplace_back(Random(0, "newcomer negatives", n).below(encoder.data().item_count()));
    targets.push_back(objective.not_chosen());
  }

  nn::Tape tape;
  std::vector<std::vector<double>> gradients;
  for (const Matrix<float>& rows : new_user.rows) gradients.emplace_back(rows.cols());
  for (int step = 1; step <= kGuestSteps; ++step) {
    tape.begin(nn::Mode::probe);
    tape.set_extra_rows(new_user.extra_rows);
    const nn::Var z = network.forward(tape, encoder.encode(query_user, items, tape.arena()));
    tape.backward(objective.record(z, targets, 1));
    for (std::vector<double>& gradient : gradients) std::fill(gradient.begin(), gradient.end(), 0.0);
    for (const nn::SparseGradient& sparse : tape.sparse()) {
      for (std::size_t t = 0; t < gradients.size(); ++t) {
        if (sparse.parameter != prior.tables()[t].parameter) continue;
        for (std::size_t r = 0; r < sparse.bag.rows; ++r) {
          for (std::size_t e = sparse.bag.begin(r); e < sparse.bag.end(r); ++e) {
            if (sparse.bag.ids[e] < sparse.parameter->values.rows()) continue;
            const auto weight = static_cast<double>(sparse.bag.weight(e));
            for (std::size_t c = 0; c < gradients[t].size(); ++c) {
              gradients[t][c] += weight * static_cast<double>(sparse.gradient(r, c));
            }
          }
        }
      }
    }
    const double rate = kRate * 0.5 * (1 + std::cos(std::numbers::pi * (step - 1) / kGuestSteps)) *
                        std::sqrt(1 - std::pow(kSecondDecay, step)) / (1 - std::pow(kFirstDecay, step));
    for (std::size_t t = 0; t < state.size(); ++t) {
      const NewUserPrior::Table& table = prior.tables()[t];
      for (std::size_t c = 0; c < state[t].size(); ++c) {
        Coordinate& at = state[t][c];
        const auto deviation = static_cast<double>(table.deviation[c]);
        const double gradient = deviation * gradients[t][c] + noise * at.x;
        at.first += (1 - kFirstDecay) * (gradient - at.first);
        at.second += (1 - kSecondDecay) * (gradient * gradient - at.second);
        at.x -= rate * at.first / (std::sqrt(at.second) + 1e-8);
        new_user.rows[t](0, c) = static_cast<float>(static_cast<double>(table.mean[c]) + deviation * at.x);
      }
    }
  }
  return new_user;
}

}  // namespace gusto
