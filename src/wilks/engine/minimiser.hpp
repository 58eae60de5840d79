// A fit: ways into the domain and along its edge for the descent, and the certificate of where it ends.
#pragma once

#include "dense.hpp"
#include "descent.hpp"

namespace wilks {

class Minimiser {
 public:
  Minimiser(const Model& model, const Data& data, const double* lower, const double* upper, const char* fixed, const Options& options,
            Stop stop)
      : m(model), descent_(model, data, lower, upper, fixed, options, stop), data_(descent_.data_), options_(descent_.options_),
        box_(descent_.box_), newton_(descent_.newton_), region_(descent_.region_), x_(box_.x), begun_(model.parameters, 0.0) {}

  // The same model, bounds and fixed parameters, other data.
  void set_data(const Data& data) { data_ = data; }

  Outcome run(const double* start) {
    Outcome out;
    const bool moves = options_.max_iterations > 0;
    budget_ = options_.max_iterations;
    used_ = 0;
    box_.place(start, data_.auxiliary, moves);
    begun_ = x_;
    out.status = descend(out);
    if (out.status == start_outside && moves && come_inside(start, out)) {
      begun_ = x_;
      out.status = descend(out);
    }
    if (moves && (out.status == rate_boundary || out.status == stalled || out.status == iteration_limit)) approach_boundary(out);
    if (moves && m.any_kink && (out.status == stalled || out.status == iteration_limit)) round_kinks(out);
    options_.max_iterations = budget_;
    out.iterations = used_;
    finish(out);
    descent_.scratch_.round_kinks(rounded_ = 0.0);
    return out;
  }

 private:
  const Model& m;
  Descent descent_;
  Data& data_;
  Options& options_;
  Box& box_;
  Newton& newton_;
  TrustRegion& region_;
  std::vector<double>& x_;
  std::vector<double> begun_;  // the point inside that the fit began with
  int budget_ = 0, used_ = 0;  // iterations allowed, and used by all descents
  double rounded_ = 0.0;       // what rounded kinks add to the nll

  // A direction whose curvature relative to the metric is below this is flat: rounding alone makes about 1e-12 of it.
  static constexpr double flat_eigenvalue = 1e-9;

  // Iterations of one descent: one that takes more will not arrive.
  static constexpr int patience = 1000;

  // Descend with what is left of the iterations, `most` at most.
  Status descend(Outcome& out, int most = patience) {
    options_.max_iterations = std::min(std::max(budget_ - used_, 0), most);
    const Status end = descent_.minimise(out);
    used_ += out.iterations;
    return end;
  }

  bool exhausted() const { return used_ >= budget_; }

  // From a start outside: look for a point inside, from there, else with the constrained parameters at their centres, or
  // mirrored at these. Free factors and those of single bins first stay out of it: most only scale a rate, and would hide
  // that it is negative by bringing it to zero.
  bool come_inside(const double* start, Outcome& out) {
    std::vector<double> other(m.parameters);
    std::vector<char> local(m.parameters), scaling(m.parameters, 1), none(m.parameters, 0);
    for (int i = 0; i < m.constraints; ++i) scaling[m.constraint_parameter[i]] = 0;
    for (int p = 0; p < m.parameters; ++p) scaling[p] |= local[p] = m.shared_index[p] < 0;
    const std::pair<double, const std::vector<char>&> ways[] = {{1.0, scaling}, {1.0, local},   {0.0, scaling}, {0.0, local},
                                                                {-1.0, scaling}, {-1.0, local}, {1.0, none}};
    descent_.centre(start);
    for (const auto& [mirror, still] : ways) {
      for (int p = 0; p < m.parameters; ++p) other[p] = descent_.centre_[p] + mirror * (start[p] - descent_.centre_[p]);
      box_.place(other.data(), data_.auxiliary, true);
      const std::vector<char> fixed(box_.fixed);
      for (int p = 0; p < m.parameters; ++p) box_.fixed[p] |= still[p];
      const bool inside = minimise_continued(out);
      box_.fixed = fixed;
      if (inside) return true;
      if (exhausted()) break;
    }
    box_.place(start, data_.auxiliary, true);
    out.bad_bin = descent_.evaluate_all(out);
    return false;
  }

  // Minimise with the Poisson terms continued, and some events in every bin, until no rate is where they are. The
  // continuation gets steeper where that is not enough. Whether that leads inside.
  bool minimise_continued(Outcome& out) {
    const Data truth = data_;
    const Options options = options_;
    std::vector<double> raised(truth.observed, truth.observed + m.bins), least(m.bins, 1.0), size(m.bins);
    for (double& events : raised) events = std::max(events, 0.1);
    data_.observed = raised.data();
    data_.least = least.data();
    options_.polish = false;
    bool inside = false;
    if (descent_.evaluate_all(out) == inside_domain) {
      // Rates differ by orders of magnitude: the scale of each is what is expected here, or seen.
      for (int b = 0; b < m.bins; ++b) {
        const double rate = std::abs(descent_.derivatives_.rate[b]);
        size[b] = rate > 0 ? std::min(rate, raised[b]) : raised[b];
      }
      double depth = -std::numeric_limits<double>::infinity();
      for (double fraction = 0.1; !inside && fraction > 1e-7 && !exhausted(); fraction *= 0.1) {
        for (int b = 0; b < m.bins; ++b) least[b] = fraction * size[b];
        const Status end = descend(out, 100);
        if (end == start_outside || end == interrupted) break;
        inside = feasible(truth);
        // A rate that gets no closer to being positive never will.
        double lowest = std::numeric_limits<double>::infinity();
        for (int b = 0; b < m.bins; ++b) lowest = std::min(lowest, descent_.derivatives_.rate[b] / size[b]);
        if (!(lowest > 0.9 * depth)) break;
        depth = lowest;
      }
    }
    data_ = truth;
    options_ = options;
    return inside;
  }

  bool feasible(const Data& truth) const {
    for (int b = 0; b < m.bins; ++b)
      if (!(descent_.derivatives_.rate[b] > 0) && (truth.observed[b] > 0 || descent_.derivatives_.rate[b] < 0)) return false;
    return true;
  }

  // Where a rate is driven to zero: give the starved bins more events, a logarithmic barrier, and lower it step by step.
  // Ends with the true data at the lowest point seen.
  void approach_boundary(Outcome& out) {
    descent_.starved_.clear();
    for (int b = 0; b < m.bins; ++b)
      if (data_.observed[b] < 0.1 && descent_.derivatives_.rate[b] < 0.1) descent_.starved_.push_back(b);
    if (exhausted()) descent_.starved_.clear();
    if (descent_.starved_.empty()) return;
    const Data truth = data_;
    const Status first = out.status;
    std::vector<double> lowest(x_), raised(truth.observed, truth.observed + m.bins);
    const double lowest_value = descent_.value_;
    const int where = out.bad_bin;
    Status last = first;
    box_.place(begun_.data(), data_.auxiliary, true);  // the point reached has no room left
    double gap = std::numeric_limits<double>::infinity();  // of the last minimum with a barrier, above that without
    // To begin with, the barrier has to withstand what the other data gain by crossing it.
    for (double events = std::max(0.1, 0.1 * descent_.value_); last != interrupted && events > 1e-9 && !exhausted(); events *= 0.1) {
      bool any = false;
      for (const int b : descent_.starved_) {
        any = any || truth.observed[b] < events;
        raised[b] = std::max(truth.observed[b], events);
      }
      if (!any) break;
      data_.observed = raised.data();
      last = descend(out);
      gap = last == converged ? events * static_cast<double>(descent_.starved_.size()) : std::numeric_limits<double>::infinity();
    }
    data_ = truth;
    last = last == interrupted ? last : descend(out);
    if (last == start_outside || !(descent_.value_ <= lowest_value)) {
      x_ = lowest;
      descent_.evaluate_all(out);
      last = first;
    }
    out.status = last;
    if (out.bad_bin == inside_domain) out.bad_bin = where;
    for (const int b : descent_.starved_)
      if (descent_.derivatives_.rate[b] < 1e-9 && out.bad_bin == inside_domain) out.bad_bin = b;
    if (last == stalled && out.bad_bin != inside_domain) out.status = rate_boundary;
    // On the edge the Hessian doesn't tell how far the minimum is, but the barrier does (Boyd, Vandenberghe, Convex
    // Optimization, 2004, eq. 11.12).
    if (out.status == rate_boundary) descent_.edm_ = std::min(descent_.edm_, gap);
    descent_.starved_.clear();
  }

  // Where yields are cut off, and at minima and maxima of functions, the nll has kinks, and its minimum may lie in one: no
  // derivative vanishes there. Round them off, less and less, until that changes nothing. What is held in a kink at the end
  // has a curvature as large as that of the last rounding.
  void round_kinks(Outcome& out) {
    const std::vector<double> lowest(x_);
    const double lowest_value = descent_.value_, small = 0.1 * options_.tolerance;
    const Status first = out.status;
    for (double width = 1e-2; width > 1e-12 && !exhausted(); width *= 0.1) {
      descent_.scratch_.round_kinks(width);
      out.status = descend(out, 100);
      if (out.status == interrupted) break;
      const double rounded = descent_.value_, value = unrounded(width);
      rounded_ = std::abs(value - rounded);
      if (out.status != converged || !(value <= lowest_value + small) || rounded_ > small) continue;
      descent_.value_ = value;
      return;
    }
    descent_.scratch_.round_kinks(rounded_ = 0.0);
    if (out.status != interrupted) out.status = first;
    if (descent_.evaluate_all(out) == inside_domain && descent_.value_ <= lowest_value) return;
    x_ = lowest;
    descent_.evaluate_all(out);
  }

  // The nll at the current point with its kinks, which are then rounded off again.
  double unrounded(double width) {
    double value, magnitude;
    descent_.scratch_.round_kinks(0.0);
    const int bad = evaluate<0>(m, x_.data(), data_, nullptr, descent_.scratch_, descent_.derivatives_, value, magnitude);
    descent_.scratch_.round_kinks(width);
    return bad == inside_domain ? value : std::numeric_limits<double>::infinity();
  }

  // The certificate: bounds, eigenvalues, and the covariance of what is free.
  void finish(Outcome& out) {
    out.theta = x_;
    out.value = descent_.value_;
    out.edm = descent_.edm_;
    out.at_bound.assign(m.parameters, 0);
    if (out.status == start_outside) return;
    const std::vector<char> level = descent_.level_kinks(out);
    bool free = false, same_mask = true;
    for (int i = 0; i < m.parameters; ++i) {
      out.at_bound[i] = !level[i] && box_.at_bound(i, descent_.derivatives_.gradient[i]);
      const char mask = box_.fixed[i] || out.at_bound[i];
      same_mask = same_mask && mask == box_.masked[i];
      box_.masked[i] = mask;
      free = free || !mask;
    }
    out.positive_definite = descent_.factored_ && same_mask ? true : newton_.factor(0.0);
    if (!free) {
      out.edm = out.smallest_eigenvalue = 0.0;
    } else {
      if (out.positive_definite) {
        region_.newton_step();
        if (out.status != rate_boundary) out.edm = region_.edm() + rounded_;
        out.smallest_eigenvalue = region_.smallest_eigenvalue(0.0);
      } else {
        for (double shift = Descent::valley_shift; shift < 1e12; shift *= 1e3)
          if (newton_.factor(shift)) {
            out.smallest_eigenvalue = region_.smallest_eigenvalue(shift);
            break;
          }
      }
      if (!out.positive_definite || out.smallest_eigenvalue < flat_eigenvalue) {
        out.positive_definite = false;
        out.direction = region_.direction;
        const bool level = out.status == converged || (out.status == stalled && descent_.edm_ < options_.tolerance);
        if (level && std::abs(out.smallest_eigenvalue) < 1e-4) out.status = flat_direction;
        return;
      }
      if (out.status == flat_direction) out.status = out.edm < options_.tolerance ? converged : stalled;
    }
    if (!options_.covariance) return;
    out.covariance.assign(static_cast<std::size_t>(m.parameters) * m.parameters, 0.0);
    inverse(newton_, out.covariance.data());
  }
};

}  // namespace wilks
