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

// Users of an audience, its items, and the items of a user. Whole batches of 256 users, and more items than candidates,
// make products as large as real catalogs do. Sanitizers, under which they would take minutes, see small ones.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kAudience = 20, kItsItems = 40, kItemsOfUser = 10;
#else
constexpr std::size_t kAudience = 200, kItsItems = 650, kItemsOfUser = 60;
#endif

class SignalsTest : public test::ConformanceTest {};

TEST_P(SignalsTest, FitsTheSameBytesWhileSignalsArrive) {
  static const auto many_items = test::two_audiences(kAudience, kItsItems, kItemsOfUser);
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
