#pragma once

/// Helpers that the tests of readers share.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "gusto/base/context.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/open/open.h"

namespace gusto::testing_io {

/// The hint of every complaint about one line, after the bar of complaint().
inline const std::string kCorrect = " | Correct the line, or remove it.";

inline OpenedDataset open_folder(const test::TemporaryFolder& folder) {
  Context context({.threads = 1});
  return open_dataset(folder.path(), {}, context);
}

inline OpenedDataset read_text(std::string_view text, const OpenOptions& options = {}) {
  Context context({.threads = 1});
  return read_delimited("ratings.txt", text, options, context);
}

/// The error's message, a bar, and its hint; and a test failure if there is no error.
template <class Action>
std::string complaint(const Action& action, ErrorCode code = ErrorCode::invalid_input) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    return error.message() + " | " + error.hint();
  }
  ADD_FAILURE() << "no error";
  return {};
}

/// The event of a user and an item, by their ids.
inline Event event_of(const Dataset& data, std::string_view user, std::string_view item) {
  const auto user_row = data.catalog().users.find(user);
  const auto item_row = data.catalog().items.find(item);
  for (const Event& event : data.events()) {
    if (event.user.index == user_row && event.item.index == item_row) return event;
  }
  ADD_FAILURE() << "no event of " << user << " and " << item;
  return {};
}

/// An item's feature as people read it, by the item's id.
inline std::string display(const OpenedDataset& opened, std::string_view id, std::string_view feature) {
  const Catalog& catalog = opened.data->catalog();
  return catalog.item_features.at(feature).display(catalog.items.find(id).value());
}

}  // namespace gusto::testing_io
