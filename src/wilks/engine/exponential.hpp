// exp: that of the system's library, which is right to 0.51 units in the last place where it is current. WebAssembly has
// none; the one that its C library brings is wrong in the last bit every tenth time, so here is one that hardly ever is.
#pragma once

#include <cmath>

namespace wilks {

#ifndef __wasm__
inline double exp(double x) { return std::exp(x); }
#else
namespace detail {

struct Pair {
  double high, low;  // the sum of both, without rounding
};

inline Pair exact_sum(double a, double b) {
  const double sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

inline Pair exact_square(double a) {
  const double shifted = 134217729.0 * a, high = shifted - (shifted - a), low = a - high, square = a * a;
  return {square, ((high * high - square) + 2.0 * high * low) + low * low};
}

}  // namespace detail

// exp(k log 2 + r) with |r| < 0.35: the series of exp(r), its first three terms without rounding.
inline double exp(double x) {
  if (!(std::abs(x) < 700.0)) return std::exp(x);
  const double k = std::nearbyint(x * 1.4426950408889634);
  // log 2 in two parts, the first with trailing zeros: its multiples are exact.
  const auto [r, rest] = detail::exact_sum(x - k * 0x1.62e42feep-1, -k * 0x1.a39ef35793c76p-33);
  double tail = 0.0;
  for (int n = 15; n >= 3; --n) tail = (tail * r + 1.0) / n;
  const auto [square, square_rest] = detail::exact_square(r);
  const auto [one, one_rest] = detail::exact_sum(1.0, r);
  const auto [sum, sum_rest] = detail::exact_sum(one, 0.5 * square);
  const double correction = ((one_rest + sum_rest) + (0.5 * square_rest + rest * one)) + 0.5 * square * r * tail;
  return std::scalbn(sum + correction, static_cast<int>(k));
}
#endif

}  // namespace wilks
