#include "gusto/data/io/event_reader.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <iterator>
#include <mutex>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/parallel.h"
#include "gusto/base/text.h"
#include "gusto/data/io/reading_notes.h"

namespace gusto {
namespace {

constexpr std::size_t kBlocksAThread = 4;
constexpr std::size_t kBadLineExamples = 5;          // of bad lines, in the report
constexpr std::size_t kLinesPassedOver = 10;         // to find the first that can be read
constexpr std::size_t kKept = std::size_t{4} << 20;  // bytes that a stage keeps for the next block

SourceText as_source(const std::string& name, const TextBlock& block) {
  return {name, block.text(), block.text().size(), false, nullptr};
}

}  // namespace

/// One file's way into the store. Each thread does what is to be done next: take in the first block, if it is parsed,
/// or else read another one and parse it. Blocks are read one after the other, parsed side by side, and taken in in
/// their order.
class EventReader::Pipeline {
 public:
  Pipeline(EventReader& reader, ByteStream& stream, std::optional<EventFormat> format, Context& context)
      : reader_(reader),
        stream_(stream),
        context_(context),
        blocks_(stream, reader.block_bytes_),
        format_(std::move(format)),
        stages_(kBlocksAThread * context.threads()) {
    for (Stage& stage : stages_) free_.push_back(&stage);
  }

  void run() {
    if (!read(stages_.front())) {
      if (problem_) std::rethrow_exception(problem_);
      return finish();
    }
    begin(stages_.front());
    free_.erase(free_.begin());
    parse(stages_.front(), 0);
    enqueue(stages_.front());
    stages_.front().parsed = true;
    context_.pool().run(context_.threads(), [&](std::size_t, unsigned worker) { work(worker); });
    if (problem_) std::rethrow_exception(problem_);
    if (!open_.empty()) take(TextBlock(open_), true);
    finish();
  }

 private:
  struct Stage {
    TextBlock text;
    EventBlock events;
    std::size_t begin = 0;
    bool parsed = false;
    // What an unusually large block needed is not kept.
    void renew() {
      if (text.text().size() + events.events.capacity() * sizeof(NumberedEvent) > kKept) *this = Stage();
      parsed = false;
    }
  };

  void work(unsigned worker) {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return over() || can_take() || can_read(); });
      if (over()) return;
      try {
        can_take() ? take_next(lock, worker) : read_next(lock, worker);
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        failed_ = true;
        changed_.notify_all();
        throw;
      }
      changed_.notify_all();
    }
  }

  // What follows is asked with the mutex held.
  bool over() const { return failed_ || (ended_ && queue_.empty()); }
  bool can_take() const { return !taking_ && !queue_.empty() && queue_.front()->parsed; }
  // One long line is as much as several blocks.
  bool can_read() const {
    return !reading_ && !ended_ && !free_.empty() &&
           (queue_.empty() || queued_ < stages_.size() * reader_.block_bytes_);
  }

  void take_next(std::unique_lock<std::mutex>& lock, unsigned worker) {
    taking_ = true;
    Stage& stage = *queue_.front();
    const auto [position, size] = progress_;
    lock.unlock();
    context_.check_canceled();
    if (worker == 0) context_.progress("reading", position, size, ProgressUnit::bytes);
    take(stage);
    const std::size_t bytes = stage.text.text().size();
    stage.renew();
    lock.lock();
    taking_ = false;
    queue_.pop_front();
    queued_ -= bytes;
    free_.push_back(&stage);
  }

  void read_next(std::unique_lock<std::mutex>& lock, unsigned worker) {
    reading_ = true;
    Stage& stage = *free_.back();
    free_.pop_back();
    lock.unlock();
    const bool more = read(stage);
    const std::pair progress(stream_.stored_position(), stream_.stored_size());
    lock.lock();
    reading_ = false;
    progress_ = progress;
    if (!more) {
      ended_ = true;
      return;
    }
    enqueue(stage);
    lock.unlock();
    changed_.notify_one();
    parse(stage, worker);
    lock.lock();
    stage.parsed = true;
  }

  void enqueue(Stage& stage) {
    queue_.push_back(&stage);
    queued_ += stage.text.text().size();
  }

  // Recognizes the format by the first block, and skips the header.
  void begin(Stage& first) {
    SourceText head = as_source(stream_.name(), first.text);
    if (first.text.too_long) fail_long();
    std::size_t& begin = first.begin;
    if (reader_.options_.skip_bad_lines) {
      begin = pass_over_bad_lines(head);
      head.text.remove_prefix(begin);
    } else {
      check_source(head.name, head.text, nullptr, Encoding::utf8);
    }
    reader_.set_format(head, format_);
    const EventFormat& found = *reader_.format_;
    for (unsigned worker = 0; worker <= context_.threads(); ++worker)
      parsers_.emplace_back(found, reader_.options_.skip_bad_lines);
    const FileHead above = head_of(head, found);
    begin += above.bytes;
    lines_ += above.lines;
    blank_lines_ = above.blank_lines;
  }

  // Where the first of some lines begins by which a format is recognized; those before it are bad. The text's beginning
  // if there is none, so that the complaint is about the first line.
  std::size_t pass_over_bad_lines(const SourceText& head) {
    SourceText rest = head;
    for (std::size_t lines = 0; lines < kLinesPassedOver && !rest.text.empty(); ++lines) {
      try {
        const std::string_view line = rest.text.substr(0, rest.text.find('\n'));
        require_plain_text(head.name, line, lines + 1);
        recognize_events(rest, reader_.options_);
        lines_ = bad_lines_ = lines;
        return head.text.size() - rest.text.size();
      } catch (const Error& error) {
        if (error.code() != ErrorCode::invalid_input) throw;
        const std::string line_1 = fmt::format("{}, line 1:", head.name);
        std::string sentence = error.message();
        if (sentence.starts_with(line_1))
          sentence.replace(0, line_1.size(), fmt::format("{}, line {}:", head.name, lines + 1));
        examples_.push_back(std::move(sentence));
      }
      rest.text.remove_prefix(std::min(rest.text.find('\n'), rest.text.size() - 1) + 1);
    }
    examples_.clear();
    return 0;
  }

  // What is wrong with the stream is told once all before it has been taken in, which may have a complaint of its own.
  bool read(Stage& stage) {
    stage.begin = 0;
    try {
      return blocks_.next(stage.text);
    } catch (const Error&) {
      problem_ = std::current_exception();
      return false;
    }
  }

  void parse(Stage& stage, unsigned worker) {
    parsers_[worker].parse(stream_.name(), stage.text, stage.begin, stage.events);
  }

  void take(const Stage& stage) {
    if (stage.text.too_long) fail_long();
    if (open_.empty()) {
      take(stage.events, stage.text);
    } else {
      open_.append(stage.text.text());
      // A field that is open for so long is not meant to be one.
      const bool last = stage.text.last || open_.size() > kLongestRecord;
      const bool closes = stage.text.text().find('"') != std::string_view::npos;
      if (last || closes) take(TextBlock(std::exchange(open_, {})), last);
    }
    if (reader_.options_.spill_to.empty()) context_.require_memory("Reading events", reader_.store_.memory());
  }

  void take(TextBlock text, bool last) {
    text.last = last;
    open_.clear();
    EventBlock events;
    parsers_.back().parse(stream_.name(), text, 0, events);
    take(events, text);
  }

  void take(const EventBlock& events, const TextBlock& text) {
    for (const EventBlock::BadRecord& bad : events.examples) {
      if (examples_.size() == kBadLineExamples) break;
      try {
        parsers_.back().complain(stream_.name(), text, bad.position, lines_ + 1 + bad.line);
      } catch (const Error& error) {
        if (!reader_.options_.skip_bad_lines) throw;
        examples_.push_back(error.message());
      }
    }
    user_rows_.clear();
    for (const std::string_view id : events.users.ids()) {
      user_rows_.push_back(reader_.format_->numbered_users ? reader_.users_.add(numbered(id)) : reader_.users_.add(id));
    }
    reader_.records_ += events.records;
    item_rows_.clear();
    for (const std::string_view id : events.items.ids()) item_rows_.push_back(reader_.items_.add(id));
    reader_.store_.add(events.events, user_rows_, item_rows_, reader_.lines_ + lines_ + 1,
                       reader_.format_->time.has_value());
    if (spanning_ == 0 && events.spanning > 0) first_spanning_ = lines_ + 1 + events.first_spanning;
    spanning_ += events.spanning;
    quoted_ += events.quoted;
    for (const auto& [kind, count] : events.kinds.counts) reader_.kinds_.add(kind, count);
    lines_ += events.lines;
    blank_lines_ += events.blank_lines;
    records_ += events.records;
    events_ += events.events.size();
    weightless_ += events.weightless;
    bad_lines_ += events.bad_records;
    if (events.open) open_.assign(text.text().substr(events.open->position));
  }

  // Users whose names are the numbers of lines are numbered in each block from 1.
  std::string numbered(std::string_view id) const {
    return fmt::format("{}", reader_.records_ + static_cast<std::uint64_t>(parse_integer(id).value_or(0)));
  }

  [[noreturn]] void fail_long() const {
    throw Error(ErrorCode::invalid_input,
                fmt::format("{}, line {}: the line is longer than {}.", stream_.name(), lines_ + 1,
                            format_bytes(kLongestRecord)),
                "Give a text file with an event on each line.");
  }

  void finish() {
    SourceReport& report = reader_.report_;
    if (events_ == 0) {
      const bool header = reader_.format_ && reader_.format_->header;
      reader_.no_events_ = lines_ == 0
                               ? fmt::format("{} is empty.", stream_.name())
                               : fmt::format("{} holds {}no events{}", stream_.name(), header ? "a header and " : "",
                                             examples_.empty() ? "." : " that can be read: " + examples_.front());
      report.notes.push_back(reader_.no_events_);
    }
    SourceFile file;
    file.path = stream_.name();
    file.role = "events";
    file.bytes = std::max(stream_.stored_position(), stream_.stored_size());
    file.lines = lines_;
    file.records = records_;
    file.blank_lines = blank_lines_;
    report.files.push_back(std::move(file));
    if (bad_lines_ > 0) {
      report.bad_lines += bad_lines_;
      report.notes.push_back(fmt::format(
          "Lines of {} left out because they cannot be read: {}{} {}", stream_.name(), format_count(bad_lines_),
          bad_lines_ > examples_.size() ? ", the first of them:" : ":", join(examples_, " ")));
    }
    if (auto note = note_spanning(stream_.name(), records_, quoted_, spanning_, first_spanning_)) {
      reader_.assume(std::move(*note));
    }
    if (weightless_ > 0) {
      report.notes.push_back(
          fmt::format("Events left out because their kind weighs nothing: {}.", format_count(weightless_)));
    }
    reader_.files_.emplace_back(reader_.lines_, stream_.name());
    reader_.lines_ += lines_;
  }

  EventReader& reader_;
  ByteStream& stream_;
  Context& context_;
  TextBlocks blocks_;
  std::optional<EventFormat> format_;  // given
  std::vector<EventParser> parsers_;   // one a thread, and one for records over two blocks
  std::vector<Stage> stages_;

  std::mutex mutex_;  // guards what follows, up to the next blank line
  std::condition_variable changed_;
  std::vector<Stage*> free_;
  std::deque<Stage*> queue_;  // read, in the order of the file
  std::size_t queued_ = 0;    // bytes of their texts
  std::pair<std::uint64_t, std::uint64_t> progress_;
  bool reading_ = false, taking_ = false, ended_ = false, failed_ = false;

  std::exception_ptr problem_;  // that ended the stream
  std::string open_;            // the beginning of a record that goes on in the next block
  std::vector<std::uint32_t> user_rows_, item_rows_;
  std::uint64_t lines_ = 0, blank_lines_ = 0, records_ = 0, events_ = 0, weightless_ = 0, bad_lines_ = 0;
  std::uint64_t quoted_ = 0, spanning_ = 0, first_spanning_ = 0;
  std::vector<std::string> examples_;
};

void EventReader::read(ByteStream& stream, std::optional<EventFormat> format, Context& context) {
  // The other half is for ids, and for what is done with the events.
  if (!options_.spill_to.empty()) {
    const std::filesystem::path folder = options_.spill_to.parent_path();
    store_.spill_beyond(context.memory_limit() / 2, folder.empty() ? "." : folder);
  }
  Pipeline(*this, stream, std::move(format), context).run();
}

void EventReader::set_format(const SourceText& head, std::optional<EventFormat> format) {
  if (!format) format = format_ ? recognize_next(head, *format_, options_) : recognize_events(head, options_);
  apply_options(*format, head.name, options_);
  if (options_.half_life && !format->time) {
    throw Error(ErrorCode::invalid_option, fmt::format("{} has no times, by which events could grow old.", head.name),
                "Name the column of times, or leave the half-life out.");
  }
  if (format_ && (format_->time.has_value() != format->time.has_value() ||
                  format_->value.has_value() != format->value.has_value())) {
    throw Error(
        ErrorCode::invalid_input,
        fmt::format("{} and {} differ in whether events have values and times.", files_.front().second, head.name),
        "Read files together that have the same columns.");
  }
  for (const std::string& note : format->notes) assume(note);
  if (!format_) {
    report_.delimiter = format->delimiter;
    report_.header = format->header;
    report_.columns = format->roles();
  }
  format_ = std::move(format);
}

void EventReader::note_what_was_met() {
  const auto add = [&](std::optional<std::string> note) {
    if (note) assume(std::move(*note));
  };
  if (format_->kind && format_->weights.empty()) add(note_kinds(format_->kind->name, kinds_));
  if (const auto times = store_.times()) add(note_times(times->first, times->second));
  add(note_similar_ids("users", users_));
  add(note_similar_ids("items", items_));
}

void EventReader::assume(const std::string& note) { report_.assume(note); }

void EventReader::require_events() const {
  if (store_.size() > 0) return;
  throw Error(ErrorCode::invalid_input, no_events_, "Give a file with an event on each line.");
}

EventReader::Place EventReader::place_of(std::uint64_t line) const {
  const auto after = std::upper_bound(files_.begin(), files_.end(), line,
                                      [](std::uint64_t l, const auto& file) { return l <= file.first; });
  const auto& [before, name] = *std::prev(after);
  return {name, line - before};
}

}  // namespace gusto
