// Many fits near one known minimum, with few matrices for all of them.
#pragma once

#include "box.hpp"
#include "outcome.hpp"
#include "waypoint.hpp"

namespace wilks {

// A minimum of the same problem that another start has led to.
struct KnownMinimum {
  const double* theta;
  double value, edm;
};

// Conditional fits end near the best fit: the Hessian there, factorised once, serves all of them, and each costs some
// gradients (limited-memory BFGS; Liu, Nocedal, Math. Program. 45 (1989) 503). Those that start far away, all at the same
// point but for what is held, follow the path that leads from there to the minimum, with the matrices along it. A parameter
// that is held in a fit, or at a bound, is taken out by a column of the inverse: with E = H^-1 e_held,
// p = z - E (E_held)^-1 z_held is the step without it. Fails, without harm, where that does not converge fast: then the fit is
// left to Minimiser.
class Anchored {
 public:
  static constexpr double tolerance = 1e-12;  // on the EDM
  static constexpr int most = 24;             // gradients of one fit

  // `held`: parameters that no fit moves.
  Anchored(const Model& model, const double* anchor, const Data& data, const double* lower, const double* upper, const char* held)
      : m(model), scratch_(model), end_(model, held, lower, upper), fresh_(model, held, lower, upper), logarithm_(model.parameters, 0),
        on_bound_(model.parameters, 0), x_(model.parameters), p_(model.parameters), previous_(model.parameters), work_(model.parameters),
        product_(model.parameters),
        steps_(static_cast<std::size_t>(steps) * model.parameters), changes_(steps_) {
    if (has_kinks() || !end_.evaluate_at(anchor, data, scratch_, value_)) return;
    if ((ready_ = end_.newton.factor(0.0))) return;
    // Beyond a bound there need be no minimum.
    for (int i = 0; i < m.parameters; ++i) end_.masked[i] = held[i] || anchor[i] <= lower[i] || anchor[i] >= upper[i];
    ready_ = end_.newton.factor(0.0);
  }

  // The nll at the anchor.
  double value() const { return value_; }

  // The path from a start that many fits have in common.
  Path path_from(const double* start, const Data& data, const double* lower, const double* upper, const char* held) {
    return ready_ ? wilks::path_from(m, start, data, lower, upper, held, scratch_) : Path();
  }

  // The minimum from `start`, by way of `path`, or the one of `known` that it is on its way to.
  bool run(const Data& data, const double* start, const double* lower, const double* upper, const char* fixed, const Path& path,
           const std::vector<KnownMinimum>& known, Outcome& out) {
    if (!ready_) return false;
    lower_ = lower, upper_ = upper, fixed_ = fixed;
    at_ = nullptr;
    edms_.clear();
    pairs_ = 0;
    if (!place(start, data)) return false;
    int along = path.empty() ? 0 : static_cast<int>(path.size()) - 1;
    last_ = path.empty() ? &end_ : path.back().get();
    double value, magnitude, last = std::numeric_limits<double>::infinity();
    bool altered = false;  // the last step is not what the matrix says
    for (int k = 0, fresh = 0; k < along + most; ++k) {
      if (!descend(data, k == 0, last, value, magnitude)) return false;
      if (k == 0 && nudge() && !descend(data, true, last, value, magnitude)) return false;
      last = value + 1e-13 * (magnitude + 1.0);
      const Change change = hold(k < along ? *path[k] : *last_);
      if (change == Change::impossible) return false;
      if (altered || change == Change::bounds || k < along) pairs_ = 0;
      const bool convex = learn();
      double edm = direction();
      if (k == 0 && path.empty() && !(edm < nearby)) return false;
      if (!convex || (k < along ? !(edm < 10.0 * path[k]->edm + 10.0) : slow(edm))) {
        if (!path.empty() && !(edm < close)) return false;  // this is not the way that was taken
        along = std::min(along, k);
        if (++fresh > most_fresh || !refresh(data) || hold(*last_) == Change::impossible) return false;
        edm = direction();
      }
      if (!(edm >= 0)) return false;
      for (const KnownMinimum& minimum : known)
        if (k >= along && edm < 0.1 && leads_to(minimum, value, edm)) return arrived(minimum.theta, minimum.value, minimum.edm, k, out);
      const bool shortened = shorten();
      altered = !inside();
      if (altered) bring_inside();
      take_step();
      if (edm < tolerance && !altered && !shortened && k >= along) return !weakly_held() && arrived(x_.data(), value - edm, edm, k, out);
    }
    return false;
  }

 private:
  static constexpr int steps = 12, most_fresh = 4, most_taken = 24, most_cuts = 5, ten = 10;
  static constexpr double close = 0.5, nearby = 2.0;  // in nll: how far from its minimum a fit may start that has no path
  enum class Change { none, bounds, impossible };
  const Model& m;
  const double *lower_ = nullptr, *upper_ = nullptr;
  const char* fixed_ = nullptr;
  Scratch scratch_;
  Waypoint end_;    // its gradient is that of the fit
  Waypoint fresh_;  // of this fit alone, where the others do not serve
  Waypoint* at_ = nullptr;
  Waypoint* last_ = nullptr;  // the Hessian that is refined
  std::vector<double> edms_;  // with the present matrix
  std::vector<char> logarithm_, on_bound_;
  std::vector<double> x_, p_, previous_, work_, product_;
  std::vector<double> steps_, changes_;  // pairs of steps and changes of the gradient, the newest last
  double weight_[steps], factor_[steps];
  int pairs_ = 0;
  std::vector<int> taken_;  // parameters that the matrix moves and this fit does not
  std::vector<double> columns_, gram_, values_;  // their columns of the inverse, row by row; the Cholesky factor of its part; scratch
  double value_ = std::numeric_limits<double>::infinity();
  bool ready_ = false;

  double* step(int j) { return steps_.data() + static_cast<Index>(j) * m.parameters; }
  double* change(int j) { return changes_.data() + static_cast<Index>(j) * m.parameters; }
  const double* gradient() const { return end_.derivatives.gradient; }
  bool moves(int i) const { return !at_->masked[i] && !fixed_[i] && !on_bound_[i]; }
  double least(int i) const { return logarithm_[i] ? std::max(lower_[i], 0.01 * x_[i]) : lower_[i]; }

  bool has_kinks() const {
    return std::count(m.factor_code.begin(), m.factor_code.end(), factor_code1) || std::count(m.even_code.begin(), m.even_code.end(), shape_code0);
  }

  bool place(const double* start, const Data& data) {
    for (int i = 0; i < m.constraints; ++i) logarithm_[m.constraint_parameter[i]] = m.constraint_kind[i] == constraint_poisson && data.auxiliary[i] > 0;
    for (int i = 0; i < m.parameters; ++i) {
      x_[i] = fixed_[i] ? start[i] : std::min(std::max(start[i], lower_[i]), upper_[i]);
      if (!fixed_[i] && logarithm_[i] && x_[i] < 0.01) return false;
    }
    return true;
  }

  // Value and gradient where the last step leads to, or on the way where that is higher than before.
  bool descend(const Data& data, bool first, double last, double& value, double& magnitude) {
    for (int cuts = 0;; ++cuts) {
      const bool possible = evaluate<1>(m, x_.data(), data, nullptr, scratch_, end_.derivatives, value, magnitude) == inside_domain;
      if (possible && value <= last) return true;
      if (first || cuts == most_cuts) return false;
      double* s = step(pairs_ - 1);
      for (int i = 0; i < m.parameters; ++i) {
        x_[i] -= 0.7 * s[i];
        s[i] *= 0.3;
      }
    }
  }

  // Where the gradient vanishes by symmetry, only off that point does it tell a minimum from a saddle.
  bool nudge() {
    bool any = false;
    for (int i = 0; i < m.parameters; ++i) {
      if (fixed_[i] || end_.masked[i] || gradient()[i] != 0.0) continue;
      const double size = 0.1 * (1.0 + 0.3 * (i % 4)) * std::sqrt(std::abs(end_.inverse_diagonal[i])), moved = x_[i] + (i % 2 ? size : -size);
      if (moved > lower_[i] && moved < upper_[i]) x_[i] = moved, any = true;
    }
    return any;
  }

  // Whether the matrix of this place would pay: it costs about as much as ten gradients.
  bool slow(double edm) {
    edms_.push_back(edm);
    if (edms_.size() < 4 || edm < tolerance) return false;
    const double rate = std::log(edms_[edms_.size() - 4] / edm) / 3.0;
    return !(rate * ten > std::log(edm / tolerance));
  }

  // The Hessian of this place.
  bool refresh(const Data& data) {
    double value;
    std::copy(fixed_, fixed_ + m.parameters, fresh_.masked.begin());
    fresh_.newton.lower = lower_, fresh_.newton.upper = upper_;
    if (!fresh_.evaluate_at(x_.data(), data, scratch_, value)) return false;
    edms_.clear();
    pairs_ = 0;
    last_ = &fresh_;
    at_ = nullptr;
    return fresh_.newton.factor(0.0);
  }

  // Which parameters stay at their bounds, and what the matrix of the next step has to do without.
  Change hold(Waypoint& next) {
    bool changed = false;
    for (int i = 0; i < m.parameters; ++i) {
      const bool at = !fixed_[i] && ((x_[i] <= lower_[i] && gradient()[i] >= 0) || (x_[i] >= upper_[i] && gradient()[i] <= 0));
      if (next.masked[i] && !fixed_[i] && !at) return Change::impossible;
      changed = changed || at != static_cast<bool>(on_bound_[i]);
      on_bound_[i] = at;
    }
    const bool begins = !at_;
    if (at_ == &next && !changed) return Change::none;
    at_ = &next;
    taken_.clear();
    for (int i = 0; i < m.parameters; ++i)
      if ((fixed_[i] || on_bound_[i]) && !at_->masked[i]) taken_.push_back(i);
    if (!take_out()) return Change::impossible;
    return changed && !begins ? Change::bounds : Change::none;
  }

  // Columns of the inverse for the parameters taken out, and the factor of what they have in common.
  bool take_out() {
    const int P = m.parameters, count = static_cast<int>(taken_.size());
    if (count > most_taken) return false;
    columns_.assign(static_cast<std::size_t>(count) * P, 0.0);
    gram_.assign(static_cast<std::size_t>(count) * count, 0.0);
    values_.assign(count, 0.0);
    for (int a = 0; a < count; ++a) {
      double* column = columns_.data() + static_cast<Index>(a) * P;
      column[taken_[a]] = 1.0;
      at_->newton.solve(column, column);
      for (int b = 0; b <= a; ++b) {
        double value = column[taken_[b]];
        for (int c = 0; c < b; ++c) value -= gram_[a * count + c] * gram_[b * count + c];
        if (b < a)
          gram_[a * count + b] = value / gram_[b * count + b];
        else if (value > 1e-12 * column[taken_[a]] && value > 0)
          gram_[a * count + a] = std::sqrt(value);
        else
          return false;
      }
    }
    return true;
  }

  // z := z - E E_tt^-1 (z_t - wanted), so that the parameters taken out move by what is wanted (0 without).
  void project(double* z, const double* wanted = nullptr) {
    const int count = static_cast<int>(taken_.size());
    for (int a = 0; a < count; ++a) {
      values_[a] = z[taken_[a]] - (wanted ? wanted[a] : 0.0);
      for (int c = 0; c < a; ++c) values_[a] -= gram_[a * count + c] * values_[c];
      values_[a] /= gram_[a * count + a];
    }
    for (int a = count - 1; a >= 0; --a) {
      for (int c = a + 1; c < count; ++c) values_[a] -= gram_[c * count + a] * values_[c];
      values_[a] /= gram_[a * count + a];
    }
    for (int a = 0; a < count; ++a) add_scaled(z, -values_[a], columns_.data() + static_cast<Index>(a) * m.parameters, m.parameters);
    for (int a = 0; a < count; ++a) z[taken_[a]] = wanted ? wanted[a] : 0.0;
  }

  // Take account of the last step. False where the curvature along it is not positive.
  bool learn() {
    if (pairs_ == 0) return true;
    double* y = change(pairs_ - 1);
    for (int i = 0; i < m.parameters; ++i) y[i] = moves(i) ? gradient()[i] - previous_[i] : 0.0;
    const double curvature = dot(step(pairs_ - 1), y, m.parameters);
    weight_[pairs_ - 1] = 1.0 / curvature;
    return curvature > 0;
  }

  // Two-loop recursion: `p_` is what is to be subtracted. Returns the EDM.
  double direction() {
    const int P = m.parameters;
    for (int i = 0; i < P; ++i) p_[i] = moves(i) ? gradient()[i] : 0.0;
    for (int j = pairs_ - 1; j >= 0; --j) {
      factor_[j] = weight_[j] * dot(step(j), p_.data(), P);
      add_scaled(p_.data(), -factor_[j], change(j), P);
    }
    at_->newton.solve(p_.data(), p_.data());
    project(p_.data());
    for (int j = 0; j < pairs_; ++j) add_scaled(p_.data(), factor_[j] - weight_[j] * dot(change(j), p_.data(), P), step(j), P);
    return 0.5 * dot(gradient(), p_.data(), P);
  }

  // Whether the minimum ahead is one that is known: the step ends near it, as seen from here, and the nll is as far above it
  // as the Hessian says.
  bool leads_to(const KnownMinimum& minimum, double value, double edm) {
    double along = 0.0;
    for (int i = 0; i < m.parameters; ++i) {
      work_[i] = x_[i] - minimum.theta[i];
      if (!moves(i) && work_[i] != 0.0) return false;
      along += work_[i] * gradient()[i];
    }
    last_->newton.multiply(1.0, 0.0, work_.data(), product_.data());
    const double square = dot(work_.data(), product_.data(), m.parameters), rise = value - minimum.value;
    const double apart = square - 2.0 * along + 2.0 * edm;
    return square < 0.3 && apart < 0.05 * square && std::abs(2.0 * rise - square) < 0.2 * square;
  }

  bool inside() const {
    for (int i = 0; i < m.parameters; ++i)
      if (moves(i) && !(x_[i] - p_[i] >= lower_[i] && x_[i] - p_[i] <= upper_[i])) return false;
    return true;
  }

  // Where a constraint has a logarithm a step goes no further towards 0 than to a hundredth. Whether that shortened it.
  bool shorten() {
    double scale = 1.0;
    for (int i = 0; i < m.parameters; ++i)
      if (logarithm_[i] && moves(i) && x_[i] - p_[i] < least(i)) scale = std::min(scale, 0.99 * x_[i] / p_[i]);
    if (scale < 1.0)
      for (double& p : p_) p *= scale;
    return scale < 1.0;
  }

  // A step that would cross bounds: what crosses goes to its bound, and the others move as is best then. Where that does not
  // work the step is cut at the bounds.
  void bring_inside() {
    pairs_ = 0;
    const std::size_t before = taken_.size();
    const bool solved = solve_on_bounds();
    if (solved && !shorten()) return;
    for (std::size_t a = before; a < taken_.size(); ++a) on_bound_[taken_[a]] = 0;
    for (int i = 0; i < m.parameters && !solved; ++i)
      p_[i] = moves(i) ? std::min(std::max(work_[i], x_[i] - upper_[i]), x_[i] - std::max(lower_[i], least(i))) : 0.0;
    at_ = nullptr;
  }

  bool solve_on_bounds() {
    work_ = p_;
    std::vector<double> wanted(taken_.size(), 0.0);
    for (int round = 0; round < 8 && !inside(); ++round) {
      for (int i = 0; i < m.parameters; ++i) {
        const double target = x_[i] - p_[i];
        if (!moves(i) || (target >= lower_[i] && target <= upper_[i])) continue;
        on_bound_[i] = 1;
        taken_.push_back(i);
        wanted.push_back(x_[i] - (target > upper_[i] ? upper_[i] : std::max(lower_[i], least(i))));
      }
      if (!take_out()) return false;
      for (int i = 0; i < m.parameters; ++i) p_[i] = fixed_[i] || at_->masked[i] ? 0.0 : gradient()[i];
      at_->newton.solve(p_.data(), p_.data());
      project(p_.data(), wanted.data());
    }
    return inside();
  }

  void take_step() {
    const int P = m.parameters;
    if (pairs_ == steps) {
      std::rotate(steps_.begin(), steps_.begin() + P, steps_.end());
      std::rotate(changes_.begin(), changes_.begin() + P, changes_.end());
      std::rotate(weight_, weight_ + 1, weight_ + steps);
      --pairs_;
    }
    double* s = step(pairs_++);
    for (int i = 0; i < P; ++i) {
      s[i] = -p_[i];
      previous_[i] = gradient()[i];
      if (fixed_[i]) continue;
      const double rounding = 1e-15 * std::abs(p_[i]);
      x_[i] -= p_[i];
      x_[i] = x_[i] <= lower_[i] + rounding ? lower_[i] : x_[i] >= upper_[i] - rounding ? upper_[i] : x_[i];
    }
  }

  // Whether a parameter is on its bound and its gradient does not say whether it belongs there.
  bool weakly_held() const {
    for (int i = 0; i < m.parameters; ++i)
      if (on_bound_[i] && lower_[i] < upper_[i] && Box::weak(gradient()[i], 1.0 / std::abs(end_.inverse_diagonal[i]))) return true;
    return false;
  }

  bool arrived(const double* theta, double value, double edm, int k, Outcome& out) {
    out.status = converged;
    out.theta.assign(theta, theta + m.parameters);
    out.value = value;
    out.edm = edm;
    out.iterations = out.evaluations = k + 1;
    return true;
  }
};

}  // namespace wilks
