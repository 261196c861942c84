#include "gusto/models/shared/warm_start.h"

#include "gusto/data/same_ids.h"

namespace gusto {
namespace {

std::vector<bool> items_with_events(const Dataset& data) {
  std::vector<bool> has(data.item_count());
  for (const ItemRow item : data.items()) has[item.index] = true;
  return has;
}

}  // namespace

WarmStart::WarmStart(const Dataset& data, const Model& from)
    : users(same_ids(data.catalog().users, from.data().catalog().users)),
      items(same_ids(data.catalog().items, from.data().catalog().items)) {
  for (std::size_t u = 0; u < users.size(); ++u) {
    const bool both = users[u] && data.history(UserRow(u)).size() > 0 &&
                      from.data().history(UserRow(std::size_t{*users[u]})).size() > 0;
    if (!both) users[u].reset();
  }
  const std::vector<bool> now = items_with_events(data), then = items_with_events(from.data());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i] && !(now[i] && then[*items[i]])) items[i].reset();
  }
}

void copy_rows(std::span<const KnownRow> rows, MatrixView<const float> from, std::size_t columns,
               MatrixView<float> to) {
  const std::size_t count = std::min({columns, from.cols, to.cols});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows[r]) std::copy_n(from.row(*rows[r]).data(), count, to.row(r).data());
  }
}

std::vector<bool> changed_users(const Dataset& data, const Model& from, const WarmStart& rows) {
  std::vector<bool> changed(data.user_count());
  for (std::size_t u = 0; u < changed.size(); ++u) {
    const History now = data.history(UserRow(u));
    changed[u] = now.size() > 0 && !rows.users[u];
    if (!rows.users[u]) continue;
    const History then = from.data().history(UserRow(std::size_t{*rows.users[u]}));
    const auto same = [&](std::size_t e) {
      return rows.items[now.items[e].index] == then.items[e].index && now.values[e] == then.values[e];
    };
    changed[u] = now.size() != then.size();
    for (std::size_t e = 0; e < now.size() && !changed[u]; ++e) changed[u] = !same(e);
  }
  return changed;
}

}  // namespace gusto
