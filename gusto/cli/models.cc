/// gusto models: what there is to train, and the options of each.

#include <memory>

#include <fmt/format.h>

#include "gusto/base/field.h"
#include "gusto/base/text.h"
#include "gusto/cli/command.h"
#include "gusto/cli/table.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

constexpr std::string_view kLegend =
    "Every model ranks items. ratings: it predicts the value that a user would give. likes: it gives probabilities "
    "itself. new users: it answers for someone it was not trained on. new items: it scores items without events by "
    "their "
    "features. similar: it finds items or users like one. explains: contributions that sum to the score. vectors: "
    "ranking is an inner product.\n`gusto models NAME` lists a model's options.";

std::string_view mark(bool able) { return able ? "●" : "·"; }

void print_all(const Session& session) {
  Table table(
      {{"model"}, {"ratings"}, {"likes"}, {"new users"}, {"new items"}, {"similar"}, {"explains"}, {"vectors"}});
  for (const ModelInfo* info : registry()) {
    const Abilities& can = info->abilities;
    const std::string_view similar = can.similar_items && can.similar_users ? "both"
                                     : can.similar_items                    ? "items"
                                     : can.similar_users                    ? "users"
                                                                            : "·";
    const std::string_view fold_in = can.fold_in == FoldIn::exact         ? "exact"
                                     : can.fold_in == FoldIn::approximate ? "estimate"
                                                                          : "·";
    const auto cell = [](std::string_view text) { return Cell(std::string(text)); };
    table.add({Cell(std::string(info->name), Style::bold), cell(mark(can.predicts_ratings)),
               cell(mark(can.probabilities)), cell(fold_in), cell(mark(can.cold_items)), cell(similar),
               cell(mark(can.explains)), cell(mark(can.item_vectors))});
  }
  fmt::print("{}\n", table.render(session.out));
  for (const ModelInfo* info : registry()) {
    const std::string name = pad_right(info->name, 12);
    bool first = true;
    for (const std::string& line : wrap(info->summary, session.out.width - 14)) {
      fmt::print("{}  {}\n", first ? paint(session.out, Style::bold, name) : std::string(12, ' '), line);
      first = false;
    }
  }
  fmt::print("\n");
  for (const std::string& line : wrap(kLegend, session.out.width)) fmt::print("{}\n", line);
}

std::string describe_search(const Search& search) {
  if (search.scale == Search::Scale::fixed) return "";
  return fmt::format("; tuned from {:g} to {:g}{}", search.low, search.high,
                     search.scale == Search::Scale::log ? ", on a logarithmic scale" : "");
}

void print_one(const Session& session, const std::string& name) {
  const ModelInfo& info = find_model(name);
  fmt::print("{}: {}\n\n", paint(session.out, Style::bold, info.name), info.summary);
  for (const std::string& line : wrap(info.about, session.out.width)) fmt::print("{}\n", line);
  if (info.fields.empty()) {
    fmt::print("\nIt has no options.\n");
    return;
  }
  const Settings defaults = info.make({})->settings();
  Table table({{"option"}, {"default"}, {"meaning", Align::left, Overflow::wrap}});
  for (std::size_t i = 0; i < info.fields.size(); ++i) {
    const Field& field = info.fields[i];
    table.add({Cell(std::string(field.name), Style::bold), defaults[i].second,
               fmt::format("{}\n({}{})", field.help, describe_domain(field), describe_search(field.search))});
  }
  fmt::print("\n{}\nGive one with --set, for example:\n  gusto compare --models {} --set {}.{}={}\n",
             table.render(session.out), info.name, info.name, defaults.front().first, defaults.front().second);
}

}  // namespace

void add_models(CLI::App& app, Session& session) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = add_command(
      app,
      {.name = "models",
       .summary = "List the models, or the options of one.",
       .about = "Without a name: every kind of model and what it can do. With a name: what that model computes, where "
                "it comes from, and its options with defaults and what they accept.",
       .examples = {"gusto models", "gusto models item-knn"}},
      [name, &session] {
        if (name->empty()) print_all(session);
        else print_one(session, *name);
      });
  command->add_option("MODEL", *name, "A model's name, such as item-knn.");
}

}  // namespace gusto::cli
