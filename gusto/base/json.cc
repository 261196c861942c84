#include "gusto/base/json.h"

namespace gusto {

Json parse_json(std::string_view text, const Json::parser_callback_t& watch) { return Json::parse(text, watch); }

OrderedJson parse_ordered_json(std::string_view text) { return OrderedJson::parse(text); }

Json try_parse_json(std::string_view text) { return Json::parse(text, nullptr, /*allow_exceptions=*/false); }

std::string print_json(const Json& json, int indent) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string print_json(const OrderedJson& json, int indent) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace);
}

}  // namespace gusto
