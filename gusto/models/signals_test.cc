// Models are fitted while signals arrive: of Ctrl-C, of a profiler, of the program that gusto is part of. The handler
// runs on the stack of whoever computes, so nothing may lie where it writes.

#include <csignal>
#include <ctime>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/models/testing/conformance.h"

namespace gusto {
namespace {

volatile std::sig_atomic_t signals = 0;

void count_signal(int) { signals = signals + 1; }

/// Sends SIGPROF to the process as long as it lives, to a handler that does nothing but count.
class TimerSignals {
 public:
  explicit TimerSignals(long nanoseconds) {
    struct sigaction action = {};
    action.sa_handler = count_signal;
    action.sa_flags = SA_RESTART;
    sigaction(SIGPROF, &action, &before_);
    sigevent event = {};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGPROF;
    EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer_), 0);
    const itimerspec every = {{0, nanoseconds}, {0, nanoseconds}};
    EXPECT_EQ(timer_settime(timer_, 0, &every, nullptr), 0);
  }
  ~TimerSignals() {
    timer_delete(timer_);
    // One may be on its way, so nothing that ends the program takes the handler's place.
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPROF, &ignore, nullptr);
    sigaction(SIGPROF, &before_, nullptr);
  }
  TimerSignals(const TimerSignals&) = delete;
  TimerSignals& operator=(const TimerSignals&) = delete;

 private:
  struct sigaction before_ = {};
  timer_t timer_ = {};
};

class SignalsTest : public test::ConformanceTest {};

TEST_P(SignalsTest, FitsTheSameBytesWhileSignalsArrive) {
  // Whole batches of 256 users, and more items than candidates: products as large as with real catalogs.
  static const auto many_items = test::two_audiences(200, 650, 60);
  const auto data = info().name == "slim" ? small_data() : suited(many_items);  // slim multiplies none, and takes long
  Settings settings;
  for (const Field& field : info().fields) {
    if (field.name == "epochs") settings.emplace_back("epochs", 1);
  }
  const std::string undisturbed = test::state_bytes(*fitted(data, 1, settings));
  signals = 0;
  std::string disturbed;
  {
    const TimerSignals often(100'000);  // ten times as often as profilers do
    disturbed = test::state_bytes(*fitted(data, 1, settings));
    while (signals == 0) continue;
  }
  EXPECT_EQ(disturbed, undisturbed);
}

std::vector<test::ConformanceCase> every_model() {
  std::vector<test::ConformanceCase> cases;
  for (const ModelInfo* info : registry()) cases.push_back({info, Task::top_n});
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Every, SignalsTest, ::testing::ValuesIn(every_model()),
                         [](const auto& one) { return test::name_of(one.param); });

}  // namespace
}  // namespace gusto
