#include "gusto/data/dataset.h"

gusto::Event given(gusto::UserRow user, gusto::ItemRow item) {
#ifdef MISUSE
  return gusto::Event{item, user};
#else
  return gusto::Event{user, item};
#endif
}
