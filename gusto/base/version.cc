#include "gusto/base/version.h"

namespace gusto {

std::string_view version() { return GUSTO_VERSION; }

}  // namespace gusto
