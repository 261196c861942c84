#pragma once

/// What readers of TOML files share: values of the right type, and messages that name file, line and column.
///
/// Needs toml++, which programs that use the library don't: it is not installed.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "gusto/base/error.h"

namespace gusto {

/// One TOML file. Const members may be called concurrently.
class TomlReader {
 public:
  /// `name` stands for the file in messages ("recipe.toml:3:1: …"), `noun` says what it is ("recipe").
  /// Errors   invalid_input, with line and column, if the text is no TOML
  TomlReader(std::string_view text, std::string_view name, std::string_view noun);

  const toml::table& table() const { return table_; }

  /// Error(invalid_option) at a place of the file.
  [[noreturn]] void fail(toml::source_position position, std::string_view message, std::string hint) const;
  [[noreturn]] void fail(const toml::node& node, std::string_view message, std::string hint) const;

  /// Runs a check that knows nothing of files, and says where in this one it failed.
  template <class Check>
  void at(toml::source_position position, const Check& check) const {
    try {
      check();
    } catch (const Error& error) {
      rethrow(position, error);
    }
  }
  template <class Check>
  void at(const toml::node& node, const Check& check) const {
    at(node.source().begin, check);
  }

  /// Error(invalid_option) with the nearest name, for a key of the table that is not among `keys`; `owner` says whose
  /// they are ("a recipe").
  void require_known(const toml::table& table, std::span<const std::string_view> keys, std::string_view owner) const;

  /// Values of the right type. Error(invalid_option), naming the key.
  std::string text(const toml::node& node, std::string_view key) const;
  bool truth(const toml::node& node, std::string_view key) const;
  double number(const toml::node& node, std::string_view key) const;  ///< finite
  std::uint64_t whole(const toml::node& node, std::string_view key, std::int64_t least) const;
  /// The position of a text among `names`. Error(invalid_option) with the nearest name.
  std::size_t choice(const toml::node& node, std::string_view key, std::span<const std::string_view> names) const;
  /// The tables of an array of tables that stand under lines [[key]].
  const toml::array& tables(const toml::node& node, std::string_view key) const;
  /// A table that stands under a line [key].
  const toml::table& table(const toml::node& node, std::string_view key) const;

 private:
  std::string place(toml::source_position position) const;
  [[noreturn]] void rethrow(toml::source_position position, const Error& error) const;

  std::string name_;
  toml::table table_;
};

}  // namespace gusto
