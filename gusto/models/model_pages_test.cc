#include "gusto/models/model_pages.h"

#include <filesystem>
#include <set>

#include <gmock/gmock.h>

#include "gusto/base/file.h"

namespace gusto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

enum class Letter { a, b };
constexpr std::array<std::string_view, 2> kLetterNames = {"a", "b"};
struct ToyOptions {
  int dim = 8;
  std::string hidden;
  Letter letter = Letter::b;
};
constexpr auto kToyFields = fields(
    field<&ToyOptions::dim>("dim", between(1, 64), search_log(4, 32), "Width | <depth>."),
    text<&ToyOptions::hidden>("hidden", "Layers."), choice<&ToyOptions::letter>("letter", kLetterNames, "Which."));
extern const ModelInfo kToyInfo;

class ToyModel final : public ModelWith<ToyOptions, kToyInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset&, Task, unsigned) const override { return 0; }
  void save_state(TensorWriter&) const override {}

 private:
  void do_fit(const Dataset&, const FitOptions&, Context&) override {}
  void do_load(const TensorFile&) override {}
};
constexpr ModelInfo kToyInfo{.name = "toy",
                             .summary = "A model that is none.",
                             .about = "s = p * q. `gusto a * b` does it.",
                             .fields = kToyFields,
                             .abilities = {.fold_in = FoldIn::approximate, .similar_items = true},
                             .make = &make_with<ToyModel>};

constexpr std::string_view kRemedy = "Run: build/release/gusto models --markdown docs/reference/models";

TEST(ModelPages, CommittedPagesAreThoseOfTheRegistry) {
  const std::filesystem::path folder = std::filesystem::path(GUSTO_SOURCE_DIR) / "docs/reference/models";
  std::set<std::string> written;
  for (const DocumentationPage& page : model_pages(registry())) {
    written.insert(page.file);
    ASSERT_TRUE(std::filesystem::exists(folder / page.file)) << page.file << " is missing. " << kRemedy;
    EXPECT_EQ(MappedFile::open(folder / page.file).text(), page.text) << page.file << " is out of date. " << kRemedy;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    EXPECT_TRUE(written.contains(file)) << "docs/reference/models/" << file << " belongs to no model. Remove it.";
  }
}

TEST(ModelPages, TellWhatAModelCanDoAndTakes) {
  const std::array<const ModelInfo*, 1> models{&kToyInfo};
  const std::vector<DocumentationPage> pages = model_pages(models);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].file, "README.md");
  EXPECT_THAT(pages[0].text, HasSubstr("| [toy](toy.md) | A model that is none. |"));
  EXPECT_THAT(pages[0].text, HasSubstr("| [toy](toy.md) | · | · | estimate | · | items | · | · | · | · |"));
  EXPECT_EQ(pages[1].file, "toy.md");
  EXPECT_THAT(pages[1].text, HasSubstr("\n# toy\n\nA model that is none.\n\ns = p \\* q. `gusto a * b` does it.\n"));
  EXPECT_THAT(pages[1].text,
              HasSubstr("- answers for people it was not trained on, by an estimate\n- finds items like"));
  EXPECT_THAT(pages[1].text, Not(HasSubstr("checkpoint")));
  EXPECT_THAT(pages[1].text,
              HasSubstr("| `dim` | `8` | a whole number from 1 to 64 | Width \\| \\<depth>. | 4 to 32, on a "
                        "logarithmic scale |\n"));
  EXPECT_THAT(pages[1].text, HasSubstr("| `hidden` | (empty) | UTF-8 text | Layers. |  |\n"));
  EXPECT_THAT(pages[1].text, HasSubstr("| `letter` | `b` | `a`, `b` | Which. |  |\n"));
  EXPECT_THAT(pages[1].text, HasSubstr("with `--set dim=8`, to `gusto compare` with `--set toy.dim=8`"));
  EXPECT_THAT(pages[1].text, HasSubstr("gusto train --model toy --task top-n --out toy.gusto\n"));
  EXPECT_THAT(pages[1].text, Not(HasSubstr("--task ratings")));
}

}  // namespace
}  // namespace gusto
