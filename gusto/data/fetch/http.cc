#include "gusto/data/fetch/http.h"

#include <array>
#include <exception>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <curl/curl.h>
#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/base/version.h"

namespace gusto {
namespace {

using Clock = std::chrono::steady_clock;

template <auto close>
struct Closed {
  template <class T>
  void operator()(T* handle) const noexcept {
    close(handle);
  }
};

std::optional<std::uint64_t> number(std::string_view text) {
  const auto value = parse_integer(trim(text));
  if (!value || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

// "bytes 100-199/1000"
void read_range(std::string_view text, HttpAnswer& answer) {
  text = trim(text);
  if (!text.starts_with("bytes ")) return;
  text.remove_prefix(6);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return;
  answer.range_begin = number(text.substr(0, std::min(text.find('-'), slash)));
  answer.range_total = number(text.substr(slash + 1));
}

void read_header(std::string_view line, HttpAnswer& answer) {
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) answer = {};  // of the next answer, after a redirect
  if (colon == std::string_view::npos) return;
  const std::string name = to_lower(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (name == "etag") answer.etag = value;
  if (name == "last-modified") answer.last_modified = value;
  if (name == "content-length") answer.length = number(value);
  if (name == "content-range") read_range(value, answer);
}

// One request: what curl's callbacks share.
struct Request {
  CURL* easy;
  const HttpReceiver& receiver;
  HttpAnswer answer;
  bool begun = false;
  Clock::time_point last = Clock::now();
  std::exception_ptr problem;  // what the receiver threw, kept while C code returns

  void begin() {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    begun = true;
    if (receiver.begin) receiver.begin(answer);
  }
};

std::size_t on_header(char* text, std::size_t, std::size_t size, void* to) {
  auto& request = *static_cast<Request*>(to);
  request.last = Clock::now();
  read_header({text, size}, request.answer);
  return size;
}

std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* to) {
  auto& request = *static_cast<Request*>(to);
  request.last = Clock::now();
  try {
    if (!request.begun) request.begin();
    request.receiver.take(std::as_bytes(std::span(bytes, size)));
    return size;
  } catch (...) {
    request.problem = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

HttpEnd end_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return HttpEnd::complete;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return HttpEnd::unreachable;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION: return HttpEnd::refused;
    default: return HttpEnd::cut;
  }
}

std::string reason_of(CURLcode code, const char* details, const HttpLimits& limits) {
  if (code == CURLE_TOO_MANY_REDIRECTS) return fmt::format("it redirects more than {} times", limits.redirects);
  if (code == CURLE_UNSUPPORTED_PROTOCOL) return "it leads to an address that may not be followed from there";
  std::string reason = *details != '\0' ? details : curl_easy_strerror(code);
  while (reason.ends_with('.') || reason.ends_with('\n')) reason.pop_back();
  // Most begin like a sentence.
  if (reason.size() > 1 && reason[1] >= 'a' && reason[1] <= 'z') reason[0] = to_lower(reason.substr(0, 1))[0];
  return reason;
}

void require_curl() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw Error(ErrorCode::internal, "libcurl cannot be initialized.");
}

}  // namespace

HttpOutcome http_get(const std::string& url, const std::vector<std::string>& headers, const HttpLimits& limits,
                     const HttpReceiver& receiver, Context& context) {
  const bool encrypted = url.starts_with("https://");
  if (!encrypted && !url.starts_with("http://")) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} is no address to download from.", quote(url)),
                "Write one that begins with https:// or http://.");
  }
  require_curl();
  const std::unique_ptr<CURL, Closed<curl_easy_cleanup>> easy(curl_easy_init());
  const std::unique_ptr<CURLM, Closed<curl_multi_cleanup>> multi(curl_multi_init());
  if (!easy || !multi) throw std::bad_alloc();
  std::unique_ptr<curl_slist, Closed<curl_slist_free_all>> list;
  for (const std::string& header : headers) {
    curl_slist* const longer = curl_slist_append(list.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    [[maybe_unused]] const auto* shorter = list.release();  // now part of the longer one
    list.reset(longer);
  }

  Request request{.easy = easy.get(), .receiver = receiver, .answer = {}, .problem = nullptr};
  std::array<char, CURL_ERROR_SIZE> details{};
  const std::string agent = fmt::format("gusto/{}", version());
  CURL* const handle = easy.get();
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, encrypted ? "https" : "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, static_cast<long>(limits.redirects));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, details.data());
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &request);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &request);

  // Driven from here rather than by curl_easy_perform, which would look for cancellation only once a second.
  curl_multi_add_handle(multi.get(), handle);
  const std::unique_ptr<CURL, std::function<void(CURL*)>> added(
      handle, [&multi](CURL* one) { curl_multi_remove_handle(multi.get(), one); });
  HttpOutcome outcome;
  int running = 1;
  while (running != 0) {
    context.check_canceled();
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) throw std::bad_alloc();
    if (request.problem) std::rethrow_exception(request.problem);
    if (running == 0) break;
    if (Clock::now() - request.last > limits.stall) {
      outcome.end = HttpEnd::cut;
      outcome.reason = fmt::format("the server sent nothing for {}",
                                   format_seconds(std::chrono::duration<double>(limits.stall).count()));
      outcome.answer = request.answer;
      return outcome;
    }
    constexpr int kPollMilliseconds = 50;
    curl_multi_poll(multi.get(), nullptr, 0, kPollMilliseconds, nullptr);
  }
  CURLcode code = CURLE_OK;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  }
  outcome.end = end_of(code);
  if (outcome.end == HttpEnd::complete && !request.begun) request.begin();
  outcome.answer = request.answer;
  if (outcome.end != HttpEnd::complete) outcome.reason = reason_of(code, details.data(), limits);
  return outcome;
}

}  // namespace gusto
