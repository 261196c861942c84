#pragma once

#include <string>
#include <vector>

#include "gusto/cli/command.h"
#include "gusto/retrieval/recommender.h"

namespace gusto::cli {

/// MODEL, required: a file that `gusto train` wrote.
CLI::Option* add_model_argument(CLI::App* command, std::string& path);

/// The model of a file, without its index: for questions that do not search. Errors as load_model.
Recommender open_model(const std::string& path, FurtherModels models);

/// Who asks: --user, someone new by --history, --feature or both, or a user after further events.
struct PersonFlags {
  std::string user;
  std::string history;
  std::vector<std::string> features;  ///< NAME=VALUE

  bool empty() const { return user.empty() && history.empty() && features.empty(); }
};
void add_person_flags(CLI::App* command, PersonFlags& flags);

/// Errors   invalid_option, if nobody is described, or a feature without value; those of Recommender::parse_history
Person person_of(const PersonFlags& flags, const Recommender& recommender);

/// The id of the item that was typed; says on standard error if a number was taken for a title. Errors as parse_item.
std::string typed_item(const Recommender& recommender, const std::string& typed);

/// Says on standard error which titles were left out of the history.
void tell_unknown(const UnderstoodPerson& who);
/// Says on standard error what else is to be known of an answer.
void tell_notes(const RecommendAnswer& answer);

}  // namespace gusto::cli
