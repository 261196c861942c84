#include "gusto/data/dataset.h"

gusto::History asked(const gusto::Dataset& data, gusto::UserRow user, gusto::ItemRow item) {
#ifdef MISUSE
  static_cast<void>(user);
  return data.history(item);
#else
  static_cast<void>(item);
  return data.history(user);
#endif
}
