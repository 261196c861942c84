#include "gusto/models/factors/feature_prior.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/nn/arena.h"
#include "gusto/nn/field_spec.h"

namespace gusto {
namespace {

constexpr std::size_t kPriorRows = 256;
constexpr std::size_t kValueBlock = 8;
// Rows that are encoded at once.
constexpr std::size_t kEncoded = 256;
constexpr std::string_view kPrefix = "schema/";

void sum_chosen(const Matrix<float>& matrix, std::span<const std::uint32_t> ids, std::span<const float> weights,
                std::span<float> out) {
  sum_rows(matrix.values().data(), matrix.cols(), ids, weights, out);
}

/// By column: Σ_r a_rc · b_rc.
std::vector<double> column_products(const Matrix<float>& a, const Matrix<float>& b) {
  std::vector<double> sums(a.cols());
  for (std::size_t r = 0; r < a.rows(); ++r) {
    for (std::size_t c = 0; c < a.cols(); ++c) sums[c] += static_cast<double>(a(r, c)) * static_cast<double>(b(r, c));
  }
  return sums;
}

/// The written fields of one side, with "auto" replaced.
std::vector<nn::FieldSpec> specs_of(std::string_view text, nn::Side side, const Catalog& catalog) {
  std::vector<nn::FieldSpec> specs;
  if (text.empty()) return specs;
  const std::vector<nn::FieldSpec> written = nn::parse_fields(text);
  const auto add = [&](nn::FieldSpec spec) {
    const auto same = [&](const nn::FieldSpec& other) { return other.text == spec.text; };
    if (std::none_of(specs.begin(), specs.end(), same)) specs.push_back(std::move(spec));
  };
  const FeatureTable& table = side == nn::Side::user ? catalog.user_features : catalog.item_features;
  for (const nn::FieldSpec& spec : written) {
    if (!spec.is_auto()) {
      add(spec);
      continue;
    }
    for (const FeatureField& feature : table.fields()) {
      if (feature.kind != FeatureKind::number && !nn::groups_rows(feature)) continue;
      add(nn::feature_field(side, feature.name, catalog));
    }
  }
  return specs;
}

/// By row, the most entries that a field can have there.
std::vector<std::uint64_t> most_entries(const nn::FieldSpec& spec, const Catalog& catalog, std::size_t rows) {
  std::vector<std::uint64_t> most(rows, 1);
  for (const nn::FieldSpec& part : spec.parts) {
    const std::vector<std::uint64_t> of_part = most_entries(part, catalog, rows);
    for (std::size_t r = 0; r < rows; ++r) most[r] *= of_part[r];
  }
  if (spec.feature.empty()) return most;
  const FeatureField& feature = *nn::find_feature(catalog, spec.feature).feature;
  if (feature.kind == FeatureKind::number) return most;
  // Each byte of a text is a word, or a piece of one, at most. What is missing is an entry, too.
  for (std::size_t r = 0; r < std::min(rows, feature.rows()); ++r) {
    const std::size_t size = feature.kind == FeatureKind::text ? feature.texts[r].size() : feature.ids_of(r).size();
    most[r] = std::max<std::uint64_t>(1, size);
  }
  return most;
}

/// Of all rows; those of a cross's parts are encoded, too.
std::uint64_t count_entries(const nn::FieldSpec& spec, const Catalog& catalog, std::size_t rows) {
  const std::vector<std::uint64_t> most = most_entries(spec, catalog, rows);
  std::uint64_t count = std::accumulate(most.begin(), most.end(), std::uint64_t{0});
  for (const nn::FieldSpec& part : spec.parts) count += count_entries(part, catalog, rows);
  return count;
}

bool is_feature(const nn::FieldSpec& spec) {
  using enum nn::FieldKind;
  constexpr std::array kFeatures{feature, bucket, cross, words, hash};
  return std::find(kFeatures.begin(), kFeatures.end(), spec.kind) != kFeatures.end() &&
         std::all_of(spec.parts.begin(), spec.parts.end(), is_feature);
}

}  // namespace

FeaturePrior::FeaturePrior(SparseRows rows, std::size_t values, std::size_t width)
    : rows_(std::move(rows)), by_value_(rows_.transposed(values)), vectors_(values, width) {}

void FeaturePrior::expect(std::size_t row, std::span<float> out) const {
  expect(rows_.ids_of(row), rows_.weights_of(row), out);
}

void FeaturePrior::expect(std::span<const std::uint32_t> ids, std::span<const float> weights,
                          std::span<float> out) const {
  sum_chosen(vectors_, ids, weights, out);
}

void FeaturePrior::gather(Context& context, const Matrix<float>& rows, Matrix<float>& out) const {
  parallel_blocks(context, by_value_.rows(), kValueBlock, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t f = begin; f < end; ++f) {
      sum_chosen(rows, by_value_.ids_of(f), by_value_.weights_of(f), out.row(f));
    }
  });
}

void FeaturePrior::apply(Context& context, std::span<const float> row_weights, float reg, const Matrix<float>& p,
                         Matrix<float>& rows, Matrix<float>& out) const {
  parallel_blocks(context, rows_.rows(), kPriorRows, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t r = begin; r < end; ++r) {
      sum_chosen(p, rows_.ids_of(r), rows_.weights_of(r), rows.row(r));
      for (float& x : rows.row(r)) x *= row_weights[r];
    }
  });
  gather(context, rows, out);
  axpy(reg, p.values(), out.values());
}

void FeaturePrior::fit(Context& context, const Matrix<float>& vectors, std::span<const float> row_weights, double reg,
                       int iterations) {
  const std::size_t values = vectors_.rows();
  const std::size_t width = vectors_.cols();
  const auto ridge = static_cast<float>(reg);
  std::vector<float> inverse_diagonal(values);
  for (std::size_t f = 0; f < values; ++f) {
    double sum = reg;
    for (std::uint64_t e = by_value_.offsets[f]; e < by_value_.offsets[f + 1]; ++e) {
      const double x = by_value_.weights[e];
      sum += static_cast<double>(row_weights[by_value_.ids[e]]) * x * x;
    }
    inverse_diagonal[f] = sum > 0 ? static_cast<float>(1 / sum) : 0.0F;
  }

  Matrix<float> rows(vectors.rows(), width);
  Matrix<float> residual(values, width);
  Matrix<float> turned(values, width);
  parallel_blocks(context, vectors.rows(), kPriorRows, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t c = 0; c < width; ++c) rows(r, c) = row_weights[r] * vectors(r, c);
    }
  });
  gather(context, rows, residual);
  apply(context, row_weights, ridge, vectors_, rows, turned);
  axpy(-1, turned.values(), residual.values());

  // Each column is a system of its own, with the same matrix.
  const auto precondition = [&](Matrix<float>& z) {
    for (std::size_t f = 0; f < values; ++f) {
      for (std::size_t c = 0; c < width; ++c) z(f, c) = inverse_diagonal[f] * residual(f, c);
    }
  };
  Matrix<float> z(values, width);
  precondition(z);
  Matrix<float> direction = z;
  std::vector<double> slope = column_products(residual, z);
  for (int n = 0; n < iterations; ++n) {
    apply(context, row_weights, ridge, direction, rows, turned);
    const std::vector<double> curvature = column_products(direction, turned);
    std::vector<float> length(width);
    for (std::size_t c = 0; c < width; ++c) {
      length[c] = curvature[c] > 0 ? static_cast<float>(slope[c] / curvature[c]) : 0.0F;
    }
    for (std::size_t f = 0; f < values; ++f) {
      for (std::size_t c = 0; c < width; ++c) {
        vectors_(f, c) += length[c] * direction(f, c);
        residual(f, c) -= length[c] * turned(f, c);
      }
    }
    precondition(z);
    const std::vector<double> next = column_products(residual, z);
    for (std::size_t c = 0; c < width; ++c) length[c] = slope[c] > 0 ? static_cast<float>(next[c] / slope[c]) : 0.0F;
    for (std::size_t f = 0; f < values; ++f) {
      for (std::size_t c = 0; c < width; ++c) direction(f, c) = z(f, c) + length[c] * direction(f, c);
    }
    slope = next;
  }
}

SideFeatures::SideFeatures(const Dataset& data, std::string_view user_fields, std::string_view item_fields)
    : item_count_(data.item_count()), user_count_(data.user_count()) {
  const Catalog& catalog = data.catalog();
  std::vector<nn::FieldSpec> specs = specs_of(user_fields, nn::Side::user, catalog);
  const std::size_t of_users = specs.size();
  for (nn::FieldSpec& spec : specs_of(item_fields, nn::Side::item, catalog)) specs.push_back(std::move(spec));
  const auto refuse = [&](std::size_t n) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The field {} of {} is no feature of {}.", quote(specs[n].text),
                            n < of_users ? "user_fields" : "item_fields", n < of_users ? "users" : "items"),
                "Name features, as in genres, bucket(age, 10) or words(title, 1000).");
  };
  for (std::size_t n = 0; n < specs.size(); ++n) {
    if (!is_feature(specs[n])) refuse(n);
  }
  nn::Schema schema = nn::Schema::learn(data, specs);
  for (std::size_t n = 0; n < specs.size(); ++n) {
    if (schema[n].side != (n < of_users ? nn::Side::user : nn::Side::item)) refuse(n);
  }
  encoder_ = std::make_unique<nn::Encoder>(data, std::move(schema));
  number_values();
}

SideFeatures::SideFeatures(const Dataset& data, const TensorFile& in)
    : item_count_(data.item_count()),
      user_count_(data.user_count()),
      encoder_(std::make_unique<nn::Encoder>(data, nn::Schema::load(in, kPrefix, data))) {
  number_values();
}

void SideFeatures::save(TensorWriter& out) const { encoder_->schema().save(out, kPrefix); }

std::uint64_t SideFeatures::memory_need(const Dataset& data, std::string_view user_fields, std::string_view item_fields,
                                        std::uint64_t width) {
  // Of an entry id and weight: encoded, by row, and by value; the first two in vectors that grew by doubling.
  constexpr std::uint64_t kEntryBytes = 2 * 8 + 2 * 8 + 8;
  // Where a row's entries begin: encoded, of each field, and among all; likewise a value's, once more while they are
  // put there.
  constexpr std::uint64_t kFieldBytes = 2 * sizeof(std::uint32_t);
  constexpr std::uint64_t kRowBytes = 3 * sizeof(std::uint64_t);
  constexpr std::uint64_t kValueBytes = 2 * sizeof(std::uint64_t);
  std::uint64_t bytes = 0;
  const auto add_side = [&](std::string_view fields, nn::Side side, std::size_t rows) {
    const std::vector<nn::FieldSpec> specs = specs_of(fields, side, data.catalog());
    if (specs.empty()) return;
    std::uint64_t values = 1;
    std::uint64_t entries = rows;  // of the constant
    for (const nn::FieldSpec& spec : specs) {
      values += nn::most_rows(spec, data);
      entries += count_entries(spec, data.catalog(), rows);
    }
    bytes += entries * kEntryBytes + rows * (specs.size() * kFieldBytes + kRowBytes + width * sizeof(float)) +
             values * (5 * width * sizeof(float) + kValueBytes);
  };
  add_side(user_fields, nn::Side::user, data.user_count());
  add_side(item_fields, nn::Side::item, data.item_count());
  return bytes;
}

void SideFeatures::number_values() {
  for (const nn::SchemaField& field : encoder_->schema().fields()) {
    std::size_t& values = field.side == nn::Side::user ? user_values_ : item_values_;
    first_.push_back(values);
    values += field.rows;
  }
}

bool SideFeatures::has(nn::Side side) const { return values(side) > 1; }

std::size_t SideFeatures::values(nn::Side side) const { return side == nn::Side::user ? user_values_ : item_values_; }

SparseRows SideFeatures::rows(nn::Side side) const {
  const nn::Schema& schema = encoder_->schema();
  const std::size_t count = side == nn::Side::user ? user_count_ : item_count_;
  SparseRows result;
  if (side == nn::Side::user) {
    for (std::size_t u = 0; u < count; ++u) {
      const QueryUser who = query_user(Query::known(UserRow(u)));
      for (std::size_t e = 0; e < who.ids.size(); ++e) result.add(who.ids[e], who.weights[e]);
      result.end_row();
    }
    return result;
  }
  nn::Arena arena;
  for (std::size_t begin = 0; begin < count; begin += kEncoded) {
    const std::size_t end = std::min(count, begin + kEncoded);
    arena.reset();
    std::vector<ItemRow> items;
    for (std::size_t i = begin; i < end; ++i) items.emplace_back(i);
    const nn::Batch batch = encoder_->encode_items(items, {}, arena);
    for (std::size_t r = 0; r < end - begin; ++r) {
      result.add(0, 1);
      for (std::size_t slot = 0; slot < schema.size(); ++slot) {
        if (schema[slot].side != side) continue;
        const nn::Bag& bag = batch[slot];
        for (std::size_t e = bag.begin(r); e < bag.end(r); ++e) {
          result.add(static_cast<std::uint32_t>(first_[slot] + bag.ids[e]), bag.weight(e));
        }
      }
      result.end_row();
    }
  }
  return result;
}

SideFeatures::QueryUser SideFeatures::query_user(const Query& query) const {
  const nn::Schema& schema = encoder_->schema();
  const nn::EncodedQueryUser encoded = encoder_->encode(query);
  QueryUser query_user{{0}, {1}, {"typical taste"}};
  for (std::size_t slot = 0; slot < schema.size(); ++slot) {
    if (schema[slot].side != nn::Side::user) continue;
    const nn::Entries& entries = encoded.fields[slot];
    for (std::size_t e = 0; e < entries.size(); ++e) {
      query_user.ids.push_back(static_cast<std::uint32_t>(first_[slot] + entries.ids[e]));
      query_user.weights.push_back(entries.weights[e]);
      query_user.fields.emplace_back(schema[slot].spec.text);
    }
  }
  return query_user;
}

}  // namespace gusto
