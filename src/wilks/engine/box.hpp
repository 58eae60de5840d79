// Where a fit stands: the point, its bounds, the sides of kinks, and which parameters move.
#pragma once

#include "newton.hpp"

namespace wilks {

class Box {
 public:
  Box(const Model& model, const double* lower, const double* upper, const char* fixed_parameters)
      : x(model.parameters, 0.0), low(x), high(x), side(model.parameters, 1), masked(model.parameters, 0), fixed(model.parameters, 0), m(model),
        lower_(lower), upper_(upper), kept_(fixed_parameters), kinked_(model.parameters, 0), logarithm_(model.parameters, 0) {
    for (std::size_t e = 0; e < m.factor_parameter.size(); ++e)
      if (m.factor_parameter[e] < m.parameters && bends_at_zero(e)) kinked_[m.factor_parameter[e]] = any_kink_ = 1;
    for (std::size_t i = 0; i < m.even_parameter.size(); ++i)
      if (m.even_code[i] == shape_code0 && m.even_parameter[i] < m.parameters) kinked_[m.even_parameter[i]] = any_kink_ = 1;
    for (std::size_t r = 0; r < m.row_code.size(); ++r)
      if (m.row_code[r] == shape_code1 && m.row_parameter[r] < m.parameters) kinked_[m.row_parameter[r]] = any_kink_ = 1;
  }

  std::vector<double> x, low, high;  // the point; bounds of this iteration
  std::vector<signed char> side;     // of the kink at 0 whose derivatives count
  std::vector<char> masked;          // parameters that don't move
  std::vector<char> fixed;           // parameters that can't: kept, or without any room between their bounds

  // At `start`, inside the bounds; before a fit also off the singularities of constraints, which are where events were
  // counted.
  void place(const double* start, const double* auxiliary, bool to_move) {
    for (int i = 0; i < m.constraints; ++i)
      logarithm_[m.constraint_parameter[i]] = m.constraint_kind[i] == constraint_poisson && auxiliary[i] > 0;
    for (int i = 0; i < m.parameters; ++i) {
      const double least = logarithm_[i] && to_move ? std::max(lower_[i], 0.01) : lower_[i];
      x[i] = kept_[i] ? start[i] : snapped(std::min(std::max(start[i], least), upper_[i]), lower_[i], upper_[i], 0.0);
      const double room = upper_[i] - lower_[i];
      fixed[i] = kept_[i] || (std::isfinite(room) && room <= 100.0 * rounding * std::max(std::abs(lower_[i]), std::abs(upper_[i])));
      side[i] = x[i] < 0 ? -1 : 1;
    }
  }

  // A parameter with a kink at 0 stays on its side; one whose constraint has a logarithm approaches 0 by and by.
  void set_bounds() {
    for (int i = 0; i < m.parameters; ++i) {
      low[i] = logarithm_[i] ? std::max(lower_[i], 0.01 * x[i]) : lower_[i];
      high[i] = upper_[i];
      if (!kinked_[i] || fixed[i]) continue;
      if (side[i] > 0)
        low[i] = std::max(low[i], std::min(0.0, high[i]));
      else
        high[i] = std::min(high[i], std::max(0.0, low[i]));
    }
  }

  // Sides after crossing every kink at which the point rests; empty if there is none.
  std::vector<signed char> other_sides(const double* gradient) const {
    std::vector<signed char> flipped;
    for (int i = 0; i < m.parameters && any_kink_; ++i) {
      if (!kinked_[i] || fixed[i] || x[i] != 0.0 || !held(i, gradient[i]) || lower_[i] >= 0 || upper_[i] <= 0) continue;
      if (flipped.empty()) flipped = side;
      flipped[i] = -side[i];
    }
    return flipped;
  }

  // In a kink where the nll is level, as with Asimov data: nothing holds the parameter there.
  bool level(int i, double gradient, double diagonal, double tolerance) const {
    return kinked_[i] && !fixed[i] && x[i] == 0.0 && lower_[i] < 0 && upper_[i] > 0 && gradient * gradient <= 2.0 * tolerance * diagonal;
  }

  bool rests(int i) const { return x[i] <= low[i] || x[i] >= high[i]; }
  bool held(int i, double gradient) const { return (x[i] <= low[i] && gradient >= 0) || (x[i] >= high[i] && gradient <= 0); }
  bool at_bound(int i, double gradient) const { return !kept_[i] && (fixed[i] || x[i] <= lower_[i] || x[i] >= upper_[i] || held(i, gradient)); }

  // Mask those parameters on their bound that a step, for the sake of others, would push out, although their own gradient
  // (in units of the metric's diagonal) pulls them in. Whether there are any.
  bool hold_outgoing(const double* step, const double* gradient, const double* diagonal) {
    bool any = false;
    for (int i = 0; i < m.parameters; ++i)
      if (!masked[i] && ((x[i] <= low[i] && step[i] < 0) || (x[i] >= high[i] && step[i] > 0)) && !weak(gradient[i], diagonal[i]))
        masked[i] = any = true;
    return any;
  }

  // A gradient so small that only the curvature tells where a parameter belongs.
  static bool weak(double gradient, double diagonal) { return std::abs(gradient) < 1e-9 * std::sqrt(diagonal); }

  bool holds(const double* step) const {
    for (int i = 0; i < m.parameters; ++i)
      if (!masked[i] && (x[i] + step[i] < low[i] || x[i] + step[i] > high[i])) return false;
    return true;
  }

  // Where a parameter is after a step, on its bound where only rounding is missing.
  double landed(int i, double step) const {
    if (masked[i]) return x[i];
    return snapped(x[i] + step, low[i], high[i], rounding * std::abs(step));
  }

 private:
  static constexpr double rounding = 1e-15;
  const Model& m;
  const double *lower_, *upper_;
  const char* kept_;
  std::vector<char> kinked_, logarithm_;
  char any_kink_ = 0;

  // Whether a factor has other slopes above 0 than below: not 1.1 and 0.9 of code 0, nor 1.1 and 1/1.1 of code 1.
  bool bends_at_zero(std::size_t e) const {
    const std::size_t stride = m.factor_parameter.size();
    const double *c = m.factor_coefficient.data() + e, near = 1e-12;
    if (m.factor_code[e] == factor_code1) return !(std::abs(c[6 * stride] + c[7 * stride]) <= near);
    return m.factor_code[e] == factor_code0 && !(std::abs(c[0] - c[stride]) <= near);
  }

  // On a bound where only rounding, of the bound or of what led there (`error`), is missing.
  static double snapped(double target, double below, double above, double error) {
    if (target <= below + std::max(error, rounding * std::abs(below))) return below;
    return target >= above - std::max(error, rounding * std::abs(above)) ? above : target;
  }
};

}  // namespace wilks
