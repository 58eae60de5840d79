// exp, the same on every platform: it hardly ever differs from the exact value, rounded. Those of systems' libraries differ
// from one another in the last bit, and with them fits.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

// For what is compiled once for each vector width, inside of functions for that.
#define WILKS_INLINE __attribute__((always_inline)) inline

namespace wilks {

namespace detail {

// Of numbers, or of vectors of them (eightfold.hpp): the same operations, and the same bits.
template <class Number>
struct Pair {
  Number high, low;  // the sum of both, without rounding
};

template <class Number>
WILKS_INLINE Pair<Number> exact_sum(const Number& a, const Number& b) {
  const Number sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

template <class Number>
WILKS_INLINE Pair<Number> exact_square(const Number& a) {
  const Number shifted = 134217729.0 * a, high = shifted - (shifted - a), low = a - high, square = a * a;
  return {square, ((high * high - square) + 2.0 * high * low) + low * low};
}

// 1 / 3!, 1 / 4!, ...
inline constexpr auto inverse_factorial = [] {
  std::array<double, 12> out{};
  double factorial = 2.0;
  for (int n = 0; n < 12; ++n) out[n] = 1.0 / (factorial *= n + 3);
  return out;
}();

// exp(k log 2 + r) with |r| < 0.35, for |x| < 700: the series of exp(r), its first three terms without rounding.
template <class Number, class Bits>
WILKS_INLINE Number exponential(const Number& x) {
  static_assert(sizeof(Number) == sizeof(Bits));
  const Number shifted = x * 1.4426950408889634 + 0x1.8p52, k = shifted - 0x1.8p52;  // a whole number
  // log 2 in two parts, the first with trailing zeros: its multiples are exact.
  const auto [r, rest] = exact_sum<Number>(x - k * 0x1.62e42feep-1, -k * 0x1.a39ef35793c76p-33);
  Number tail{};
  for (int n = 11; n >= 0; --n) tail = tail * r + inverse_factorial[n];
  const auto [square, square_rest] = exact_square<Number>(r);
  const auto [one, one_rest] = exact_sum<Number>(Number{} + 1.0, r);
  const auto [sum, sum_rest] = exact_sum<Number>(one, 0.5 * square);
  const Number correction = ((one_rest + sum_rest) + (0.5 * square_rest + rest * one)) + square * r * tail;
  Bits bits;
  std::memcpy(&bits, &shifted, sizeof(Number));
  bits = (bits + 1023) << 52;  // k stands in the last bits of `shifted`
  Number power;
  std::memcpy(&power, &bits, sizeof(Number));
  return (sum + correction) * power;
}

}  // namespace detail

inline double exp(double x) {
  if (!(std::abs(x) < 700.0)) return std::exp(x);
  return detail::exponential<double, std::uint64_t>(x);
}

}  // namespace wilks
