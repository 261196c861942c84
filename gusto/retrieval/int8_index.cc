#include "gusto/retrieval/int8_index.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gusto/retrieval/selector.h"

namespace gusto {
namespace {

constexpr double kRoundingSteps = 127;
// Sums of numbers so small that floats are spaced evenly are off by more than a share of them.
constexpr double kSmallest = static_cast<double>(std::numeric_limits<float>::min());

// Panels that are scanned with one threshold; fewer at first, while much gets in.
constexpr std::size_t kFirstPanels = 4;
constexpr std::size_t kMostPanels = 64;

/// A vector rounded to whole steps of a scale, with what rounding left.
struct Rounded {
  double scale = 1;
  double norm = 0;      // of the vector
  double residual = 0;  // norm of what is left
  std::vector<std::int8_t> bytes;
};

Rounded rounded(std::span<const float> vector) {
  Rounded result;
  result.bytes.resize(int8_width(vector.size()));
  double largest = 0;
  bool finite = true;
  for (const float x : vector) {
    finite = finite && std::isfinite(x);
    largest = std::max(largest, std::abs(static_cast<double>(x)));
  }
  if (!finite) {  // bounds become NaN, which always pass, and the exact score is refused
    result.scale = result.norm = result.residual = std::numeric_limits<double>::quiet_NaN();
    return result;
  }
  // As it will be stored; nothing is left of a vector so small that its scale vanishes.
  const auto scale = static_cast<double>(static_cast<float>(largest / kRoundingSteps));
  if (scale > 0) result.scale = scale;
  for (std::size_t w = 0; w < vector.size(); ++w) {
    const auto x = static_cast<double>(vector[w]);
    const double step = scale > 0 ? std::clamp(std::round(x / scale), -kRoundingSteps, kRoundingSteps) : 0.0;
    result.bytes[w] = static_cast<std::int8_t>(step);
    result.norm += x * x;
    result.residual += (x - step * result.scale) * (x - step * result.scale);
  }
  result.norm = std::sqrt(result.norm);
  result.residual = std::sqrt(result.residual);
  return result;
}

/// What float sums of so many products can be off by, relative to the norms of both sides; twice over, because the
/// bounds are sums as well.
double rounding_share(std::size_t width) {
  return 2 * static_cast<double>(width + 16) * static_cast<double>(std::numeric_limits<float>::epsilon());
}

class Int8Scan final : public VectorScan {
 public:
  Int8Scan(MatrixView<const float> items, const Int8Panels& panels, const PreparedFilter& filter, std::size_t k)
      : items_(items),
        panels_(panels),
        filter_(filter),
        k_(k),
        lower_bounds_(k),
        best_(k),
        positions_((kMostPanels + 1) * kPanelItems),
        bounds_((kMostPanels + 1) * kPanelItems) {}

  void run(MatrixView<const float> queries, std::span<const std::vector<std::uint32_t>> seen,
           std::span<std::vector<ScoredItem>> lists) override {
    for (std::size_t q = 0; q < queries.rows && k_ > 0; ++q) {
      const bool excludes = filter_.exclude_seen() && !seen.empty();
      find_candidates(queries.row(q), excludes ? SeenCursor(seen[q]) : SeenCursor());
      lists[q] = best_of_candidates(queries.slice(q, q + 1));
    }
  }

 private:
  void find_candidates(std::span<const float> vector, SeenCursor seen) {
    const Rounded query = rounded(vector);
    const Int8Query asked = int8_query(query.bytes, static_cast<float>(query.norm / query.scale),
                                       static_cast<float>(query.residual / query.scale));
    lower_bounds_.begin();
    candidates_.clear();
    const std::size_t panel_count = (items_.rows + kPanelItems - 1) / kPanelItems;
    std::size_t count = 0;
    for (std::size_t panel = 0; panel < panel_count; panel += count) {
      count = std::min(panel_count - panel, std::clamp(panel, kFirstPanels, kMostPanels));
      lower_bounds_.tighten();
      PanelHits hits{positions_.data(), bounds_.data(), 0};
      scan_int8(panels_, panel, count, asked, lower_bounds_.threshold_or_nan(), hits);
      for (std::size_t h = 0; h < hits.count; ++h) {
        const auto row = static_cast<std::uint32_t>(panel * kPanelItems + hits.positions[h]);
        if (row >= items_.rows) break;  // what the last panel lacks
        if (seen.contains(row) || filter_.banned(row)) continue;
        candidates_.push_back({row, hits.scores[h]});
        const float error = asked.norm * panels_.residuals[row] + asked.residual * panels_.norms[row];
        if (const float lower = hits.scores[h] - 2 * error; std::isfinite(lower)) lower_bounds_.push(lower, row);
      }
    }
  }

  std::vector<ScoredItem> best_of_candidates(MatrixView<const float> query) {
    lower_bounds_.tighten();
    const float threshold = lower_bounds_.threshold_or_nan();
    rows_.clear();
    for (const Candidate& candidate : candidates_) {
      if (!(candidate.upper_bound < threshold)) rows_.push_back(candidate.row);
    }
    best_.begin();
    score_rows(PanelSource(items_), rows_, query, best_);
    return best_.take();
  }

  struct Candidate {
    std::uint32_t row;
    float upper_bound;
  };

  MatrixView<const float> items_;
  const Int8Panels& panels_;
  const PreparedFilter& filter_;
  std::size_t k_;
  Selector lower_bounds_;
  Selector best_;
  std::vector<Candidate> candidates_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> positions_;
  std::vector<float> bounds_;
};

}  // namespace

Int8Index::Int8Index(MatrixView<const float> items, Context& context) : items_(items) {
  const std::size_t room = panel_floats(items.rows, 1);
  const std::size_t row_bytes = int8_width(items.cols);
  panels_.width = items.cols;
  panels_.bytes.assign(room * row_bytes, 128);
  panels_.scales.assign(room, 0);
  panels_.residuals.assign(room, 0);
  panels_.norms.assign(room, 0);
  const double share = rounding_share(items.cols);
  parallel_blocks(context, items.rows, kPanelItems * 32, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t i = begin; i < end; ++i) {
      const Rounded item = rounded(items.row(i));
      std::uint8_t* panel = panels_.bytes.data() + i / kPanelItems * kPanelItems * row_bytes;
      for (std::size_t w = 0; w < row_bytes; ++w) {
        panel[(w / 4 * kPanelItems + i % kPanelItems) * 4 + w % 4] = static_cast<std::uint8_t>(item.bytes[w] + 128);
      }
      panels_.scales[i] = static_cast<float>(item.scale);
      panels_.residuals[i] = static_cast<float>(item.residual + share * item.norm + kSmallest);
      panels_.norms[i] = static_cast<float>(item.norm + item.residual);
    }
  });
}

std::unique_ptr<VectorScan> Int8Index::scan(const PreparedFilter& filter, std::size_t k) const {
  if (filter.picks()) return exact_scan(PanelSource(items_), {&filter, 1}, k);
  return std::make_unique<Int8Scan>(items_, panels_, filter, k);
}

}  // namespace gusto
