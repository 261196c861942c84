#include "gusto/models/neural/network_task.h"

#include <algorithm>

#include "gusto/base/random.h"
#include "gusto/nn/losses.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

constexpr std::size_t kLeastHeldOut = 200;

}  // namespace

NetworkTask::NetworkTask(const nn::Network& network, const nn::Encoder& encoder, const NetworkObjective& objective,
                         Task task, const NetworkOptions& options, std::uint64_t seed)
    : network_(network),
      encoder_(encoder),
      objective_(objective),
      data_(encoder.data()),
      against_(task == Task::top_n && objective.loss() != NetworkLoss::bpr ? static_cast<std::size_t>(options.negatives)
                                                                           : 0),
      unknown_(options.unknown_rate) {
  events_.reserve(data_.event_count());
  for (std::size_t u = 0; u < data_.user_count(); ++u) {
    for (std::uint64_t e = data_.offsets()[u]; e < data_.offsets()[u + 1]; ++e) {
      const Sample event{{static_cast<std::uint32_t>(e), UserRow(u), data_.items()[e]},
                         objective.target(data_.values()[e])};
      const bool held_out =
          options.validation > 0 && Random(seed, "network validation", e).uniform() < options.validation;
      (held_out ? held_out_ : events_).push_back(event);
    }
  }
  // Too few tell nothing of when to stop, and are better learned from.
  if (held_out_.size() < kLeastHeldOut) {
    events_.insert(events_.end(), held_out_.begin(), held_out_.end());
    held_out_.clear();
  }
}

std::vector<float> NetworkTask::strengths() const {
  std::vector<float> strengths;
  if (!objective_.strength().used()) return strengths;
  strengths.reserve(size());
  for (const Sample& event : events_) {
    strengths.insert(strengths.end(), 1 + against_, objective_.strength().of(data_.values()[event.example.event]));
  }
  return strengths;
}

NetworkTask::Sample NetworkTask::sample(std::span<const Sample> events, std::size_t n, std::uint64_t key) const {
  if (against_ == 0) return events[n];
  Sample chosen = events[n / (1 + against_)];
  if (n % (1 + against_) == 0) return chosen;
  chosen.example.item = draw_other(chosen.example.user, key, n);
  chosen.target = objective_.not_chosen();
  return chosen;
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
  const std::span<nn::Example> chosen = tape.arena().allocate<nn::Example>(examples.size());
  const std::span<float> targets = tape.arena().allocate<float>(examples.size());
  for (const std::uint32_t n : examples) __builtin_prefetch(&events_[against_ == 0 ? n : n / (1 + against_)]);
  for (std::size_t n = 0; n < examples.size(); ++n) {
    const Sample one = sample(events_, examples[n], key);
    chosen[n] = one.example;
    targets[n] = one.target;
  }
  const nn::Masking masking{unknown_, key};
  const nn::Var z = network_.forward(tape, encoder_.encode(chosen, masking, tape.arena()));
  if (objective_.loss() != NetworkLoss::bpr) return objective_.record(z, targets, scale);

  const std::span<nn::Example> others = tape.arena().allocate<nn::Example>(examples.size());
  for (std::size_t n = 0; n < examples.size(); ++n) {
    others[n] = chosen[n];
    others[n].item = draw_other(chosen[n].user, key, n);
  }
  return nn::bpr_loss(z, network_.forward(tape, encoder_.encode(others, masking, tape.arena())), scale);
}

double NetworkTask::validation_error(nn::Tape& tape, std::size_t begin, std::size_t end) {
  constexpr std::uint64_t kKey = 0;  // the same items each time, so that epochs compare
  const std::span<nn::Example> chosen = tape.arena().allocate<nn::Example>(end - begin);
  const std::span<float> targets = tape.arena().allocate<float>(end - begin);
  for (std::size_t n = begin; n < end; ++n) {
    const Sample one = sample(held_out_, n, kKey);
    chosen[n - begin] = one.example;
    targets[n - begin] = one.target;
  }
  const nn::Var z = network_.forward(tape, encoder_.encode(chosen, {}, tape.arena()));
  double sum = 0;
  for (std::size_t n = 0; n < targets.size(); ++n) {
    const float strength = objective_.strength().of(data_.values()[chosen[n].event]);
    sum += static_cast<double>(strength) * objective_.error(z.value()(n, 0), targets[n]);
  }
  return sum;
}

}  // namespace gusto
