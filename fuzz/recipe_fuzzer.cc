// A recipe from anyone: it is understood, and then survives being written down and read again; or it is refused.

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/fuzz.h"

#include "gusto/base/error.h"
#include "gusto/eval/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gusto::fuzz::text_of(data, size);
  std::optional<gusto::Recipe> recipe;
  try {
    recipe = gusto::parse_recipe(input, "input");
  } catch (const gusto::Error& error) {
    if (error.code() == gusto::ErrorCode::internal) std::abort();
    return 0;
  }
  const std::string written = gusto::format_recipe(*recipe);
  if (gusto::format_recipe(gusto::parse_recipe(written, "written")) != written) std::abort();
  return 0;
}
