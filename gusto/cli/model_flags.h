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

/// Who asks: --user, or someone new by --history, --feature or both.
struct PersonFlags {
  std::string user;
  std::string history;
  std::vector<std::string> features;  ///< NAME=VALUE

  bool empty() const { return user.empty() && history.empty() && features.empty(); }
};
void add_person_flags(CLI::App* command, PersonFlags& flags);

/// Errors   invalid_option, if nobody is described, or both a user and a history are given, or a feature without value;
///          those of Recommender::parse_history
Person person_of(const PersonFlags& flags, const Recommender& recommender);

/// Says on standard error which titles were left out of the history.
void tell_unknown(const UnderstoodPerson& who);

}  // namespace gusto::cli
