// Blocks whose yields are no sum of template rows times values: variations that multiply bin by bin, sums of logarithms,
// yields that are cut off from below, or keep their sum.
//
// The steps from the sum of rows to the yields A, each where the block has it:
//   sum of rows, and variations of codes 1 and 5 -> exp -> times total / sum -> max(., floor) -> times total / sum
// Derivatives go through them forward, D = dA / d value of each row; second ones are those of each step, weighted with
// the derivatives of what follows it (backward).
#pragma once

#include <array>

#include "model.hpp"

namespace wilks {

class Curved {
 public:
  explicit Curved(const Model& model) : m(model) {
    const std::size_t stride = whole_quads(std::max(1, m.largest_bins)), rows = m.largest_rows + 1;
    if (!m.any_form) return;
    for (auto& A : shapes_) A.assign(stride, 0.0);
    second_.assign(stride, 0.0);
    D_.assign(rows * stride, 0.0);
    pairs_.assign(rows * rows, 0.0);
    sums_.assign(rows, 0.0);
    weighted_.assign(rows, 0.0);
  }

  // The yields of a block; `value` are those of the model's rows.
  WILKS_COLD void shape(int k, int bins, int stride, const double* value, double* A) {
    sum_of_rows(k, bins, stride, value, false);
    steps(k, bins);
    std::copy(last(), last() + bins, A);
    std::fill(A + bins, A + stride, 0.0);
  }

  // D: the derivatives of the yields with respect to the value of every row of a block, one row each. With weights also the
  // second derivatives of the sum of yields times weights.
  WILKS_COLD const double* differentiate(int k, int bins, int stride, const double* value, const double* weight) {
    sum_of_rows(k, bins, stride, value, true);
    steps(k, bins);
    const int rows = m.row_start[k + 1] - m.row_start[k];
    if (weight) {
      std::fill(pairs_.begin(), pairs_.begin() + rows * rows, 0.0);
      backward(k, bins, weight);
      for (int r = 1; r < rows; ++r)
        if (bent_row(k, r)) pairs_[r * rows + r] += bent_second(k, r, bins, stride, value);
    }
    forward(k, bins, stride, weight ? pairs_.data() : nullptr);
    return D_.data();
  }

  // What was differentiated last.
  const double* rows() const { return D_.data(); }

  // Calls action(row, row2, second derivative) for each pair of its values, once.
  template <class Action>
  void each_pair(int rows, Action action) const {
    for (int r = 1; r < rows; ++r)
      for (int r2 = 1; r2 <= r; ++r2)
        if (pairs_[r * rows + r2] != 0.0) action(r, r2, pairs_[r * rows + r2]);
  }

  const signed char* side = nullptr;  // of parameters with a kink at 0
  // Where yields are cut off, they turn within this width (in units of a block's mean yield) instead of at a kink.
  double width = 0.0;

 private:
  enum Step : int { step_exp, step_sum, step_floor, step_share, all_steps };
  const Model& m;
  std::array<std::vector<double>, all_steps + 1> shapes_;  // the sum of rows, and what comes after each step
  std::array<std::vector<double>, all_steps + 1> adjoint_;  // the weights, and what they are before each step
  std::vector<double> D_, pairs_, sums_, weighted_, second_;
  double turn_ = 0.0;

  const double* last() const { return shapes_[all_steps].data(); }
  bool has(int k, int step) const {
    constexpr int form[] = {form_logarithm, form_keep_sum, form_floor, form_share};
    return m.block_form[k] & form[step];
  }
  bool bent_row(int k, int r) const { return m.row_code[m.row_start[k] + r] != 0; }
  const double* row(int k, int r, int stride) const { return &m.templates[m.block_templates[k] + static_cast<Index>(r) * stride]; }

  // max(x, floor), or what stands in for it: a branch of a hyperbola, half a width above where x is at the floor.
  Jet cut(int k, double x) const {
    const double above = x - m.block_floor[k], turn = width * turn_;
    if (width == 0.0) return {std::max(x, m.block_floor[k]), above > 0 ? 1.0 : 0.0, 0.0};
    const double root = std::hypot(above, turn);
    return {m.block_floor[k] + 0.5 * (above + root), 0.5 * (1.0 + above / root), 0.5 * (turn / root) * (turn / root) / root};
  }

  // The mean yield of a block in a bin.
  double mean_yield(int k, int bins) const {
    if (m.block_total[k] > 0) return m.block_total[k] / bins;
    const double* nominal = &m.templates[m.block_templates[k]];
    double total = 0.0;
    for (int b = 0; b < bins; ++b) total += std::abs(nominal[b]);
    return total / bins;
  }

  // The factor of a variation of code 1 or 5 in one bin, from the two rows that hold its coefficients: logarithms of hi and
  // lo over nominal.
  Jet bent_factor(int at, const double* value, double log_hi, double log_lo) const {
    const int code = m.row_code[at], input = m.row_value[at];
    const double alpha = value[input];
    if (code == shape_code5 && std::abs(alpha) < 1.0) {
      double c[factor_coefficients], jet[3];
      prepare_factor(factor_code4, wilks::exp(log_lo), wilks::exp(log_hi), c, 1);
      factor_polynomials(1, &alpha, c, 1, &jet[0], &jet[1], &jet[2]);
      return {jet[0], jet[1], jet[2]};
    }
    if (alpha > 0 || (alpha == 0 && (!side || input >= m.parameters || side[input] >= 0))) return exponential(alpha, log_hi);
    const Jet mirrored = exponential(-alpha, log_lo);
    return {mirrored.f, -mirrored.d1, mirrored.d2};
  }

  void sum_of_rows(int k, int bins, int stride, const double* value, bool derivatives) {
    const int r0 = m.row_start[k], rows = m.row_start[k + 1] - r0;
    const double* nominal = row(k, 0, stride);
    double* A = shapes_[0].data();
    std::copy(nominal, nominal + bins, A);
    if (derivatives) std::fill(D_.begin(), D_.begin() + static_cast<Index>(rows) * stride, 0.0);
    for (int r = 1; r < rows; ++r) {
      const double *from = row(k, r, stride), v = value[m.row_value[r0 + r]];
      double* D = D_.data() + static_cast<Index>(r) * stride;
      if (!bent_row(k, r)) {
        for (int b = 0; b < bins; ++b) A[b] += v * from[b];
        if (derivatives) std::copy(from, from + bins, D);
        continue;
      }
      const double* low = row(k, r + 1, stride);
      for (int b = 0; b < bins; ++b) {
        const Jet f = bent_factor(r0 + r, value, from[b], low[b]);
        A[b] += nominal[b] * (f.f - 1.0);
        if (derivatives) D[b] = nominal[b] * f.d1;
      }
      ++r;  // the second row of its coefficients
    }
  }

  double bent_second(int k, int r, int bins, int stride, const double* value) const {
    const double *nominal = row(k, 0, stride), *high = row(k, r, stride), *low = row(k, r + 1, stride);
    const int at = m.row_start[k] + r;
    double total = 0.0;
    for (int b = 0; b < bins; ++b) total += adjoint_[0][b] * nominal[b] * bent_factor(at, value, high[b], low[b]).d2;
    return total;
  }

  static double sum(const std::vector<double>& values, int bins) {
    double total = 0.0;
    for (int b = 0; b < bins; ++b) total += values[b];
    return total;
  }

  void steps(int k, int bins) {
    if (width > 0.0) turn_ = mean_yield(k, bins);
    for (int step = 0; step < all_steps; ++step) {
      const std::vector<double>& from = shapes_[step];
      std::vector<double>& to = shapes_[step + 1];
      if (!has(k, step)) {
        std::copy(from.begin(), from.begin() + bins, to.begin());
      } else if (step == step_exp) {
        for (int b = 0; b < bins; ++b) to[b] = wilks::exp(from[b]);
      } else if (step == step_floor) {
        for (int b = 0; b < bins; ++b) to[b] = cut(k, from[b]).f;
      } else {
        const double scale = m.block_total[k] / sum(from, bins);
        for (int b = 0; b < bins; ++b) to[b] = scale * from[b];
      }
    }
  }

  // What the weights are before each step.
  void backward(int k, int bins, const double* weight) {
    adjoint_[all_steps].assign(weight, weight + bins);
    for (int step = all_steps - 1; step >= 0; --step) {
      adjoint_[step] = adjoint_[step + 1];
      if (!has(k, step)) continue;
      std::vector<double>& u = adjoint_[step];
      const std::vector<double>&from = shapes_[step], &to = shapes_[step + 1];
      if (step == step_exp) {
        for (int b = 0; b < bins; ++b) u[b] *= to[b];
      } else if (step == step_floor) {
        for (int b = 0; b < bins; ++b) u[b] *= cut(k, from[b]).d1;
      } else {
        const double total = sum(from, bins), scale = m.block_total[k] / total;
        double mean = 0.0;
        for (int b = 0; b < bins; ++b) mean += u[b] * from[b] / total;
        for (int b = 0; b < bins; ++b) u[b] = scale * (u[b] - mean);
      }
    }
  }

  // D through all steps; `pairs` take the second derivatives of each.
  void forward(int k, int bins, int stride, double* pairs) {
    const int rows = m.row_start[k + 1] - m.row_start[k];
    for (int step = 0; step < all_steps; ++step) {
      if (!has(k, step)) continue;
      if (step == step_sum || step == step_share) {
        normalised(k, step, bins, stride, rows, pairs);
        continue;
      }
      const std::vector<double>&from = shapes_[step], &to = shapes_[step + 1];
      if (pairs && (step == step_exp || width > 0.0)) {
        for (int b = 0; b < bins; ++b) second_[b] = adjoint_[step + 1][b] * (step == step_exp ? to[b] : cut(k, from[b]).d2);
        for (int r = 1; r < rows; ++r)
          for (int r2 = 1; r2 <= r; ++r2) {
            const double *x = &D_[static_cast<Index>(r) * stride], *y = &D_[static_cast<Index>(r2) * stride];
            double total = 0.0;
            for (int b = 0; b < bins; ++b) total += second_[b] * x[b] * y[b];
            pairs[r * rows + r2] += total;
          }
      }
      for (int r = 1; r < rows; ++r) {
        double* D = &D_[static_cast<Index>(r) * stride];
        for (int b = 0; b < bins; ++b) D[b] *= step == step_exp ? to[b] : cut(k, from[b]).d1;
      }
    }
  }

  // A' = c A / sum(A): dA' = c (dA / S - A dS / S^2), d2A' = c (-(dA dS' + dA' dS) / S^2 + 2 A dS dS' / S^3).
  void normalised(int k, int step, int bins, int stride, int rows, double* pairs) {
    const std::vector<double>& A = shapes_[step];
    const double total = sum(A, bins), scale = m.block_total[k] / total;
    double weighted_sum = 0.0;
    for (int b = 0; b < bins && pairs; ++b) weighted_sum += adjoint_[step + 1][b] * A[b];
    for (int r = 1; r < rows; ++r) {
      const double* D = &D_[static_cast<Index>(r) * stride];
      sums_[r] = weighted_[r] = 0.0;
      for (int b = 0; b < bins; ++b) sums_[r] += D[b] / total;
      for (int b = 0; b < bins && pairs; ++b) weighted_[r] += adjoint_[step + 1][b] * D[b];
    }
    for (int r = 1; r < rows && pairs; ++r)
      for (int r2 = 1; r2 <= r; ++r2)
        pairs[r * rows + r2] += scale * (2.0 * weighted_sum * sums_[r] * sums_[r2] - (weighted_[r] * sums_[r2] + weighted_[r2] * sums_[r]));
    for (int r = 1; r < rows; ++r) {
      double* D = &D_[static_cast<Index>(r) * stride];
      for (int b = 0; b < bins; ++b) D[b] = scale * (D[b] - A[b] * sums_[r]);
    }
  }
};

}  // namespace wilks
