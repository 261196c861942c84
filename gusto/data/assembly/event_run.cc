#include "gusto/data/assembly/event_run.h"

#include <span>

namespace gusto {
namespace {

constexpr std::size_t kPiece = 8192;

}  // namespace

void EventRun::append(const Event& event) { file_.append(std::as_bytes(std::span(&event, 1))); }

const EventRun::Event* EventRun::peek() {
  if (at_ == events_.size()) {
    events_.resize(kPiece);
    const std::size_t bytes = file_.read(position_, std::as_writable_bytes(std::span(events_)));
    position_ += bytes;
    events_.resize(bytes / sizeof(Event));
    at_ = 0;
    if (events_.empty()) return nullptr;
  }
  return &events_[at_];
}

}  // namespace gusto
