// Many fits with one Hessian.
#pragma once

#include "newton.hpp"
#include "outcome.hpp"

namespace wilks {

// Fits of data that fluctuate about the expectation at one point: the Hessian expected there serves all of them, and each
// fit costs some gradients. Fails, without harm, where that does not converge fast: then the fit is left to Minimiser.
class SharedHessian {
 public:
  SharedHessian(const Model& model, const double* start, const double* auxiliary, const double* lower, const double* upper, const char* fixed)
      : m(model), lower_(lower), upper_(upper), start_(start), scratch_(model), derivatives_(model), newton_(model, derivatives_),
        fixed_(fixed, fixed + model.parameters), x_(model.parameters), p_(model.parameters), previous_(model.parameters),
        steps_(static_cast<std::size_t>(steps) * model.parameters), changes_(steps_) {
    newton_.masked = fixed_.data();
    std::vector<double> expected(m.bins, 0.0);
    double value, magnitude;
    const Data data{expected.data(), auxiliary};
    // Two steps: the rates, then the Hessian for data equal to them.
    if (evaluate<2>(m, start, data, nullptr, scratch_, derivatives_, value, magnitude) != inside_domain) return;
    std::copy(derivatives_.rate, derivatives_.rate + m.bins, expected.begin());
    if (evaluate<2>(m, start, data, nullptr, scratch_, derivatives_, value, magnitude) != inside_domain) return;
    ready_ = newton_.factor(0.0);
  }

  // Its factor, or null where it is not positive definite.
  Newton* newton() { return ready_ ? &newton_ : nullptr; }

  // Limited-memory BFGS (Liu, Nocedal, Math. Program. 45 (1989) 503) with the shared factor as the initial Hessian.
  bool run(const Data& data, Outcome& out) {
    if (!ready_) return false;
    const int P = m.parameters;
    const double* gradient = derivatives_.gradient;
    std::copy(start_, start_ + P, x_.begin());
    double value, magnitude, last = std::numeric_limits<double>::infinity();
    for (int k = 0; k < steps; ++k) {
      for (int shorter = 0;; ++shorter) {
        const bool inside = evaluate<1>(m, x_.data(), data, nullptr, scratch_, derivatives_, value, magnitude) == inside_domain;
        if (inside && value <= last) break;
        if (k == 0 || shorter == 4) return false;
        for (int i = 0; i < P; ++i) {
          x_[i] -= 0.7 * step(k - 1)[i];
          step(k - 1)[i] *= 0.3;
        }
      }
      last = value + 1e-13 * (magnitude + 1.0);
      for (int i = 0; i < P; ++i) p_[i] = fixed_[i] ? 0.0 : gradient[i];
      if (k > 0) {
        double* y = change(k - 1);
        for (int i = 0; i < P; ++i) y[i] = fixed_[i] ? 0.0 : gradient[i] - previous_[i];
        const double curvature = dot(step(k - 1), y, P);
        if (!(curvature > 0)) return false;
        weight_[k - 1] = 1.0 / curvature;
      }
      for (int j = k - 1; j >= 0; --j) {
        factor_[j] = weight_[j] * dot(step(j), p_.data(), P);
        add_scaled(p_.data(), -factor_[j], change(j), P);
      }
      newton_.solve(p_.data(), p_.data());
      for (int j = 0; j < k; ++j) add_scaled(p_.data(), factor_[j] - weight_[j] * dot(change(j), p_.data(), P), step(j), P);
      const double edm = 0.5 * dot(gradient, p_.data(), P);
      if (!(edm >= 0)) return false;
      for (int i = 0; i < P; ++i) {
        step(k)[i] = -p_[i];
        previous_[i] = gradient[i];
        x_[i] -= p_[i];
        if (!fixed_[i] && !(x_[i] > lower_[i] && x_[i] < upper_[i])) return false;
      }
      if (edm < tolerance) {
        out.status = converged;
        out.theta = x_;
        out.value = value - edm;
        out.edm = edm;
        out.iterations = out.evaluations = k + 1;
        return true;
      }
    }
    return false;
  }

 private:
  static constexpr double tolerance = 1e-11;
  static constexpr int steps = 30;
  const Model& m;
  const double *lower_, *upper_, *start_;
  Scratch scratch_;
  OwnedDerivatives derivatives_;
  Newton newton_;
  std::vector<char> fixed_;
  std::vector<double> x_, p_, previous_, steps_, changes_;
  double weight_[steps], factor_[steps];
  bool ready_ = false;

  double* step(int k) { return steps_.data() + static_cast<Index>(k) * m.parameters; }
  double* change(int k) { return changes_.data() + static_cast<Index>(k) * m.parameters; }
};

}  // namespace wilks
