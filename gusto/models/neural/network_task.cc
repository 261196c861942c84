#include "gusto/models/neural/network_task.h"

#include <algorithm>
#include <numeric>

#include "gusto/base/random.h"
#include "gusto/nn/losses.h"

namespace gusto {
namespace {

constexpr std::size_t kLeastHeldOut = 20;

}  // namespace

NetworkTask::NetworkTask(const nn::Network& network, const nn::Encoder& encoder, const NetworkObjective& objective,
                         Task task, const NetworkOptions& options, std::uint64_t seed)
    : network_(network),
      encoder_(encoder),
      objective_(objective),
      data_(encoder.data()),
      against_(task == Task::top_n && objective.loss() != NetworkLoss::bpr ? static_cast<std::size_t>(options.negatives)
                                                                           : 0),
      unknown_(options.unknown),
      user_of_(data_.event_count()),
      targets_(data_.event_count()) {
  for (std::size_t u = 0; u < data_.user_count(); ++u) {
    std::fill(user_of_.begin() + static_cast<std::ptrdiff_t>(data_.offsets()[u]),
              user_of_.begin() + static_cast<std::ptrdiff_t>(data_.offsets()[u + 1]), static_cast<std::uint32_t>(u));
  }
  std::transform(data_.values().begin(), data_.values().end(), targets_.begin(),
                 [&](float value) { return objective.target(value); });
  for (std::uint32_t e = 0; e < data_.event_count(); ++e) {
    const bool held_out =
        options.validation > 0 && Random(seed, "network validation", e).uniform() < options.validation;
    (held_out ? held_out_ : events_).push_back(e);
  }
  // Too few tell nothing of when to stop, and are better learned from.
  if (held_out_.size() < kLeastHeldOut) {
    held_out_.clear();
    events_.resize(data_.event_count());
    std::iota(events_.begin(), events_.end(), 0U);
  }
}

nn::Example NetworkTask::example(std::span<const std::uint32_t> events, std::size_t n, std::uint64_t key) const {
  const std::uint32_t event = events[n / (1 + against_)];
  const UserRow user(user_of_[event]);
  return {event, user, is_event(n) ? data_.items()[event] : draw_other(user, key, n)};
}

ItemRow NetworkTask::draw_other(UserRow user, std::uint64_t key, std::size_t n) const {
  constexpr int kDraws = 8;
  Random random(key, "network negatives", n);
  const std::span<const ItemRow> own = data_.history(user).items;
  ItemRow item;
  for (int draw = 0; draw < kDraws; ++draw) {
    item = ItemRow(random.below(data_.item_count()));
    if (std::find(own.begin(), own.end(), item) == own.end()) break;
  }
  return item;
}

nn::Var NetworkTask::loss(nn::Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key, float scale) {
  const std::span<nn::Example> chosen = tape.arena().take<nn::Example>(examples.size());
  const nn::Masking masking{unknown_, key};
  if (objective_.loss() == NetworkLoss::bpr) {
    const std::span<nn::Example> others = tape.arena().take<nn::Example>(examples.size());
    for (std::size_t n = 0; n < examples.size(); ++n) {
      chosen[n] = example(events_, examples[n], key);
      others[n] = {chosen[n].event, chosen[n].user, draw_other(chosen[n].user, key, n)};
    }
    const nn::Var positive = network_.forward(tape, encoder_.encode(chosen, masking, tape.arena()));
    const nn::Var negative = network_.forward(tape, encoder_.encode(others, masking, tape.arena()));
    return nn::bpr_loss(positive, negative, scale);
  }
  const std::span<float> targets = tape.arena().take<float>(examples.size());
  for (std::size_t n = 0; n < examples.size(); ++n) {
    chosen[n] = example(events_, examples[n], key);
    targets[n] = is_event(examples[n]) ? targets_[chosen[n].event] : objective_.not_chosen();
  }
  return objective_.record(network_.forward(tape, encoder_.encode(chosen, masking, tape.arena())), targets, scale);
}

double NetworkTask::validation_error(nn::Tape& tape, std::size_t begin, std::size_t end) {
  constexpr std::uint64_t kKey = 0;  // the same items each time, so that epochs compare
  const std::span<nn::Example> chosen = tape.arena().take<nn::Example>(end - begin);
  for (std::size_t n = begin; n < end; ++n) chosen[n - begin] = example(held_out_, n, kKey);
  const nn::Var z = network_.forward(tape, encoder_.encode(chosen, {}, tape.arena()));
  double sum = 0;
  for (std::size_t n = begin; n < end; ++n) {
    const float target = is_event(n) ? targets_[chosen[n - begin].event] : objective_.not_chosen();
    sum += objective_.error(z.value()(n - begin, 0), target);
  }
  return sum;
}

}  // namespace gusto
