// Many fits with one Hessian, eight at a time.
#pragma once

#include <optional>

#include "box.hpp"
#include "dense.hpp"
#include "eightfold_kernels.hpp"
#include "outcome.hpp"

namespace wilks {

// The same fits as those of SharedHessian, in vector lanes: limited-memory BFGS with the inverse of the shared Hessian. Where
// curvatures change much on the way, the first points after the start get a metric of their own (see
// eightfold_metric.hpp), and the last of these serves from there on. A lane whose fit is done takes the next one; what a fit
// does depends on no other, so its answer doesn't depend on which are made with it. A parameter that comes to a bound is
// held there, by a column of the inverse E: p = z - E z_held / E_held is the step without it.
class Together {
 public:
  // `newton` holds the factor of the shared Hessian; `refreshes` points have a metric of their own. The other arrays stay the
  // caller's.
  Together(const Model& model, Newton& newton, const double* start, const double* lower, const double* upper, const char* fixed, int refreshes)
      : m(model), refreshes_(refreshes), start_(start), lower_(lower), upper_(upper), fixed_(fixed, fixed + model.parameters), inverse_(static_cast<std::size_t>(model.parameters) * model.parameters),
        scratch_(model), x_(model.parameters), gradient_(model.parameters), p_(model.parameters), product_(model.parameters), previous_(model.parameters),
        steps_(static_cast<std::size_t>(steps) * model.parameters), changes_(static_cast<std::size_t>(steps) * model.parameters) {
    inverse(newton, inverse_.data());
    if (refreshes_ > 0) fresh_ = std::make_unique<EightfoldMetric>(m), metric_ = std::make_unique<EightfoldMetric>(m), other_.emplace(m.parameters), column_.emplace(m.parameters);
  }

  static constexpr double tolerance = 1e-11;  // on the EDM
  static constexpr int steps = 60;

  // `next()` gives the number of a fit, or a negative one; `data(fit)` its data. `done(fit, outcome)` takes an answer,
  // `failed(fit)` a fit that does not converge fast. Goes on until `stop()`.
  template <class Next, class GetData, class Done, class Failed, class Ask>
  void run(Next next, GetData data, Done done, Failed failed, Ask stop) {
    for (int l = 0; l < fold; ++l) begin(l, next(), data);
    while (std::any_of(fit_, fit_ + fold, [](std::ptrdiff_t i) { return i >= 0; }) && !stop()) {
      const EightBits refreshed = to_refresh();
      const bool any = has_any(refreshed);
      detail::evaluate_eight_best(m, x_.data(), scratch_, gradient_.data(), &value_, &magnitude_, fixed_.data(), any ? fresh_.get() : nullptr);
      if (any && !has_any(own_ & ~refreshed))
        std::swap(fresh_, metric_);
      else if (any)
        detail::take_metric_best(refreshed, *fresh_, *metric_);
      bool ended[fold] = {};
      const auto give_up = [&](int l) {
        failed(fit_[l]);
        ended[l] = true;
      };
      for (int l = 0; l < fold; ++l) {
        moving_[l] = fit_[l] >= 0;
        if (!moving_[l]) continue;
        if (value_[l] <= last_[l] && std::isfinite(value_[l])) {
          last_[l] = value_[l] + 1e-13 * (magnitude_[l] + 1.0);
          shorter_[l] = 0;
          if (refreshed[l]) own_[l] = ~std::uint64_t{}, count_[l] = 0;
        } else {
          moving_[l] = false;
          if (count_[l] == 0 || ++shorter_[l] == 5)
            give_up(l);
          else
            shorten(l);
        }
      }
      direction();
      for (int l = 0; l < fold; ++l) {
        if (!moving_[l]) continue;
        const int held = held_[l];
        if (!(curvature_[l] > 0) || !(edm_[l] >= 0) || taken_[l] == steps || !move(l)) {
          give_up(l);
        } else if (edm_[l] < tolerance && whole_[l] && held == held_[l]) {
          if (at_rest(l)) {
            done(fit_[l], outcome(l));
            ended[l] = true;
          } else if (outward(l) < 0) {  // all others are where they belong: now it goes inside
            held_[l] = -1;
            count_[l] = 0;
          } else {
            give_up(l);
          }
        }
      }
      // A metric costs the same for one lane as for all: fits that need one begin together.
      for (int l = 0; l < fold; ++l)
        if (ended[l]) begin(l, -1, data);
      const bool all_ended = std::all_of(fit_, fit_ + fold, [](std::ptrdiff_t i) { return i < 0; });
      for (int l = 0; l < fold && (refreshes_ == 0 || all_ended); ++l)
        if (fit_[l] < 0) begin(l, next(), data);
    }
  }

 private:
  const Model& m;
  int refreshes_;
  const double *start_, *lower_, *upper_;
  std::vector<char> fixed_;
  std::vector<double> inverse_;
  EightfoldScratch scratch_;
  Eights x_, gradient_, p_, product_, previous_, steps_, changes_;  // the last two: `steps` of them, one after the other
  std::unique_ptr<EightfoldMetric> fresh_, metric_;  // of the last point; of each lane's last refreshed one
  std::optional<Eights> other_, column_;
  EightBits own_{};  // lanes that have a metric: all bits set
  Eight value_{}, magnitude_{}, last_{}, edm_{}, curvature_{};
  Eight weight_[steps] = {}, factor_[steps] = {};
  std::ptrdiff_t fit_[fold];
  int taken_[fold] = {}, count_[fold] = {}, shorter_[fold] = {};  // steps of each fit; those that are remembered; how often the last one was shortened
  int held_[fold] = {}, approaches_[fold] = {};  // the parameter at its bound, or -1; steps that ended short of a bound
  double width_[fold] = {};                      // what E has on the diagonal for that parameter
  bool moving_[fold] = {}, whole_[fold] = {};    // whose fits take a step now; whether that is all that the matrix says

  Eight* step(int k) { return steps_.data() + static_cast<Index>(k) * m.parameters; }
  Eight* change(int k) { return changes_.data() + static_cast<Index>(k) * m.parameters; }

  template <class GetData>
  void begin(int l, std::ptrdiff_t fit, GetData data) {
    fit_[l] = fit;
    taken_[l] = count_[l] = shorter_[l] = approaches_[l] = 0;
    held_[l] = -1;
    own_[l] = 0;
    last_[l] = std::numeric_limits<double>::infinity();
    for (int j = 0; j < steps; ++j) weight_[j][l] = factor_[j][l] = 0.0;
    for (int i = 0; i < m.parameters; ++i) x_[i][l] = start_[i];
    if (fit < 0) return;
    const Data of = data(fit);
    for (int b = 0; b < m.bins; ++b) scratch_.observed[static_cast<Index>(b) * fold + l] = of.observed[b];
    for (int i = 0; i < m.constraints; ++i) scratch_.auxiliary[static_cast<Index>(i) * fold + l] = of.auxiliary[i];
  }

  EightBits to_refresh() const {
    EightBits lanes{};
    for (int l = 0; l < fold; ++l)
      if (fit_[l] >= 0 && taken_[l] > 0 && taken_[l] <= refreshes_) lanes[l] = ~std::uint64_t{};
    return lanes;
  }

  static bool has_any(const EightBits& lanes) {
    std::uint64_t all = 0;
    for (int l = 0; l < fold; ++l) all |= lanes[l];
    return all != 0;
  }

  void shorten(int l) {
    Eight* s = step(count_[l] - 1);
    for (int i = 0; i < m.parameters; ++i) {
      x_[i][l] -= 0.7 * s[i][l];
      s[i][l] *= 0.3;
    }
  }

  // Two-loop recursion (Liu, Nocedal, Math. Program. 45 (1989) 503): `p_` is what is to be subtracted.
  void direction() {
    const int P = m.parameters;
    for (int i = 0; i < P; ++i) p_[i] = fixed_[i] ? Eight{} : gradient_[i];
    for (int l = 0; l < fold; ++l)
      if (held_[l] >= 0) p_[held_[l]][l] = 0.0;
    int most = 0;
    for (int l = 0; l < fold; ++l) {
      curvature_[l] = 1.0;
      if (!moving_[l]) continue;
      most = std::max(most, count_[l]);
      if (count_[l] == 0) continue;
      const Eight* s = step(count_[l] - 1);
      Eight* y = change(count_[l] - 1);
      double total = 0.0;
      for (int i = 0; i < P; ++i) {
        y[i][l] = p_[i][l] - previous_[i][l];
        total += s[i][l] * y[i][l];
      }
      curvature_[l] = total;
      weight_[count_[l] - 1][l] = 1.0 / total;
    }
    Eight known{};
    for (int l = 0; l < fold; ++l) known[l] = count_[l];
    Eight product;
    for (int j = most - 1; j >= 0; --j) {
      detail::dot_eight_best(step(j), p_.data(), P, &product);
      factor_[j] = known > j ? weight_[j] * product : Eight{};
      const Eight back = -factor_[j];
      detail::add_scaled_eight_best(p_.data(), &back, change(j), P);
    }
    apply_inverse();
    for (int j = 0; j < most; ++j) {
      detail::dot_eight_best(change(j), p_.data(), P, &product);
      const Eight ahead = known > j ? factor_[j] - weight_[j] * product : Eight{};
      detail::add_scaled_eight_best(p_.data(), &ahead, step(j), P);
    }
    detail::dot_eight_best(gradient_.data(), p_.data(), P, &product);
    edm_ = 0.5 * product;
  }

  // p := E p, without the parameter that is held.
  void apply_inverse() {
    const int P = m.parameters;
    const bool own = has_any(own_);
    if (own) {
      std::copy(p_.data(), p_.data() + P, other_->data());
      detail::solve_eight_best(m, *metric_, other_->data());
    }
    bool all = own;
    for (int l = 0; l < fold; ++l) all = all && (own_[l] || !moving_[l]);
    if (all) {
      std::swap(p_, *other_);
    } else {
      detail::multiply_eight_best(inverse_.data(), P, p_.data(), product_.data());
      std::swap(p_, product_);
      if (own) detail::take_lanes_best(own_, *other_, p_);
    }
    if (std::all_of(held_, held_ + fold, [](int h) { return h < 0; })) return;
    if (own) {
      column_->fill(Eight{});
      for (int l = 0; l < fold; ++l)
        if (held_[l] >= 0) (*column_)[held_[l]][l] = 1.0;
      detail::solve_eight_best(m, *metric_, column_->data());
    }
    for (int l = 0; l < fold; ++l) {
      const int held = held_[l];
      if (held < 0) continue;
      const double* column = &inverse_[static_cast<std::size_t>(held) * P];
      const auto element = [&](int i) { return own_[l] ? (*column_)[i][l] : column[i]; };
      width_[l] = element(held);
      const double part = p_[held][l] / width_[l];
      for (int i = 0; i < P; ++i) p_[i][l] -= part * element(i);
      p_[held][l] = 0.0;
    }
  }

  // Take the step, up to the first bound in its way: short of it twice, then the parameter is held there, and what was learnt
  // is forgotten. False at a second bound.
  bool move(int l) {
    double part = 1.0;
    int first = -1;
    for (int i = 0; i < m.parameters; ++i) {
      const double p = p_[i][l], room = p > 0 ? x_[i][l] - lower_[i] : upper_[i] - x_[i][l];
      if (!fixed_[i] && i != held_[l] && std::abs(p) >= room && room < part * std::abs(p)) part = room / std::abs(p), first = i;
    }
    if (first >= 0 && held_[l] >= 0) return false;
    const bool hold = first >= 0 && (part == 0.0 || ++approaches_[l] > 2);
    if (first >= 0 && !hold) part *= 0.9;
    Eight* s = step(count_[l]);
    for (int i = 0; i < m.parameters; ++i) {
      s[i][l] = -part * p_[i][l];
      previous_[i][l] = fixed_[i] || i == held_[l] ? 0.0 : gradient_[i][l];
      x_[i][l] += s[i][l];
    }
    whole_[l] = part == 1.0;
    ++taken_[l];
    ++count_[l];
    if (!hold) return true;
    x_[first][l] = p_[first][l] > 0 ? lower_[first] : upper_[first];
    held_[l] = first;
    count_[l] = 0;
    return true;
  }

  // Whether the parameter that is held, if there is one, belongs at its bound.
  bool at_rest(int l) const {
    const int h = held_[l];
    return h < 0 || (outward(l) > 0 && !Box::weak(outward(l), 1.0 / width_[l]));
  }

  // How much the nll would rise with the parameter that is held, on the way inside.
  double outward(int l) const { return (x_[held_[l]][l] <= lower_[held_[l]] ? 1.0 : -1.0) * gradient_[held_[l]][l]; }

  Outcome outcome(int l) const {
    Outcome out;
    out.status = converged;
    out.theta.resize(m.parameters);
    for (int i = 0; i < m.parameters; ++i) out.theta[i] = x_[i][l];
    out.value = value_[l] - edm_[l];
    out.edm = edm_[l];
    out.iterations = out.evaluations = taken_[l];
    return out;
  }
};

}  // namespace wilks
