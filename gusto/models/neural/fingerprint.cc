#include "gusto/models/neural/fingerprint.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/hash.h"
#include "gusto/models/registry.h"
#include "gusto/models/shared/choices.h"
#include "gusto/models/shared/warm_start.h"

namespace gusto {
namespace {

std::uint64_t hash_of(const FeatureTable& table, std::uint64_t seed) {
  const auto add = [&](const auto& numbers) { seed = xxh3(std::as_bytes(std::span(numbers)), seed); };
  for (const FeatureField& field : table.fields()) {
    add(field.name);
    add(field.values.text());
    add(field.values.offsets());
    add(field.offsets);
    add(field.ids);
    add(field.numbers);
    for (const std::string& text : field.texts) add(text);
  }
  return seed;
}

}  // namespace

std::string training_fingerprint(const Model& model, const Dataset& data) {
  std::string text = fmt::format("task={} ", to_string(model.task()));
  for (const auto& [name, value] : model.settings()) text += fmt::format("{}={} ", name, format_field(value));
  const Strength strength = strength_of(data, model.task());
  if (strength.used()) text += fmt::format("strength={}:{} ", static_cast<int>(strength.form), strength.scale);
  std::uint64_t hash = hash_of(data.catalog().user_features, hash_of(data.catalog().item_features, 0));
  hash = xxh3(std::as_bytes(data.values()), xxh3(std::as_bytes(data.times()), hash));
  return text + to_hex(xxh3(std::as_bytes(data.offsets()), xxh3(std::as_bytes(data.items()), hash)));
}

nn::TrainingOptions steps_of(const nn::TrainingOptions& options, const FitOptions& fit) {
  nn::TrainingOptions steps = options;
  steps.epochs = static_cast<int>(passes(options.epochs, fit));
  return steps;
}

bool knows_features(const nn::Schema& schema, nn::Side side) {
  return std::any_of(schema.fields().begin(), schema.fields().end(), [side](const nn::SchemaField& field) {
    return field.side == side && field.spec.kind != nn::FieldKind::user && field.spec.kind != nn::FieldKind::item;
  });
}

nn::TrainingRun training_run(const Model& model, const Dataset& data, const FitOptions& fit) {
  std::string what = training_fingerprint(model, data);
  if (fit.from != nullptr) what += " from " + training_fingerprint(*fit.from, fit.from->data());
  return {model.info().name, std::move(what), fit.seed, fit.checkpoint};
}

}  // namespace gusto
