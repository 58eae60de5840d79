// The Poisson term, split into a part that is small near the minimum and a constant.
#pragma once

#include <cmath>
#include <limits>

#if defined(__APPLE__)
extern "C" double lgamma_r(double, int*);  // <cmath> declares it only where _REENTRANT is set
#endif

namespace wilks {

// Poisson term without its constants: nu - n + n log(n/nu), exact near nu = n. Infinite outside the domain.
inline double poisson_deviance(double n, double nu) {
  if (n == 0) return nu >= 0 ? nu : std::numeric_limits<double>::infinity();
  if (!(nu > 0)) return std::numeric_limits<double>::infinity();
  const double d = (nu - n) / n;
  if (std::abs(d) < 0.2) return n * (d - std::log1p(d));
  return nu - n - n * std::log(nu / n);
}

// The term with its derivatives; infinite outside the domain, unless it is continued there.
struct PoissonTerm {
  double value, slope, curvature;
};

inline PoissonTerm poisson_term(double n, double nu) {
  if (!(n > 0)) return {poisson_deviance(n, nu), 1.0, 0.0};
  return {poisson_deviance(n, nu), (nu - n) / nu, n / (nu * nu)};
}

// The same, but below `least` > 0 its parabola there: finite everywhere, so that there is a way in from outside.
inline PoissonTerm continued_poisson_term(double n, double nu, double least) {
  if (nu >= least) return poisson_term(n, nu);
  const PoissonTerm there = poisson_term(n, least);
  const double d = nu - least;
  return {there.value + d * (there.slope + 0.5 * d * there.curvature), there.slope + d * there.curvature, there.curvature};
}

inline double log_gamma(double x) {
#if defined(__GLIBC__) || defined(__APPLE__)
  int sign;
  return ::lgamma_r(x, &sign);
#else
  return std::lgamma(x);
#endif
}

// n - n log n + log n!, by Stirling's series where the difference would cancel.
inline double poisson_constant(double n) {
  if (n <= 0) return 0.0;
  if (n < 64.0) return n - n * std::log(n) + log_gamma(n + 1.0);
  const double r = 1.0 / n, r2 = r * r;
  return 0.5 * std::log(6.283185307179586477 * n) + r * (1.0 / 12 + r2 * (-1.0 / 360 + r2 * (1.0 / 1260 - r2 / 1680)));
}

}  // namespace wilks
