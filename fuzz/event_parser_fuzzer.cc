// Lines of events: the fast path reads what the plain reader reads, and stops where it stops.
//
// The first byte chooses the format.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"

#include "gusto/data/io/event_parser.h"

using gusto::fuzz::require;

namespace {

gusto::EventFormat format_of(std::uint8_t choice) {
  constexpr std::string_view kDelimiters[] = {",", "\t", "::", ";", "|", " ", "--", ":::"};
  gusto::EventFormat format = gusto::four_columns(std::string(kDelimiters[choice % 8]));
  if (format.delimiter.size() == 1) format.quotes = gusto::Quotes::csv;
  switch (choice / 8 % 8) {
    case 1: format.time_unit = gusto::TimeUnit::milliseconds; break;
    case 2: format.time_unit = gusto::TimeUnit::iso; break;
    case 3:
      format.fields = 2;
      format.value.reset();
      format.time.reset();
      break;
    case 4:
      format.kind = gusto::Column{2, "kind"};
      format.value.reset();
      format.weights = {{"view", 1.0f}, {"buy", 8.0f}, {"1", 0.0f}};
      break;
    case 5:
      format.fields = 5;
      format.item.index = 4;
      break;
    default: break;
  }
  return format;
}

bool same(const gusto::EventBlock& a, const gusto::EventBlock& b) {
  if (a.events.size() != b.events.size() || a.lines != b.lines || a.blank_lines != b.blank_lines) return false;
  if (a.records != b.records || a.weightless != b.weightless || a.bad_records != b.bad_records) return false;
  if (a.open.has_value() != b.open.has_value() || (a.open && a.open->position != b.open->position)) return false;
  for (std::size_t i = 0; i < a.events.size(); ++i) {
    const auto& x = a.events[i];
    const auto& y = b.events[i];
    if (x.value != y.value || x.time != y.time || x.line != y.line) return false;
    if (a.users.ids()[x.user] != b.users.ids()[y.user] || a.items.ids()[x.item] != b.items.ids()[y.item]) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const gusto::EventFormat format = format_of(data[0]);
  for (const bool last : {true, false}) {
    gusto::TextBlock block(gusto::fuzz::text_of(data + 1, size - 1));
    block.last = last;
    for (const bool skip : {true, false}) {
      gusto::EventBlock fast, plain;
      gusto::EventParser(format, skip, gusto::EventParser::Path::fast).parse("input", block, 0, fast);
      gusto::EventParser(format, skip, gusto::EventParser::Path::plain).parse("input", block, 0, plain);
      require(same(fast, plain));
    }
  }
  return 0;
}
