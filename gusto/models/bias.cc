#include "gusto/models/bias.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace gusto {
namespace {

constexpr std::size_t kRowBlock = 256;
constexpr std::size_t kEventBlock = 65536;

/// A damped mean; 0 where there is nothing to average.
float damped(double sum, double count, double reg) {
  return count + reg > 0 ? static_cast<float>(sum / (count + reg)) : 0.0F;
}

}  // namespace

constexpr ModelInfo kBiasInfo{
    .name = "bias",
    .summary = "Global mean plus how kindly the user rates plus how well the item is liked.",
    .about =
        "Predicts the mean of all ratings plus a damped bias of the user plus a damped bias of the item, fitted "
        "together by least squares (Koren, TKDD 2010). The baseline that every rating predictor has to beat. For "
        "top-n it counts events, not values, and ranks as popularity does. Answers for new users at once, and "
        "exactly as if they had been trained on.",
    .fields = kBiasFields,
    .abilities = {.predicts_ratings = true, .fold_in = FoldIn::exact, .explains = true},
    .make = &make_with<BiasModel>,
};

std::uint64_t BiasModel::memory_need(const Dataset& data, Task task, unsigned) const {
  // Values are fitted item by item, for which the data set builds its second view: 8 bytes an event.
  const std::uint64_t by_item = task == Task::top_n ? 0 : data.event_count() * 8 + data.item_count() * 8;
  return by_item + (data.user_count() + data.item_count()) * sizeof(float);
}

void BiasModel::do_fit(const Dataset& data, Context& context) {
  item_bias_.assign(data.item_count(), 0.0F);
  user_bias_.assign(data.user_count(), 0.0F);
  if (task() == Task::top_n) {
    fit_choices(data);
  } else {
    fit_values(data, context);
  }
  require_finite("item biases", item_bias_);
  require_finite("user biases", user_bias_);
}

void BiasModel::fit_values(const Dataset& data, Context& context) {
  const std::span<const float> values = data.values();
  mean_ = parallel_sum(context, values.size(), kEventBlock,
                       [&](std::size_t begin, std::size_t end) {
                         double sum = 0;
                         for (std::size_t e = begin; e < end; ++e) sum += values[e];
                         return sum;
                       }) /
          static_cast<double>(values.size());
  const auto epochs = static_cast<std::size_t>(options().epochs);
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    context.progress(info().name, epoch, epochs);
    parallel_blocks(context, data.item_count(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t i = begin; i < end; ++i) {
        const Audience audience = data.audience(ItemRow(i));
        double sum = 0;
        for (std::size_t e = 0; e < audience.size(); ++e) {
          sum += audience.values[e] - mean_ - user_bias_[audience.users[e].index];
        }
        item_bias_[i] = damped(sum, static_cast<double>(audience.size()), options().reg_item);
      }
    });
    parallel_blocks(context, data.user_count(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t u = begin; u < end; ++u) {
        const History history = data.history(UserRow(u));
        user_bias_[u] = fold_in(history.size(), [&](std::size_t e) {
          return HistoryEvent{history.items[e], history.values[e]};
        });
      }
    });
  }
  context.progress(info().name, epochs, epochs);
}

void BiasModel::fit_choices(const Dataset& data) {
  const auto item_count = static_cast<double>(data.item_count());
  std::vector<std::uint64_t> counts(data.item_count());
  for (const ItemRow item : data.items()) ++counts[item.index];
  double users = 0;
  for (std::size_t u = 0; u < data.user_count(); ++u) users += data.history(UserRow(u)).size() > 0 ? 1 : 0;
  mean_ = static_cast<double>(data.event_count()) / (users * item_count);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    item_bias_[i] = damped(static_cast<double>(counts[i]) - users * mean_, users, options().reg_item);
  }
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    user_bias_[u] = fold_in(data.history(UserRow(u)).size(), [](std::size_t) { return HistoryEvent{}; });
  }
}

template <class EventAt>
float BiasModel::fold_in(std::size_t count, const EventAt& event) const {
  const auto events = static_cast<double>(count);
  if (task() == Task::top_n) {
    const auto items = static_cast<double>(item_bias_.size());
    return damped(events - items * mean_, items, options().reg_user);
  }
  double sum = 0;
  for (std::size_t e = 0; e < count; ++e) {
    const HistoryEvent one = event(e);
    sum += one.value - mean_ - item_bias_[one.item.index];
  }
  return damped(sum, events, options().reg_user);
}

float BiasModel::user_bias(const Query& query) const {
  if (is_training_user(query)) return user_bias_[query.user->index];
  return fold_in(query.history.size(), [&](std::size_t e) { return query.history[e]; });
}

void BiasModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const {
  double user = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (i == 0 || !same_asker(queries[i], queries[i - 1])) user = mean_ + user_bias(queries[i]);
    out[i] = static_cast<float>(user + item_bias_[items[i].index]);
  }
}

void BiasModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const double user = mean_ + user_bias(queries[q]);
    std::transform(item_bias_.begin(), item_bias_.end(), scores.row(q).begin(),
                   [user](float item) { return static_cast<float>(user + item); });
  }
}

std::vector<Contribution> BiasModel::do_explain(const Query& query, ItemRow item) const {
  return {{.label = "global mean", .item = {}, .user = {}, .amount = mean_},
          {.label = "user bias", .item = {}, .user = {}, .amount = user_bias(query)},
          {.label = "item bias", .item = {}, .user = {}, .amount = item_bias_[item.index]}};
}

void BiasModel::save_state(TensorWriter& out) const {
  out.add("global_mean", std::span<const double>(&mean_, 1));
  out.add("item_bias", item_bias_);
  out.add("user_bias", user_bias_);
}

void BiasModel::do_load(const TensorFile& in) {
  mean_ = in.vector<double>("global_mean", 1).front();
  item_bias_ = in.vector<float>("item_bias", data().item_count());
  user_bias_ = in.vector<float>("user_bias", data().user_count());
}

}  // namespace gusto
