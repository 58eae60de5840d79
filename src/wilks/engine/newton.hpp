// Linear algebra of Newton's system with the local parameters eliminated (Schur complement).
//
// (H + lambda M) p = r, where M is the Fisher metric: J^T diag(1/nu) J + constraints, with 1/nu capped and a small floor
// so that it is positive definite. Parameters that are masked (fixed, or held at a bound) keep p = 0.
#pragma once

#include "evaluate.hpp"

namespace wilks {

struct Newton {
  const Model& m;
  const Derivatives& d;
  const char* masked = nullptr;  // parameters
  const double *lower = nullptr, *upper = nullptr;
  int ld;
  // Metric.
  bool metric_ready = false;
  std::vector<double> metric_shared, metric_rate, metric_constraint, diagonal, floor;
  // Factor.
  std::vector<double> S, Y, LG, scratch, packed;
  mutable std::vector<double> along_bins, vector1, vector2, local_values, gathered;  // scratch of products
  Gram gram;

  Newton(const Model& model, const Derivatives& derivatives) : m(model), d(derivatives), ld(padded(model.shared)), gram(model) {
    S.assign(static_cast<std::size_t>(m.shared) * ld + lanes, 0.0);
    Index rows = 0;
    for (int c = 0; c < m.channels; ++c) rows += static_cast<Index>(m.slots_of(c)) * m.bins_of(c) * padded(m.columns_of(c));
    Y.assign(rows + lanes, 0.0);
    LG.assign(m.local_size + 1, 0.0);
    scratch.assign(cholesky_scratch(m.shared), 0.0);
    const std::size_t width = padded(std::max(1, m.largest_columns));
    packed.assign(std::max(1, m.largest_bins) * width, 0.0);
    along_bins.assign(m.bins + 1, 0.0);
    vector1.assign(m.shared + 1, 0.0);
    vector2.assign(m.shared + 1, 0.0);
    gathered.assign(width, 0.0);
    local_values.assign(std::max(1, m.largest_bins * m.largest_slots), 0.0);
    metric_rate.assign(m.bins + 1, 0.0);
    metric_constraint.assign(m.parameters + 1, 0.0);
    floor.assign(m.parameters + 1, 0.0);
    diagonal.assign(m.parameters + 1, 0.0);
  }

  // The metric at the current point; call after every new evaluation of the derivatives.
  void new_point(const double* theta) {
    metric_ready = false;
    // Where far fewer events are expected than seen, n/nu^2 is the curvature along J and 1/nu far too little.
    for (int b = 0; b < m.bins; ++b) {
      const double expected = 1.0 / std::max(d.rate[b], 0.1);
      metric_rate[b] = d.weight[b] > 4.0 * expected ? d.weight[b] : expected;
    }
    std::fill(metric_constraint.begin(), metric_constraint.end(), 0.0);
    for (int i = 0; i < m.constraints; ++i) {
      const int p = m.constraint_parameter[i];
      const double scale = m.constraint_scale[i];
      metric_constraint[p] += m.constraint_kind[i] == constraint_poisson ? scale / std::max(theta[p], 0.1) : 1.0 / (scale * scale);
    }
    // Diagonal of the metric, and a floor for free parameters: several that enter only together would be degenerate.
    std::copy(metric_constraint.begin(), metric_constraint.end(), diagonal.begin());
    for (int c = 0; c < m.channels; ++c) {
      const int bins = m.bins_of(c), stride = m.stride_of(c), first = m.channel_bin[c];
      const double *J = d.jacobian + m.jacobian_offset[c], *JL = d.local_jacobian + m.local_jacobian_offset[c];
      for (int j = 0; j < m.columns_of(c); ++j) {
        const int p = m.shared_parameter[m.column_shared[m.column_start[c] + j]];
        for (int b = 0; b < bins; ++b) diagonal[p] += metric_rate[first + b] * J[static_cast<Index>(j) * stride + b] * J[static_cast<Index>(j) * stride + b];
      }
      for (int t = 0; t < m.slots_of(c); ++t)
        for (int b = 0; b < bins; ++b)
          diagonal[m.slot_parameter[m.slot_row[m.slot_start[c] + t] + b]] += metric_rate[first + b] * JL[t * stride + b] * JL[t * stride + b];
    }
    for (int p = 0; p < m.parameters; ++p) {
      // A range of less than 1 says nothing about the scale of a parameter: it may be held within it.
      const double range = upper ? std::max(upper[p] - lower[p], 1.0) : 10.0;
      floor[p] = metric_constraint[p] > 0 ? 0.0 : 1e-4 * (diagonal[p] + 1.0 / (range * range));
      if (metric_constraint[p] == 0 && !(floor[p] > 0)) floor[p] = 1.0;
      diagonal[p] += floor[p];
    }
  }

  // y = (a H + b M) p over the parameters that are not masked (p must be 0 there).
  void multiply(double a, double b, const double* p, double* y) const {
    std::fill(y, y + m.parameters, 0.0);
    if (a != 0.0) {
      for (int i = 0; i < m.shared; ++i) {
        vector1[i] = p[m.shared_parameter[i]];
        vector2[i] = 0.0;
      }
      symmetric_multiply(vector2.data(), d.shared, vector1.data(), m.shared, ld);
      for (int i = 0; i < m.shared; ++i) y[m.shared_parameter[i]] = a * vector2[i];
    }
    for (int c = 0; c < m.channels; ++c) {
      const int bins = m.bins_of(c), stride = m.stride_of(c), first = m.channel_bin[c], columns_ = m.columns_of(c), slots = m.slots_of(c);
      const double *J = d.jacobian + m.jacobian_offset[c], *JL = d.local_jacobian + m.local_jacobian_offset[c];
      const double *X = d.mixed + m.mixed_offset[c], *L = d.local + m.local_offset[c];
      const auto parameter = [&](int j) { return m.shared_parameter[m.column_shared[m.column_start[c] + j]]; };
      if (a != 0.0) {
        for (int t = 0; t < slots; ++t) {
          const int* local = &m.slot_parameter[m.slot_row[m.slot_start[c] + t]];
          for (int j = 0; j < columns_; ++j) {
            const double* mixed = X + (static_cast<Index>(t) * columns_ + j) * stride;
            const int pj = parameter(j);
            double total = 0.0;
            for (int k = 0; k < bins; ++k) {
              y[local[k]] += a * mixed[k] * p[pj];
              total += mixed[k] * p[local[k]];
            }
            y[pj] += a * total;
          }
          for (int t2 = 0; t2 < slots; ++t2) {
            const int* other = &m.slot_parameter[m.slot_row[m.slot_start[c] + t2]];
            for (int k = 0; k < bins; ++k) y[local[k]] += a * L[(static_cast<Index>(t) * slots + t2) * stride + k] * p[other[k]];
          }
        }
      }
      if (b != 0.0) {
        double* z = along_bins.data();
        rates_along(c, p, z);
        for (int k = 0; k < bins; ++k) z[k] *= b * metric_rate[first + k];
        for (int j = 0; j < columns_; ++j) y[parameter(j)] += dot(J + static_cast<Index>(j) * stride, z, bins);
        for (int t = 0; t < slots; ++t) {
          const int* local = &m.slot_parameter[m.slot_row[m.slot_start[c] + t]];
          for (int k = 0; k < bins; ++k) y[local[k]] += JL[t * stride + k] * z[k];
        }
      }
    }
    if (b != 0.0)
      for (int q = 0; q < m.parameters; ++q) y[q] += b * (metric_constraint[q] + floor[q]) * p[q];
    for (int q = 0; q < m.parameters; ++q)
      if (masked[q]) y[q] = 0.0;
  }

  // p^T M p.
  double metric_square(const double* p) const {
    double total = 0.0;
    double* z = along_bins.data();
    for (int c = 0; c < m.channels; ++c) {
      const int bins = m.bins_of(c), first = m.channel_bin[c];
      rates_along(c, p, z);
      for (int k = 0; k < bins; ++k) total += metric_rate[first + k] * z[k] * z[k];
    }
    for (int q = 0; q < m.parameters; ++q) total += (metric_constraint[q] + floor[q]) * p[q] * p[q];
    return total;
  }

  // Change of the rate of one bin of a channel along p, to first order.
  double rate_along(int c, int bin, const double* p) const {
    const int stride = m.stride_of(c);
    const double *J = d.jacobian + m.jacobian_offset[c], *JL = d.local_jacobian + m.local_jacobian_offset[c];
    double total = 0.0;
    for (int j = 0; j < m.columns_of(c); ++j)
      total += p[m.shared_parameter[m.column_shared[m.column_start[c] + j]]] * J[static_cast<Index>(j) * stride + bin];
    for (int t = 0; t < m.slots_of(c); ++t) total += JL[t * stride + bin] * p[local(c, t, bin)];
    return total;
  }

  // Factorise H + lambda M (or lambda M alone); false if it is not positive definite.
  bool factor(double lambda, bool with_hessian = true) {
    if (lambda != 0.0) build_metric();
    gram.start(S.data());
    const double h = with_hessian ? 1.0 : 0.0;
    for (int i = 0; i < m.shared; ++i) {
      double* row = &S[static_cast<Index>(i) * ld];
      const double* exact = d.shared + static_cast<Index>(i) * ld;
      if (lambda != 0.0) {
        const double* f = &metric_shared[static_cast<Index>(i) * ld];
        for (int j = 0; j <= i; ++j) row[j] = h * exact[j] + lambda * f[j];
      } else {
        for (int j = 0; j <= i; ++j) row[j] = exact[j];
      }
    }
    Index at = 0;
    for (int c = 0; c < m.channels; ++c) {
      const int bins = m.bins_of(c), stride = m.stride_of(c), first = m.channel_bin[c], columns_ = m.columns_of(c), slots = m.slots_of(c);
      if (slots == 0) continue;
      const int width = padded(columns_);
      const double *J = d.jacobian + m.jacobian_offset[c], *JL = d.local_jacobian + m.local_jacobian_offset[c];
      const double *X = d.mixed + m.mixed_offset[c], *L = d.local + m.local_offset[c];
      double* factor_ = LG.data() + m.local_offset[c];
      double* rows = &Y[at];
      at += static_cast<Index>(bins) * slots * width;
      for (int b = 0; b < bins; ++b) {
        double* y = rows + static_cast<Index>(b) * slots * width;
        const double r = lambda * metric_rate[first + b];
        for (int t = 0; t < slots; ++t) {
          const int p = m.slot_parameter[m.slot_row[m.slot_start[c] + t] + b];
          double* yt = y + static_cast<Index>(t) * width;
          if (masked[p]) {
            std::fill(yt, yt + width, 0.0);
          } else {
            const double jl = r * JL[t * stride + b];
            for (int j = 0; j < columns_; ++j)
              yt[j] = h * X[(static_cast<Index>(t) * columns_ + j) * stride + b] + jl * J[static_cast<Index>(j) * stride + b];
            std::fill(yt + columns_, yt + width, 0.0);
          }
          for (int t2 = 0; t2 <= t; ++t2) {
            const int p2 = m.slot_parameter[m.slot_row[m.slot_start[c] + t2] + b];
            double value = h * L[(static_cast<Index>(t) * slots + t2) * stride + b] + r * JL[t * stride + b] * JL[t2 * stride + b];
            if (t == t2) value += lambda * (metric_constraint[p] + floor[p]);
            if (masked[p] || masked[p2]) value = t == t2 ? 1.0 : 0.0;
            const double diagonal = value;
            for (int u = 0; u < t2; ++u) value -= factor_[(t * slots + u) * stride + b] * factor_[(t2 * slots + u) * stride + b];
            if (t2 < t) {
              value /= factor_[(t2 * slots + t2) * stride + b];
              factor_[(t * slots + t2) * stride + b] = value;
              add_scaled(yt, -value, y + static_cast<Index>(t2) * width, columns_);
            } else {
              if (!(value > pivot * std::abs(diagonal)) || !(value > 0)) return false;
              value = std::sqrt(value);
              factor_[(t * slots + t) * stride + b] = value;
              const double inverse = 1.0 / value;
              for (int j = 0; j < columns_; ++j) yt[j] *= inverse;
            }
          }
        }
      }
      gram.add(c, rows, bins * slots, -1.0);
    }
    gram.flush();
    for (int i = 0; i < m.shared; ++i) {
      if (!masked[m.shared_parameter[i]]) continue;
      for (int j = 0; j < i; ++j) S[static_cast<Index>(i) * ld + j] = 0.0;
      for (int j = i; j < m.shared; ++j) S[static_cast<Index>(j) * ld + i] = 0.0;
      S[static_cast<Index>(i) * ld + i] = 1.0;
    }
    return cholesky(S.data(), m.shared, ld, pivot, scratch.data()) < 0;
  }

  // Solve with the last factor. r and p may be the same array.
  void solve(const double* r, double* p) {
    for (int q = 0; q < m.parameters; ++q) p[q] = masked[q] ? 0.0 : r[q];
    double* x = vector1.data();
    for (int i = 0; i < m.shared; ++i) x[i] = p[m.shared_parameter[i]];
    each_local_channel([&](int c, const double* rows, const double* f) {
      const int bins = m.bins_of(c), slots = m.slots_of(c), stride = m.stride_of(c), columns_ = m.columns_of(c), width = padded(columns_);
      double* value = local_values.data();
      for (int b = 0; b < bins; ++b, value += slots)
        for (int t = 0; t < slots; ++t) {
          value[t] = p[local(c, t, b)];
          for (int u = 0; u < t; ++u) value[t] -= f[(t * slots + u) * stride + b] * value[u];
          value[t] /= f[(t * slots + t) * stride + b];
          p[local(c, t, b)] = value[t];
        }
      std::fill(gathered.begin(), gathered.begin() + columns_, 0.0);
      subtract_rows(gathered.data(), local_values.data(), rows, bins * slots, columns_, width);
      for (int j = 0; j < columns_; ++j) x[m.column_shared[m.column_start[c] + j]] += gathered[j];
    });
    for (int i = 0; i < m.shared; ++i)
      if (masked[m.shared_parameter[i]]) x[i] = 0.0;
    solve_lower(S.data(), m.shared, ld, x);
    solve_upper(S.data(), m.shared, ld, x);
    for (int i = 0; i < m.shared; ++i) p[m.shared_parameter[i]] = x[i];
    each_local_channel([&](int c, const double* rows, const double* f) {
      const int bins = m.bins_of(c), slots = m.slots_of(c), stride = m.stride_of(c), columns_ = m.columns_of(c), width = padded(columns_);
      double* value = local_values.data();
      for (int b = 0; b < bins; ++b)
        for (int t = 0; t < slots; ++t) value[b * slots + t] = p[local(c, t, b)];
      for (int j = 0; j < columns_; ++j) gathered[j] = x[m.column_shared[m.column_start[c] + j]];
      subtract_products(value, gathered.data(), rows, bins * slots, columns_, width);
      for (int b = 0; b < bins; ++b, value += slots)
        for (int t = slots - 1; t >= 0; --t) {
          for (int u = t + 1; u < slots; ++u) value[t] -= f[(u * slots + t) * stride + b] * value[u];
          value[t] /= f[(t * slots + t) * stride + b];
          p[local(c, t, b)] = value[t];
        }
    });
  }

  static constexpr double pivot = 1e-13;

  int local(int c, int t, int b) const { return m.slot_parameter[m.slot_row[m.slot_start[c] + t] + b]; }

  void rates_along(int c, const double* p, double* z) const {
    const int bins = m.bins_of(c), stride = m.stride_of(c);
    const double *J = d.jacobian + m.jacobian_offset[c], *JL = d.local_jacobian + m.local_jacobian_offset[c];
    std::fill(z, z + bins, 0.0);
    for (int j = 0; j < m.columns_of(c); ++j)
      add_scaled(z, p[m.shared_parameter[m.column_shared[m.column_start[c] + j]]], J + static_cast<Index>(j) * stride, bins);
    for (int t = 0; t < m.slots_of(c); ++t)
      for (int b = 0; b < bins; ++b) z[b] += JL[t * stride + b] * p[local(c, t, b)];
  }

  void build_metric() {
    if (metric_ready) return;
    metric_ready = true;
    metric_shared.assign(static_cast<std::size_t>(m.shared) * ld + lanes, 0.0);
    gram.start(metric_shared.data());
    for (int c = 0; c < m.channels; ++c) {
      const int bins = m.bins_of(c), stride = m.stride_of(c), first = m.channel_bin[c], columns_ = m.columns_of(c), width = padded(columns_);
      const double* J = d.jacobian + m.jacobian_offset[c];
      for (int b = 0; b < bins; ++b) {
        const double root = std::sqrt(metric_rate[first + b]);
        double* row = packed.data() + static_cast<Index>(b) * width;
        for (int j = 0; j < columns_; ++j) row[j] = root * J[static_cast<Index>(j) * stride + b];
        std::fill(row + columns_, row + width, 0.0);
      }
      gram.add(c, packed.data(), bins, 1.0);
    }
    gram.flush();
    for (int i = 0; i < m.shared; ++i) {
      const int p = m.shared_parameter[i];
      metric_shared[static_cast<Index>(i) * ld + i] += metric_constraint[p] + floor[p];
    }
  }

  // Every channel with local parameters: its rows of Y (bin by bin, slot by slot), and its part of LG.
  template <class Action>
  void each_local_channel(Action action) const {
    Index at = 0;
    for (int c = 0; c < m.channels; ++c) {
      const Index rows = static_cast<Index>(m.bins_of(c)) * m.slots_of(c);
      if (rows > 0) action(c, &Y[at], LG.data() + m.local_offset[c]);
      at += rows * padded(m.columns_of(c));
    }
  }

  template <class Action>
  void each_local_bin(Action action) const {
    each_local_channel([&](int c, const double* rows, const double* f) {
      const int slots = m.slots_of(c), columns_ = m.columns_of(c), width = padded(columns_);
      const int* shared = m.column_shared.data() + m.column_start[c];
      for (int b = 0; b < m.bins_of(c); ++b) action(c, b, slots, shared, columns_, rows + static_cast<Index>(b) * slots * width, width, f, m.stride_of(c));
    });
  }
};

}  // namespace wilks
