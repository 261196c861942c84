#include "gusto/models/model_pages.h"

#include <algorithm>

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace gusto {
namespace {

constexpr std::string_view kNotice =
    "<!-- Written by `gusto models --markdown docs/reference/models` from the registry; change it there. -->\n";

// Text as it stands: what Markdown or HTML would take for mark-up is escaped, but for what is between backticks, which
// is code. Underscores within words are left alone by both.
std::string escape(std::string_view text) {
  std::string out;
  bool in_code = false;
  for (const char c : text) {
    if (c == '`') in_code = !in_code;
    if (c == '|' || (!in_code && (c == '*' || c == '<' || c == '['))) out += '\\';
    out += c;
  }
  return out;
}

// Words in lines of at most 120 characters; those after the first begin with `hang`. What stands between backticks
// stays in one piece.
std::string fill(std::string_view text, std::string_view hang = "") {
  constexpr std::size_t kWidth = 120;
  const auto characters = [](std::string_view word) {
    return static_cast<std::size_t>(
        std::count_if(word.begin(), word.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  };
  std::string out;
  std::size_t width = 0;
  while (!text.empty()) {
    std::size_t end = 0;
    for (bool in_code = false; end < text.size() && (in_code || text[end] != ' '); ++end) in_code ^= text[end] == '`';
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (out.empty()) {
      out = word;
    } else if (width + 1 + characters(word) <= kWidth) {
      out += ' ';
      out += word;
      width += 1;
    } else {
      out += fmt::format("\n{}{}", hang, word);
      width = hang.size();
    }
    width += characters(word);
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? "(empty)" : fmt::format("`{}`", text); }

std::string accepts(const Field& field) {
  if (field.kind != FieldKind::choice) return describe_domain(field);
  std::string out;
  for (const std::string_view name : field.choices) out += (out.empty() ? "" : ", ") + code(name);
  return out;
}

std::string option_section(const ModelInfo& info) {
  if (info.fields.empty()) return "\n## Options\n\nIt has none.\n";
  const Settings defaults = info.make({})->settings();
  std::string out = "\n## Options\n\n| option | default | takes | meaning | tuned |\n|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < info.fields.size(); ++i) {
    const Field& field = info.fields[i];
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", field.name, code(format_field(defaults[i].second)),
                       accepts(field), escape(field.help), describe_search(field.search));
  }
  const std::string use = fmt::format(
      "Give one to `gusto train` with `--set {0}={1}`, to `gusto compare` with `--set {2}.{0}={1}`, or write it into a "
      "recipe.",
      defaults.front().first, format_field(defaults.front().second), info.name);
  return out + "\n" + fill(use) + "\n";
}

std::string try_section(const ModelInfo& info) {
  const std::string_view name = info.name;
  const Abilities& can = info.abilities;
  const auto beside = [&](std::string_view rival) {
    return name == rival ? std::string(name) : fmt::format("{},{}", name, rival);
  };
  std::string out =
      "\n## Try it\n\nOn the embedded films; name a file or folder after `compare` or `train` for data of your "
      "own.\n\n```sh\n";
  if (can.predicts_ratings) out += fmt::format("gusto compare --models {} --task ratings\n", beside("bias"));
  out += fmt::format("gusto compare --models {} --task top-n\n", beside("popularity"));
  out += fmt::format("gusto train --model {} --task top-n --out {}.gusto\n", name, name);
  out += fmt::format("gusto recommend {}.gusto {}\n", name,
                     can.fold_in != FoldIn::none ? "--history \"Toy Story (1995):5,Heat (1995):4\"" : "--user 42");
  if (can.similar_items) out += fmt::format("gusto similar {}.gusto --item \"Toy Story (1995)\"\n", name);
  else if (can.similar_users) out += fmt::format("gusto similar {}.gusto --user 42\n", name);
  if (can.explains) out += fmt::format("gusto explain {}.gusto --user 42 --item \"Heat (1995)\"\n", name);
  return out + "```\n";
}

DocumentationPage model_page(const ModelInfo& info) {
  std::string text(kNotice);
  text += fmt::format("# {}\n\n{}\n\n{}\n\n## What it can do\n\nIt ranks all items", info.name,
                      fill(escape(info.summary)), fill(escape(info.about)));
  std::string list;
  for (const AbilityCell& cell : describe_abilities(info.abilities)) {
    if (!cell.meaning.empty()) list += fmt::format("- {}\n", cell.meaning);
  }
  text += list.empty() ? ".\n" : ", and\n\n" + list;
  text += option_section(info);
  text += try_section(info);
  text += "\nAll models: [README.md](README.md). What the figures mean: [metrics.md](../metrics.md).\n";
  return {fmt::format("{}.md", info.name), std::move(text)};
}

DocumentationPage index_page(std::span<const ModelInfo* const> models) {
  std::string text(kNotice);
  text +=
      "# Models\n\n"
      "Every recommender of gusto, trained and measured by the same rules. `gusto compare` says which is best on your "
      "data;\n"
      "`gusto models NAME` shows a page of this folder in the terminal.\n\n"
      "| model | what it is |\n|---|---|\n";
  for (const ModelInfo* info : models) {
    text += fmt::format("| [{}]({}.md) | {} |\n", info->name, info->name, escape(info->summary));
  }
  text += "\n## What each can do\n\nAll rank items. Beyond that:\n\n| model |";
  for (const AbilityColumn& column : kAbilityColumns) text += fmt::format(" {} |", column.head);
  text += "\n|---|";
  for (std::size_t i = 0; i < kAbilityColumns.size(); ++i) text += ":-:|";
  text += '\n';
  for (const ModelInfo* info : models) {
    text += fmt::format("| [{}]({}.md) |", info->name, info->name);
    for (const AbilityCell& cell : describe_abilities(info->abilities)) text += fmt::format(" {} |", cell.value);
    text += '\n';
  }
  text += '\n';
  for (const AbilityColumn& column : kAbilityColumns)
    text += fill(fmt::format("- **{}**: {}", column.head, column.meaning), "  ") + '\n';
  return {"README.md", std::move(text)};
}

}  // namespace

std::array<AbilityCell, kAbilityColumns.size()> describe_abilities(const Abilities& can) {
  constexpr AbilityCell kUnable{"·", {}};
  const auto able = [&](bool is, std::string_view meaning) { return is ? AbilityCell{"●", meaning} : kUnable; };
  AbilityCell new_users = kUnable;
  if (can.fold_in == FoldIn::exact) {
    new_users = {"exact", "answers for people it was not trained on, as for a training user of the same history"};
  } else if (can.fold_in == FoldIn::approximate) {
    new_users = {"estimate", "answers for people it was not trained on, by an estimate"};
  }
  AbilityCell similar = kUnable;
  if (can.similar_items && can.similar_users) similar = {"both", "finds items and users like one"};
  else if (can.similar_items) similar = {"items", "finds items like one"};
  else if (can.similar_users) similar = {"users", "finds users like one"};
  return {able(can.predicts_ratings, "predicts the value that a user would give"),
          able(can.probabilities, "gives the probability of a like itself"),
          new_users,
          able(can.cold_items, "scores items without events by their features"),
          similar,
          able(can.explains, "explains a score by contributions that sum to it"),
          able(can.item_vectors, "ranks by an inner product, which an index can search"),
          able(can.personalized, "orders items by the user"),
          able(can.checkpoints, "resumes a training that was stopped from its checkpoint"),
          able(can.stddev, "says how far the value may lie from its prediction"),
          able(can.continues, "goes on from an earlier model, also to take in new events")};
}

std::vector<DocumentationPage> model_pages(std::span<const ModelInfo* const> models) {
  std::vector<DocumentationPage> pages{index_page(models)};
  for (const ModelInfo* info : models) pages.push_back(model_page(*info));
  return pages;
}

}  // namespace gusto
