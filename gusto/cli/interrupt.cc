#include "gusto/cli/interrupt.h"

#include <csignal>
#include <ctime>
#include <string_view>

#include <pthread.h>
#include <unistd.h>

namespace gusto::cli {
namespace {

std::atomic<int> writes_under_way{0};
std::atomic<int> results_at_hand{0};

constexpr timespec kGrace{0, 800'000'000};
constexpr int kStatus = 1;
// By which the waiting thread itself is told to end.
constexpr int kOver = SIGUSR2;

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, kOver}) sigaddset(&signals, signal);
  if (!is_ignored(SIGHUP)) sigaddset(&signals, SIGHUP);
  return signals;
}

[[noreturn]] void end_now(std::string_view message) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message.data(), message.size());
  ::_exit(kStatus);
}

}  // namespace

StopSignals::StopSignals(CancelToken& token) : token_(token) {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = awaited_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { wait(); });
}

StopSignals::~StopSignals() {
  over_.store(true);
  ::pthread_kill(thread_.native_handle(), kOver);
  thread_.join();
}

void StopSignals::wait() {
  const sigset_t signals = awaited_signals();
  bool first_wait = true;
  while (true) {
    const bool asked = token_.canceled();
    const int signal = asked ? ::sigtimedwait(&signals, nullptr, &kGrace) : ::sigwaitinfo(&signals, nullptr);
    if (over_.load()) return;
    if (signal == kOver) continue;
    if (signal > 0 && asked) end_now("\ngusto: Ended at once, as asked twice.\n");
    if (signal > 0) token_.cancel();
    if (signal > 0 || !asked) continue;
    const bool patient = writes_under_way.load() > 0 || (first_wait && results_at_hand.load() > 0);
    first_wait = false;
    if (!patient) end_now("\ngusto: Stopped as asked; nothing was written.\n");
  }
}

ResultGuard::ResultGuard() { results_at_hand.fetch_add(1); }
ResultGuard::~ResultGuard() { results_at_hand.fetch_sub(1); }

WriteGuard::WriteGuard() { writes_under_way.fetch_add(1); }
WriteGuard::~WriteGuard() { writes_under_way.fetch_sub(1); }

}  // namespace gusto::cli
