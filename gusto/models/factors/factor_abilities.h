#pragma once

#include "gusto/models/model.h"

namespace gusto {

/// What every model of factors can do that predicts ratings and solves for a new user's vector as for a user's.
inline constexpr Abilities kFactorAbilities{.personalized = true,
                                            .predicts_ratings = true,
                                            .fold_in = FoldIn::exact,
                                            .item_vectors = true,
                                            .similar_items = true,
                                            .similar_users = true,
                                            .explains = true,
                                            .strength = true};

/// The same of models that go on from others.
constexpr Abilities continuing(Abilities abilities) {
  abilities.continues = true;
  return abilities;
}

}  // namespace gusto
