#include "gusto/retrieval/pair_fallback.h"

#include <variant>

#include "gusto/models/model_info.h"

namespace gusto {
namespace {

constexpr double kDrawnBy = 5;  // events of the mean of all

/// From what value on an event is a like, if predictions are probabilities of one.
std::optional<float> probability_threshold(const Model& model) {
  if (!model.info().abilities.probabilities || model.task() != Task::likes) return std::nullopt;
  for (const auto& [name, value] : model.settings()) {
    const auto* number = std::get_if<double>(&value);
    if (name == "like_threshold" && number != nullptr) return static_cast<float>(*number);
  }
  return std::nullopt;
}

}  // namespace

PairFallback::PairFallback(const Model& model)
    : data_(model.data()), users_(data_.user_count()), items_(data_.item_count()) {
  const std::optional<float> threshold = probability_threshold(model);
  for (std::size_t u = 0; u < data_.user_count(); ++u) {
    const History history = data_.history(UserRow(u));
    for (std::size_t e = 0; e < history.size(); ++e) {
      const double value = !threshold ? history.values[e] : history.values[e] >= *threshold ? 1 : 0;
      for (Mean* mean : {&users_[u], &items_[history.items[e].index], &all_}) {
        mean->sum += value;
        mean->count += 1;
      }
    }
  }
}

std::optional<float> PairFallback::mean_of(const std::vector<Mean>& means, std::optional<std::uint32_t> row) const {
  if (!row || means[*row].count == 0) return std::nullopt;
  const double of_all = all_.sum / all_.count;
  return static_cast<float>((means[*row].sum + kDrawnBy * of_all) / (means[*row].count + kDrawnBy));
}

Fallback PairFallback::operator()(std::string_view user, std::string_view item) const {
  if (const auto mean = mean_of(items_, data_.catalog().items.find(item))) return {*mean, "item mean"};
  if (const auto mean = mean_of(users_, data_.catalog().users.find(user))) return {*mean, "user mean"};
  return {static_cast<float>(all_.count > 0 ? all_.sum / all_.count : 0), "mean"};
}

}  // namespace gusto
