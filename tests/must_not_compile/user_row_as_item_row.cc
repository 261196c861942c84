#include "gusto/data/dataset.h"

gusto::ItemEvents asked(const gusto::Dataset& data, gusto::UserRow user, gusto::ItemRow item) {
#ifdef MISUSE
  static_cast<void>(item);
  return data.item_events(user);
#else
  static_cast<void>(user);
  return data.item_events(item);
#endif
}
