#pragma once

/// JSON text to values and back. The parser and the printer are compiled in json.cc alone: they cost every file that
/// uses them seconds to compile.
///
/// Needs nlohmann-json, which programs that use the library don't: it is not installed.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace gusto {

using Json = nlohmann::json;                 ///< members by name
using OrderedJson = nlohmann::ordered_json;  ///< members as they were added

/// Throws nlohmann::json::exception if the text is no JSON. `watch` sees each part as it is read and may throw.
Json parse_json(std::string_view text, const Json::parser_callback_t& watch = nullptr);
OrderedJson parse_ordered_json(std::string_view text);

/// A discarded value (`is_discarded()`) if the text is no JSON.
Json try_parse_json(std::string_view text);

/// Without line breaks if `indent` is negative. Bytes that are no UTF-8 become U+FFFD.
std::string print_json(const Json& json, int indent = -1);
std::string print_json(const OrderedJson& json, int indent = -1);

}  // namespace gusto
