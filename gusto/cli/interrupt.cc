#include "gusto/cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <string_view>

#include <sys/time.h>
#include <unistd.h>

namespace gusto::cli {
namespace {

// Signal handlers can reach nothing but globals, and of those only lock-free atomics.
std::atomic<CancelToken*> token_to_cancel{nullptr};
std::atomic<int> writes_under_way{0};
std::atomic<int> results_at_hand{0};
std::atomic<int> waits{0};  // that are over
static_assert(std::atomic<CancelToken*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

constexpr suseconds_t kGraceMicroseconds = 800'000;

void arm_timer() {
  itimerval timer{};
  timer.it_value.tv_usec = kGraceMicroseconds;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

void on_stop(int) {
  if (CancelToken* token = token_to_cancel.load(); token != nullptr) token->cancel();
  arm_timer();
}

void on_timer(int) {
  const bool first = waits.fetch_add(1) == 0;
  if (writes_under_way.load() > 0 || (first && results_at_hand.load() > 0)) {
    arm_timer();
    return;
  }
  static constexpr std::string_view kMessage = "\ngusto: Stopped as asked; nothing was written.\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
  ::_exit(1);
}

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void stop_on_signals(CancelToken& token) {
  token_to_cancel.store(&token);
  handle(SIGALRM, on_timer, SA_RESTART);
  handle(SIGINT, on_stop, SA_RESTART | static_cast<int>(SA_RESETHAND));
  handle(SIGTERM, on_stop, SA_RESTART | static_cast<int>(SA_RESETHAND));
}

ResultGuard::ResultGuard() { results_at_hand.fetch_add(1); }
ResultGuard::~ResultGuard() { results_at_hand.fetch_sub(1); }

WriteGuard::WriteGuard() { writes_under_way.fetch_add(1); }
WriteGuard::~WriteGuard() { writes_under_way.fetch_sub(1); }

}  // namespace gusto::cli
