#include "gusto/retrieval/pair_predictions.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/event_format.h"
#include "gusto/data/io/records.h"
#include "gusto/models/model_info.h"
#include "gusto/retrieval/pair_fallback.h"

namespace gusto {
namespace {

// Pairs of ids take several times the memory of their text.
constexpr std::size_t kPairsAtOnce = std::size_t{1} << 16;

std::string csv_line(std::span<const std::string_view> fields) {
  std::string line;
  for (const std::string_view field : fields) line += csv_field(field) + ',';
  return line;
}

/// The columns' names, if the file does not say them.
std::vector<std::string> column_names(const EventFormat& format) {
  std::vector<std::string> names = format.roles();
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (names[c] == "-") names[c] = fmt::format("column_{}", c + 1);
  }
  return names;
}

class PairsPredictor {
 public:
  PairsPredictor(const Recommender& recommender, const TextSink& sink)
      : recommender_(recommender),
        sink_(sink),
        stddev_(recommender.model().info().abilities.stddev),
        fallback_(recommender.model()) {}

  void write_head(std::span<const std::string_view> names) {
    sink_(csv_line(names) + (stddev_ ? "prediction,stddev,fallback\n" : "prediction,fallback\n"));
  }

  void add(std::string line, UserItem pair) {
    lines_.push_back(std::move(line));
    pairs_.push_back(std::move(pair));
    if (pairs_.size() == kPairsAtOnce) flush();
  }

  void flush() {
    const std::vector<std::optional<Prediction>> predictions = recommender_.predict(pairs_);
    std::string text;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      text += lines_[i];
      if (const std::optional<Prediction>& known = predictions[i]) {
        text += fmt::format("{:.4f},", known->value);
        if (stddev_) text += fmt::format("{:.4f},", *known->stddev);
      } else {
        const Fallback instead = fallback_(pairs_[i].user, pairs_[i].item);
        text += fmt::format("{:.4f},{}{}", instead.value, stddev_ ? "," : "", instead.basis);
        ++fallbacks_;
      }
      text += '\n';
    }
    sink_(text);
    lines_.clear();
    pairs_.clear();
  }

  std::uint64_t fallbacks() const { return fallbacks_; }

 private:
  const Recommender& recommender_;
  const TextSink& sink_;
  bool stddev_;
  PairFallback fallback_;
  std::vector<std::string> lines_;
  std::vector<UserItem> pairs_;
  std::uint64_t fallbacks_ = 0;
};

}  // namespace

PairsSummary predict_pairs(const Recommender& recommender, const std::filesystem::path& file,
                           const OpenOptions& options, const TextSink& sink, Context& context) {
  static_cast<void>(recommender.predict(std::span<const UserItem>()));  // throws if the model cannot, before all else
  const auto stream = open_stream(file == "-" ? std::filesystem::path("/dev/stdin") : file);
  const SourceText source = load_source(*stream, Encoding::utf8_or_latin1);
  const EventFormat format = recognize_events(source, options);
  if (format.form != LineForm::fields) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} is no delimited file with a pair on each line.", source.name),
                "Write a user's id and an item's id on each line, separated by commas.");
  }
  PairsPredictor out(recommender, sink);
  PairsSummary summary;
  RecordReader reader(source, format.delimiter, format.quotes);
  if (format.header && reader.next()) {
    out.write_head(reader.fields());
  } else {
    const std::vector<std::string> names = column_names(format);
    out.write_head(std::vector<std::string_view>(names.begin(), names.end()));
  }
  while (reader.next()) {
    try {
      if (format.fields > 0) reader.require_fields(format.fields);
      UserItem pair{std::string(reader.id(format.user)), std::string(reader.id(format.item))};
      if (format.time) pair.time = reader.time(*format.time, format.time_unit);
      out.add(csv_line(reader.fields()), std::move(pair));
      ++summary.pairs;
    } catch (const Error& error) {
      if (!options.skip_bad_lines || error.code() != ErrorCode::invalid_input) throw;
      ++summary.bad_lines;
    }
    if (summary.pairs % kPairsAtOnce == 0) {
      context.check_canceled();
      context.progress("predict", reader.position(), source.text.size(), ProgressUnit::bytes);
    }
  }
  out.flush();
  summary.fallbacks = out.fallbacks();
  return summary;
}

}  // namespace gusto
