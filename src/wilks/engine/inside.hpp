// Steps brought back inside the bounds.
#pragma once

#include "box.hpp"
#include "trust_region.hpp"

namespace wilks {

// The model of a step p: g p + p (h H + (1 - h) M) p / 2, h = 1 with the exact Hessian and 0 with the metric in its place.
class Inside {
 public:
  Inside(const Model& model, const Derivatives& derivatives, Newton& newton, Box& box, TrustRegion& region)
      : m(model), derivatives_(derivatives), newton_(newton), box_(box), region_(region), p_(region.p), work_(model.parameters, 0.0) {}

  // By how much the model says that the step lowers the nll.
  double reduction(bool exact) {
    newton_.multiply(exact ? 1.0 : 0.0, exact ? 0.0 : 1.0, p_.data(), work_.data());
    return -(region_.product(derivatives_.gradient, p_.data()) + 0.5 * region_.product(p_.data(), work_.data()));
  }

  // Bring the step, of the matrix shifted by `lambda`, inside. First choice: put the parameters that would cross on their
  // bound and solve again for the others. Where that is no pure Newton step, other ways inside are compared by what the
  // model promises. Returns that.
  double bring(bool exact, double lambda, double radius) {
    if (box_.holds(p_.data())) return reduction(exact);
    const int P = m.parameters;
    const std::vector<double>&x = box_.x, &low = box_.low, &high = box_.high, full(p_);
    std::vector<double> best(P, 0.0);
    double predicted = 0.0;
    const auto consider = [&] {
      const double promised = reduction(exact);
      if (promised <= predicted || region_.length(p_.data()) > 1.2 * radius) return;
      predicted = promised;
      best = p_;
    };
    if (solve_on_bounds(exact, lambda)) {
      consider();
      if (predicted > 0 && lambda == 0.0) return predicted;
    }
    // Cut every parameter at its bound, on either side where only the curvature counts.
    for (const double side : {1.0, -1.0}) {
      for (int i = 0; i < P; ++i) p_[i] = box_.masked[i] ? 0.0 : std::min(std::max(side * full[i], low[i] - x[i]), high[i] - x[i]);
      if (side > 0 || lambda > 0) consider();
    }
    // Leave out what can't move at all, then go to the first bound.
    double scale = 1.0;
    for (int i = 0; i < P; ++i) {
      p_[i] = full[i];
      if (box_.masked[i] || p_[i] == 0.0) continue;
      const double room = p_[i] > 0 ? high[i] - x[i] : x[i] - low[i];
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
        p_[i] = box_.masked[i] ? 0.0 : std::min(std::max(step, low[i] - x[i]), high[i] - x[i]);
      }
      consider();
      if (predicted > 0 && predicted == before) break;
    }
    p_ = best;
    return predicted;
  }

 private:
  const Model& m;
  const Derivatives& derivatives_;
  Newton& newton_;
  Box& box_;
  TrustRegion& region_;
  std::vector<double>& p_;
  std::vector<double> work_;

  // Put crossing parameters on their bound and solve for the others, until none crosses. False if that fails.
  bool solve_on_bounds(bool exact, double lambda) {
    const int P = m.parameters;
    const std::vector<double>&x = box_.x, &low = box_.low, &high = box_.high;
    const std::vector<char> mask(box_.masked);
    std::vector<char> on_bound(P, 0);
    std::vector<double> moved(P, 0.0);
    bool solved = false;
    for (int round = 0; round < 20 && !solved; ++round) {
      bool crossing = false;
      for (int i = 0; i < P; ++i) {
        const double target = x[i] + p_[i];
        if (box_.masked[i] || (target >= low[i] && target <= high[i])) continue;
        moved[i] = (target < low[i] ? low[i] : high[i]) - x[i];
        on_bound[i] = crossing = true;
      }
      if (!crossing) {
        solved = true;
        break;
      }
      // Right-hand side -(g + (H + lambda M) moved) with the moved parameters taken out.
      newton_.multiply(exact ? 1.0 : 0.0, lambda, moved.data(), work_.data());
      for (int i = 0; i < P; ++i) {
        box_.masked[i] = mask[i] || on_bound[i];
        work_[i] = box_.masked[i] ? 0.0 : -(derivatives_.gradient[i] + work_[i]);
      }
      if (!newton_.factor(lambda, exact)) break;
      newton_.solve(work_.data(), p_.data());
    }
    box_.masked = mask;
    for (int i = 0; i < P; ++i)
      if (on_bound[i]) p_[i] = moved[i];
    return solved;
  }
};

}  // namespace wilks
