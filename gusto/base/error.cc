#include "gusto/base/error.h"

#include <utility>

namespace gusto {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_option: return "invalid_option";
    case ErrorCode::invalid_input: return "invalid_input";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::empty_dataset: return "empty_dataset";
    case ErrorCode::not_finite: return "not_finite";
    case ErrorCode::out_of_memory: return "out_of_memory";
    case ErrorCode::out_of_time: return "out_of_time";
    case ErrorCode::canceled: return "canceled";
    case ErrorCode::corrupt_file: return "corrupt_file";
    case ErrorCode::io: return "io";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

Error::Error(ErrorCode code, std::string message, std::string hint)
    : code_(code), message_(std::move(message)), hint_(std::move(hint)) {
  what_ = hint_.empty() ? message_ : message_ + " " + hint_;
}

}  // namespace gusto
