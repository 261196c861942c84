#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/data/io/event_format.h"
#include "gusto/data/open_options.h"

namespace gusto {

/// Matrices of users and items: a line is a user, a column an item, and a cell the value of their event, if there is
/// one. Cells that are empty, NA, NaN or null are none; and those of one number, where a matrix has such: 99, 999, -1
/// or 0 beside other values.

/// Whether the columns given are those of a matrix: user,matrix; -,matrix(99); matrix.
/// Errors   invalid_option, for a matrix that is not the last of the columns, or a number that is none
bool matrix_given(const OpenOptions& options);

/// The format of a matrix: as it is given, or else recognized by
///
///   a header       no name but the user's is known; all other columns hold numbers, or nothing; half of them lack
///                  values, or numbers name them
///   no header      more columns than events have, all of numbers, of which half lack values
///   the users      the column that a header names so, or the first one if its values are whole and differ. One that
///                  counts the others' values is skipped. Else lines are users, numbered from 1
///   items          the names of the header, or the columns' numbers, from 1
///
/// `format` says the delimiter; `records` are the first ones, with the header. Nothing if they are no matrix.
std::optional<EventFormat> recognize_matrix(const std::string& file, EventFormat format,
                                            std::span<const std::vector<std::string>> records,
                                            const OpenOptions& options);

/// Whether a cell of a matrix holds no value.
bool is_none_cell(std::string_view cell);

}  // namespace gusto
