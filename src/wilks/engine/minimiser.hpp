// Trust-region Newton minimisation with bounds: exact Hessian, region measured in the Fisher metric, negative curvature
// followed (More, Sorensen, SIAM J. Sci. Stat. Comput. 4 (1983) 553; Conn, Gould, Toint, SIAM 2000).
#pragma once

#include "outcome.hpp"
#include "trust_region.hpp"

namespace wilks {

class Minimiser {
 public:
  Minimiser(const Model& model, const Data& data, const double* lower, const double* upper, const char* fixed, const Options& options,
            Stop stop)
      : m(model), data_(data), lower_(lower), upper_(upper), fixed_(fixed), options_(options), stop_(stop), scratch_(model),
        derivatives_(model), newton_(model, derivatives_), masked_(model.parameters, 0),
        region_(model, derivatives_, newton_, masked_), p_(region_.p) {
    const std::size_t P = m.parameters;
    for (auto* v : {&x_, &trial_, &work_, &low_, &high_}) v->assign(P, 0.0);
    side_.assign(P, 1);
    kinked_.assign(P, 0);
    for (std::size_t e = 0; e < m.factor_parameter.size(); ++e)
      if (m.factor_code[e] == factor_code1) kinked_[m.factor_parameter[e]] = any_kink_ = 1;
    for (std::size_t i = 0; i < m.even_parameter.size(); ++i)
      if (m.even_code[i] == shape_code0) kinked_[m.even_parameter[i]] = any_kink_ = 1;
    newton_.masked = masked_.data();
    newton_.lower = lower;
    newton_.upper = upper;
  }

  // The same model, bounds and fixed parameters, other data.
  void set_data(const Data& data) { data_ = data; }

  Outcome run(const double* start) {
    Outcome out;
    edm_ = 0.0;
    exact_ = true;
    factored_ = weak_released_ = positive_definite_ = false;
    place(start);
    out.status = minimise(out);
    if (out.status == rate_boundary || out.status == stalled || out.status == iteration_limit) approach_boundary(start, out);
    finish(out);
    return out;
  }

 private:
  const Model& m;
  Data data_;
  const double *lower_, *upper_;
  const char* fixed_;
  Options options_;
  Stop stop_;
  Scratch scratch_;
  OwnedDerivatives derivatives_;
  Newton newton_;
  std::vector<char> masked_;
  TrustRegion region_;
  std::vector<double>& p_;  // the step
  std::vector<double> x_, trial_, work_, low_, high_;
  std::vector<char> kinked_;
  std::vector<signed char> side_;
  char any_kink_ = 0;
  double value_ = 0, magnitude_ = 0, edm_ = 0;
  bool positive_definite_ = false, exact_ = true;
  bool weak_released_ = false;
  bool factored_ = false;  // whether `newton_` holds the factor of H at the current point and mask

  // A direction whose curvature relative to the metric is below this is flat: rounding alone makes about 1e-12 of it.
  static constexpr double flat_eigenvalue = 1e-9, sharp = 1e-16, valley_shift = 1e-7, valley_noise = 1e-9;

  void place(const double* start) {
    for (int i = 0; i < m.parameters; ++i) {
      x_[i] = fixed_[i] ? start[i] : std::min(std::max(start[i], lower_[i]), upper_[i]);
      side_[i] = x_[i] < 0 ? -1 : 1;
    }
  }

  // Where a rate is driven to zero: give bins (almost) without events a small number of them, a logarithmic barrier, and
  // lower it step by step. Ends with the true data at the lowest point seen.
  void approach_boundary(const double* start, Outcome& out) {
    bool starved = false;
    for (int b = 0; b < m.bins; ++b) starved = starved || (data_.observed[b] < 0.1 && derivatives_.rate[b] < 0.1);
    if (!starved || options_.max_iterations == 0) return;
    const Data truth = data_;
    const Status first = out.status;
    std::vector<double> lowest(x_), raised(truth.observed, truth.observed + m.bins);
    const double lowest_value = value_;
    const int where = out.bad_bin, budget = options_.max_iterations;
    place(start);  // the point reached has no room left
    for (double events = 0.1; events > 1e-9 && out.iterations < 10 * budget; events *= 0.1) {
      for (int b = 0; b < m.bins; ++b) raised[b] = std::max(truth.observed[b], events);
      data_.observed = raised.data();
      const int used = out.iterations;
      if (minimise(out) == interrupted) break;
      out.iterations += used;
    }
    data_ = truth;
    const int used = out.iterations;
    Status last = minimise(out);
    out.iterations += used;
    if (last == start_outside || !(value_ <= lowest_value)) {
      x_ = lowest;
      evaluate_all(out);
      last = first;
    }
    out.status = last == stalled && out.bad_bin != inside_domain ? rate_boundary : last;
    if (out.bad_bin == inside_domain) out.bad_bin = where;
  }

  int evaluate_all(Outcome& out) {
    ++out.evaluations;
    const int bad = evaluate<2>(m, x_.data(), data_, side_.data(), scratch_, derivatives_, value_, magnitude_);
    if (bad == inside_domain) newton_.new_point(x_.data());
    return bad;
  }

  // Bounds of this iteration: a parameter with a kink at 0 stays on its side.
  void set_bounds() {
    for (int i = 0; i < m.parameters; ++i) {
      low_[i] = lower_[i];
      high_[i] = upper_[i];
      if (!kinked_[i] || fixed_[i]) continue;
      if (side_[i] > 0)
        low_[i] = std::max(low_[i], std::min(0.0, high_[i]));
      else
        high_[i] = std::min(high_[i], std::max(0.0, low_[i]));
    }
  }

  bool held(int i) const {
    const double g = derivatives_.gradient[i];
    return (x_[i] <= low_[i] && g >= 0) || (x_[i] >= high_[i] && g <= 0);
  }

  // Cross kinks whose other side goes down. Returns whether any was crossed.
  bool cross_kinks(Outcome& out) {
    bool candidate = false;
    std::vector<signed char> flipped(side_);
    for (int i = 0; i < m.parameters; ++i)
      if (kinked_[i] && !fixed_[i] && x_[i] == 0.0 && held(i) && lower_[i] < 0 && upper_[i] > 0) flipped[i] = -side_[i], candidate = true;
    if (!candidate) return false;
    Derivatives other;
    std::vector<double> gradient(m.parameters);
    other.gradient = gradient.data();
    double value, magnitude;
    ++out.evaluations;
    if (evaluate<1>(m, x_.data(), data_, flipped.data(), scratch_, other, value, magnitude) != inside_domain) return false;
    bool crossed = false;
    for (int i = 0; i < m.parameters; ++i)
      if (flipped[i] != side_[i] && gradient[i] * flipped[i] < 0) side_[i] = flipped[i], crossed = true;
    return crossed;
  }

  // A parameter on its bound whose gradient is (nearly) zero: only the curvature tells whether it belongs there.
  bool weakly_held(int i) const { return held(i) && std::abs(derivatives_.gradient[i]) < 1e-9 * std::sqrt(newton_.diagonal[i]); }

  void set_mask() {
    for (int i = 0; i < m.parameters; ++i) masked_[i] = fixed_[i] || (held(i) && !(weak_released_ && weakly_held(i)));
  }

  // Before a minimum is believed: free the weakly held parameters once, so that negative curvature among them shows.
  bool release_weak() {
    if (weak_released_) return false;
    for (int i = 0; i < m.parameters; ++i)
      if (!fixed_[i] && lower_[i] < upper_[i] && weakly_held(i)) weak_released_ = true;
    return weak_released_;
  }

  Status minimise(Outcome& out) {
    set_bounds();
    out.bad_bin = evaluate_all(out);
    if (out.bad_bin != inside_domain) return start_outside;
    if (options_.max_iterations == 0) return certify();
    int free = 0;
    for (int i = 0; i < m.parameters; ++i) free += !fixed_[i];
    double radius = 10.0 + 3.0 * std::sqrt(static_cast<double>(free));
    bool left_domain = false;  // whether the last rejected step did
    bool near = false;         // whether the exact Hessian has promised less than 1
    double polished_edm = std::numeric_limits<double>::infinity(), accepted_edm = polished_edm;
    for (out.iterations = 0; out.iterations < options_.max_iterations; ++out.iterations) {
      if (stop_.ask && stop_.ask(stop_.context)) return interrupted;
      if (any_kink_ && cross_kinks(out)) {
        set_bounds();
        evaluate_all(out);
      }
      set_mask();
      double lambda = 0.0;
      positive_definite_ = false;
      factored_ = false;
      exact_ = near || !far_from_minimum(radius, lambda);
      if (!exact_) {
        // p_ is the step.
      } else if ((positive_definite_ = factored_ = newton_.factor(0.0))) {
        region_.newton_step();
        edm_ = -0.5 * region_.product(derivatives_.gradient, p_.data());
        near = edm_ < 1.0;
        if (edm_ < options_.tolerance) {
          if (release_weak()) continue;
          if (!options_.polish || edm_ > 0.1 * polished_edm || !inside_bounds()) return converged;
          // A small eigenvalue may be the noise of a flat direction: it fades as the minimum is approached.
          if (edm_ < sharp && (edm_ < 1e-28 || region_.smallest_eigenvalue(0.0) > 1e-2)) return last_step(out);
          polished_edm = edm_;
          if (!polish(out)) return converged;
          continue;
        }
      } else if (gentle_step(out, lambda)) {
        if (edm_ < options_.tolerance && out.smallest_eigenvalue > -valley_noise) return flat_direction;
        positive_definite_ = true;
      }
      if (exact_ && (!positive_definite_ || region_.length(p_.data()) > radius)) {
        near = factored_ = false;
        lambda = region_.bounded_step(radius, positive_definite_);
        positive_definite_ = false;
      }
      double predicted = 0.0;
      clamp(lambda, radius, predicted);
      const double size = region_.length(p_.data());
      // The best step inside a wide region gains nothing: a minimum, though a semi-definite one.
      if (exact_ && !positive_definite_ && predicted < 1e-3 * options_.tolerance && radius > 0.1 && slope() < 1e-3) {
        edm_ = std::max(predicted, 0.0);
        return flat_direction;
      }
      if (!(predicted > 0)) {
        radius = 0.25 * std::min(radius, size);
        if (radius < 1e-12) return left_domain ? rate_boundary : stalled;
        continue;
      }
      for (int i = 0; i < m.parameters; ++i) trial_[i] = landed(i);
      double value, magnitude;
      ++out.evaluations;
      const int bad = evaluate<0>(m, trial_.data(), data_, nullptr, scratch_, derivatives_, value, magnitude);
      const double noise = 1e-15 * (magnitude_ + 1.0);
      const double ratio = bad == inside_domain ? (value_ - value) / predicted : -1.0;
      if (ratio < 0.25) {
        radius = 0.25 * std::min(radius, size);
        if ((left_domain = bad != inside_domain)) out.bad_bin = bad;
      } else if (ratio > 0.75 && size > 0.8 * radius) {
        radius *= 3.0;
      }
      const bool below_noise = bad == inside_domain && predicted < 100 * noise && std::abs(value - value_) <= 100 * noise;
      if (ratio > 1e-4 || below_noise) {
        if (below_noise && edm_ > 0.5 * accepted_edm && ratio <= 1e-4) return edm_ < 100 * noise ? converged : stalled;
        accepted_edm = edm_;
        weak_released_ = false;
        std::swap(x_, trial_);
        factored_ = false;
        evaluate_all(out);
      } else if (radius < 1e-10) {
        return left_domain ? rate_boundary : stalled;
      }
    }
    return iteration_limit;
  }

  // Judge the starting point without moving.
  Status certify() {
    set_mask();
    if (!(positive_definite_ = factored_ = newton_.factor(0.0))) return stalled;
    region_.newton_step();
    edm_ = -0.5 * region_.product(derivatives_.gradient, p_.data());
    return edm_ < options_.tolerance ? converged : stalled;
  }

  // Far from the minimum the metric stands in for the Hessian: the step is scaled to the radius, and no curvature of the
  // residuals misleads it. Sets p_ and returns true if so.
  bool far_from_minimum(double radius, double& lambda) {
    if (!newton_.factor(1.0, false)) return false;
    region_.newton_step();
    const double edm = -0.5 * region_.product(derivatives_.gradient, p_.data());
    if (edm < 1.0) return false;
    const double scale = std::max(1.0, region_.length(p_.data()) / radius);
    for (double& x : p_) x /= scale;
    lambda = scale;
    return true;
  }

  // Squared length of the gradient in units of the metric's diagonal.
  double slope() const {
    double total = 0.0;
    for (int i = 0; i < m.parameters; ++i)
      if (!masked_[i]) total += derivatives_.gradient[i] * derivatives_.gradient[i] / newton_.diagonal[i];
    return total;
  }

  bool inside_bounds() const {
    for (int i = 0; i < m.parameters; ++i)
      if (!masked_[i] && (x_[i] + p_[i] < low_[i] || x_[i] + p_[i] > high_[i])) return false;
    return true;
  }

  double landed(int i) const {
    if (masked_[i]) return x_[i];
    const double target = x_[i] + p_[i], rounding = 1e-15 * std::abs(p_[i]);
    return target <= low_[i] + rounding ? low_[i] : target >= high_[i] - rounding ? high_[i] : target;
  }

  // Take a full Newton step below the tolerance: the quadratic tail costs one evaluation and gives all digits.
  bool polish(Outcome& out) {
    factored_ = false;
    const double before = value_;
    for (int i = 0; i < m.parameters; ++i) {
      trial_[i] = x_[i];
      x_[i] = landed(i);
    }
    if (evaluate_all(out) == inside_domain && value_ <= before + 1e-14 * (magnitude_ + 1.0)) return true;
    std::swap(x_, trial_);
    evaluate_all(out);
    set_mask();
    factored_ = newton_.factor(0.0);
    return false;
  }

  // The last Newton step changes no digit of the Hessian: only the value is computed anew.
  Status last_step(Outcome& out) {
    for (int i = 0; i < m.parameters; ++i) trial_[i] = landed(i);
    double value, magnitude;
    ++out.evaluations;
    if (evaluate<0>(m, trial_.data(), data_, nullptr, scratch_, derivatives_, value, magnitude) == inside_domain) {
      std::swap(x_, trial_);
      value_ = value;
    }
    return converged;
  }

  // Where H is flat or slightly negative along some direction: the Newton step of H + lambda M, which leaves that
  // direction alone. False where the curvature is really negative, or where nothing is left to gain elsewhere.
  bool gentle_step(Outcome& out, double& lambda) {
    for (const double shift : {valley_shift, 1e4 * valley_shift, 1e7 * valley_shift}) {
      if (!newton_.factor(shift)) continue;
      region_.newton_step();
      edm_ = -0.5 * region_.product(derivatives_.gradient, p_.data());
      out.smallest_eigenvalue = region_.smallest_eigenvalue(shift);
      lambda = shift;
      if (shift > 0.1 && edm_ > 1e-4) return false;  // too slow far from a stationary point
      return out.smallest_eigenvalue > -valley_noise || edm_ > 1e-14;
    }
    return false;
  }

  double reduction() {
    newton_.multiply(exact_ ? 1.0 : 0.0, exact_ ? 0.0 : 1.0, p_.data(), work_.data());
    return -(region_.product(derivatives_.gradient, p_.data()) + 0.5 * region_.product(p_.data(), work_.data()));
  }

  // Bring a step back inside the bounds. First choice: put the parameters that would cross on their bound and solve again
  // for the others. Where that is no pure Newton step, other ways inside are compared by what the model promises.
  void clamp(double lambda, double radius, double& predicted) {
    if (inside_bounds()) {
      predicted = reduction();
      return;
    }
    const int P = m.parameters;
    const std::vector<double> full(p_);
    std::vector<double> best(P, 0.0);
    predicted = 0.0;
    const auto consider = [&] {
      const double promised = reduction();
      if (promised <= predicted || region_.length(p_.data()) > 1.2 * radius) return;
      predicted = promised;
      best = p_;
    };
    if (solve_on_bounds(lambda)) {
      consider();
      if (predicted > 0 && lambda == 0.0) return;
    }
    // Cut every parameter at its bound, on either side where only the curvature counts.
    for (const double side : {1.0, -1.0}) {
      for (int i = 0; i < P; ++i) p_[i] = masked_[i] ? 0.0 : std::min(std::max(side * full[i], low_[i] - x_[i]), high_[i] - x_[i]);
      if (side > 0 || lambda > 0) consider();
    }
    // Leave out what can't move at all, then go to the first bound.
    double scale = 1.0;
    for (int i = 0; i < P; ++i) {
      p_[i] = full[i];
      if (masked_[i] || p_[i] == 0.0) continue;
      const double room = p_[i] > 0 ? high_[i] - x_[i] : x_[i] - low_[i];
      if (room <= 0)
        p_[i] = 0.0;
      else
        scale = std::min(scale, room / std::abs(p_[i]));
    }
    for (int i = 0; i < P; ++i) p_[i] *= scale;
    consider();
    // Steepest descent in the metric's diagonal, cut at the bounds.
    for (double length_ = 1.0; length_ > 1e-15; length_ *= 0.25) {
      const double before = predicted;
      for (int i = 0; i < P; ++i) {
        const double step = -length_ * derivatives_.gradient[i] / newton_.diagonal[i];
        p_[i] = masked_[i] ? 0.0 : std::min(std::max(step, low_[i] - x_[i]), high_[i] - x_[i]);
      }
      consider();
      if (predicted > 0 && predicted == before) break;
    }
    p_ = best;
  }

  // Put crossing parameters on their bound and solve for the others, until none crosses. False if that fails.
  bool solve_on_bounds(double lambda) {
    factored_ = false;
    const int P = m.parameters;
    const std::vector<char> mask(masked_);
    std::vector<char> on_bound(P, 0);
    std::vector<double> moved(P, 0.0);
    bool solved = false;
    for (int round = 0; round < 20 && !solved; ++round) {
      bool crossing = false;
      for (int i = 0; i < P; ++i) {
        const double target = x_[i] + p_[i];
        if (masked_[i] || (target >= low_[i] && target <= high_[i])) continue;
        moved[i] = (target < low_[i] ? low_[i] : high_[i]) - x_[i];
        on_bound[i] = crossing = true;
      }
      if (!crossing) {
        solved = true;
        break;
      }
      // Right-hand side -(g + (H + lambda M) moved) with the moved parameters taken out.
      newton_.multiply(exact_ ? 1.0 : 0.0, lambda, moved.data(), work_.data());
      for (int i = 0; i < P; ++i) {
        masked_[i] = mask[i] || on_bound[i];
        work_[i] = masked_[i] ? 0.0 : -(derivatives_.gradient[i] + work_[i]);
      }
      if (!newton_.factor(lambda, exact_)) break;
      newton_.solve(work_.data(), p_.data());
    }
    masked_ = mask;
    for (int i = 0; i < P; ++i)
      if (on_bound[i]) p_[i] = moved[i];
    return solved;
  }

  void finish(Outcome& out) {
    out.theta = x_;
    out.value = value_;
    out.edm = edm_;
    out.at_bound.assign(m.parameters, 0);
    if (out.status == start_outside) return;
    bool free = false, same_mask = true;
    for (int i = 0; i < m.parameters; ++i) {
      out.at_bound[i] = !fixed_[i] && (x_[i] <= lower_[i] || x_[i] >= upper_[i] || held(i));
      const char mask = fixed_[i] || out.at_bound[i];
      same_mask = same_mask && mask == masked_[i];
      masked_[i] = mask;
      free = free || !masked_[i];
    }
    out.positive_definite = factored_ && same_mask ? true : newton_.factor(0.0);
    if (!free) {
      out.edm = out.smallest_eigenvalue = 0.0;
    } else {
      if (out.positive_definite) {
        region_.newton_step();
        out.edm = -0.5 * region_.product(derivatives_.gradient, p_.data());
        out.smallest_eigenvalue = region_.smallest_eigenvalue(0.0);
      } else {
        for (double shift = valley_shift; shift < 1e12; shift *= 1e3)
          if (newton_.factor(shift)) {
            out.smallest_eigenvalue = region_.smallest_eigenvalue(shift);
            break;
          }
      }
      if (!out.positive_definite || out.smallest_eigenvalue < flat_eigenvalue) {
        out.positive_definite = false;
        out.direction = region_.direction;
        const bool level = out.status == converged || (out.status == stalled && edm_ < options_.tolerance);
        if (level && std::abs(out.smallest_eigenvalue) < 1e-4) out.status = flat_direction;
        return;
      }
      if (out.status == flat_direction) out.status = out.edm < options_.tolerance ? converged : stalled;
    }
    if (!options_.covariance) return;
    out.covariance.assign(static_cast<std::size_t>(m.parameters) * m.parameters, 0.0);
    newton_.inverse(out.covariance.data());
  }
};

}  // namespace wilks
