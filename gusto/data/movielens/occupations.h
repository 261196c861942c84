#pragma once

#include <array>
#include <string_view>

namespace gusto {

/// MovieLens' occupations by their codes, as the README of ml-1m lists them.
inline constexpr std::array<std::string_view, 21> kOccupationNames{"other",
                                                                   "academic/educator",
                                                                   "artist",
                                                                   "clerical/admin",
                                                                   "college/grad student",
                                                                   "customer service",
                                                                   "doctor/health care",
                                                                   "executive/managerial",
                                                                   "farmer",
                                                                   "homemaker",
                                                                   "K-12 student",
                                                                   "lawyer",
                                                                   "programmer",
                                                                   "retired",
                                                                   "sales/marketing",
                                                                   "scientist",
                                                                   "self-employed",
                                                                   "technician/engineer",
                                                                   "tradesman/craftsman",
                                                                   "unemployed",
                                                                   "writer"};

}  // namespace gusto
