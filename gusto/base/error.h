#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace gusto {

/// What kind of thing went wrong. The command maps it to an exit status, the server to an HTTP status.
enum class ErrorCode {
  invalid_option,  ///< an option, flag or recipe key is unknown, malformed or out of range
  invalid_input,   ///< data, a file or a query breaks its own rules
  not_found,       ///< a file, column, user, item or model does not exist
  unsupported,     ///< the model has declared that it cannot do this
  empty_dataset,   ///< nothing left to learn from or to test on
  not_finite,      ///< NaN or infinity where a number belongs
  out_of_memory,   ///< the stated need is above the memory limit
  out_of_time,     ///< it would take longer than was allowed
  canceled,        ///< the caller asked to stop
  corrupt_file,    ///< a stored file fails its checks
  io,              ///< the operating system failed to read or write
  internal,        ///< a defect in gusto
};

/// The code's name as written in logs, JSON and documentation, e.g. "invalid_option".
std::string_view to_string(ErrorCode code);

/// The only exception that gusto throws on purpose.
/// message  one sentence: what is wrong, where (file, line, column), and the offending value
/// hint     one sentence: what to do about it; may be empty
/// Both name options as recipes do, in the words "the option `memory_limit`", so that each surface can spell them in
/// its own way: the command writes --memory there.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {});

  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  /// Message and hint in one line.
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
  std::string what_;
};

}  // namespace gusto
