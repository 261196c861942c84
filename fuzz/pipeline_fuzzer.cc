// A pipeline from anyone: it is understood, and then keeps its own bounds; or it is refused.

#include <cstdint>
#include <optional>
#include <string_view>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/retrieval/pipeline_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::optional<gusto::PipelineSpec> spec;
  try {
    spec = gusto::parse_pipeline(gusto::fuzz::text_of(data, size), "input", "folder");
  } catch (const gusto::Error& error) {
    gusto::fuzz::require(error.code() != gusto::ErrorCode::internal);
    return 0;
  }
  gusto::fuzz::require(!spec->candidates.empty());
  for (const gusto::CandidateSource& source : spec->candidates) {
    gusto::fuzz::require(source.count > 0 && !source.label.empty());
  }
  gusto::fuzz::require(!spec->ranking || (spec->ranking->weight >= 0 && spec->ranking->weight <= 1));
  gusto::check_rerank_shares(spec->rerank.diversity, spec->rerank.calibration, spec->rerank.popularity_penalty);
  for (const auto& [field, most] : spec->rerank.caps) gusto::fuzz::require(most > 0);
  return 0;
}
