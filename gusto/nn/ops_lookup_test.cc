#include <cmath>

#include <gmock/gmock.h>

#include "gusto/base/testing.h"
#include "gusto/nn/gradient_check.h"
#include "gusto/nn/ops.h"

namespace gusto::nn {
namespace {

using test::check;
using test::Doubles;
using test::Inputs;
using Twins = std::vector<Doubles>;

// Adds what a bag looks up in a table to columns of a matrix.
void add_rows(const Doubles& table, const Bag& bag, Doubles& to, std::size_t column) {
  for (std::size_t r = 0; r < bag.rows; ++r) {
    for (std::size_t e = bag.begin(r); e < bag.end(r); ++e) {
      for (std::size_t c = 0; c < table.cols(); ++c) {
        to(r, column + c) += static_cast<double>(bag.weight(e)) * table(bag.ids[e], c);
      }
    }
  }
}

constexpr std::size_t kRows = 11;  // of tables
// One id each, more than are fetched ahead, with repeats.
const std::vector<std::uint32_t> kIds{3, 0, 10, 3, 3, 7, 1, 2, 9, 10, 4, 5};
// Bags of none, one and many, with weights.
const std::vector<std::uint32_t> kOffsets{0, 3, 3, 4, 4, 12, 12, 12, 12, 12, 12, 12, 12};
const std::vector<float> kWeights{0.5F, -1, 2, 1, 0.25F, 3, 1, 1, -0.5F, 0.125F, 1, 1.5F};

std::vector<Bag> kinds_of_bags() {
  return {{12, kIds, {}, {}}, {12, kIds, {}, kWeights}, {12, kIds, kOffsets, {}}, {12, kIds, kOffsets, kWeights}};
}

TEST(Rows, AreTheirTwin) {
  for (const Bag& bag : kinds_of_bags()) {
    for (const std::size_t cols : {1U, 3U, 8U, 10U, 16U, 32U, 37U, 64U, 100U}) {
      check({{{kRows, cols, true}},
             [&](Tape& tape, const Inputs& in) { return rows(tape, *in.parameters[0], bag); },
             [&](const Twins& in) {
               Doubles y(bag.rows, in[0].cols());
               add_rows(in[0], bag, y, 0);
               return y;
             }});
    }
  }
}

TEST(Rows, LieSideBySide) {
  const std::vector<Bag> bags = kinds_of_bags();
  check({{{kRows, 16, true}, {kRows, 1, true}, {kRows, 5, true}},
         [&](Tape& tape, const Inputs& in) {
           const Lookup lookups[] = {{in.parameters[0], bags[0]},
                                     {in.parameters[1], bags[0]},
                                     {in.parameters[2], bags[3]},
                                     {in.parameters[0], bags[2]}};  // a table may serve twice
           return rows(tape, lookups);
         },
         [&](const Twins& in) {
           Doubles y(12, 38);
           add_rows(in[0], bags[0], y, 0);
           add_rows(in[1], bags[0], y, 16);
           add_rows(in[2], bags[3], y, 17);
           add_rows(in[0], bags[2], y, 22);
           return y;
         }});
}

}  // namespace
}  // namespace gusto::nn
