// exp, the same on every platform: it hardly ever differs from the exact value, rounded. Those of systems' libraries differ
// from one another in the last bit, and with them fits.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace wilks {

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

// 1 / 3!, 1 / 4!, ...
inline constexpr auto inverse_factorial = [] {
  std::array<double, 12> out{};
  double factorial = 2.0;
  for (int n = 0; n < 12; ++n) out[n] = 1.0 / (factorial *= n + 3);
  return out;
}();

}  // namespace detail

// exp(k log 2 + r) with |r| < 0.35: the series of exp(r), its first three terms without rounding.
inline double exp(double x) {
  if (!(std::abs(x) < 700.0)) return std::exp(x);
  const double k = (x * 1.4426950408889634 + 0x1.8p52) - 0x1.8p52;  // a whole number
  // log 2 in two parts, the first with trailing zeros: its multiples are exact.
  const auto [r, rest] = detail::exact_sum(x - k * 0x1.62e42feep-1, -k * 0x1.a39ef35793c76p-33);
  double tail = 0.0;
  for (int n = 11; n >= 0; --n) tail = tail * r + detail::inverse_factorial[n];
  const auto [square, square_rest] = detail::exact_square(r);
  const auto [one, one_rest] = detail::exact_sum(1.0, r);
  const auto [sum, sum_rest] = detail::exact_sum(one, 0.5 * square);
  const double correction = ((one_rest + sum_rest) + (0.5 * square_rest + rest * one)) + square * r * tail;
  const double power = std::bit_cast<double>(static_cast<std::uint64_t>(1023 + static_cast<int>(k)) << 52);
  return (sum + correction) * power;
}

}  // namespace wilks
