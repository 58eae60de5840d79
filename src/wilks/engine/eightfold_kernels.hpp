// The nll and its gradient at eight points at once, each with data of its own, and the linear algebra of eight fits.
#pragma once

#include "eightfold_metric.hpp"

namespace wilks {

namespace detail {

// nu - n + n log(n/nu) = n (d s - s^3 (2/3 + 2/5 s^2 + ...)) with d = nu/n - 1 and s = d / (2 + d), and its slope. The series
// is for |s| < 1/4, where its last term is below rounding.
WILKS_INLINE Eight poisson_terms(const Eight& n, const Eight& nu, Eight& slope) {
  const Eight difference = nu - n, d = difference / n, s = d / (2.0 + d), s2 = s * s;
  Eight series = Eight{} + 2.0 / 29;
  for (int k = 27; k >= 3; k -= 2) series = series * s2 + 2.0 / k;
  Eight term = n * (s * (d - s2 * series));
  slope = difference / nu;
  for (int l = 0; l < fold; ++l)
    if (!(std::abs(s[l]) < 0.25)) {
      const PoissonTerm exact = poisson_term(n[l], nu[l]);
      term[l] = exact.value;
      slope[l] = exact.slope;
    }
  return term;
}

// The nll without its constants, the sum of its absolute terms, and the gradient; a lane whose rates are impossible has an
// infinite or undefined value. The data are those in `s`. `metric`, if there is one, becomes that of this point, for the
// parameters that are not fixed.
WILKS_INLINE void evaluate_eight_any(const Model& m, const Eight* theta, EightfoldScratch& s, Eight* gradient, Eight* value, Eight* magnitude,
                                     const char* fixed, EightfoldMetric* metric) {
  eightfold_values(m, theta, s);
  if (metric) eightfold_begin_metric(m, theta, s, *metric);
  s.value_gradient.fill(Eight{});
  std::fill(gradient, gradient + m.parameters, Eight{});
  Eight total{}, size{};
  for (int c = 0; c < m.channels; ++c) {
    eightfold_forward(m, theta, c, s);
    for (int b = 0; b < m.bins_of(c); ++b) {
      Eight n;
      std::memcpy(&n, s.observed.data() + static_cast<Index>(m.channel_bin[c] + b) * fold, sizeof(Eight));
      const Eight term = poisson_terms(n, s.rate[b], s.slope[b]);
      total += term;
      size += term;
      // Where far fewer events are expected than seen, n/nu^2 is the curvature along J and 1/nu far too little.
      if (!metric) continue;
      for (int l = 0; l < fold; ++l)
        metric->weight[m.channel_bin[c] + b][l] = std::max(n[l] / (s.rate[b][l] * s.rate[b][l]), 1.0 / std::max(s.rate[b][l], 0.1));
    }
    if (metric) eightfold_add_metric(m, theta, fixed, c, s, *metric);
    eightfold_gradient(m, theta, c, s, gradient);
  }
  for (int p = 0; p < m.parameters; ++p) gradient[p] += s.value_gradient[p];
  for (std::size_t i = 0; i < m.even_parameter.size(); ++i) gradient[m.even_parameter[i]] += s.even_slope[i] * s.value_gradient[m.inputs + 1 + i];
  eightfold_constraints(m, theta, s, gradient, total, size);
  *value = total;
  *magnitude = size;
  if (metric) eightfold_factor(m, fixed, *metric);
}

// y = A x for a square matrix of n rows, `ld` apart.
WILKS_INLINE void multiply_eight_any(const double* A, int n, const Eight* x, Eight* y) {
  int i = 0;
  for (; i + 4 <= n; i += 4) {
    const double* a = A + static_cast<Index>(i) * n;
    Eight sum[4] = {};
    for (int j = 0; j < n; ++j)
      for (int r = 0; r < 4; ++r) sum[r] += a[static_cast<Index>(r) * n + j] * x[j];
    for (int r = 0; r < 4; ++r) y[i + r] = sum[r];
  }
  for (; i < n; ++i) {
    Eight sum{};
    for (int j = 0; j < n; ++j) sum += A[static_cast<Index>(i) * n + j] * x[j];
    y[i] = sum;
  }
}

WILKS_INLINE void dot_eight_any(const Eight* a, const Eight* b, int n, Eight* out) {
  Eight sum[2] = {};
  int i = 0;
  for (; i + 2 <= n; i += 2) sum[0] += a[i] * b[i], sum[1] += a[i + 1] * b[i + 1];
  if (i < n) sum[0] += a[i] * b[i];
  *out = sum[0] + sum[1];
}

WILKS_INLINE void add_scaled_eight_any(Eight* y, const Eight* a, const Eight* x, int n) {
  for (int i = 0; i < n; ++i) y[i] += *a * x[i];
}

// One source for several vector widths, chosen when the library is loaded. (Of functions with clones, GCC lowers vectors
// this long before it clones.)
#if defined(__x86_64__) && defined(__GNUC__)
#define WILKS_WIDTHS(name, parameters, arguments)                                                      \
  inline void name##_base parameters { name##_any arguments; }                                        \
  __attribute__((target("avx2"))) inline void name##_avx2 parameters { name##_any arguments; }       \
  __attribute__((target("avx512f"))) inline void name##_avx512 parameters { name##_any arguments; }  \
  inline const auto name##_best = widest(name##_base, name##_avx2, name##_avx512);

template <class Function>
Function widest(Function base, Function avx2, Function avx512) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") ? avx512 : __builtin_cpu_supports("avx2") ? avx2 : base;
}
#else
#define WILKS_WIDTHS(name, parameters, arguments)                \
  inline void name##_base parameters { name##_any arguments; }  \
  inline const auto name##_best = name##_base;
#endif

WILKS_WIDTHS(evaluate_eight,
             (const Model& m, const Eight* theta, EightfoldScratch& s, Eight* gradient, Eight* value, Eight* magnitude, const char* fixed, EightfoldMetric* metric),
             (m, theta, s, gradient, value, magnitude, fixed, metric))
WILKS_WIDTHS(solve_eight, (const Model& m, EightfoldMetric& by, Eight* x), (m, by, x))
WILKS_WIDTHS(take_metric, (const EightBits& lanes, const EightfoldMetric& from, EightfoldMetric& to), (lanes, from, to))
WILKS_WIDTHS(take_lanes, (const EightBits& lanes, const Eights& from, Eights& to), (lanes, from, to))
WILKS_WIDTHS(multiply_eight, (const double* A, int n, const Eight* x, Eight* y), (A, n, x, y))
WILKS_WIDTHS(dot_eight, (const Eight* a, const Eight* b, int n, Eight* out), (a, b, n, out))
WILKS_WIDTHS(add_scaled_eight, (Eight* y, const Eight* a, const Eight* x, int n), (y, a, x, n))

#undef WILKS_WIDTHS

}  // namespace detail

}  // namespace wilks
