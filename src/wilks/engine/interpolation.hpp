// Interpolation of normalisation and shape variations with first and second derivatives.
// Formulas: HistFactory, CERN-OPEN-2012-016, and the later codes 4 and 4p (6th-order polynomial inside |alpha| < 1,
// matched in value, first and second derivative at +-1).
#pragma once

#include <cmath>

namespace wilks {

// Value, first and second derivative with respect to the parameter.
struct Jet {
  double f, d1, d2;
};

constexpr int factor_coefficients = 8;  // a1..a6, log(hi), log(lo)

enum FactorCode : int { factor_free = 0, factor_code1 = 1, factor_code4 = 4 };

// Coefficients of a normsys. A side without a logarithm (<= 0) contributes no derivative terms, as in ROOT.
inline void prepare_factor(double lo, double hi, double* c) {
  const double log_hi = hi > 0 ? std::log(hi) : 0.0, log_lo = lo > 0 ? std::log(lo) : 0.0;
  const double up1 = hi > 0 ? hi * log_hi : 0.0, down1 = lo > 0 ? -lo * log_lo : 0.0;
  const double up2 = up1 * log_hi, down2 = -down1 * log_lo;
  // f(+-1) = 1 + sum a_i (+-1)^i etc. splits into an odd and an even system of three equations each.
  const double s0 = 0.5 * (hi + lo) - 1.0, a0 = 0.5 * (hi - lo);
  const double s1 = 0.5 * (up1 + down1), a1 = 0.5 * (up1 - down1);
  const double s2 = 0.5 * (up2 + down2), a2 = 0.5 * (up2 - down2);
  c[0] = (15.0 * a0 - 7.0 * s1 + a2) / 8.0;
  c[1] = (24.0 * s0 - 9.0 * a1 + s2) / 8.0;
  c[2] = (-10.0 * a0 + 10.0 * s1 - 2.0 * a2) / 8.0;
  c[3] = (-24.0 * s0 + 14.0 * a1 - 2.0 * s2) / 8.0;
  c[4] = (3.0 * a0 - 3.0 * s1 + a2) / 8.0;
  c[5] = (8.0 * s0 - 5.0 * a1 + s2) / 8.0;
  c[6] = hi > 0 ? log_hi : (hi == 0 ? -INFINITY : NAN);
  c[7] = lo > 0 ? log_lo : (lo == 0 ? -INFINITY : NAN);
}

inline Jet exponential(double alpha, double log_base) {
  if (log_base == -INFINITY) return {alpha == 0 ? 1.0 : 0.0, 0.0, 0.0};
  const double f = std::exp(alpha * log_base);
  return {f, log_base * f, log_base * log_base * f};
}

// A scalar factor. `right` chooses the side at a kink (code 1 at alpha = 0).
inline Jet factor(int code, double alpha, const double* c, bool right) {
  if (code == factor_free) return {alpha, 1.0, 0.0};
  if (code == factor_code4 && std::abs(alpha) < 1.0) {
    const double f = 1.0 + alpha * (c[0] + alpha * (c[1] + alpha * (c[2] + alpha * (c[3] + alpha * (c[4] + alpha * c[5])))));
    const double d1 = c[0] + alpha * (2 * c[1] + alpha * (3 * c[2] + alpha * (4 * c[3] + alpha * (5 * c[4] + alpha * 6 * c[5]))));
    const double d2 = 2 * c[1] + alpha * (6 * c[2] + alpha * (12 * c[3] + alpha * (20 * c[4] + alpha * 30 * c[5])));
    return {f, d1, d2};
  }
  if (alpha > 0 || (alpha == 0 && right)) return exponential(alpha, c[6]);
  const Jet mirrored = exponential(-alpha, c[7]);
  return {mirrored.f, -mirrored.d1, mirrored.d2};
}

// A shape variation is alpha * S + even(alpha) * A with S = (hi - lo)/2, A = (hi + lo - 2 nominal)/16 for every code.
enum ShapeCode : int { shape_code0 = 0, shape_code2 = 2, shape_code4p = 4 };

inline Jet even_part(int code, double alpha, bool right) {
  const double x = std::abs(alpha), sign = alpha > 0 || (alpha == 0 && right) ? 1.0 : -1.0;
  if (code == shape_code0) return {8.0 * x, 8.0 * sign, 0.0};
  if (code == shape_code2) {
    if (x <= 1.0) return {8.0 * alpha * alpha, 16.0 * alpha, 16.0};
    return {8.0 * (2.0 * x - 1.0), 16.0 * sign, 0.0};
  }
  if (x >= 1.0) return {8.0 * x, 8.0 * sign, 0.0};
  const double a2 = alpha * alpha;
  return {a2 * (15.0 + a2 * (-10.0 + 3.0 * a2)), alpha * (30.0 + a2 * (-40.0 + 18.0 * a2)), 30.0 + a2 * (-120.0 + 90.0 * a2)};
}

}  // namespace wilks
