// Functions of parameters with exact first and second derivatives: a list of operations, each on the results of earlier
// ones, evaluated forward. A result keeps derivatives with respect to the parameters that it depends on, no others.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <vector>

#include "exponential.hpp"

namespace wilks {

using Index = std::ptrdiff_t;

enum Operation : int { op_number, op_parameter, op_add, op_subtract, op_multiply, op_divide, op_power, op_exp, op_log, op_sqrt, op_minimum, op_maximum };

constexpr bool has_two_operands(int op) { return (op >= op_add && op <= op_power) || op == op_minimum || op == op_maximum; }

// The operations as they come from outside: `first` is the parameter, or the first operand.
struct FunctionSource {
  std::vector<int> operation, first, second;
  std::vector<double> number;
  std::vector<int> result;  // functions: the operation that gives their value
  std::vector<int> penalty;  // none, or one for each function: whether its value is added to the nll

  // Returns a sentence where the arrays don't fit together, else nullptr.
  const char* check(int parameters) const {
    const std::size_t n = operation.size();
    if (first.size() != n || second.size() != n || number.size() != n) return "the arrays of operations have different lengths";
    for (std::size_t i = 0; i < n; ++i) {
      const int op = operation[i], before = static_cast<int>(i);
      if (op < op_number || op > op_maximum) return "unknown operation";
      if (op == op_parameter && (first[i] < 0 || first[i] >= parameters)) return "a function names a parameter that does not exist";
      if (op > op_parameter && (first[i] < 0 || first[i] >= before)) return "operations must be in order";
      if (has_two_operands(op) && (second[i] < 0 || second[i] >= before)) return "operations must be in order";
    }
    for (int i : result)
      if (i < 0 || i >= static_cast<int>(n)) return "a function has no result";
    if (!penalty.empty() && penalty.size() != result.size()) return "penalties of functions have the wrong length";
    return nullptr;
  }
};

struct Functions {
  FunctionSource source;
  std::vector<std::vector<int>> support;      // operations: the parameters that they depend on, rising
  std::vector<std::vector<int>> first, second;  // operations: places of their operands' parameters among their own
  std::vector<Index> gradient, hessian;       // operations: where their derivatives stand
  Index derivatives = 0;

  int count() const { return static_cast<int>(source.result.size()); }
  bool is_penalty(int function) const { return !source.penalty.empty() && source.penalty[function]; }
  const std::vector<int>& parameters(int function) const { return support[source.result[function]]; }

  bool has_kinks() const {
    return std::any_of(source.operation.begin(), source.operation.end(), [](int op) { return op == op_minimum || op == op_maximum; });
  }

  void compile(const FunctionSource& s) {
    source = s;
    for (std::size_t i = 0; i < s.operation.size(); ++i) {
      std::vector<int> own;
      const int op = s.operation[i];
      if (op == op_parameter) own.push_back(s.first[i]);
      if (op > op_parameter) own = support[s.first[i]];
      if (has_two_operands(op)) {
        std::vector<int> both;
        std::set_union(own.begin(), own.end(), support[s.second[i]].begin(), support[s.second[i]].end(), std::back_inserter(both));
        own = both;
      }
      const auto places = [&](int operand) {
        std::vector<int> out;
        for (int p : support[operand]) out.push_back(static_cast<int>(std::lower_bound(own.begin(), own.end(), p) - own.begin()));
        return out;
      };
      first.push_back(op > op_parameter ? places(s.first[i]) : std::vector<int>{});
      second.push_back(has_two_operands(op) ? places(s.second[i]) : std::vector<int>{});
      const Index n = static_cast<Index>(own.size());
      gradient.push_back(derivatives);
      hessian.push_back(derivatives + n);
      derivatives += n + n * n;
      support.push_back(own);
    }
  }
};

// The values of all operations at one point, and their derivatives.
class FunctionValues {
 public:
  explicit FunctionValues(const Functions& functions) : f(functions), value_(f.source.operation.size()), memory_(f.derivatives) {}

  void evaluate(const double* theta, int order) {
    for (std::size_t i = 0; i < value_.size(); ++i) step(static_cast<int>(i), theta, order);
  }

  double width = 0.0;  // within which minima and maxima turn, instead of at a kink

  double value(int function) const { return value_[f.source.result[function]]; }
  // With respect to `parameters(function)`.
  const double* gradient(int function) const { return memory_.data() + f.gradient[f.source.result[function]]; }
  const double* hessian(int function) const { return memory_.data() + f.hessian[f.source.result[function]]; }

 private:
  const Functions& f;
  std::vector<double> value_, memory_;

  // The derivatives of an operation with respect to its operands.
  struct Partial {
    double f, a = 0, b = 0, aa = 0, ab = 0, bb = 0;
  };

  // Roots and powers of 0 have a value, but derivatives that are infinite: those of a point beside it stand in. So a
  // parameter can be held there, which needs none, and one that starts there finds its way.
  static constexpr double beside_zero = 1e-10;

  Partial power(double x, double y, bool constant_exponent) const {
    const double value = std::pow(x, y);
    if (x == 0 && y > 0 && (!constant_exponent || (y < 2 && y != 1))) x = beside_zero;
    if (constant_exponent) {
      const double d1 = y == 0 ? 0.0 : y * std::pow(x, y - 1.0), d2 = y == 0 || y == 1 ? 0.0 : y * (y - 1.0) * std::pow(x, y - 2.0);
      return {value, d1, 0, d2};
    }
    const double log = std::log(x), over = std::pow(x, y - 1.0);
    return {value, y * over, log * value, y * (y - 1.0) * std::pow(x, y - 2.0), over * (1.0 + y * log), log * log * value};
  }

  // The larger (sign 1) or the smaller of two values, its kink rounded off.
  Partial rounded(double x, double y, int sign) const {
    const double root = std::hypot(x - y, width), slope = sign * (x - y) / root, second = sign * 0.5 * (width / root) * (width / root) / root;
    return {0.5 * (x + y + sign * root), 0.5 * (1 + slope), 0.5 * (1 - slope), second, -second, second};
  }

  Partial operate(int i) const {
    const FunctionSource& s = f.source;
    const int op = s.operation[i];
    const double x = value_[s.first[i]], y = has_two_operands(op) ? value_[s.second[i]] : 0.0;
    switch (op) {
      case op_add: return {x + y, 1, 1};
      case op_subtract: return {x - y, 1, -1};
      case op_multiply: return {x * y, y, x, 0, 1, 0};
      case op_divide: return {x / y, 1 / y, -x / (y * y), 0, -1 / (y * y), 2 * x / (y * y * y)};
      case op_power: return power(x, y, f.support[s.second[i]].empty());
      case op_exp: {
        const double e = wilks::exp(x);
        return {e, e, 0, e};
      }
      case op_log: return {std::log(x), 1 / x, 0, -1 / (x * x)};
      case op_sqrt: {
        const double beside = x == 0 ? beside_zero : x, root = std::sqrt(beside);
        return {x == 0 ? 0.0 : root, 0.5 / root, 0, -0.25 / (root * beside)};
      }
      case op_minimum: return width > 0 ? rounded(x, y, -1) : y < x ? Partial{y, 0, 1} : Partial{x, 1, 0};
      default: return width > 0 ? rounded(x, y, 1) : y > x ? Partial{y, 0, 1} : Partial{x, 1, 0};
    }
  }

  void step(int i, const double* theta, int order) {
    const FunctionSource& s = f.source;
    const Index n = static_cast<Index>(f.support[i].size());
    double *g = memory_.data() + f.gradient[i], *h = memory_.data() + f.hessian[i];
    if (order >= 1) std::fill(g, g + n + n * n, 0.0);
    if (s.operation[i] == op_number) {
      value_[i] = s.number[i];
      return;
    }
    if (s.operation[i] == op_parameter) {
      value_[i] = theta[s.first[i]];
      g[0] = 1.0;
      return;
    }
    const Partial d = operate(i);
    value_[i] = d.f;
    if (order < 1) return;
    const bool two = has_two_operands(s.operation[i]);
    add_operand(s.first[i], f.first[i], d.a, g, h, n, order);
    if (two) add_operand(s.second[i], f.second[i], d.b, g, h, n, order);
    if (order < 2) return;
    add_product(s.first[i], f.first[i], s.first[i], f.first[i], d.aa, h, n);
    if (!two) return;
    add_product(s.second[i], f.second[i], s.second[i], f.second[i], d.bb, h, n);
    add_product(s.first[i], f.first[i], s.second[i], f.second[i], d.ab, h, n);
    add_product(s.second[i], f.second[i], s.first[i], f.first[i], d.ab, h, n);
  }

  // Adds `slope` times the derivatives of an operand.
  void add_operand(int operand, const std::vector<int>& place, double slope, double* g, double* h, Index n, int order) const {
    if (slope == 0.0) return;
    const Index size = static_cast<Index>(place.size());
    const double *from = memory_.data() + f.gradient[operand], *second = memory_.data() + f.hessian[operand];
    for (Index j = 0; j < size; ++j) g[place[j]] += slope * from[j];
    for (Index j = 0; j < size && order >= 2; ++j)
      for (Index k = 0; k < size; ++k) h[place[j] * n + place[k]] += slope * second[j * size + k];
  }

  // Adds `factor` times the product of the first derivatives of two operands.
  void add_product(int x, const std::vector<int>& place_x, int y, const std::vector<int>& place_y, double factor, double* h, Index n) const {
    if (factor == 0.0) return;
    const double *gx = memory_.data() + f.gradient[x], *gy = memory_.data() + f.gradient[y];
    for (std::size_t j = 0; j < place_x.size(); ++j)
      for (std::size_t k = 0; k < place_y.size(); ++k) h[place_x[j] * n + place_y[k]] += factor * gx[j] * gy[k];
  }
};

}  // namespace wilks
