// Trust-region Newton descent with bounds, from a point inside the domain: exact Hessian, region measured in the Fisher
// metric, negative curvature followed (More, Sorensen, SIAM J. Sci. Stat. Comput. 4 (1983) 553; Conn, Gould, Toint, SIAM
// 2000).
#pragma once

#include "inside.hpp"
#include "outcome.hpp"

namespace wilks {

struct Descent {
  Descent(const Model& model, const Data& data, const double* lower, const double* upper, const char* fixed, const Options& options,
            Stop stop)
      : m(model), data_(data), options_(options), stop_(stop), scratch_(model), derivatives_(model), newton_(model, derivatives_),
        box_(model, lower, upper, fixed), region_(model, derivatives_, newton_, box_.masked),
        inside_(model, derivatives_, newton_, box_, region_), x_(box_.x), p_(region_.p), trial_(model.parameters, 0.0) {
    newton_.masked = box_.masked.data();
    newton_.lower = lower;
    newton_.upper = upper;
  }

  const Model& m;
  Data data_;
  Options options_;
  Stop stop_;
  Scratch scratch_;
  OwnedDerivatives derivatives_;
  Newton newton_;
  Box box_;
  TrustRegion region_;
  Inside inside_;
  std::vector<double>&x_, &p_;  // the point and the step
  std::vector<double> trial_, centre_;
  std::vector<int> starved_;  // bins whose rates are driven to zero, while a barrier keeps them from it
  double value_ = 0, magnitude_ = 0, edm_ = 0;
  double lambda_ = 0;  // the step is that of H + lambda M, or of lambda M
  double curvature_ = 0, guess_ = 1;  // lambda of the last bounded step while it mattered; where to look for the next
  bool positive_definite_ = false, exact_ = true;
  bool weak_released_ = false;
  int alone_ = -1;         // the only parameter that is let off its bound
  bool factored_ = false;  // whether `newton_` holds the factor of H at the current point and mask

  static constexpr double sharp = 1e-16, far = 100.0, valley_shift = 1e-7, valley_noise = 1e-9, strong = 0.1;

  Status minimise(Outcome& out) {
    edm_ = 0.0;
    exact_ = true;
    factored_ = weak_released_ = positive_definite_ = false;
    alone_ = -1;
    box_.set_bounds();
    out.bad_bin = evaluate_all(out);
    if (out.bad_bin != inside_domain) return start_outside;
    if (options_.max_iterations == 0) return certify();
    if (value_ > far * m.bins) come_closer(out);
    int free = 0;
    for (int i = 0; i < m.parameters; ++i) free += !box_.fixed[i];
    double radius = 10.0 + 3.0 * std::sqrt(static_cast<double>(free));
    bool left_domain = false;  // whether the last rejected step did
    bool near = false;         // whether the exact Hessian has promised less than 1
    curvature_ = 0.0;
    guess_ = 1.0;
    int trust = 5;             // poor steps of the metric that are put up with: in a curved valley it makes no headway
    double polished_edm = std::numeric_limits<double>::infinity(), accepted_edm = polished_edm;
    for (out.iterations = 0; out.iterations < options_.max_iterations; ++out.iterations) {
      if (stop_.ask && stop_.ask(stop_.context)) return interrupted;
      if (data_.least && uncontinued()) return converged;
      cross_kinks(out);
      box_.set_bounds();
      set_mask();
      lambda_ = 0.0;
      positive_definite_ = factored_ = false;
      exact_ = near || trust == 0 || !far_from_minimum(radius, 1.0);
      Next next = Next::step;
      if (!exact_) {
        // p_ is the step.
      } else if ((positive_definite_ = factored_ = newton_step(0.0))) {
        near = edm_ < 1.0;
        next = arrive(out, polished_edm);
      } else if (trust > 0 && far_from_minimum(radius, 1e-2)) {
        exact_ = false;
      } else if (curvature_ < strong && gentle_step(out)) {
        if (edm_ < options_.tolerance && out.smallest_eigenvalue > -valley_noise) {
          if (release_one()) continue;
          return flat_direction;
        }
        positive_definite_ = true;
      }
      if (exact_ && next == Next::step && (!positive_definite_ || region_.length(p_.data()) > radius)) {
        near = factored_ = false;
        bounded_step(radius);
        if ((factored_ = positive_definite_)) next = arrive(out, polished_edm);
      }
      if (next == Next::again) continue;
      if (next == Next::done) return converged;
      if (!starved_.empty()) keep_rates_positive();
      if (!box_.holds(p_.data())) factored_ = false;
      const double predicted = inside_.bring(exact_, lambda_, radius), size = region_.length(p_.data());
      // The best step inside a wide region gains nothing: a minimum, though a semi-definite one.
      if (exact_ && !positive_definite_ && predicted < 1e-3 * options_.tolerance && radius > 0.1 && slope() < 1e-3) {
        if (release_one()) continue;
        edm_ = std::max(predicted, 0.0);
        return flat_direction;
      }
      if (!(predicted > 0)) {
        radius = 0.25 * std::min(radius, size);
        if (radius < 1e-12) return left_domain ? rate_boundary : stalled;
        continue;
      }
      for (int i = 0; i < m.parameters; ++i) trial_[i] = box_.landed(i, p_[i]);
      double value, magnitude;
      ++out.evaluations;
      const int bad = evaluate<0>(m, trial_.data(), data_, nullptr, scratch_, derivatives_, value, magnitude);
      const double noise = 1e-15 * (magnitude_ + 1.0);
      const double ratio = bad == inside_domain ? (value_ - value) / predicted : -1.0;
      if (!exact_ && ratio < 0.7 && !options_.scoring) --trust;
      // Where curvature is strongly negative, the next step will have a similar lambda, and no gentle step helps.
      if (predicted < 1e-2) curvature_ = 0.0;
      guess_ = std::min(std::max(guess_ * (ratio < 0.25 ? 2.0 : ratio > 0.75 ? 0.4 : 1.0), 1e-3), 1e6);
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
        alone_ = -1;
        std::swap(x_, trial_);
        factored_ = false;
        evaluate_all(out);
      } else if (radius < 1e-10) {
        return left_domain ? rate_boundary : stalled;
      }
    }
    return iteration_limit;
  }

  // What a Newton step whose matrix is positive definite says about going on.
  enum class Next { step, again, done };
  Next arrive(Outcome& out, double& polished_edm) {
    if (edm_ >= options_.tolerance) return Next::step;
    if (release_one() || release_weak()) return Next::again;
    if (!options_.polish || edm_ > 0.1 * polished_edm || !box_.holds(p_.data())) return Next::done;
    // A small eigenvalue may be the noise of a flat direction: it fades as the minimum is approached.
    if (edm_ < sharp && (edm_ < 1e-28 || region_.smallest_eigenvalue(0.0) > 1e-2)) {
      last_step(out);
      return Next::done;
    }
    polished_edm = edm_;
    return polish(out) ? Next::again : Next::done;
  }

  // Judge the starting point without moving.
  Status certify() {
    set_mask();
    if (!(positive_definite_ = factored_ = newton_.factor(0.0))) return stalled;
    region_.newton_step();
    edm_ = region_.edm();
    return edm_ < options_.tolerance ? converged : stalled;
  }

  int evaluate_all(Outcome& out) {
    ++out.evaluations;
    const int bad = evaluate<2>(m, x_.data(), data_, box_.side.data(), scratch_, derivatives_, value_, magnitude_);
    if (bad == inside_domain) newton_.new_point(x_.data());
    return bad;
  }

  // Parameters that rest in a kink on whose both sides the nll is level; derivatives then are those above it.
  std::vector<char> level_kinks(Outcome& out) {
    std::vector<char> level(m.parameters, 0);
    const std::vector<signed char> flipped = box_.other_sides(derivatives_.gradient);
    if (flipped.empty()) return level;
    Derivatives other;
    std::vector<double> gradient(m.parameters);
    other.gradient = gradient.data();
    double value, magnitude;
    ++out.evaluations;
    if (evaluate<1>(m, x_.data(), data_, flipped.data(), scratch_, other, value, magnitude) != inside_domain) return level;
    bool below = false;
    const auto flat = [&](int i, double slope) { return box_.level(i, slope, newton_.diagonal[i], options_.tolerance); };
    for (int i = 0; i < m.parameters; ++i) {
      level[i] = flat(i, derivatives_.gradient[i]) && flat(i, gradient[i]);
      if (level[i] && box_.side[i] < 0) box_.side[i] = 1, below = true;
    }
    if (below) {
      evaluate_all(out);
      factored_ = false;
    }
    return level;
  }

  // Cross kinks whose other side goes down.
  void cross_kinks(Outcome& out) {
    const std::vector<signed char> flipped = box_.other_sides(derivatives_.gradient);
    if (flipped.empty()) return;
    Derivatives other;
    std::vector<double> gradient(m.parameters);
    other.gradient = gradient.data();
    double value, magnitude;
    ++out.evaluations;
    if (evaluate<1>(m, x_.data(), data_, flipped.data(), scratch_, other, value, magnitude) != inside_domain) return;
    bool crossed = false;
    for (int i = 0; i < m.parameters; ++i)
      if (flipped[i] != box_.side[i] && gradient[i] * flipped[i] < 0) box_.side[i] = flipped[i], crossed = true;
    if (crossed) evaluate_all(out);
  }

  // A parameter on its bound whose gradient is (nearly) zero: only the curvature tells whether it belongs there.
  bool weakly_held(int i) const { return box_.held(i, derivatives_.gradient[i]) && Box::weak(derivatives_.gradient[i], newton_.diagonal[i]); }

  void set_mask() {
    for (int i = 0; i < m.parameters; ++i) {
      const bool held = box_.held(i, derivatives_.gradient[i]), weak = weak_released_ && weakly_held(i);
      const bool other = alone_ >= 0 && alone_ != i && !held && box_.rests(i);
      box_.masked[i] = box_.fixed[i] || (held && !weak) || other;
    }
  }

  // Before a minimum is believed: parameters were held that only in company would go out. Let the one go in that gains
  // most; where all others are at rest, it will. False if there is none, or if that was done.
  bool release_one() {
    if (alone_ >= 0) return false;
    double most = 0.0;
    for (int i = 0; i < m.parameters; ++i) {
      if (!box_.masked[i] || box_.fixed[i] || box_.held(i, derivatives_.gradient[i])) continue;
      const double gain = derivatives_.gradient[i] * derivatives_.gradient[i] / newton_.diagonal[i];
      if (gain > most) most = gain, alone_ = i;
    }
    return alone_ >= 0;
  }

  // Before a minimum is believed: free the weakly held parameters once, so that negative curvature among them shows.
  bool release_weak() {
    if (weak_released_) return false;
    for (int i = 0; i < m.parameters; ++i)
      if (!box_.fixed[i] && weakly_held(i)) weak_released_ = true;
    return weak_released_;
  }

  // The step of H + shift M (or of M alone), and its EDM. False if the matrix is not positive definite.
  bool newton_step(double shift, bool with_hessian = true) {
    do {
      if (!newton_.factor(shift, with_hessian)) return false;
      region_.newton_step();
    } while (box_.hold_outgoing(p_.data(), derivatives_.gradient, newton_.diagonal.data()));
    edm_ = region_.edm();
    return true;
  }

  // The best step of length `radius`, among those that don't push parameters out that are on their bound.
  void bounded_step(double radius) {
    do {
      lambda_ = curvature_ = guess_ = region_.bounded_step(radius, positive_definite_, guess_);
      positive_definite_ = false;
      // Along negative curvature either sense will do: the one that lets that parameter in.
      if (alone_ >= 0 && p_[alone_] * derivatives_.gradient[alone_] > 0)
        for (double& x : p_) x = -x;
      if (!box_.hold_outgoing(p_.data(), derivatives_.gradient, newton_.diagonal.data())) return;
      lambda_ = 0.0;
      positive_definite_ = newton_step(0.0);
    } while (!positive_definite_ || region_.length(p_.data()) > radius);
  }

  // Far from the minimum, by an EDM above `least`, the metric stands in for the Hessian: the step is scaled to the radius,
  // and no curvature of the residuals misleads it. Sets p_ and returns true if so.
  bool far_from_minimum(double radius, double least) {
    if (!newton_step(1.0, false) || edm_ < (options_.scoring ? options_.tolerance : least)) {
      set_mask();
      return false;
    }
    lambda_ = std::max(1.0, region_.length(p_.data()) / radius);
    for (double& x : p_) x /= lambda_;
    return true;
  }

  // Squared length of the gradient in units of the metric's diagonal.
  double slope() const {
    double total = 0.0;
    for (int i = 0; i < m.parameters; ++i)
      if (!box_.masked[i]) total += derivatives_.gradient[i] * derivatives_.gradient[i] / newton_.diagonal[i];
    return total;
  }

  // Take a full Newton step below the tolerance: the quadratic tail costs one evaluation and gives all digits.
  bool polish(Outcome& out) {
    factored_ = false;
    const double before = value_;
    for (int i = 0; i < m.parameters; ++i) {
      trial_[i] = x_[i];
      x_[i] = box_.landed(i, p_[i]);
    }
    if (evaluate_all(out) == inside_domain && value_ <= before + 1e-14 * (magnitude_ + 1.0)) return true;
    std::swap(x_, trial_);
    evaluate_all(out);
    set_mask();
    factored_ = newton_.factor(0.0);
    return false;
  }

  // The last Newton step changes no digit of the Hessian: only the value is computed anew.
  void last_step(Outcome& out) {
    for (int i = 0; i < m.parameters; ++i) trial_[i] = box_.landed(i, p_[i]);
    double value, magnitude;
    ++out.evaluations;
    if (evaluate<0>(m, trial_.data(), data_, nullptr, scratch_, derivatives_, value, magnitude) == inside_domain) {
      std::swap(x_, trial_);
      value_ = value;
    }
  }

  // Where H is flat or slightly negative along some direction: the Newton step of H + lambda M, which leaves that
  // direction alone. False where the curvature is really negative, or where nothing is left to gain elsewhere.
  bool gentle_step(Outcome& out) {
    for (const double shift : {valley_shift, 1e4 * valley_shift, 1e7 * valley_shift}) {
      if (!newton_step(shift)) continue;
      out.smallest_eigenvalue = region_.smallest_eigenvalue(shift);
      lambda_ = shift;
      if (shift > 0.1 && edm_ > 1e-4) return false;  // too slow far from a stationary point
      return out.smallest_eigenvalue > -valley_noise || edm_ > 1e-14;
    }
    return false;
  }

  // Sets `centre_`: the constrained parameters where their constraints are centred, the others where they are in `point`.
  void centre(const double* point) {
    centre_.assign(point, point + m.parameters);
    for (int i = 0; i < m.constraints; ++i) {
      const int p = m.constraint_parameter[i];
      if (box_.fixed[p]) continue;
      const double at = m.constraint_kind[i] == constraint_poisson ? data_.auxiliary[i] / m.constraint_scale[i] : data_.auxiliary[i];
      centre_[p] = std::min(std::max(at, box_.low[p]), box_.high[p]);
    }
  }

  // From where the nll is far above what it is at the centres of the constraints: half-way to these, time after time.
  // Factors that multiply make a likelihood there whose derivatives tell nothing about where its minimum is.
  void come_closer(Outcome& out) {
    centre(x_.data());
    double value, magnitude;
    ++out.evaluations;
    if (evaluate<0>(m, centre_.data(), data_, nullptr, scratch_, derivatives_, value, magnitude) != inside_domain) return;
    const double sane = std::max(value, far * m.bins);
    if (!(value_ > 10.0 * sane)) return;
    for (double part = 0.5; part > 0.1; part *= 0.5) {
      for (int i = 0; i < m.parameters; ++i) trial_[i] = centre_[i] + part * (x_[i] - centre_[i]);
      ++out.evaluations;
      if (evaluate<0>(m, trial_.data(), data_, nullptr, scratch_, derivatives_, value, magnitude) == inside_domain && value < 10.0 * sane) {
        centre_ = trial_;
        break;
      }
    }
    x_ = centre_;
    evaluate_all(out);
  }

  // Whether no Poisson term is continued at the current point.
  bool uncontinued() const {
    for (int b = 0; b < m.bins; ++b)
      if (derivatives_.rate[b] < data_.least[b]) return false;
    return true;
  }

  // Shorten the step so that no starved rate falls by more than half: Newton's method finds the minimum of
  // nu - n log nu from below, where each step doubles nu, but not from far above.
  void keep_rates_positive() {
    double scale = 1.0;
    for (const int b : starved_) {
      const int c = static_cast<int>(std::upper_bound(m.channel_bin.begin(), m.channel_bin.end(), b) - m.channel_bin.begin()) - 1;
      const double change = newton_.rate_along(c, b - m.channel_bin[c], p_.data());
      if (change < -0.5 * derivatives_.rate[b]) scale = std::min(scale, 0.5 * derivatives_.rate[b] / -change);
    }
    for (double& x : p_) x *= scale;
  }
};

}  // namespace wilks
