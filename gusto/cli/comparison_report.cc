#include "gusto/cli/comparison_report.h"

#include "gusto/cli/report_layout.h"

namespace gusto::cli {
namespace {

std::string lay_out_split(const SplitReport& report, const Terminal& terminal) {
  std::string text = lay_out(report.parts, terminal, Overflow::cut);
  for (const std::string& note : report.notes) text += paragraph(note, terminal);
  return text;
}

}  // namespace

std::string describe_split(std::span<const FoldSummary> folds, std::uint64_t candidates, const EvaluateOptions& options,
                           const Terminal& terminal) {
  return lay_out_split(report_split(folds, candidates, options), terminal);
}

std::string describe_comparison(const Comparison& comparison, const Terminal& terminal) {
  const ComparisonReport report = report_comparison(comparison);
  std::string text = report.question + "\n";
  text += paragraph(report.left_out, terminal);
  text += lay_out_split(report.split, terminal);
  if (report.ranking) {
    text += "\n" + lay_out(*report.ranking, terminal);
    text += paragraph(report.legend, terminal, Style::dim);
    text += "\n" + paragraph(report.verdict, terminal, Style::bold);
    text += paragraph(report.warning, terminal);
  }
  for (const ReportTable& table : report.further) text += "\n" + lay_out(table, terminal);
  for (const std::string& refusal : report.refusals) text += "\n" + paragraph(refusal, terminal, Style::bad);
  return text;
}

std::string describe_estimates(std::span<const Estimate> estimates, const Terminal& terminal) {
  return lay_out(report_estimates(estimates), terminal);
}

}  // namespace gusto::cli
