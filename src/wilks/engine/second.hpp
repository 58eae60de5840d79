// Second derivatives of the nll in one channel, while its blocks go by.
#pragma once

#include <utility>

#include "errors.hpp"

namespace wilks::detail {

// The first and second derivatives of the rates of a group of blocks factorise into those without its per-bin factors
// and these: with nu = G R, d nu = G dR, d2 nu / d gamma d theta = (product of the other gammas) dR.
class ChannelHessian {
 public:
  ChannelHessian(const Model& model, Scratch& scratch, const Derivatives& out, int channel)
      : m(model), s(scratch), c(channel), bins(m.bins_of(c)), stride(m.stride_of(c)), columns(m.width_of(c)), slots(m.slots_of(c)),
        width(padded(columns)), J(out.jacobian + m.jacobian_offset[c]), JL(out.local_jacobian + m.local_jacobian_offset[c]),
        M(out.mixed + m.mixed_offset[c]), L(out.local + m.local_offset[c]), pooled_(!m.functions_of(c) && !m.dense_pairs[c] && s.gram.pools(c, bins)) {
    if (m.functions_of(c)) {
      folded_jacobian_ = std::exchange(J, s.wide_jacobian.data());
      folded_mixed_ = std::exchange(M, s.wide_mixed.data());
      pairs_ = s.wide_pairs.data();
      ld_ = width;
      std::fill(J, J + static_cast<Index>(columns) * stride, 0.0);
      std::fill(M, M + static_cast<Index>(slots) * columns * stride, 0.0);
      std::fill(pairs_, pairs_ + static_cast<Index>(columns) * width, 0.0);
    } else if (pooled_) {
      pairs_ = out.shared;
      ld_ = padded(m.shared);
      place_ = m.column_shared.data() + m.column_start[c];
    } else {
      pairs_ = s.gram.open(c);
      ld_ = width;
    }
  }

  void start_group(int g) {
    for (int i = m.group_column_start[g]; i < m.group_column_start[g + 1]; ++i) {
      double* row = s.group_jacobian + static_cast<Index>(m.group_column[i]) * stride;
      std::fill(row, row + stride, 0.0);
    }
  }

  // After the gradient: s.row_sum and s.factor_scale belong to this block; T = sum of w G A.
  void add_block(int k, double F, double T, const double* A) {
    const int f0 = m.factor_start[k], factors = m.factor_start[k + 1] - f0, r0 = m.row_start[k], rows = m.row_start[k + 1] - r0;
    for (int r = 0; r < rows; ++r) s.row_scale[r] = F * s.slope[m.row_value[r0 + r]];
    const double* derivatives = m.block_form[k] ? s.curved.rows() : &m.templates[m.block_templates[k]];
    add_rows(s.group_jacobian, &m.row_column[r0], s.row_scale, rows, derivatives, stride);
    add_outer(s.group_jacobian, m.factor_column.data() + f0, s.factor_scale, factors, A, stride);
    if (m.block_form[k])
      s.curved.each_pair(rows, [&](int r, int r2, double x) {
        x *= s.row_scale[r] * s.slope[m.row_value[r0 + r2]];
        add(m.row_column[r0 + r], m.row_column[r0 + r2], r == r2 ? 0.5 * x : x);
      });
    if (F == 0.0)
      add_pairs(k, T);
    else
      add_row_pair(k, F, T);
  }

  void add_group(int g, const double* G, const double* R, const double* w) {
    const int first = m.group_column_start[g], last = m.group_column_start[g + 1], g0 = m.bin_start[g], g1 = m.bin_start[g + 1];
    for (int i = first; i < last; ++i) {
      const Index at = static_cast<Index>(m.group_column[i]) * stride;
      const double* from = s.group_jacobian + at;
      double* to = J + at;
      for (int b = 0; b < bins; ++b) to[b] += G[b] * from[b];
    }
    for (int e = g0; e < g1; ++e) {
      const double* others = s.others + static_cast<Index>(e - g0) * stride;
      const int slot = m.bin_slot[e];
      const int* column = &m.bin_column[m.bin_row[e]];
      if (slot >= 0) {
        for (int b = 0; b < bins; ++b) JL[slot * stride + b] += R[b] * others[b];
        for (int b = 0; b < bins; ++b) s.row[b] = w[b] * others[b];
        for (int i = first; i < last; ++i) {
          const double* from = s.group_jacobian + static_cast<Index>(m.group_column[i]) * stride;
          double* to = M + (static_cast<Index>(slot) * columns + m.group_column[i]) * stride;
          for (int b = 0; b < bins; ++b) to[b] += s.row[b] * from[b];
        }
      } else {
        for (int b = 0; b < bins; ++b) J[static_cast<Index>(column[b]) * stride + b] += R[b] * others[b];
        for (int i = first; i < last; ++i)
          for (int b = 0; b < bins; ++b)
            add(column[b], m.group_column[i], w[b] * others[b] * s.group_jacobian[static_cast<Index>(m.group_column[i]) * stride + b]);
      }
      for (int e2 = g0; e2 < e; ++e2) add_gammas(e, e2, g0, g1, R, w);
    }
  }

  // Errors that are added to the rates, whose own parameters have a slot.
  void add_errors(const AddedErrors& errors, int slot, const double* theta, const double* E, const double* w) {
    errors.add_hessian(
        theta, E, w, s.error_slope.data(), columns, [&](int b, double x) { JL[static_cast<Index>(slot) * stride + b] += x; },
        [&](int j, int b, double x) {
          J[static_cast<Index>(j) * stride + b] += errors.theta(theta, b) * x;
          M[(static_cast<Index>(slot) * columns + j) * stride + b] += w[b] * x;
        },
        [&](int i, int j, double x) { add(i, j, x); });
  }

  // Add what all groups together give: J^T diag(q) J and its local parts.
  void finish(const double* q) {
    if (m.dense_pairs[c]) rank_two_update(pairs_, ld_, s.left, s.right, used_rows_, width, columns);
    if (m.functions_of(c)) fold();
    for (int b = 0; b < bins; ++b) {
      const double root = std::sqrt(q[b]);
      double* target = s.packed + static_cast<Index>(b) * width;
      for (int j = 0; j < columns; ++j) target[j] = root * J[static_cast<Index>(j) * stride + b];
      std::fill(target + columns, target + width, 0.0);
    }
    if (pooled_) {
      s.gram.pool(c, s.packed, bins, 1.0);
    } else {
      rank_update(pairs_, ld_, s.packed, bins, width, columns, 1.0);
      s.gram.close(c);
    }
    for (int t = 0; t < slots; ++t) {
      const double* local = JL + static_cast<Index>(t) * stride;
      for (int b = 0; b < bins; ++b) s.row[b] = q[b] * local[b];
      for (int j = 0; j < columns; ++j) {
        const double* column = J + static_cast<Index>(j) * stride;
        double* mixed = M + (static_cast<Index>(t) * columns + j) * stride;
        for (int b = 0; b < bins; ++b) mixed[b] += s.row[b] * column[b];
      }
      for (int t2 = 0; t2 < slots; ++t2)
        for (int b = 0; b < bins; ++b) L[(static_cast<Index>(t) * slots + t2) * stride + b] += s.row[b] * JL[t2 * stride + b];
    }
  }

 private:
  const Model& m;
  Scratch& s;
  const int c, bins, stride;
  int columns;  // with those of functions until they are folded
  const int slots;
  int width;
  double *J, *JL, *M, *L;
  bool pooled_;
  double *pairs_, *folded_jacobian_ = nullptr, *folded_mixed_ = nullptr;
  Index ld_;
  const int* place_ = nullptr;
  int used_rows_ = 0;

  // From derivatives with respect to parameters and functions to those with respect to parameters alone, by the chain rule:
  // the columns of the functions go to those of their parameters.
  void fold() {
    const int kept = m.columns_of(c);
    const auto each = [&](auto action) {
      for (int i = m.function_start[c]; i < m.function_start[c + 1]; ++i)
        for (int j = m.fold_start[i]; j < m.fold_start[i + 1]; ++j)
          action(kept + i - m.function_start[c], m.fold_column[j], s.functions.gradient(m.channel_function[i])[j - m.fold_start[i]]);
    };
    for (int i = 0; i < columns; ++i)
      for (int j = 0; j < i; ++j) pairs_[j * ld_ + i] = pairs_[i * ld_ + j];
    each([&](int from, int to, double slope) {
      add_scaled(J + static_cast<Index>(to) * stride, slope, J + static_cast<Index>(from) * stride, bins);
      for (Index t = 0; t < slots; ++t) add_scaled(M + (t * columns + to) * stride, slope, M + (t * columns + from) * stride, bins);
      for (int i = 0; i < columns; ++i) pairs_[i * ld_ + to] += slope * pairs_[i * ld_ + from];
    });
    each([&](int from, int to, double slope) { add_scaled(pairs_ + to * ld_, slope, pairs_ + from * ld_, kept); });
    std::copy(J, J + static_cast<Index>(kept) * stride, folded_jacobian_);
    for (Index t = 0; t < slots; ++t) {
      const double* from = M + t * columns * stride;
      std::copy(from, from + static_cast<Index>(kept) * stride, folded_mixed_ + t * kept * stride);
    }
    double* pairs = s.gram.open(c);
    columns = kept;
    width = padded(kept);
    for (int i = 0; i < kept; ++i) add_scaled(pairs + static_cast<Index>(i) * width, 1.0, pairs_ + i * ld_, i + 1);
    pairs_ = pairs;
    ld_ = width;
    J = folded_jacobian_;
    M = folded_mixed_;
  }

  // Once for a pair of different parameters; twice for one that acts in two places at once.
  void add(int i, int j, double x) {
    if (i == j) x *= 2.0;
    if (place_) i = place_[i], j = place_[j];
    pairs_[std::max(i, j) * ld_ + std::min(i, j)] += x;
  }

  // Scalar factors with each other and with the shape variations, where their product is zero: pair by pair. Of a pair
  // something is left only if no other factor vanishes.
  void add_pairs(int k, double T) {
    const int f0 = m.factor_start[k], f1 = m.factor_start[k + 1], r0 = m.row_start[k], rows = m.row_start[k + 1] - r0;
    const Vanishing zero = vanishing_factors(m, s, k);
    const auto pair = [&](int e, int e2) {
      add(m.factor_column[e], m.factor_column[e2], T * s.factor1[e] * s.factor1[e2] * product_without(m, s, k, e, e2));
    };
    const auto itself = [&](int e) { add(m.factor_column[e], m.factor_column[e], 0.5 * T * s.factor2[e] * product_without(m, s, k, e)); };
    if (zero.count == 1) {
      const double others = T * s.factor1[zero.first] * product_without(m, s, k, zero.first);
      for (int e = f0; e < f1; ++e)
        if (e != zero.first) add(m.factor_column[e], m.factor_column[zero.first], others * s.ratio[e]);
      itself(zero.first);
    } else if (zero.count == 2) {
      pair(zero.second, zero.first);
    } else if (zero.count == 0) {  // too small for a double
      for (int e = f0; e < f1; ++e) {
        for (int e2 = f0; e2 < e; ++e2) pair(e, e2);
        itself(e);
      }
    }
    for (int r = 1; r < rows; ++r) {
      const double slope = s.slope[m.row_value[r0 + r]] * s.row_sum[r];
      for (int e = f0; e < f1; ++e)
        if (s.factor_scale[e - f0] != 0.0) add(m.factor_column[e], m.row_column[r0 + r], s.factor_scale[e - f0] * slope);
    }
  }

  // The same as u v^T + v u^T: u = d log F, v = T dF / 2 + (sum of w G dA) F.
  void add_row_pair(int k, double F, double T) {
    const int f0 = m.factor_start[k], f1 = m.factor_start[k + 1], r0 = m.row_start[k], rows = m.row_start[k + 1] - r0;
    double *u = s.left + static_cast<Index>(used_rows_) * width, *v = s.right + static_cast<Index>(used_rows_) * width;
    std::fill(u, u + width, 0.0);
    std::fill(v, v + width, 0.0);
    for (int e = f0; e < f1; ++e) {
      const int i = m.factor_column[e];
      u[i] += s.ratio[e];
      v[i] += 0.5 * T * s.factor_scale[e - f0];
      // The diagonal is not a product of two first derivatives.
      add(i, i, 0.5 * T * F * (s.factor2[e] / s.factor[e] - s.ratio[e] * s.ratio[e]));
    }
    for (int r = 1; r < rows; ++r) v[m.row_column[r0 + r]] += s.row_scale[r] * s.row_sum[r];
    if (m.dense_pairs[c]) {
      ++used_rows_;
      return;
    }
    const int *first = m.block_column.data() + m.block_column_start[k], *last = m.block_column.data() + m.block_column_start[k + 1];
    for (const int* i = first; i < last; ++i) {
      double* row = pairs_ + (place_ ? place_[*i] : *i) * ld_;
      const double ui = u[*i], vi = v[*i];
      if (place_)
        for (const int* j = first; j <= i; ++j) row[place_[*j]] += ui * v[*j] + vi * u[*j];
      else
        for (const int* j = first; j <= i; ++j) row[*j] += ui * v[*j] + vi * u[*j];
    }
  }

  // Two per-bin factors of one group.
  void add_gammas(int e, int e2, int g0, int g1, const double* R, const double* w) {
    const int slot = m.bin_slot[e], slot2 = m.bin_slot[e2];
    for (int b = 0; b < bins; ++b) {
      double x = w[b] * R[b];
      for (int e3 = g0; e3 < g1; ++e3)
        if (e3 != e && e3 != e2) x *= s.value[m.bin_parameter[m.bin_row[e3] + b]];
      const int column = m.bin_column[m.bin_row[e] + b], column2 = m.bin_column[m.bin_row[e2] + b];
      if (slot >= 0 && slot2 >= 0) {
        L[(static_cast<Index>(slot) * slots + slot2) * stride + b] += x;
        L[(static_cast<Index>(slot2) * slots + slot) * stride + b] += x;
      } else if (slot >= 0) {
        M[(static_cast<Index>(slot) * columns + column2) * stride + b] += x;
      } else if (slot2 >= 0) {
        M[(static_cast<Index>(slot2) * columns + column) * stride + b] += x;
      } else {
        add(column, column2, x);
      }
    }
  }
};

}  // namespace wilks::detail
