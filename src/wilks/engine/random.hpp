// Random counts and normal deviates, the same on every platform: toy i of a seed depends on nothing else.
//
// Only + - * / and sqrt of doubles are used, whose bits IEEE 754 fixes (the build forbids fused multiply-adds), never
// the exp and log of a system's library.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace wilks {

using Words = std::array<std::uint32_t, 4>;

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11).
inline Words philox(Words x, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * x[0], b = std::uint64_t{0xCD9E8D57} * x[2];
    x = {static_cast<std::uint32_t>(b >> 32) ^ x[1] ^ key0, static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ x[3] ^ key1, static_cast<std::uint32_t>(a)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return x;
}

namespace random_detail {

// log((1 + s) / (1 - s)) = 2 s + 2 s^3 tail(s^2), for |s| < 0.172.
constexpr double tail(double square) {
  double sum = 0.0;
  for (int k = 25; k >= 3; k -= 2) sum = sum * square + 1.0 / k;
  return sum;
}

// Logarithm of a positive, normal number.
constexpr double log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  // log 2 in two parts, the first with trailing zeros: its multiples are exact.
  return exponent * 0x1.62e42feep-1 + (2.0 * s + (2.0 * s * s * s * tail(s * s) + exponent * 0x1.a39ef35793c76p-33));
}

// exp(-x) for 0 <= x <= 20.
inline double exp_minus(double x) {
  const int halvings = static_cast<int>(x * 1.4426950408889634 + 0.5);
  const double r = (halvings * 0x1.62e42feep-1 - x) + halvings * 0x1.a39ef35793c76p-33;
  double sum = 1.0;
  for (int k = 16; k >= 1; --k) sum = 1.0 + sum * r / k;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(1023 - halvings) << 52);
}

constexpr double two_pi = 6.283185307179586477;

inline constexpr auto stirling_below_16 = [] {
  std::array<double, 16> out{};
  double factorial = 1.0;
  for (int n = 1; n < 16; ++n) {
    factorial *= n;
    out[n] = log(factorial) - n * log(n) + n - 0.5 * log(two_pi * n);
  }
  return out;
}();

// What Stirling's formula lacks: log n! - (n log n - n + log(2 pi n) / 2), for n = 1, 2, ...
inline double stirling_error(double n) {
  if (n < 16) return stirling_below_16[static_cast<int>(n)];
  const double i = 1.0 / n, j = i * i;
  return i * (1.0 / 12 - j * (1.0 / 360 - j * (1.0 / 1260 - j * (1.0 / 1680 - j / 1188))));
}

inline constexpr auto inverse = [] {
  std::array<double, 128> out{};
  for (int n = 1; n < 128; ++n) out[n] = 1.0 / n;
  return out;
}();

}  // namespace random_detail

// The random numbers of one toy. The key of the generator is the seed; its counter holds the toy, the stream (which
// separates, say, the hypotheses of a test) and how many blocks of four words the toy has used.
class Toy {
 public:
  Toy(std::uint64_t seed, std::uint32_t stream, std::uint64_t index)
      : key0(static_cast<std::uint32_t>(seed)), key1(static_cast<std::uint32_t>(seed >> 32)),
        counter{0, stream, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32)} {}

  // Uniform on the odd multiples of 2^-53 between 0 and 1: never 0 or 1, symmetric about 1/2.
  double uniform() {
    if (used == size) refill();
    return buffer[used++];
  }

  // Standard normal, by the polar method (Marsaglia and Bray, SIAM Review 6 (1964) 260). It gives two at a time.
  double normal() {
    if (has_spare) {
      has_spare = false;
      return spare;
    }
    double x, y, square;
    do {
      x = 2.0 * uniform() - 1.0;
      y = 2.0 * uniform() - 1.0;
      square = x * x + y * y;
    } while (square >= 1.0);
    const double factor = std::sqrt(-2.0 * random_detail::log(square) / square);
    spare = y * factor;
    has_spare = true;
    return x * factor;
  }

 private:
  static constexpr int size = 8;
  std::uint32_t key0, key1;
  Words counter;
  double buffer[size];
  double spare = 0.0;
  int used = size;
  bool has_spare = false;

  void refill() {
    for (int i = 0; i < size; i += 2) {
      const Words w = philox(counter, key0, key1);
      ++counter[0];
      for (int half = 0; half < 2; ++half) {
        const std::uint64_t bits = static_cast<std::uint64_t>(w[2 * half + 1]) << 32 | w[2 * half];
        buffer[i + half] = (static_cast<double>(static_cast<std::int64_t>(bits >> 12)) + 0.5) * 0x1p-52;
      }
    }
    used = 0;
  }
};

// Poisson counts of one mean, finite and not negative. Below 10 by inversion, to the resolution 2^-52 of the uniform numbers; above
// by transformed rejection with squeeze (PTRS: W. Hormann, Insurance: Mathematics and Economics 12 (1993) 39), with
// the probabilities as deviance and Stirling's series (C. Loader, 2000), which do not cancel at large means.
class Poisson {
 public:
  explicit Poisson(double mean) : mean(mean) {
    if (mean < 10) {
      zero = random_detail::exp_minus(mean);
      return;
    }
    b = 0.931 + 2.53 * std::sqrt(mean);
    a = -0.059 + 0.02483 * b;
    alpha = 1.1239 + 1.1328 / (b - 3.4);
    squeeze = 0.9277 - 3.6224 / (b - 2.0);
    whole = std::floor(mean);
    fraction = mean - whole;
  }

  double operator()(Toy& toy) const { return mean < 10 ? inverted(toy) : transformed(toy); }

 private:
  double mean, zero = 0.0, b = 0.0, a = 0.0, alpha = 0.0, squeeze = 0.0, whole = 0.0, fraction = 0.0;

  double inverted(Toy& toy) const {
    double left = toy.uniform() - zero, p = zero;
    int n = 0;
    // Where rounding leaves something after the last probability that counts, the tail ends.
    while (left > 0 && (n < mean || p > 0x1p-60)) {
      p *= mean * random_detail::inverse[++n];
      left -= p;
    }
    return n;
  }

  double transformed(Toy& toy) const {
    for (;;) {
      const double u = toy.uniform() - 0.5, v = toy.uniform(), edge = 0.5 - std::abs(u);
      // The distance from the whole part of the mean: exact, where their sum would be rounded.
      const double distance = std::floor((2.0 * a / edge + b) * u + fraction + 0.43);
      if (edge >= 0.07 && v <= squeeze) return whole + distance;
      const double n = whole + distance;
      if (n < 0 || (edge < 0.013 && v > edge)) continue;
      if (below(v * alpha / (a / (edge * edge) + b), n, fraction - distance)) return n;
    }
  }

  // Whether x is at most the probability of n, given mean - n: exp(-deviance - stirling_error) / sqrt(2 pi n).
  bool below(double x, double n, double difference) const {
    using namespace random_detail;
    if (n == 0) return log(x) <= -mean;
    const double d = difference / n, s = d / (2.0 + d);
    // Deviance over n: d - log(1 + d), written so that a small d does not cancel.
    const double deviance = std::abs(s) < 0.17 ? d * s - 2.0 * s * s * s * tail(s * s) : d - log(mean / n);
    return 0.5 * log(two_pi * n * x * x) <= -n * deviance - stirling_error(n);
  }
};

// Data sets of some means: an entry with a width is normal, one without (0) a Poisson count.
class Sampler {
 public:
  Sampler(const double* mean, const double* sigma, std::size_t size) : mean_(mean), sigma_(sigma), counts_(size) {
    for (std::size_t i = 0; i < size; ++i) {
      const bool normal = sigma[i] != 0;
      possible = possible && std::isfinite(mean[i]) && std::isfinite(sigma[i]) && (normal || mean[i] >= 0);
      if (possible && !normal) counts_[i].emplace(mean[i]);
    }
  }

  bool possible = true;  // means and widths are finite, means of counts not negative

  void operator()(Toy toy, double* out) const {
    for (std::size_t i = 0; i < counts_.size(); ++i) out[i] = counts_[i] ? (*counts_[i])(toy) : mean_[i] + sigma_[i] * toy.normal();
  }

 private:
  const double *mean_, *sigma_;
  std::vector<std::optional<Poisson>> counts_;
};

}  // namespace wilks
