#include "gusto/retrieval/user_lists.h"

#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/io/column_names.h"
#include "gusto/retrieval/answer_json.h"

namespace gusto {
namespace {

constexpr std::size_t kListsPiece = std::size_t{1} << 18;  // bytes that a sink gets at once

/// The first field of a line; a quoted one without its quotation marks.
std::string first_field(std::string_view line) {
  if (!line.starts_with('"')) return std::string(trim(line.substr(0, line.find_first_of("\t;,"))));
  std::string field;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (i + 1 == line.size() || line[i + 1] != '"') break;
      ++i;
    }
    field += line[i];
  }
  return field;
}

void add_csv(const std::string& user, const RecommendAnswer& answer, std::string& text) {
  const std::string quoted = csv_field(user);
  for (std::size_t i = 0; i < answer.items.size(); ++i) {
    const AnsweredItem& item = answer.items[i];
    text += fmt::format("{},{},{},{},{}\n", quoted, csv_field(item.id), csv_field(item.title), i + 1, item.score);
  }
}

}  // namespace

std::string csv_field(std::string_view text) {
  const bool blank = text.starts_with(' ') || text.ends_with(' ');
  if (!blank && text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + '"';
}

ListsFormat lists_format(const std::filesystem::path& file) {
  const std::string ending = to_lower(file.extension().string());
  if (ending == ".csv") return ListsFormat::csv;
  if (ending == ".jsonl" || ending == ".ndjson") return ListsFormat::json_lines;
  throw Error(ErrorCode::invalid_option, fmt::format("Lists cannot be written as {}.", quote(file.string())),
              "Name a file that ends in .csv or in .jsonl.");
}

UserSource all_users(const Dataset& data) {
  return [&data, next = std::size_t{0}](std::string& id) mutable {
    if (next == data.user_count()) return false;
    id = data.catalog().users[next++];
    return true;
  };
}

UserSource listed_users(const std::filesystem::path& file, const Dataset& data) {
  const auto lines = std::make_shared<std::ifstream>(file == "-" ? std::filesystem::path("/dev/stdin") : file);
  if (!*lines) {
    throw Error(ErrorCode::not_found, fmt::format("The file {} cannot be opened.", quote(file.string())),
                "Name a file with a user's id on each line, or write all for every user.");
  }
  return [lines, &data, name = file.string(), first = true](std::string& id) mutable {
    std::string line;
    while (std::getline(*lines, line)) {
      const bool header_may_come = std::exchange(first, false);
      std::string_view text = line;
      if (header_may_come && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
      text = trim(text);
      if (text.empty()) continue;
      const Vocabulary& known = data.catalog().users;
      id = known.find(text) ? std::string(text) : first_field(text);
      if (header_may_come && !known.find(id) && role_of_name(id) == ColumnRole::user) continue;
      return true;
    }
    if (lines->bad()) throw Error(ErrorCode::io, fmt::format("{} cannot be read to its end.", quote(name)), "");
    return false;
  };
}

ListsSummary write_lists(const Recommender& recommender, const UserSource& users, const RecommendRequest& request,
                         ListsFormat format, const TextSink& sink, Context& context) {
  const Vocabulary& known = recommender.data().catalog().users;
  ListsSummary summary;
  std::vector<bool> asked(known.size());
  std::vector<std::string> ids;  // of users whose answers are still to come, from `told` on
  std::size_t told = 0;
  const auto next_request = [&](RecommendRequest& next) {
    std::string id;
    while (users(id)) {
      const auto row = known.find(id);
      if (!row) {
        if (summary.unknown++ == 0) summary.first_unknown = id;
      } else if (asked[*row]) {
        ++summary.again;
      } else {
        asked[*row] = true;
        next = request;
        next.who.user = id;
        ids.push_back(std::move(id));
        return true;
      }
    }
    return false;
  };
  std::string text = format == ListsFormat::csv ? "user,item,title,rank,score\n" : "";
  const auto take_answer = [&](std::size_t place, RecommendAnswer answer) {
    if (answer.error) throw Error(*answer.error);
    const std::string user = std::move(ids[told++]);
    if (told == ids.size()) {
      ids.clear();
      told = 0;
    }
    ++summary.users;
    summary.items += answer.items.size();
    if (answer.items.empty()) ++summary.empty;
    if (answer.popular) ++summary.popular;
    if (format == ListsFormat::csv) add_csv(user, answer, text);
    else text += list_line(user, answer) + '\n';
    if (text.size() >= kListsPiece) {
      sink(text);
      text.clear();
    }
    context.progress("recommend", place + 1, known.size());
  };
  recommender.recommend(next_request, take_answer, context);
  sink(text);
  return summary;
}

}  // namespace gusto
