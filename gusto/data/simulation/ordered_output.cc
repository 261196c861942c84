#include "gusto/data/simulation/ordered_output.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "gusto/base/parallel.h"

namespace gusto {
namespace {

// Texts that came before their turn wait here. Blocks are begun in order, so the one whose turn it is is always being
// made, and whoever makes it does not wait.
class Queue {
 public:
  Queue(AtomicFile& file, std::size_t room) : file_(file), room_(room) {}

  std::string empty_text() {
    const std::scoped_lock lock(mutex_);
    if (spare_.empty()) return {};
    std::string text = std::move(spare_.back());
    spare_.pop_back();
    text.clear();
    return text;
  }

  void put(std::size_t block, std::string text) {
    std::unique_lock lock(mutex_);
    moved_on_.wait(lock, [&] { return failed_ || block == next_ || waiting_.size() < room_; });
    if (failed_) return;
    waiting_.emplace(block, std::move(text));
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      file_.append(waiting_.begin()->second);
      spare_.push_back(std::move(waiting_.begin()->second));
      waiting_.erase(waiting_.begin());
      ++next_;
    }
    moved_on_.notify_all();
  }

  void fail() {
    const std::scoped_lock lock(mutex_);
    failed_ = true;
    moved_on_.notify_all();
  }

 private:
  AtomicFile& file_;
  std::size_t room_;
  std::mutex mutex_;
  std::condition_variable moved_on_;
  std::map<std::size_t, std::string> waiting_;
  std::vector<std::string> spare_;
  std::size_t next_ = 0;
  bool failed_ = false;
};

}  // namespace

void write_blocks(AtomicFile& file, std::size_t blocks, Context& context,
                  const std::function<void(std::size_t block, unsigned worker, std::string& text)>& body) {
  Queue queue(file, context.threads());
  context.pool().run(blocks, [&](std::size_t block, unsigned worker) {
    try {
      context.check_canceled();
      std::string text = queue.empty_text();
      body(block, worker, text);
      queue.put(block, std::move(text));
    } catch (...) {
      queue.fail();
      throw;
    }
  });
}

}  // namespace gusto
