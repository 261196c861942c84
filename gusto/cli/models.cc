/// gusto models: what there is to train, and the options of each.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/field.h"
#include "gusto/base/text.h"
#include "gusto/cli/command.h"
#include "gusto/cli/output.h"
#include "gusto/cli/table.h"
#include "gusto/eval/describe_json.h"
#include "gusto/models/model_pages.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

// The columns that fit 80 characters; docs/reference/models has all.
constexpr std::size_t kShown = 7;

void print_all(const Session& session) {
  std::vector<Column> columns{{"model"}};
  for (const AbilityColumn& column : std::span(kAbilityColumns).first(kShown))
    columns.push_back({std::string(column.head)});
  Table table(columns);
  std::size_t longest = 0;
  for (const ModelInfo* info : all_models(session.models)) {
    longest = std::max(longest, info->name.size());
    std::vector<Cell> cells{Cell(std::string(info->name), Style::bold)};
    const auto abilities = describe_abilities(info->abilities);
    for (const AbilityCell& cell : std::span(abilities).first(kShown)) cells.emplace_back(std::string(cell.value));
    table.add(std::move(cells));
  }
  fmt::print("{}\n", table.render(session.out));
  for (const ModelInfo* info : all_models(session.models)) {
    const std::string name = pad_right(info->name, longest);
    bool first = true;
    for (const std::string& line : wrap(info->summary, session.out.width - longest - 2)) {
      fmt::print("{}  {}\n", first ? paint(session.out, Style::bold, name) : std::string(longest, ' '), line);
      first = false;
    }
  }
  fmt::print("\n");
  std::string legend = "Every model ranks items.";
  for (const AbilityColumn& column : std::span(kAbilityColumns).first(kShown)) {
    legend += fmt::format(" {}: {}.", column.head, column.meaning);
  }
  legend += "\n`gusto models NAME` lists a model's options.";
  for (const std::string& line : wrap(legend, session.out.width)) fmt::print("{}\n", line);
}

/// "It ranks items; predicts …; explains …."
std::string abilities_sentence(const ModelInfo& info) {
  std::string sentence = "It ranks items";
  for (const AbilityCell& cell : describe_abilities(info.abilities)) {
    if (!cell.meaning.empty()) sentence += fmt::format("; {}", cell.meaning);
  }
  return sentence + ".";
}

void print_one(const Session& session, const std::string& name) {
  const ModelInfo& info = find_model(name, session.models);
  fmt::print("{}: {}\n\n", paint(session.out, Style::bold, info.name), info.summary);
  for (const std::string& line : wrap(info.about, session.out.width)) fmt::print("{}\n", line);
  fmt::print("\n");
  for (const std::string& line : wrap(abilities_sentence(info), session.out.width)) fmt::print("{}\n", line);
  if (info.fields.empty()) {
    fmt::print("\nIt has no options.\n");
    return;
  }
  const Settings defaults = info.make({})->settings();
  Table table({{"option"}, {"default"}, {"meaning", Align::left, Overflow::wrap}});
  for (std::size_t i = 0; i < info.fields.size(); ++i) {
    const Field& field = info.fields[i];
    const std::string range = describe_search(field.search);
    table.add(
        {Cell(std::string(field.name), Style::bold), format_field(defaults[i].second),
         fmt::format("{}\n({}{}{})", field.help, describe_domain(field), range.empty() ? "" : "; tuned from ", range)});
  }
  fmt::print("\n{}\nGive one with --set, for example:\n  gusto compare --models {} --set {}.{}={}\n",
             table.render(session.out), info.name, info.name, defaults.front().first,
             format_field(defaults.front().second));
}

void write_pages(const Session& session, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorCode::io, fmt::format("The folder {} cannot be made: {}.", quote(folder), error.message()),
                "Choose another one.");
  }
  const std::vector<DocumentationPage> pages = model_pages(all_models(session.models));
  for (const DocumentationPage& page : pages)
    write_result((std::filesystem::path(folder) / page.file).string(), page.text);
  fmt::print("Wrote {} pages into {}.\n", pages.size(), folder);
}

}  // namespace

void add_models(CLI::App& app, Session& session) {
  auto name = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  auto json = std::make_shared<std::string>();
  CLI::App* command = add_command(
      app,
      {.name = "models",
       .summary = "List the models, or the options of one.",
       .about = "Without a name: every kind of model and what it can do. With a name: what that model computes, where "
                "it comes from, and its options with defaults and what they accept.",
       .examples = {"gusto models", "gusto models item-knn", "gusto models --markdown docs/reference/models"}},
      [name, folder, json, &session] {
        if (!json->empty()) {
          write_result(*json, name->empty() ? models_json(all_models(session.models))
                                            : model_json(find_model(*name, session.models)));
        }
        if (*json == "-") return;
        if (!folder->empty()) write_pages(session, *folder);
        else if (name->empty()) print_all(session);
        else print_one(session, *name);
      });
  CLI::Option* model = command->add_option("MODEL", *name, "A model's name, such as item-knn.");
  command->add_option("--markdown", *folder, "Write a page for each model, and one that lists all, into this folder.")
      ->type_name("FOLDER")
      ->excludes(model);
  add_json_flag(command, *json);
}

}  // namespace gusto::cli
