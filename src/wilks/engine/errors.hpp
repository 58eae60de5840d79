// Statistical errors of the templates that are added to the rates, with the yields of the moment: theta_b E_b, where
// E_b^2 is the sum over samples of (F e_b)^2 with F the product of a sample's scalar factors and e_b the error of its
// template (Conway, arXiv:1103.0354, as in Combine).
#pragma once

#include "rates.hpp"

namespace wilks::detail {

// The errors of one group in one channel.
class AddedErrors {
 public:
  AddedErrors(const Model& model, Scratch& scratch, int channel, int group)
      : m(model), s(scratch), c(channel), bins(m.bins_of(c)), stride(m.stride_of(c)), members_(m.error_start[group + 1] - m.error_start[group]),
        block_(&m.error_block[m.error_start[group]]), error_(m.errors.data() + m.error_row[group]), parameter_(&m.error_parameter[m.error_parameter_row[group]]) {}

  // E, with the factors that `forward` has left.
  void sizes(double* E) const {
    for (int b = 0; b < bins; ++b) {
      double total = 0.0;
      for (int i = 0; i < members_; ++i) total += square(factor(i) * error(i, b));
      E[b] = std::sqrt(total);
    }
  }

  void add_rates(const double* theta, const double* E, double* rate) const {
    for (int b = 0; b < bins; ++b) rate[b] += theta[parameter_[b]] * E[b];
  }

  // Gradient, for the derivatives w of the nll with respect to the rates.
  void add_gradient(const double* theta, const double* E, const double* w, double* gradient) const {
    for (int b = 0; b < bins; ++b) gradient[parameter_[b]] += w[b] * E[b];
    for (int i = 0; i < members_; ++i) {
      double slope = 0.0;
      for (int b = 0; b < bins; ++b)
        if (E[b] > 0.0) slope += w[b] * theta[parameter_[b]] * square(error(i, b)) / E[b];
      slope *= factor(i);
      each_factor(i, [&](int e, double d) { s.value_gradient[m.factor_parameter[e]] += slope * d; });
    }
  }

  // Calls with_own(bin, E), with_column(column, bin, dE), pair(column, column2, x) where x goes to the Hessian (once for
  // a pair, see `ChannelHessian::add`). `dE` is memory for columns x bins.
  template <class Own, class Column, class Pair>
  void add_hessian(const double* theta, const double* E, const double* w, double* dE, int columns, Own with_own, Column with_column, Pair pair) const {
    std::fill(dE, dE + static_cast<Index>(columns) * stride, 0.0);
    const auto row = [&](int column) { return dE + static_cast<Index>(column) * stride; };
    for (int i = 0; i < members_; ++i) {
      double curvature = 0.0;  // of the sum of w theta E, with respect to this factor, but for what `dE` gives
      for (int b = 0; b < bins; ++b)
        if (E[b] > 0.0) curvature += w[b] * theta[parameter_[b]] * square(error(i, b)) / E[b];
      const double F = factor(i);
      const int k = block_[i], f0 = m.factor_start[k];
      double* slope = s.factor_scale;
      each_factor(i, [&](int e, double d) { slope[e - f0] = d; });
      for (int e = f0; e < m.factor_start[k + 1]; ++e) {
        const int column = m.factor_column[e];
        const double d = slope[e - f0];
        for (int b = 0; b < bins; ++b)
          if (E[b] > 0.0) row(column)[b] += F * square(error(i, b)) / E[b] * d;
        pair(column, column, 0.5 * curvature * (d * d + F * s.factor2[e] * product_without(m, s, k, e)));
        for (int e2 = f0; e2 < e; ++e2)
          pair(column, m.factor_column[e2], curvature * (d * slope[e2 - f0] + F * s.factor1[e] * s.factor1[e2] * product_without(m, s, k, e, e2)));
      }
    }
    const auto moves = [&](int column) { return std::any_of(row(column), row(column) + bins, [](double x) { return x != 0.0; }); };
    for (int b = 0; b < bins; ++b) with_own(b, E[b]);
    for (int j = 0; j < columns; ++j) {
      if (!moves(j)) continue;
      for (int b = 0; b < bins; ++b) with_column(j, b, row(j)[b]);
      for (int k = 0; k <= j; ++k) {
        double total = 0.0;
        for (int b = 0; b < bins; ++b)
          if (E[b] > 0.0) total -= w[b] * theta[parameter_[b]] / E[b] * row(j)[b] * row(k)[b];
        if (total != 0.0) pair(j, k, j == k ? 0.5 * total : total);
      }
    }
  }

  // Adds to the rates of the blocks what their squares are of E^2: the sum is theta E. `out` are the rates of a channel,
  // block after block.
  void share(const double* theta, const double* E, double* out) const {
    for (int i = 0; i < members_; ++i)
      for (int b = 0; b < bins; ++b)
        if (E[b] > 0.0) out[(block_[i] - m.channel_block[c]) * bins + b] += theta[parameter_[b]] * square(factor(i) * error(i, b)) / E[b];
  }

  // The derivatives of that with respect to all inputs, for one block: bins x inputs.
  void add_share_jacobian(const double* theta, const double* E, int block, double* out) const {
    for (int own = 0; own < members_; ++own) {
      if (block_[own] != block) continue;
      for (int b = 0; b < bins; ++b) {
        if (E[b] == 0.0) continue;
        double* row = out + static_cast<Index>(b) * m.inputs;
        const double share = square(factor(own) * error(own, b)) / E[b], t = theta[parameter_[b]];
        row[parameter_[b]] += share;
        each_factor(own, [&](int e, double d) { row[m.factor_parameter[e]] += t * 2.0 * factor(own) * square(error(own, b)) / E[b] * d; });
        for (int i = 0; i < members_; ++i)
          each_factor(i, [&](int e, double d) { row[m.factor_parameter[e]] -= t * share / square(E[b]) * factor(i) * square(error(i, b)) * d; });
      }
    }
  }

  double theta(const double* point, int b) const { return point[parameter_[b]]; }
  int parameter(int b) const { return parameter_[b]; }

  // Calls action(entry, dF / d input) for each factor of a member.
  template <class Action>
  void each_factor(int i, Action action) const {
    for (int e = m.factor_start[block_[i]]; e < m.factor_start[block_[i] + 1]; ++e) action(e, s.factor1[e] * product_without(m, s, block_[i], e));
  }
  int members() const { return members_; }
  double factor(int i) const { return s.product[block_[i] - m.channel_block[c]]; }
  double error(int i, int b) const { return error_[static_cast<Index>(i) * bins + b]; }

 private:
  const Model& m;
  Scratch& s;
  const int c, bins, stride, members_;
  const int* block_;
  const double* error_;
  const int* parameter_;

  static double square(double x) { return x * x; }
};

// Calls action(errors, their E, group) for each group of a channel.
template <class Action>
void each_error(const Model& m, Scratch& s, int c, Action action) {
  double* E = s.error_size.data();
  for (int g = m.channel_error[c]; g < m.channel_error[c + 1]; ++g, E += m.stride_of(c)) action(AddedErrors(m, s, c, g), E, g);
}

}  // namespace wilks::detail
