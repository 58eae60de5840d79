// A factorised matrix at a point, for fits that pass near it or end there.
#pragma once

#include <memory>

#include "newton.hpp"

namespace wilks {

struct Waypoint {
  OwnedDerivatives derivatives;
  Newton newton;
  std::vector<char> masked;              // parameters that the factor does not move
  std::vector<double> inverse_diagonal;  // of the Hessian
  double edm = 0.0;                      // of the step from here

  Waypoint(const Model& model, const char* held, const double* lower, const double* upper)
      : derivatives(model), newton(model, derivatives), masked(held, held + model.parameters), inverse_diagonal(model.parameters, 0.0) {
    newton.masked = masked.data();
    newton.lower = lower;
    newton.upper = upper;
  }
  Waypoint(const Waypoint&) = delete;
  Waypoint& operator=(const Waypoint&) = delete;

  bool evaluate_at(const double* theta, const Data& data, Scratch& scratch, double& value) {
    double magnitude;
    if (evaluate<2>(newton.m, theta, data, nullptr, scratch, derivatives, value, magnitude) != inside_domain) return false;
    newton.new_point(theta);
    const Model& m = newton.m;
    for (int i = 0; i < m.shared; ++i) inverse_diagonal[m.shared_parameter[i]] = 1.0 / derivatives.shared[static_cast<Index>(i) * (newton.ld + 1)];
    for (int i = 0; i < m.parameters; ++i)
      if (m.local_diagonal[i] >= 0) inverse_diagonal[i] = 1.0 / derivatives.local[m.local_diagonal[i]];
    return true;
  }

  // Newton's step, to be subtracted, and its EDM.
  double step(double* p) {
    for (int i = 0; i < newton.m.parameters; ++i) p[i] = masked[i] ? 0.0 : derivatives.gradient[i];
    newton.solve(p, p);
    return 0.5 * dot(derivatives.gradient, p, newton.m.parameters);
  }

  // How much memory one takes, in doubles.
  static double size(const Model& m) {
    double rows = 0;
    for (int c = 0; c < m.channels; ++c) rows += static_cast<double>(m.slots_of(c)) * m.bins_of(c) * padded(m.columns_of(c));
    return 3.0 * m.shared * padded(m.shared) + 2.0 * rows + static_cast<double>(m.jacobian_size);
  }
};

using Path = std::vector<std::unique_ptr<Waypoint>>;

// The way from a start to a minimum, with the matrix of each step: the metric far from the minimum, the Hessian near it, as in
// Minimiser. It ends with the Hessian where less than `near` is left, in nll; empty where it gets difficult.
inline Path path_from(const Model& m, const double* start, const Data& data, const double* lower, const double* upper, const char* held, Scratch& scratch) {
  constexpr double near = 1e-2, memory = 3e7;
  const std::size_t most = static_cast<std::size_t>(std::min(9.0, memory / (Waypoint::size(m) + 1.0)));
  Path path;
  std::vector<double> x(start, start + m.parameters), p(m.parameters), next(x);
  double last = std::numeric_limits<double>::infinity(), value;
  while (path.size() < most) {
    path.push_back(std::make_unique<Waypoint>(m, held, lower, upper));
    Waypoint& here = *path.back();
    bool possible = here.evaluate_at(next.data(), data, scratch, value) && value < last;
    for (int cuts = 0; cuts < 4 && !possible && path.size() > 1; ++cuts) {
      for (int i = 0; i < m.parameters; ++i) next[i] = x[i] + 0.3 * (next[i] - x[i]);
      possible = here.evaluate_at(next.data(), data, scratch, value) && value < last;
    }
    if (!possible) return {};
    last = value;
    x = next;
    for (int i = 0; i < m.parameters; ++i) {
      const double slope = here.derivatives.gradient[i];
      here.masked[i] = held[i] || (x[i] <= lower[i] && slope >= 0) || (x[i] >= upper[i] && slope <= 0);
    }
    if (!here.newton.factor(1.0, false)) return {};
    here.edm = here.step(p.data());
    const bool exact = here.edm < 1.0 && here.newton.factor(0.0);
    if (exact) here.edm = here.step(p.data());
    // Other fits may leave the bounds.
    const std::vector<char> masked(here.masked);
    here.masked.assign(held, held + m.parameters);
    if (!here.newton.factor(exact ? 0.0 : 1.0, exact)) {
      here.masked = masked;
      if (!here.newton.factor(exact ? 0.0 : 1.0, exact)) return {};
    }
    if (exact && here.edm < near) return path;
    for (int i = 0; i < m.parameters; ++i) next[i] = held[i] ? x[i] : std::min(std::max(x[i] - p[i], lower[i]), upper[i]);
    for (int i = 0; i < m.constraints; ++i)
      if (const int q = m.constraint_parameter[i]; m.constraint_kind[i] == constraint_poisson && !held[q]) next[q] = std::max(next[q], 0.2 * x[q]);
  }
  return {};
}

}  // namespace wilks
