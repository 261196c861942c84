#pragma once

/// The file of a published sampled protocol: each user's test event and the items that it is ranked among.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gusto/data/bytes/source.h"
#include "gusto/data/split/fold.h"
#include "gusto/data/split/split_files.h"

namespace gusto {

struct GivenNegatives {
  std::vector<std::size_t> test;    ///< stored positions of the test events, one a user, in order of user row
  CandidateLists lists;             ///< for each of these users the test item and the negatives
  std::uint64_t own_negatives = 0;  ///< users whose test item is among their negatives too; it is a candidate once
  bool numbered = false;            ///< ids were taken for numbers
};

/// Reads lines of one user each, separated by tabs: "(user,item)", which is the user's test event, and that user's
/// negatives. Users without a line are not tested. Test events that are not eligible (an entry for every stored event)
/// are left out, with their lists.
///
/// What users and items are called: their ids in the data set, if every line fits the data set so. Else they may be
/// numbers from 0 in the order in which the data set's file first names users and items, if every line fits so. That
/// each test event is an event of the data set tells the two apart.
///
/// Errors   invalid_input, with file and line, for a line of another form, a user with two lines, a test event that is
///          not in the data set or has no negative but its own item, and a negative that is no item with events, is
///          listed twice, or is one of the user's eligible events other than the test event; the complaint is of the
///          reading that got further. Without a line, for a file that has none
/// Cost     O(entries · log history)
GivenNegatives read_negatives(const EventFinder& finder, const SourceText& source, const std::vector<bool>& eligible);

}  // namespace gusto
