// Interpolation of normalisation and shape variations with first and second derivatives.
// Formulas: HistFactory, CERN-OPEN-2012-016, and the later codes 4 and 4p (6th-order polynomial inside |alpha| < 1,
// matched in value, first and second derivative at +-1).
#pragma once

#include <cmath>

#include "exponential.hpp"
#include "kernels.hpp"

namespace wilks {

// Value, first and second derivative with respect to the parameter.
struct Jet {
  double f, d1, d2;
};

constexpr int factor_coefficients = 8;  // a1..a6, log(hi), log(lo); of codes 0 and 2 hi - 1 and 1 - lo in place of a1, a2

// Code 0 is straight on either side, 2 a parabola inside and straight outside; that of Combine interpolates the exponent,
// inside |alpha| < 1/2 (its ProcessNormalization).
enum FactorCode : int { factor_free = 0, factor_code1 = 1, factor_code2 = 2, factor_code4 = 4, factor_combine = 6, factor_code0 = 10 };

// Coefficients of a normsys, `stride` apart. A side without a logarithm (<= 0) contributes no derivative terms, as in ROOT.
inline void prepare_factor(int code, double lo, double hi, double* coefficient, std::size_t stride) {
  double c[factor_coefficients];
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
  if (code == factor_code0 || code == factor_code2) {
    std::fill(c, c + 6, 0.0);
    c[0] = hi - 1.0;
    c[1] = 1.0 - lo;
  }
  for (int i = 0; i < factor_coefficients; ++i) coefficient[i * stride] = c[i];
}

inline Jet exponential(double alpha, double log_base) {
  if (log_base == -INFINITY) return {alpha == 0 ? 1.0 : 0.0, 0.0, 0.0};
  const double f = wilks::exp(alpha * log_base);
  return {f, log_base * f, log_base * log_base * f};
}

// The exponent of Combine's factor is alpha times a logarithm that goes smoothly from -log(lo) to log(hi).
WILKS_COLD inline Jet combine_factor(double alpha, double log_hi, double log_lo) {
  const double mean = 0.5 * (log_hi - log_lo), half = 0.5 * (log_hi + log_lo), t = 2.0 * alpha;
  Jet step{t < 0 ? -1.0 : 1.0, 0.0, 0.0};
  if (std::abs(t) < 1.0) step = {t * (15.0 + t * t * (-10.0 + 3.0 * t * t)) / 8.0, 15.0 / 8.0 * (1.0 - t * t) * (1.0 - t * t), -7.5 * t * (1.0 - t * t)};
  const double f = wilks::exp(alpha * (mean + half * step.f));
  const double d1 = mean + half * (step.f + t * step.d1), d2 = half * (4.0 * step.d1 + 2.0 * t * step.d2);
  return {f, d1 * f, (d2 + d1 * d1) * f};
}

// Codes 0 and 2, for `up` = hi - 1 and `down` = 1 - lo.
WILKS_COLD inline Jet straight_factor(int code, double alpha, double up, double down, bool right) {
  const double odd = 0.5 * (up + down), even = 0.5 * (up - down);
  if (code == factor_code2 && std::abs(alpha) <= 1.0) return {1.0 + alpha * (odd + alpha * even), odd + 2.0 * alpha * even, 2.0 * even};
  const bool above = alpha > 0 || (alpha == 0 && right);
  const double end = code == factor_code0 ? 0.0 : (above ? 1.0 : -1.0);
  const double slope = code == factor_code0 ? (above ? up : down) : odd + 2.0 * end * even;
  return {1.0 + end * (odd + end * even) + slope * (alpha - end), slope, 0.0};
}

// A scalar factor outside the polynomial of code 4, with its coefficients `stride` apart. `right` chooses the side at a
// kink (codes 0 and 1 at alpha = 0).
inline Jet outer_factor(int code, double alpha, const double* c, std::size_t stride, bool right) {
  if (code == factor_free) return {alpha, 1.0, 0.0};
  const double log_hi = c[6 * stride], log_lo = c[7 * stride];
  if (code == factor_combine) return combine_factor(alpha, log_hi, log_lo);
  if (code == factor_code0 || code == factor_code2) return straight_factor(code, alpha, c[0], c[stride], right);
  if (alpha > 0 || (alpha == 0 && right)) return exponential(alpha, log_hi);
  const Jet mirrored = exponential(-alpha, log_lo);
  return {mirrored.f, -mirrored.d1, mirrored.d2};
}

// The polynomials of code 4 for n entries at once, coefficients `stride` apart; second derivatives where d2 is given.
WILKS_CLONES inline void factor_polynomials(int n, const double* __restrict alpha, const double* __restrict c, std::size_t stride,
                                            double* __restrict f, double* __restrict d1, double* __restrict d2) {
  const double *c1 = c, *c2 = c1 + stride, *c3 = c2 + stride, *c4 = c3 + stride, *c5 = c4 + stride, *c6 = c5 + stride;
  for (int e = 0; e < n; ++e) {
    const double a = alpha[e];
    f[e] = 1.0 + a * (c1[e] + a * (c2[e] + a * (c3[e] + a * (c4[e] + a * (c5[e] + a * c6[e])))));
    d1[e] = c1[e] + a * (2 * c2[e] + a * (3 * c3[e] + a * (4 * c4[e] + a * (5 * c5[e] + a * 6 * c6[e]))));
  }
  if (d2)
    for (int e = 0; e < n; ++e) {
      const double a = alpha[e];
      d2[e] = 2 * c2[e] + a * (6 * c3[e] + a * (12 * c4[e] + a * (20 * c5[e] + a * 30 * c6[e])));
    }
}

// A shape variation is alpha * S + even(alpha) * A with S = (hi - lo)/2, A = (hi + lo - 2 nominal)/16 for every code.
// Codes 1 (exponential) and 5 (as code 4 of factors) are nominal (f - 1) with a factor for each bin, see curved.hpp.
enum ShapeCode : int { shape_code0 = 0, shape_code1 = 1, shape_code2 = 2, shape_code4p = 4, shape_code5 = 5 };

constexpr bool bends_bins(int shape_code) { return shape_code == shape_code1 || shape_code == shape_code5; }

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
