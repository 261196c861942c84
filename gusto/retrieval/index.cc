#include "gusto/retrieval/index.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/json.h"
#include "gusto/base/random.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

// From about so many items a walk pays beside a scan of 8-bit vectors, for most of the best items instead of all.
// Measured with normal vectors of 64 numbers, for the best 100: of 120,000 items 0.39 ms to scan; to walk, 0.21 ms for
// 80 % or 0.46 ms for 85 %. Vectors that a model has learned lie in fewer directions: svd of 9,066 films, 98 %.
constexpr std::size_t kWalkFrom = 500'000;
// Below this many, the vectors are in the cache anyway.
constexpr std::size_t kInt8From = 5'000;

constexpr std::size_t kFirstWidth = 128;
constexpr std::size_t kLastWidth = 2048;
constexpr double kWantedRecall = 0.95;
constexpr std::array<std::size_t, 2> kRecallAt{10, 100};

constexpr std::string_view kMetadata = "index";

[[noreturn]] void corrupt(const TensorFile& in) {
  throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: its index is malformed.", in.name()),
              "The file is damaged or was not written by gusto; make the index again.");
}

IndexKind fastest_kind(const Model& model) {
  if (!model.info().abilities.item_vectors) return IndexKind::exact;
  const std::size_t items = model.data().item_count();
  return items < kInt8From ? IndexKind::exact : items < kWalkFrom ? IndexKind::int8 : IndexKind::hnsw;
}

/// Query vectors of users drawn at random, among those with training events: of others a model may know nothing.
Matrix<float> drawn_queries(const Model& model, std::size_t count, std::uint64_t seed) {
  std::vector<std::uint32_t> users;
  for (std::size_t u = 0; u < model.data().user_count(); ++u) {
    if (model.data().history(UserRow(u)).size() > 0) users.push_back(static_cast<std::uint32_t>(u));
  }
  Random(seed, "index queries").shuffle(std::span(users));
  std::vector<Query> queries;
  for (std::size_t q = 0; q < std::min(count, users.size()); ++q) {
    queries.push_back(Query::known(UserRow(std::size_t{users[q]})));
  }
  Matrix<float> vectors(queries.size(), model.item_vectors().cols);
  model.query_vectors(queries, vectors.view());
  return vectors;
}

/// One query after another on this thread: the lists, and the median of the times.
std::pair<std::vector<std::vector<ScoredItem>>, double> timed_lists(VectorScan& scan, MatrixView<const float> queries,
                                                                    Context& context) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::vector<ScoredItem>> lists(queries.rows);
  std::vector<double> seconds;
  for (std::size_t q = 0; q < queries.rows; ++q) {
    context.check_canceled();
    const auto start = Clock::now();
    scan.run(queries.slice(q, q + 1), {}, std::span(lists).subspan(q, 1));
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return {std::move(lists), *middle};
}

double mean_recall(const std::vector<std::vector<ScoredItem>>& found, const std::vector<std::vector<ScoredItem>>& right,
                   std::size_t k) {
  double sum = 0;
  for (std::size_t q = 0; q < right.size(); ++q) {
    const std::size_t length = std::min(k, right[q].size());
    const auto end = right[q].begin() + static_cast<std::ptrdiff_t>(length);
    const std::size_t listed = std::min(k, found[q].size());
    std::size_t hits = 0;
    for (std::size_t f = 0; f < listed; ++f) {
      const bool hit = std::any_of(right[q].begin(), end, [&](const auto& r) { return r.item == found[q][f].item; });
      hits += hit ? 1 : 0;
    }
    sum += static_cast<double>(hits) / static_cast<double>(length);
  }
  return sum / static_cast<double>(right.size());
}

}  // namespace

IndexKind simpler_kind(const Model& model, IndexKind kind) {
  if (kind == IndexKind::exact) return kind;
  return std::min(fastest_kind(model), kind == IndexKind::hnsw ? IndexKind::int8 : IndexKind::exact);
}

std::string_view to_string(IndexKind kind) { return kIndexKindNames[static_cast<std::size_t>(kind)]; }

Index::Index(const Model& model, IndexKind kind, HnswGraph graph, std::size_t width, Context& context) : kind_(kind) {
  if (!model.info().abilities.item_vectors) return;
  items_ = model.item_vectors();
  switch (kind) {
    case IndexKind::exact: index_.emplace<ExactIndex>(items_); break;
    case IndexKind::int8: index_.emplace<Int8Index>(items_, context); break;
    case IndexKind::hnsw: index_.emplace<HnswIndex>(items_, std::move(graph), width); break;
  }
}

Index Index::build(const Model& model, const IndexOptions& options, Context& context) {
  const IndexKind kind = options.kind.value_or(fastest_kind(model));
  const bool has_vectors = model.info().abilities.item_vectors;
  if (kind != IndexKind::exact && !has_vectors) {
    throw Error(ErrorCode::unsupported, fmt::format("{} has no item vectors to index.", model.info().name),
                "It is searched exactly, without an index.");
  }
  HnswGraph graph;
  if (kind == IndexKind::hnsw) graph = build_hnsw(model.item_vectors(), options.hnsw, options.seed, context);
  Index index(model, kind, std::move(graph), kFirstWidth, context);
  if (has_vectors) index.measure(model, options, context);
  return index;
}

void Index::measure(const Model& model, const IndexOptions& options, Context& context) {
  const Matrix<float> queries = drawn_queries(model, options.queries, options.seed);
  if (queries.rows() == 0 || items_.rows == 0) return;
  const PreparedFilter everything({.exclude_seen = false}, items_.rows);
  const std::size_t k = std::min(kRecallAt.back(), items_.rows);
  const ExactIndex exact(items_);
  const auto exact_search = exact_scan(exact.source(), {&everything, 1}, k);
  const auto right = timed_lists(*exact_search, queries.view(), context);
  quality_.queries = queries.rows();
  quality_.exact_seconds = right.second;
  while (true) {
    const auto found = timed_lists(*scan(everything, k), queries.view(), context);
    quality_.query_seconds = found.second;
    quality_.recall_at_10 = mean_recall(found.first, right.first, kRecallAt[0]);
    quality_.recall_at_100 = mean_recall(found.first, right.first, kRecallAt[1]);
    HnswIndex* const walks = std::get_if<HnswIndex>(&index_);
    if (walks == nullptr || quality_.recall_at_100 >= kWantedRecall || walks->width() >= kLastWidth) return;
    walks->set_width(2 * walks->width());
  }
}

std::optional<Index> Index::load(const TensorFile& in, const Model& model, Context& context) {
  if (!in.has_metadata(kMetadata)) return std::nullopt;
  const Json stored = try_parse_json(in.metadata(kMetadata));
  const auto number = [&](const char* key, double low, double high) {
    if (!stored.is_object() || !stored.contains(key) || !stored[key].is_number()) corrupt(in);
    const auto value = stored[key].get<double>();
    if (!(value >= low && value <= high)) corrupt(in);
    return value;
  };
  if (!stored.is_object() || !stored.contains("kind") || !stored["kind"].is_string()) corrupt(in);
  const auto name = std::find(kIndexKindNames.begin(), kIndexKindNames.end(), stored["kind"].get<std::string>());
  if (name == kIndexKindNames.end()) corrupt(in);
  const auto kind = static_cast<IndexKind>(name - kIndexKindNames.begin());
  if (kind != IndexKind::exact && !model.info().abilities.item_vectors) corrupt(in);
  HnswGraph graph;
  std::size_t width = 0;
  if (kind == IndexKind::hnsw) {
    width = static_cast<std::size_t>(number("width", 1, 1e6));
    graph = HnswGraph::load(in, model.item_vectors().rows);
  }
  Index index(model, kind, std::move(graph), width, context);
  index.quality_.queries = static_cast<std::size_t>(number("queries", 0, 1e9));
  index.quality_.recall_at_10 = number("recall@10", 0, 1);
  index.quality_.recall_at_100 = number("recall@100", 0, 1);
  return index;
}

void Index::save(TensorWriter& out) const {
  Json stored = {{"kind", to_string(kind_)},
                 {"queries", quality_.queries},
                 {"recall@10", quality_.recall_at_10},
                 {"recall@100", quality_.recall_at_100}};
  if (const auto* walks = std::get_if<HnswIndex>(&index_)) {
    stored["width"] = walks->width();
    walks->graph().save(out);
  }
  out.set_metadata(std::string(kMetadata), print_json(stored));
}

std::uint64_t Index::bytes() const {
  if (const auto* exact = std::get_if<ExactIndex>(&index_)) return exact->bytes();
  if (const auto* int8 = std::get_if<Int8Index>(&index_)) return int8->bytes();
  if (const auto* walks = std::get_if<HnswIndex>(&index_)) return walks->graph().bytes();
  return 0;
}

bool Index::belongs_to(const Model& model) const {
  if (!model.info().abilities.item_vectors) return items_.data == nullptr;
  const MatrixView<const float> items = model.item_vectors();
  return items.data == items_.data && items.rows == items_.rows && items.cols == items_.cols;
}

std::unique_ptr<VectorScan> Index::scan(const PreparedFilter& filter, std::size_t k) const {
  if (const auto* exact = std::get_if<ExactIndex>(&index_)) return exact_scan(exact->source(), {&filter, 1}, k);
  if (const auto* int8 = std::get_if<Int8Index>(&index_)) return int8->scan(filter, k);
  if (const auto* walks = std::get_if<HnswIndex>(&index_)) return walks->scan(filter, k);
  return nullptr;
}

}  // namespace gusto
