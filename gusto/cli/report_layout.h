#pragma once

/// Report data on a terminal: signs for numbers, columns that fit, lines broken at its width.

#include <span>
#include <string>
#include <string_view>

#include "gusto/base/report_table.h"
#include "gusto/cli/table.h"
#include "gusto/cli/terminal.h"

namespace gusto::cli {

/// A table with its title, if it has one. Means are given as many tables as the width asks for. `labels` says what
/// happens to labels that are too long.
std::string lay_out(const ReportTable& table, const Terminal& terminal, Overflow labels = Overflow::keep);

/// A line for each entry: "label       text …", the text wrapped in its own column.
std::string lay_out(std::span<const ReportEntry> entries, const Terminal& terminal);

/// A text in lines that fit; nothing for an empty one.
std::string paragraph(std::string_view text, const Terminal& terminal, Style style = Style::plain);

}  // namespace gusto::cli
