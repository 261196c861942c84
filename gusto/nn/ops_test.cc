#include "gusto/nn/ops.h"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>

#include "gusto/base/testing.h"
#include "gusto/nn/gradient_check.h"

namespace gusto::nn {
namespace {

using test::check;
using test::Doubles;
using test::Input;
using test::Inputs;
using Twins = std::vector<Doubles>;

struct Shape {
  std::size_t rows;
  std::size_t cols;
};
// One row, one column, and widths around those of vectors.
constexpr Shape kShapes[] = {{1, 1}, {1, 37}, {9, 1}, {3, 4}, {5, 16}, {2, 31}, {4, 64}, {3, 71}};

Doubles map(const Doubles& x, const std::function<double(double)>& f) {
  Doubles y(x.rows(), x.cols());
  std::transform(x.values().begin(), x.values().end(), y.values().begin(), f);
  return y;
}

// y_rc = f(r, c)
Doubles fill(std::size_t rows, std::size_t cols, const std::function<double(std::size_t, std::size_t)>& f) {
  Doubles y(rows, cols);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) y(r, c) = f(r, c);
  }
  return y;
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

void check_curve(Var (*compute)(Var), double (*f)(double), double bound = 4) {
  for (const Shape& shape : kShapes) {
    check({{{shape.rows, shape.cols, false, -bound, bound}},
           [&](Tape&, const Inputs& in) { return compute(in.vars[0]); },
           [&](const Twins& in) { return map(in[0], f); }});
  }
}

TEST(Relu, IsItsTwin) {
  check_curve(relu, [](double x) { return std::max(x, 0.0); });
}
TEST(Gelu, IsItsTwin) {
  check_curve(gelu, [](double x) { return x * 0.5 * (1 + std::erf(x / std::numbers::sqrt2)); });
}
TEST(Sigmoid, IsItsTwin) { check_curve(sigmoid, sigma); }
TEST(Tanh, IsItsTwin) { check_curve(nn::tanh, std::tanh); }
TEST(ScaledSigmoid, IsItsTwin) {
  check_curve([](Var x) { return scaled_sigmoid(x, 0.5F, 5); }, [](double x) { return 0.5 + 4.5 * sigma(x); });
}
TEST(Affine, IsItsTwin) {
  check_curve([](Var x) { return affine(x, -3, 0.25F); }, [](double x) { return -3 * x + 0.25; });
}
TEST(CosineLogit, IsItsTwin) {
  check_curve(
      cosine_logit, [](double c) { return std::log((1 + c) / (1 - c)); }, 0.95);
}

TEST(Add, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    const Input a{rows, cols};
    const auto compute = [](Tape&, const Inputs& in) { return in.vars[0] + in.vars[1]; };
    check({{a, a}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) + in[1](r, c); });
           }});
    check({{a, {1, cols}}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) + in[1](0, c); });
           }});
    check({{a, {rows, 1}}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) + in[1](r, 0); });
           }});
    check({{a},
           [](Tape&, const Inputs& in) { return in.vars[0] + in.vars[0]; },
           [](const Twins& in) { return map(in[0], [](double x) { return 2 * x; }); }});
  }
}

TEST(Multiply, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    const Input a{rows, cols};
    const auto compute = [](Tape&, const Inputs& in) { return in.vars[0] * in.vars[1]; };
    check({{a, a}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) * in[1](r, c); });
           }});
    check({{a, {rows, 1}}, compute, [](const Twins& in) {
             return fill(in[0].rows(), in[0].cols(), [&](auto r, auto c) { return in[0](r, c) * in[1](r, 0); });
           }});
    check({{a},
           [](Tape&, const Inputs& in) { return in.vars[0] * in.vars[0]; },
           [](const Twins& in) { return map(in[0], [](double x) { return x * x; }); }});
  }
}

double row_dot(const Doubles& a, const Doubles& b, std::size_t r, std::size_t s) {
  double sum = 0;
  for (std::size_t c = 0; c < a.cols(); ++c) sum += a(r, c) * b(s, c);
  return sum;
}

TEST(Dot, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}, {rows, cols}},
           [](Tape&, const Inputs& in) { return dot(in.vars[0], in.vars[1]); },
           [](const Twins& in) {
             return fill(in[0].rows(), 1, [&](auto r, auto) { return row_dot(in[0], in[1], r, r); });
           }});
    check({{{rows, cols}},
           [](Tape&, const Inputs& in) { return dot(in.vars[0], in.vars[0]); },
           [](const Twins& in) {
             return fill(in[0].rows(), 1, [&](auto r, auto) { return row_dot(in[0], in[0], r, r); });
           }});
  }
}

double row_cosine(const Doubles& a, const Doubles& b, std::size_t r) {
  return row_dot(a, b, r, r) / std::sqrt(row_dot(a, a, r, r) * row_dot(b, b, r, r));
}

TEST(Cosine, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    // One column's cosine is a sign, whose slope is 0.
    check({{{rows, cols, false, 0.5, 2}, {rows, cols}},
           [](Tape&, const Inputs& in) { return cosine(in.vars[0], in.vars[1]); },
           [](const Twins& in) {
             return fill(in[0].rows(), 1, [&](auto r, auto) { return row_cosine(in[0], in[1], r); });
           }});
  }
}

TEST(Dense, IsItsTwin) {
  for (const auto& [rows, in_cols] : kShapes) {
    for (const std::size_t out : {1U, 3U, 16U, 21U}) {
      const auto product = [](const Twins& in, std::size_t r, std::size_t c) {
        double sum = 0;
        for (std::size_t i = 0; i < in[0].cols(); ++i) sum += in[0](r, i) * in[1](i, c);
        return sum;
      };
      check({{{rows, in_cols}, {in_cols, out, true}},
             [](Tape&, const Inputs& in) { return dense(in.vars[0], *in.parameters[1]); },
             [&](const Twins& in) {
               return fill(in[0].rows(), in[1].cols(), [&](auto r, auto c) { return product(in, r, c); });
             }});
      check({{{rows, in_cols}, {in_cols, out, true}, {1, out, true}},
             [](Tape&, const Inputs& in) { return dense(in.vars[0], *in.parameters[1], *in.parameters[2]); },
             [&](const Twins& in) {
               return fill(in[0].rows(), in[1].cols(), [&](auto r, auto c) { return product(in, r, c) + in[2](0, c); });
             }});
    }
  }
}

TEST(Concat, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}, {rows, 3}},
           [](Tape&, const Inputs& in) {
             return concat(std::vector{in.vars[0], in.vars[1], in.vars[0]});
           },
           [](const Twins& in) {
             const std::size_t width = in[0].cols();
             return fill(in[0].rows(), 2 * width + 3, [&](auto r, auto c) {
               return c < width ? in[0](r, c) : c < width + 3 ? in[1](r, c - width) : in[0](r, c - width - 3);
             });
           }});
  }
}

TEST(RowSum, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    check({{{rows, cols}},
           [](Tape&, const Inputs& in) { return row_sum(in.vars[0]); },
           [](const Twins& in) {
             return fill(in[0].rows(), 1, [&](auto r, auto) {
               double sum = 0;
               for (const double x : in[0].row(r)) sum += x;
               return sum;
             });
           }});
  }
}

TEST(FmPooling, IsItsTwin) {
  for (const auto& [rows, cols] : kShapes) {
    for (const std::size_t fields : {1U, 2U, 5U}) {
      check({{{rows, cols * fields}},
             [=](Tape&, const Inputs& in) { return fm_pooling(in.vars[0], fields); },
             [=](const Twins& in) {
               const std::size_t dim = in[0].cols() / fields;
               return fill(in[0].rows(), dim, [&](auto r, auto c) {
                 double sum = 0;
                 for (std::size_t f = 0; f < fields; ++f) {
                   for (std::size_t h = f + 1; h < fields; ++h) sum += in[0](r, f * dim + c) * in[0](r, h * dim + c);
                 }
                 return sum;
               });
             }});
    }
  }
}

}  // namespace
}  // namespace gusto::nn
