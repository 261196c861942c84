#pragma once

/// libcurl for downloads: the one place that knows its types. Proxies are taken from the environment, as curl does.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/context.h"

namespace gusto {

struct HttpLimits {
  std::chrono::milliseconds stall{30'000};  ///< how long a server may send nothing
  int redirects = 5;
};

/// What a server says of what it sends; empty or nothing where it doesn't.
struct HttpAnswer {
  int status = 0;
  std::string etag;
  std::string last_modified;
  std::optional<std::uint64_t> length;       ///< of the body
  std::optional<std::uint64_t> range_begin;  ///< of a part: where it begins, and the size of the whole
  std::optional<std::uint64_t> range_total;
};

enum class HttpEnd {
  complete,     ///< the answer came in full, whatever its status
  cut,          ///< the connection broke, or the server sent nothing for too long
  unreachable,  ///< there was no connection
  refused,      ///< trying again will not help: too many redirects, no such protocol, an untrusted certificate
};

struct HttpOutcome {
  HttpEnd end = HttpEnd::complete;
  HttpAnswer answer;
  std::string reason;  ///< in lower case, without full stop; empty if complete
};

struct HttpReceiver {
  /// Called once, before the body.
  std::function<void(const HttpAnswer&)> begin;
  /// Called with each part of the body. What either throws ends the request and comes out of http_get.
  std::function<void(std::span<const std::byte>)> take;
};

/// Asks for a URL, by http or https, and follows redirects to these; from https to https only.
/// Errors   canceled; invalid_option, if the URL is none
HttpOutcome http_get(const std::string& url, const std::vector<std::string>& headers, const HttpLimits& limits,
                     const HttpReceiver& receiver, Context& context);

}  // namespace gusto
