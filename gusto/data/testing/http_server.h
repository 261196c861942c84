#pragma once

/// A server on loopback for tests, which may misbehave.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): setenv is POSIX
#include <sys/socket.h>
#include <unistd.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto::testing_io {

struct HttpRequest {
  std::string path;
  std::map<std::string, std::string> headers;  // names in lower case
};

class HttpConnection {
 public:
  HttpConnection(int socket, const std::atomic<bool>& stopping) : socket_(socket), stopping_(stopping) {}

  void send(std::string_view bytes) const {
    while (!bytes.empty() && !stopping_) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Sends nothing more until the server is stopped.
  void stall() const {
    while (!stopping_) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }

 private:
  int socket_;
  const std::atomic<bool>& stopping_;
};

/// Answers each request, in a thread of its own, by the function given; a connection ends after one answer.
class HttpServer {
 public:
  using Handler = std::function<void(const HttpRequest&, const HttpConnection&)>;

  explicit HttpServer(Handler handler) : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    ::setenv("no_proxy", "127.0.0.1", 1);  // whatever the environment says
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, any, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, any, &size) != 0) {
      throw Error(ErrorCode::io, "There is no server on loopback.");
    }
    url_ = fmt::format("http://127.0.0.1:{}/", ntohs(address.sin_port));
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~HttpServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    ::close(listener_);
    for (std::thread& thread : answering_) thread.join();
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://127.0.0.1:40000/"
  const std::string& url() const { return url_; }
  /// All so far, in the order they came.
  std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void accept_all() {
    while (!stopping_) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      answering_.emplace_back([this, socket] { answer(socket); });
    }
  }
  void answer(int socket) {
    std::string text;
    char part[4096];
    while (text.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(socket, part, sizeof(part), 0);
      if (got <= 0) break;
      text.append(part, static_cast<std::size_t>(got));
    }
    HttpRequest request;
    const std::vector<std::string_view> lines = split(text, "\r\n");
    request.path = lines.front().substr(4, lines.front().rfind(' ') - 4);
    for (const std::string_view line : lines) {
      const std::size_t colon = line.find(':');
      if (colon != std::string_view::npos)
        request.headers[to_lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    handler_(request, HttpConnection(socket, stopping_));
    ::shutdown(socket, SHUT_WR);
    ::close(socket);
  }

  Handler handler_;
  int listener_;
  std::string url_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::vector<std::thread> answering_;
  std::thread accepting_;
};

/// The head of an answer, with its empty line.
inline std::string http_head(std::string_view status, const std::vector<std::string>& headers) {
  return fmt::format("HTTP/1.1 {}\r\n{}{}Connection: close\r\n\r\n", status, join(headers, "\r\n"),
                     headers.empty() ? "" : "\r\n");
}

/// A file as a good server sends it: with an ETag, and in part where that is asked for and the ETag fits. `limit` cuts
/// the connection after so many bytes of the body.
inline void send_file(const HttpRequest& request, const HttpConnection& to, std::string_view file,
                      std::string_view etag = "\"v1\"", std::size_t limit = std::string_view::npos) {
  const auto range = request.headers.find("range");
  const auto condition = request.headers.find("if-range");
  if (range != request.headers.end() && (condition == request.headers.end() || condition->second == etag)) {
    const auto begin = static_cast<std::size_t>(std::stoul(range->second.substr(6)));
    if (begin >= file.size()) {
      to.send(http_head("416 Range Not Satisfiable", {"Content-Length: 0"}));
      return;
    }
    to.send(http_head("206 Partial Content",
                      {fmt::format("ETag: {}", etag), fmt::format("Content-Length: {}", file.size() - begin),
                       fmt::format("Content-Range: bytes {}-{}/{}", begin, file.size() - 1, file.size())}));
    to.send(file.substr(begin).substr(0, limit));
    return;
  }
  to.send(http_head("200 OK", {fmt::format("ETag: {}", etag), fmt::format("Content-Length: {}", file.size())}));
  to.send(file.substr(0, limit));
}

}  // namespace gusto::testing_io
