#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gusto/cli/command.h"
#include "gusto/cli/run.h"
#include "gusto/data/query.h"
#include "gusto/data/titles.h"
#include "gusto/models/model.h"

namespace gusto::cli {

/// MODEL, required: a file that `gusto train` wrote.
CLI::Option* add_model_argument(CLI::App* command, std::string& path);

/// The model of a file. Errors as load_model.
std::unique_ptr<Model> open_model(const std::string& path);

/// Who asks: --user, or someone new by --history, --feature or both.
struct AskerFlags {
  std::string user;
  std::string history;
  std::vector<std::string> features;  ///< NAME=VALUE
};
void add_asker_flags(CLI::App* command, AskerFlags& flags);

/// A query that borrows from the flags and from what it owns.
class Asker {
 public:
  /// Errors   invalid_option, if nobody is described, or both a user and a history are given, or a feature without value;
  ///          not_found, for an unknown user; those of TitleIndex::parse_history
  Asker(const AskerFlags& flags, const Dataset& data, const TitleIndex& titles);

  Query query() const;
  /// "user 42", "someone new (Toy Story (1995): 5)": what a history was taken for.
  const std::string& name() const { return name_; }

 private:
  std::optional<UserRow> user_;
  std::vector<HistoryEvent> history_;
  std::vector<FeatureValue> features_;
  std::string name_;
};

/// The user of that id. Error(not_found).
UserRow find_user(const Catalogue& catalogue, std::string_view id);

}  // namespace gusto::cli
