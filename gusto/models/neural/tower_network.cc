#include "gusto/models/neural/tower_network.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/models/neural/network_design.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

constexpr std::size_t kLeastHeldOutTargets = 200;

/// The side of a field, without learning it.
nn::Side side_of(const nn::FieldSpec& spec, const Catalog& catalog) {
  switch (spec.kind) {
    case nn::FieldKind::user: return nn::Side::user;
    case nn::FieldKind::item: return nn::Side::item;
    case nn::FieldKind::feature:
    case nn::FieldKind::bucket:
    case nn::FieldKind::words:
    case nn::FieldKind::hash: return nn::find_feature(catalog, spec.feature).side;
    case nn::FieldKind::cross: {
      const bool of_items = std::all_of(spec.parts.begin(), spec.parts.end(), [&](const nn::FieldSpec& part) {
        return side_of(part, catalog) == nn::Side::item;
      });
      const bool of_query_users = std::none_of(spec.parts.begin(), spec.parts.end(), [&](const nn::FieldSpec& part) {
        return side_of(part, catalog) == nn::Side::item;
      });
      if (of_items) return nn::Side::item;
      if (of_query_users) return nn::Side::user;
      throw Error(ErrorCode::invalid_option, fmt::format("The field {} joins both sides.", spec.text),
                  "Two towers know their own sides only: cross fields of one of them.");
    }
    default: return nn::Side::event;
  }
}

}  // namespace

std::vector<std::string> fields_of_side(std::string_view option, std::string_view fields, nn::Side side,
                                        AutoFields automatic, const Catalog& catalog) {
  const std::vector<nn::FieldSpec> written = nn::parse_fields(fields);
  std::vector<std::string> texts;
  for (const nn::FieldSpec& spec : nn::expand_fields(written, catalog)) {
    const bool of_items = side_of(spec, catalog) == nn::Side::item;
    const bool fits = of_items == (side == nn::Side::item);
    const bool is_written = std::any_of(written.begin(), written.end(),
                                        [&](const nn::FieldSpec& other) { return other.text == spec.text; });
    const bool is_id = spec.kind == nn::FieldKind::user || spec.kind == nn::FieldKind::item;
    if (fits && (is_written || !is_id || automatic == AutoFields::id_and_features)) texts.push_back(spec.text);
    if (fits || !is_written) continue;
    throw Error(
        ErrorCode::invalid_option,
        fmt::format("The option {} has the field {}, which is of {}.", option, spec.text, of_items ? "items" : "users"),
        of_items ? "Move it to item_fields." : "Move it to query_fields.");
  }
  if (texts.empty()) {
    throw Error(ErrorCode::invalid_option, fmt::format("The option {} has no fields.", option),
                side == nn::Side::item ? "Write item_fields=item at least." : "Write query_fields=user at least.");
  }
  return texts;
}

std::vector<std::size_t> layer_widths(std::string_view hidden, std::string_view option, int dim) {
  std::vector<std::size_t> widths = parse_widths(hidden, option);
  if (!widths.empty()) widths.push_back(static_cast<std::size_t>(dim));
  return widths;
}

Tower::Tower(std::string_view name, std::span<const std::string> fields, std::string_view hidden,
             const TowerOptions& options, const nn::Schema& schema, nn::ParameterSet& parameters, const Tower* items)
    : dropout_(options.dropout), unit_(options.similarity == TowerSimilarity::cosine) {
  const auto dim = static_cast<std::size_t>(options.dim);
  const auto deviation = static_cast<float>(options.init / std::sqrt(static_cast<double>(dim)));
  std::size_t width = 0;
  for (const std::string& field : fields) {
    const std::size_t slot = schema.slot(field);
    const nn::FieldKind kind = schema[slot].spec.kind;
    const bool of_items = kind == nn::FieldKind::history || kind == nn::FieldKind::rated;
    embeddings_.push_back(
        of_items && items != nullptr && items->item_ids_ != nullptr
            ? nn::Embedding{slot, items->item_ids_}
            : add_embedding(parameters, schema, field, name, dim, nn::Start::normal(deviation), options.reg));
    if (kind == nn::FieldKind::item) item_ids_ = embeddings_.back().table;
    width += dim;
  }
  const std::vector<std::size_t> widths = layer_widths(hidden, fmt::format("{}_hidden", name), options.dim);
  for (std::size_t layer = 0; layer < widths.size(); ++layer) {
    const bool is_output = layer + 1 == widths.size();
    const std::string layer_name = is_output ? "output" : fmt::format("hidden{}", layer + 1);
    layers_.push_back(add_layer(parameters, fmt::format("{}/{}", name, layer_name), width, widths[layer], !is_output));
    width = widths[layer];
  }
}

nn::Var Tower::forward(nn::Tape& tape, const nn::Batch& batch) const {
  nn::Var x;
  if (layers_.empty()) {
    x = embeddings_.front()(tape, batch);
    for (std::size_t e = 1; e < embeddings_.size(); ++e) x = x + embeddings_[e](tape, batch);
  } else {
    const std::span<nn::Lookup> lookups = tape.arena().allocate<nn::Lookup>(embeddings_.size());
    for (std::size_t e = 0; e < embeddings_.size(); ++e) lookups[e] = embeddings_[e].lookup(batch);
    x = nn::embedding_lookup(tape, lookups);
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      if (layer > 0) x = relu(x);
      x = layers_[layer](dropout(x, dropout_));
    }
  }
  return unit_ ? unit_rows(x) : x;
}

TowerNetwork::TowerNetwork(const nn::Encoder& encoder, const Tower& query_user, const Tower& item,
                           const TowerOptions& options, bool values_count, std::uint64_t seed)
    : encoder_(encoder),
      query_user_(query_user),
      item_(item),
      unknown_(options.unknown_rate),
      target_(options.target),
      strength_(values_count ? Strength{} : encoder.data().catalog().strength) {
  const Dataset& data = encoder.data();
  const auto liked = [&](float value) { return value >= static_cast<float>(options.like_threshold); };
  const bool some = values_count && std::any_of(data.values().begin(), data.values().end(), liked);
  is_held_out_.resize(data.event_count());
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    for (std::uint64_t e = data.offsets()[u]; e < data.offsets()[u + 1]; ++e) {
      if (some && !liked(data.values()[e])) continue;
      const bool held_out =
          options.validation > 0 && Random(seed, "tower validation", e).uniform() < options.validation;
      is_held_out_[e] = held_out;
      (held_out ? held_out_ : events_).push_back({static_cast<std::uint32_t>(e), UserRow(u)});
    }
  }
  // Too few tell nothing of when to stop, and are better learned from.
  if (held_out_.size() < kLeastHeldOutTargets) {
    events_.insert(events_.end(), held_out_.begin(), held_out_.end());
    held_out_.clear();
    is_held_out_.clear();
  }
}

std::vector<float> TowerNetwork::strengths() const {
  std::vector<float> strengths;
  if (!strength_.used()) return strengths;
  strengths.reserve(events_.size());
  for (const Sample& sample : events_) strengths.push_back(strength_.of(encoder_.data().values()[sample.event]));
  return strengths;
}

std::vector<std::uint32_t> TowerNetwork::target_counts() const {
  const Dataset& data = encoder_.data();
  std::vector<std::uint32_t> counts(data.item_count());
  const std::vector<float> strengths = this->strengths();
  if (strengths.empty()) {
    for (const Sample& sample : events_) ++counts[data.items()[sample.event].index];
    return counts;
  }
  std::vector<double> sums(counts.size());
  for (std::size_t n = 0; n < events_.size(); ++n) sums[data.items()[events_[n].event].index] += strengths[n];
  const double total = std::accumulate(sums.begin(), sums.end(), 0.0);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double drawn = total > 0 ? sums[i] / total * static_cast<double>(events_.size()) : 0;
    counts[i] = static_cast<std::uint32_t>(std::ceil(drawn));
  }
  return counts;
}

nn::QueryVectors TowerNetwork::ask(nn::Tape& tape, std::span<const nn::Example> examples,
                                   const nn::Masking& masking) const {
  const std::span<std::uint32_t> targets = tape.arena().allocate<std::uint32_t>(examples.size());
  const std::span<std::uint32_t> users = tape.arena().allocate<std::uint32_t>(examples.size());
  for (std::size_t n = 0; n < examples.size(); ++n) {
    targets[n] = examples[n].item.index;
    users[n] = examples[n].user.index;
  }
  return {query_user_.forward(tape, encoder_.encode_query_users(examples, masking, tape.arena())), targets, users};
}

nn::QueryVectors TowerNetwork::ask(nn::Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key) const {
  const Dataset& data = encoder_.data();
  const std::span<nn::Example> chosen = tape.arena().allocate<nn::Example>(examples.size());
  for (std::size_t n = 0; n < examples.size(); ++n) {
    const Sample sample = events_[examples[n]];
    chosen[n] = {sample.event, sample.user, data.items()[sample.event]};
    if (target_ == TowerTarget::next) continue;
    const std::uint64_t first = data.offsets()[sample.user.index];
    chosen[n].event =
        static_cast<std::uint32_t>(first + Random(key, "moment", examples[n]).below(sample.event - first + 1));
  }
  return ask(tape, chosen, {unknown_, key});
}

nn::QueryVectors TowerNetwork::ask_held_out(nn::Tape& tape, std::size_t begin, std::size_t end) const {
  const std::span<nn::Example> chosen = tape.arena().allocate<nn::Example>(end - begin);
  for (std::size_t n = begin; n < end; ++n) {
    const Sample sample = held_out_[n];
    chosen[n - begin] = {sample.event, sample.user, encoder_.data().items()[sample.event]};
  }
  return ask(tape, chosen, nn::Masking{});
}

nn::Var TowerNetwork::items(nn::Tape& tape, std::span<const std::uint32_t> items, std::uint64_t key) const {
  const std::span<ItemRow> rows = tape.arena().allocate<ItemRow>(items.size());
  for (std::size_t n = 0; n < items.size(); ++n) rows[n] = ItemRow(items[n]);
  const nn::Masking masking{tape.mode() == nn::Mode::train ? unknown_ : 0, key};
  return item_.forward(tape, encoder_.encode_items(rows, masking, tape.arena()));
}

}  // namespace gusto
