#include "gusto/data/dataset.h"

gusto::Audience asked(const gusto::Dataset& data, gusto::UserRow user, gusto::ItemRow item) {
#ifdef MISUSE
  static_cast<void>(item);
  return data.audience(user);
#else
  static_cast<void>(user);
  return data.audience(item);
#endif
}
