#include "gusto/models/content/item_profiles.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/models/simple/number_ranges.h"
#include "gusto/nn/word_pieces.h"

namespace gusto {
// A feature with its weight, and the ranges of a number.
struct ProfileSource {
  const FeatureField* feature;
  double weight;
  NumberRanges ranges{};
};

namespace {

constexpr std::string_view kAutoFields = "auto";
constexpr std::size_t kProfileRanges = 10;  // of numbers
constexpr double kSaturation = 1.2;         // BM25's k₁
constexpr double kLengthShare = 0.75;
constexpr double kLeastWeight = 1e-6;  // squares of weights within these bounds neither vanish nor overflow
constexpr double kMostWeight = 1e6;

[[noreturn]] void refuse_profile_fields(std::string_view text, std::string_view why) {
  throw Error(ErrorCode::invalid_option, fmt::format("The fields {} {}.", quote(text), why),
              "Write names of features, each with a weight if you like: auto, directors=2, plot=0.5.");
}

// "auto" stands for all features that aren't named. What weighs nothing is left out.
std::vector<ProfileSource> profile_sources(const FeatureTable& table, std::string_view text) {
  const std::vector<ProfileField> fields = parse_profile_fields(text);
  std::vector<ProfileSource> sources;
  const auto named = [&](std::string_view name) {
    return std::any_of(fields.begin(), fields.end(), [&](const ProfileField& field) { return field.name == name; });
  };
  for (const ProfileField& field : fields) {
    if (field.name != kAutoFields) {
      sources.push_back({&table.at(field.name), field.weight});
      continue;
    }
    for (const FeatureField& feature : table.fields()) {
      if (!named(feature.name)) sources.push_back({&feature, field.weight});
    }
  }
  std::erase_if(sources, [](const ProfileSource& source) { return source.weight == 0; });
  for (ProfileSource& source : sources) {
    if (source.feature->kind == FeatureKind::number)
      source.ranges = NumberRanges(source.feature->numbers, kProfileRanges);
  }
  return sources;
}

// Calls body(key, value) for each of an item's values of a feature: what tells terms apart, and how people write it.
template <class Body>
void for_each_value(const ProfileSource& source, std::size_t item, const Body& body) {
  const FeatureField& feature = *source.feature;
  switch (feature.kind) {
    case FeatureKind::categorical:
    case FeatureKind::multi:
      for (const std::uint32_t id : feature.ids_of(item)) {
        const std::string_view value = trim(feature.values[id]);
        body(to_lower(value), value);
      }
      break;
    case FeatureKind::text:
      for (const std::string& word : nn::words_of(feature.texts[item])) body(word, word);
      break;
    case FeatureKind::number: {
      const double x = feature.numbers[item];
      if (std::isnan(x)) break;
      const std::string& name = source.ranges.name(source.ranges(x));
      body(name, name);
      break;
    }
  }
}

}  // namespace

std::vector<ProfileField> parse_profile_fields(std::string_view text) {
  std::vector<ProfileField> fields;
  for (const std::string_view entry : split(text, ",")) {
    const std::size_t equals = entry.rfind('=');
    ProfileField field{std::string(trim(entry.substr(0, equals)))};
    if (field.name.empty()) refuse_profile_fields(text, "have an entry without a name");
    if (equals != std::string_view::npos) {
      const auto weight = parse_real(trim(entry.substr(equals + 1)));
      if (!weight) refuse_profile_fields(text, fmt::format("give {} a weight that is no number", field.name));
      if (*weight != 0 && !(*weight >= kLeastWeight && *weight <= kMostWeight)) {
        refuse_profile_fields(text, fmt::format("give {} the weight {}, and weights are 0 or from {} to {}", field.name,
                                                *weight, kLeastWeight, kMostWeight));
      }
      field.weight = *weight;
    }
    if (std::any_of(fields.begin(), fields.end(), [&](const ProfileField& f) { return f.name == field.name; })) {
      refuse_profile_fields(text, fmt::format("name {} twice", field.name));
    }
    fields.push_back(std::move(field));
  }
  if (std::all_of(fields.begin(), fields.end(), [](const ProfileField& field) { return field.weight == 0; })) {
    refuse_profile_fields(text, "give nothing a weight above 0");
  }
  return fields;
}

/// Gathers terms item by item, then weighs them once it is known how many items have each.
class ItemProfiles::Builder {
 public:
  Builder(const Catalog& catalog, const ProfileOptions& options)
      : options_(options),
        items_(catalog.items.size()),
        sources_(profile_sources(catalog.item_features, options.fields)),
        vocabularies_(options.merge_fields ? 1 : sources_.size()),
        terms_of_(vocabularies_.size()) {
    gather();
  }

  void finish(ItemProfiles& out) {
    keep_frequent(out);
    out.offsets_.assign(1, 0);
    for (std::size_t item = 0; item < items_; ++item) weigh(item, out);
  }

 private:
  // Of one item in one field; of merged fields in all of them.
  struct Found {
    std::uint32_t term;
    float times;
  };

  void gather() {
    offsets_.assign(1, 0);
    std::map<std::uint32_t, double> times;
    for (std::size_t item = 0; item < items_; ++item) {
      for (std::size_t s = 0; s < sources_.size(); ++s) {
        const std::size_t field = options_.merge_fields ? 0 : s;
        const double amount = options_.merge_fields ? sources_[s].weight : 1;
        for_each_value(sources_[s], item, [&](std::string_view key, std::string_view value) {
          times[term_of(field, s, key, value)] += amount;
        });
        if (!options_.merge_fields) close_field(s, times);
      }
      if (options_.merge_fields) close_field(0, times);
    }
  }

  std::uint32_t term_of(std::size_t field, std::size_t source, std::string_view key, std::string_view value) {
    const std::uint32_t local = vocabularies_[field].add(key);
    if (local == terms_of_[field].size()) {
      terms_of_[field].push_back(static_cast<std::uint32_t>(names_.size()));
      names_.push_back(options_.merge_fields ? std::string(value)
                                             : fmt::format("{}: {}", sources_[source].feature->name, value));
      field_of_.push_back(static_cast<std::uint32_t>(field));
      items_with_.push_back(0);
    }
    return terms_of_[field][local];
  }

  void close_field(std::size_t field, std::map<std::uint32_t, double>& times) {
    if (lengths_.size() <= field) lengths_.resize(field + 1);
    double length = 0;
    for (const auto& [term, count] : times) {
      found_.push_back({term, static_cast<float>(count)});
      ++items_with_[term];
      length += count;
    }
    if (length > 0) {
      lengths_[field].first += length;
      lengths_[field].second += 1;
    }
    offsets_.push_back(found_.size());
    times.clear();
  }

  void keep_frequent(ItemProfiles& out) {
    number_.assign(names_.size(), kLeftOut);
    for (std::size_t term = 0; term < names_.size(); ++term) {
      if (items_with_[term] < static_cast<std::uint32_t>(options_.min_items)) continue;
      number_[term] = static_cast<std::uint32_t>(out.labels_.size());
      out.labels_.push_back(std::move(names_[term]));
    }
  }

  double weight_of(const Found& found, double length) const {
    const auto n = static_cast<double>(items_);
    const auto df = static_cast<double>(items_with_[found.term]);
    const double tf = static_cast<double>(found.times);
    switch (options_.weighting) {
      case TermWeighting::count: return tf;
      case TermWeighting::tf_idf: return (tf < 1 ? tf : 1 + std::log(tf)) * std::log(n / df);
      case TermWeighting::bm25: break;
    }
    const auto& [sum, count] = lengths_[field_of_[found.term]];
    const double damping = kSaturation * (1 - kLengthShare + kLengthShare * length * count / sum);
    return tf * (kSaturation + 1) / (tf + damping) * std::log(1 + (n - df + 0.5) / (df + 0.5));
  }

  void weigh(std::size_t item, ItemProfiles& out) const {
    const std::size_t fields = options_.merge_fields ? 1 : sources_.size();
    std::vector<std::pair<std::uint32_t, double>> row;
    for (std::size_t field = 0; field < fields; ++field) {
      const std::size_t begin = offsets_[item * fields + field];
      const std::size_t end = offsets_[item * fields + field + 1];
      double length = 0;
      for (std::size_t e = begin; e < end; ++e) length += static_cast<double>(found_[e].times);
      const std::size_t first = row.size();
      double square = 0;
      for (std::size_t e = begin; e < end; ++e) {
        if (number_[found_[e].term] == kLeftOut) continue;
        const double weight = weight_of(found_[e], length);
        if (weight <= 0) continue;
        row.emplace_back(number_[found_[e].term], weight);
        square += weight * weight;
      }
      if (options_.merge_fields || square == 0) continue;
      const double scale = sources_[field].weight / std::sqrt(square);
      for (std::size_t e = first; e < row.size(); ++e) row[e].second *= scale;
    }
    double square = 0;
    for (const auto& entry : row) square += entry.second * entry.second;
    std::sort(row.begin(), row.end());
    for (const auto& [term, weight] : row) {
      out.terms_.push_back(term);
      out.weights_.push_back(static_cast<float>(weight / std::sqrt(square)));
    }
    out.offsets_.push_back(out.terms_.size());
  }

  static constexpr std::uint32_t kLeftOut = ~std::uint32_t{0};

  const ProfileOptions& options_;
  std::size_t items_;
  std::vector<ProfileSource> sources_;
  std::vector<Vocabulary> vocabularies_;              // by field: keys
  std::vector<std::vector<std::uint32_t>> terms_of_;  // by field: the term of each key
  std::vector<std::string> names_;                    // by term
  std::vector<std::uint32_t> field_of_;
  std::vector<std::uint32_t> items_with_;
  std::vector<std::pair<double, double>> lengths_;  // by field: sum over the items that have it, and their number
  std::vector<std::uint64_t> offsets_;              // by item, then field
  std::vector<Found> found_;
  std::vector<std::uint32_t> number_;  // among the terms that are kept
};

ItemProfiles::ItemProfiles(const Catalog& catalog, const ProfileOptions& options) {
  Builder(catalog, options).finish(*this);
}

double ItemProfiles::dot(std::size_t item, std::span<const float> vector) const {
  const std::span<const std::uint32_t> terms = terms_of(item);
  const std::span<const float> weights = weights_of(item);
  double sum = 0;
  for (std::size_t e = 0; e < terms.size(); ++e) {
    sum += static_cast<double>(weights[e]) * static_cast<double>(vector[terms[e]]);
  }
  return sum;
}

void ItemProfiles::add(std::size_t item, float amount, std::span<float> vector) const {
  const std::span<const std::uint32_t> terms = terms_of(item);
  const std::span<const float> weights = weights_of(item);
  for (std::size_t e = 0; e < terms.size(); ++e) vector[terms[e]] += amount * weights[e];
}

std::vector<float> ItemProfiles::mean() const {
  std::vector<double> sums(term_count());
  for (std::size_t e = 0; e < terms_.size(); ++e) sums[terms_[e]] += static_cast<double>(weights_[e]);
  std::vector<float> result(sums.size());
  std::transform(sums.begin(), sums.end(), result.begin(),
                 [&](double sum) { return static_cast<float>(sum / static_cast<double>(item_count())); });
  return result;
}

std::uint64_t profile_memory(const Catalog& catalog, const ProfileOptions& options) {
  // An entry is held twice while it is weighed; a term has a name, a key and its place in a table.
  constexpr std::uint64_t kEntry = 16;
  constexpr std::uint64_t kTerm = 120;
  std::uint64_t bytes = 0;
  for (const ProfileSource& source : profile_sources(catalog.item_features, options.fields)) {
    const FeatureField& feature = *source.feature;
    bytes += catalog.items.size() * 2 * sizeof(std::uint64_t);
    if (feature.kind == FeatureKind::number) {
      bytes += feature.rows() * kEntry;
    } else if (feature.kind == FeatureKind::text) {
      // A word is two bytes at least, and five on average where there are many; half of them at most are new.
      for (const std::string& text : feature.texts) bytes += (text.size() / 2 + 1) * kEntry + text.size() / 12 * kTerm;
    } else {
      bytes += feature.ids.size() * kEntry + feature.values.size() * kTerm + feature.values.text().size();
    }
  }
  return bytes;
}

}  // namespace gusto
