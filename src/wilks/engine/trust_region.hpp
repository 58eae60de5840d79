// The trust-region subproblem: the step that lowers a quadratic model most within a length, measured in the metric.
#pragma once

#include <cstdint>

#include "newton.hpp"

namespace wilks {

class TrustRegion {
 public:
  TrustRegion(const Model& model, const Derivatives& derivatives, Newton& newton, const std::vector<char>& masked)
      : p(model.parameters, 0.0), direction(model.parameters, 0.0), m(model), derivatives_(derivatives), newton_(newton), masked_(masked),
        work_(model.parameters, 0.0), work2_(model.parameters, 0.0) {}

  std::vector<double> p;          // the step; 0 for masked parameters
  std::vector<double> direction;  // of the smallest eigenvalue asked for last

  double product(const double* a, const double* b) const { return dot(a, b, m.parameters); }
  double length(const double* p) const { return std::sqrt(newton_.metric_square(p)); }

  // The step of the matrix that was factorised last.
  void newton_step() {
    for (int i = 0; i < m.parameters; ++i) p[i] = masked_[i] ? 0.0 : -derivatives_.gradient[i];
    newton_.solve(p.data(), p.data());
  }

  // Estimated distance to the minimum, in nll, of a Newton step.
  double edm() const { return -0.5 * product(derivatives_.gradient, p.data()); }

  // Smallest eigenvalue of H relative to the metric and its direction (unit length in the metric), by inverse iteration
  // with the factor of H + shift M at hand.
  double smallest_eigenvalue(double shift) {
    double* z = direction.data();
    std::uint64_t state = 0x9E3779B97F4A7C15ull;
    for (int i = 0; i < m.parameters; ++i) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      z[i] = masked_[i] ? 0.0 : (static_cast<double>(state >> 11) / 9007199254740992.0 - 0.5) / std::sqrt(newton_.diagonal[i]);
    }
    double eigenvalue = 0.0;
    for (int k = 0; k < 12; ++k) {
      const double norm = length(z);
      if (!(norm > 0) || !std::isfinite(norm)) return 0.0;
      for (int i = 0; i < m.parameters; ++i) z[i] /= norm;
      newton_.multiply(1.0, 0.0, z, work_.data());
      const double now = product(z, work_.data());
      if (k > 0 && std::abs(now - eigenvalue) < 1e-2 * std::abs(now + shift)) return now;
      eigenvalue = now;
      if (k == 11) break;
      newton_.multiply(0.0, 1.0, z, work_.data());
      newton_.solve(work_.data(), z);
    }
    return eigenvalue;
  }

  // More-Sorensen: (H + lambda M) p = -g with |p| near radius; in the hard case an eigenvector is added. `guess` is where
  // the search for lambda starts if H is not positive definite.
  double bounded_step(double radius, bool positive_definite, double guess) {
    double low = 0.0, high = std::numeric_limits<double>::infinity(), lambda = positive_definite ? 0.0 : guess;
    if (positive_definite) lambda = newton_update(0.0, radius);
    for (int k = 0; k < 60; ++k) {
      if (!newton_.factor(lambda)) {
        low = std::max(low, lambda);
        lambda = std::isfinite(high) ? std::max(std::sqrt(std::max(low, 1e-12) * high), low + 0.05 * (high - low)) : std::max(4.0 * lambda, 1e-6);
        continue;
      }
      newton_step();
      const double size = length(p.data());
      if (std::abs(size - radius) <= 0.25 * radius) return lambda;
      if (size < radius) {
        high = std::min(high, lambda);
        double* z = direction.data();
        const double curvature = smallest_eigenvalue(lambda) + lambda;  // z (H + lambda M) z
        const double tau = root(p.data(), z, size, radius);
        newton_.multiply(1.0, lambda, p.data(), work_.data());
        if (tau * tau * curvature <= 0.25 * (product(p.data(), work_.data()) + lambda * radius * radius)) {
          add_scaled(p.data(), tau, z, m.parameters);
          return lambda;
        }
        low = std::max(low, lambda - curvature);
        if (high - low <= 1e-12 * high) return lambda;
      } else {
        low = std::max(low, lambda);
      }
      lambda = newton_update(lambda, radius);
      if (!(lambda > low && lambda < high))
        lambda = std::isfinite(high) ? std::max(std::sqrt(std::max(low, 1e-12 * high) * high), low + 0.05 * (high - low)) : 2.0 * low + 1e-6;
    }
    return lambda;
  }

 private:
  const Model& m;
  const Derivatives& derivatives_;
  Newton& newton_;
  const std::vector<char>& masked_;
  std::vector<double> work_, work2_;

  // Newton's iteration on 1/radius - 1/|p(lambda)|.
  double newton_update(double lambda, double radius) {
    const double size = length(p.data());
    newton_.multiply(0.0, 1.0, p.data(), work_.data());
    newton_.solve(work_.data(), work2_.data());
    const double slope = product(work_.data(), work2_.data());
    if (!(slope > 0)) return lambda;
    return lambda + size * size / slope * (size - radius) / radius;
  }

  // tau with |p + tau z| = radius that lowers the model more; |z| = 1.
  double root(const double* p, const double* z, double size, double radius) {
    newton_.multiply(0.0, 1.0, z, work_.data());
    const double b = product(p, work_.data()), c = size * size - radius * radius;
    const double s = std::sqrt(std::max(0.0, b * b - c));
    return b > 0 ? -c / (b + s) : s - b;
  }
};

}  // namespace wilks
