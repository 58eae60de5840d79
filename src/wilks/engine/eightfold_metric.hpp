// A positive definite stand-in for the Hessian at eight points at once, and its Cholesky factor.
//
// It is the Fisher metric, J^T diag(1/nu) J + constraints, without second derivatives of rates. Local parameters (see
// model.hpp) are eliminated: a bin's own one couples to J of that bin only, so all that they leave is a smaller weight.
#pragma once

#include "eightfold.hpp"

namespace wilks {

struct EightfoldMetric {
  // A bin has one local parameter at most, no two of them are correlated, and it is not too large.
  static bool serves(const Model& m) {
    bool one = m.jacobian_size + 0.5 * m.shared * m.shared < 1e6;
    for (int c = 0; c < m.channels; ++c) one = one && m.slots_of(c) <= 1;
    for (std::size_t i = 0; i < m.coupling.size(); ++i)
      one = one && m.shared_index[m.constraint_parameter[m.coupling_first[i]]] >= 0 && m.shared_index[m.constraint_parameter[m.coupling_second[i]]] >= 0;
    return one;
  }

  // Of a metric and its factor, in evaluations of the gradient: about as many multiplications.
  static double cost(const Model& m) {
    double evaluation = 0.0, metric = std::pow(m.shared, 3) / 6.0;
    for (int c = 0; c < m.channels; ++c) {
      const double bins = m.bins_of(c), columns = m.columns_of(c);
      double rows = 0.0, factors = 0.0;
      for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k) {
        rows += m.row_start[k + 1] - m.row_start[k];
        factors += m.factor_start[k + 1] - m.factor_start[k];
      }
      evaluation += bins * (2.0 * rows + 30.0) + 24.0 * factors;
      metric += bins * (rows + factors + 0.5 * columns * columns);
    }
    return metric / evaluation;
  }

  explicit EightfoldMetric(const Model& m)
      : weight(m.bins), local(m.bins), own(m.bins), jacobian(m.jacobian_size + 1), matrix(static_cast<std::size_t>(m.shared) * (m.shared + 1) / 2 + 1),
        curvature(m.parameters), shared(m.shared + 1), bins(m.bins + 1), scaled(4 * static_cast<std::size_t>(whole_quads(std::max(1, m.largest_bins)))) {}

  Eights weight;      // bins: what J is weighted with
  Eights local, own;  // bins: what couples the local parameter to J; its diagonal element
  Eights jacobian;    // [column][bin], channel by channel
  Eights matrix;      // lower triangle of the shared parameters, row by row; then its factor, with inverse diagonal elements
  Eights curvature, shared, bins, scaled;  // of the constraints, by parameter; scratch

  Eight* row(int i) { return matrix.data() + static_cast<Index>(i) * (i + 1) / 2; }
};

namespace detail {

// What the constraints give, and zeros elsewhere.
WILKS_INLINE void eightfold_begin_metric(const Model& m, const Eight* theta, const EightfoldScratch& s, EightfoldMetric& to) {
  to.curvature.fill(Eight{});
  to.matrix.fill(Eight{});
  for (int i = 0; i < m.constraints; ++i) {
    const int p = m.constraint_parameter[i];
    for (int l = 0; l < fold; ++l) {
      const double datum = s.auxiliary[static_cast<Index>(i) * fold + l], t = theta[p][l];
      const double scale = m.constraint_kind[i] == constraint_two_widths && t < datum ? m.constraint_lower[i] : m.constraint_scale[i];
      to.curvature[p][l] += m.constraint_kind[i] == constraint_poisson ? scale / std::max(t, 0.1) : 1.0 / (scale * scale);
    }
  }
  for (int i = 0; i < m.shared; ++i) to.row(i)[i] = to.curvature[m.shared_parameter[i]];
  for (std::size_t i = 0; i < m.coupling.size(); ++i) {
    const int j = m.shared_index[m.constraint_parameter[m.coupling_first[i]]], k = m.shared_index[m.constraint_parameter[m.coupling_second[i]]];
    to.row(std::max(j, k))[std::min(j, k)] += m.coupling[i];
  }
}

// d nu / d parameter of a channel, after `eightfold_forward`.
WILKS_INLINE void eightfold_jacobian(const Model& m, const Eight* theta, int c, EightfoldScratch& s, EightfoldMetric& to) {
  const int bins = m.bins_of(c), stride = m.stride_of(c), k0 = m.channel_block[c];
  Eight *J = to.jacobian.data() + m.jacobian_offset[c], *JL = to.local.data() + m.channel_bin[c], *FG = to.scaled.data();
  std::fill(J, J + static_cast<Index>(m.columns_of(c)) * stride, Eight{});
  std::fill(JL, JL + bins, Eight{});
  const Eight *R = s.group_shape.data(), *G = s.group_bins.data();
  for (int g = m.channel_group[c]; g < m.channel_group[c + 1]; ++g, R += stride, G += stride) {
    for (int i = m.group_start[g]; i < m.group_start[g + 1]; ++i) {
      const int k = m.group_block[i];
      const Eight F = s.product[k - k0];
      const Eight* A = s.shape.data() + static_cast<Index>(k - k0) * stride;
      const double* from = &m.templates[m.block_templates[k]];
      for (int b = 0; b < bins; ++b) FG[b] = F * G[b];
      for (int r = m.row_start[k] + 1; r < m.row_start[k + 1]; ++r) {
        from += stride;
        const int even = m.row_value[r] - m.inputs - 1;
        Eight* to_column = J + static_cast<Index>(m.row_column[r]) * stride;
        if (even < 0) {
          for (int b = 0; b < bins; ++b) to_column[b] += from[b] * FG[b];
        } else {
          const Eight slope = s.even_slope[even];
          for (int b = 0; b < bins; ++b) to_column[b] += from[b] * (slope * FG[b]);
        }
      }
      Eight before = Eight{} + 1.0;
      for (int b = 0; b < bins; ++b) FG[b] = A[b] * G[b];
      for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) {
        const Eight d = before * s.rise[e];
        before *= s.inner[e];
        Eight* to_column = J + static_cast<Index>(m.factor_column[e]) * stride;
        for (int b = 0; b < bins; ++b) to_column[b] += d * FG[b];
      }
    }
    for (int e = m.bin_start[g]; e < m.bin_start[g + 1]; ++e)
      for (int b = 0; b < bins; ++b) {
        Eight others = R[b];
        for (int e2 = m.bin_start[g]; e2 < m.bin_start[g + 1]; ++e2)
          if (e2 != e) others *= theta[m.bin_parameter[m.bin_row[e2] + b]];
        if (m.bin_slot[e] >= 0)
          JL[b] += others;
        else
          J[static_cast<Index>(m.bin_column[m.bin_row[e] + b]) * stride + b] += others;
      }
  }
}

template <int rows, int columns>
WILKS_INLINE void eightfold_tile(const Eight* left, const Eight* right, int bins, int stride, Eight* sum) {
  Eight total[rows][columns] = {};
  for (int b = 0; b < bins; ++b)
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) total[i][j] += left[i * stride + b] * right[j * stride + b];
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) sum[4 * i + j] = total[i][j];
}

// Adds what a channel gives to the matrix: sums over its bins of weight times products of columns, 4 x 4 of them at a time.
WILKS_INLINE void eightfold_gram(const Model& m, int c, EightfoldMetric& to) {
  const int bins = m.bins_of(c), stride = m.stride_of(c), columns = m.columns_of(c);
  const Eight *J = to.jacobian.data() + m.jacobian_offset[c], *weight = to.weight.data() + m.channel_bin[c];
  const int* place = m.column_shared.data() + m.column_start[c];
  for (int i0 = 0; i0 < columns; i0 += 4) {
    const int height = std::min(4, columns - i0);
    for (int i = 0; i < height; ++i)
      for (int b = 0; b < bins; ++b) to.scaled[i * stride + b] = weight[b] * J[static_cast<Index>(i0 + i) * stride + b];
    for (int j0 = 0; j0 <= i0; j0 += 4) {
      const int width = std::min(4, columns - j0);
      const Eight* right = J + static_cast<Index>(j0) * stride;
      Eight sum[4][4];
      if (height == 4 && width == 4) {
        eightfold_tile<4, 4>(to.scaled.data(), right, bins, stride, &sum[0][0]);
      } else {
        for (int i = 0; i < height; ++i)
          for (int j = 0; j < width; ++j) eightfold_tile<1, 1>(to.scaled.data() + i * stride, right + static_cast<Index>(j) * stride, bins, stride, &sum[i][j]);
      }
      for (int i = 0; i < height; ++i)
        for (int j = 0; j < width && j0 + j <= i0 + i; ++j) to.row(place[i0 + i])[place[j0 + j]] += sum[i][j];
    }
  }
}

// What a channel gives, whose bins' counts are weighted with `to.weight`. Parameters that are fixed have no column.
WILKS_INLINE void eightfold_add_metric(const Model& m, const Eight* theta, const char* fixed, int c, EightfoldScratch& s, EightfoldMetric& to) {
  const int bins = m.bins_of(c), stride = m.stride_of(c), first = m.channel_bin[c];
  eightfold_jacobian(m, theta, c, s, to);
  for (int j = 0; j < m.columns_of(c); ++j) {
    Eight* column = to.jacobian.data() + m.jacobian_offset[c] + static_cast<Index>(j) * stride;
    if (fixed[m.shared_parameter[m.column_shared[m.column_start[c] + j]]]) std::fill(column, column + bins, Eight{});
  }
  for (int b = 0; b < bins && m.slots_of(c); ++b) {
    const int p = m.slot_parameter[m.slot_row[m.slot_start[c]] + b];
    Eight &coupling = to.local[first + b], &own = to.own[first + b], &weight = to.weight[first + b];
    if (p < 0 || fixed[p]) {
      coupling = Eight{};
      own = Eight{} + 1.0;
      continue;
    }
    own = to.curvature[p] + weight * coupling * coupling;
    coupling *= weight;
    weight *= to.curvature[p] / own;
  }
  eightfold_gram(m, c, to);
}

// Cholesky factor of the lower triangle, in place; its diagonal holds the inverse of each element. Lanes without one get NaN.
WILKS_INLINE void eightfold_factor(const Model& m, const char* fixed, EightfoldMetric& to) {
  for (int i = 0; i < m.shared; ++i)
    if (fixed[m.shared_parameter[i]]) to.row(i)[i] = Eight{} + 1.0;
  for (int i0 = 0; i0 < m.shared; i0 += 4) {
    const int height = std::min(4, m.shared - i0);
    Eight* rows[4];
    for (int i = 0; i < height; ++i) rows[i] = to.row(i0 + i);
    for (int j = 0; j < i0 && height == 4; ++j) {
      const Eight* rj = to.row(j);
      Eight sum[4] = {rows[0][j], rows[1][j], rows[2][j], rows[3][j]};
      for (int k = 0; k < j; ++k)
        for (int i = 0; i < 4; ++i) sum[i] -= rows[i][k] * rj[k];
      for (int i = 0; i < 4; ++i) rows[i][j] = sum[i] * rj[j];
    }
    for (int i = 0; i < height; ++i) {
      Eight* ri = rows[i];
      for (int j = height == 4 ? i0 : 0; j < i0 + i; ++j) {
        const Eight* rj = to.row(j);
        Eight sum = ri[j];
        for (int k = 0; k < j; ++k) sum -= ri[k] * rj[k];
        ri[j] = sum * rj[j];
      }
      Eight sum = ri[i0 + i];
      for (int k = 0; k < i0 + i; ++k) sum -= ri[k] * ri[k];
      for (int l = 0; l < fold; ++l) ri[i0 + i][l] = 1.0 / std::sqrt(sum[l]);
    }
  }
}

// sum_b J[j][b] z[b] of `columns` columns.
template <int columns>
WILKS_INLINE void eightfold_along(const Eight* J, int bins, int stride, const Eight* z, const int* place, Eight* y) {
  Eight sum[columns] = {};
  for (int b = 0; b < bins; ++b)
    for (int j = 0; j < columns; ++j) sum[j] += J[j * stride + b] * z[b];
  for (int j = 0; j < columns; ++j) y[place[j]] -= sum[j];
}

// z[b] += sum_j J[j][b] y[j] of `columns` columns.
template <int columns>
WILKS_INLINE void eightfold_across(const Eight* J, int bins, int stride, const Eight* y, const int* place, Eight* z) {
  Eight of[columns];
  for (int j = 0; j < columns; ++j) of[j] = y[place[j]];
  for (int b = 0; b < bins; ++b) {
    Eight sum = z[b];
    for (int j = 0; j < columns; ++j) sum += J[j * stride + b] * of[j];
    z[b] = sum;
  }
}

// x := L^-T L^-1 x for the factor L of the shared parameters.
WILKS_INLINE void eightfold_substitute(EightfoldMetric& by, int n, Eight* x) {
  for (int i = 0; i < n; ++i) {
    const Eight* row = by.row(i);
    Eight sum[4] = {x[i], Eight{}, Eight{}, Eight{}};
    int j = 0;
    for (; j + 4 <= i; j += 4)
      for (int k = 0; k < 4; ++k) sum[k] -= row[j + k] * x[j + k];
    for (; j < i; ++j) sum[0] -= row[j] * x[j];
    x[i] = ((sum[0] + sum[1]) + (sum[2] + sum[3])) * row[i];
  }
  int i = n - 1;
  for (; i > 0; i -= 2) {
    const Eight *row = by.row(i), *above = by.row(i - 1);
    const Eight xi = x[i] *= row[i], xa = x[i - 1] = (x[i - 1] - row[i - 1] * xi) * above[i - 1];
    for (int j = 0; j < i - 1; ++j) x[j] -= row[j] * xi + above[j] * xa;
  }
  if (i == 0) x[0] *= by.row(0)[0];
}

// x := metric^-1 x over all parameters.
WILKS_INLINE void solve_eight_any(const Model& m, EightfoldMetric& by, Eight* x) {
  Eight *y = by.shared.data(), *z = by.bins.data();
  for (int i = 0; i < m.shared; ++i) y[i] = x[m.shared_parameter[i]];
  for (int c = 0; c < m.channels; ++c) {
    if (!m.slots_of(c)) continue;
    const int bins = m.bins_of(c), stride = m.stride_of(c), columns = m.columns_of(c), first = m.channel_bin[c];
    const int *parameter = &m.slot_parameter[m.slot_row[m.slot_start[c]]], *place = m.column_shared.data() + m.column_start[c];
    const Eight* J = by.jacobian.data() + m.jacobian_offset[c];
    for (int b = 0; b < bins; ++b) z[b] = parameter[b] < 0 ? Eight{} : by.local[first + b] * x[parameter[b]] / by.own[first + b];
    int j = 0;
    for (; j + 4 <= columns; j += 4) eightfold_along<4>(J + static_cast<Index>(j) * stride, bins, stride, z, place + j, y);
    for (; j < columns; ++j) eightfold_along<1>(J + static_cast<Index>(j) * stride, bins, stride, z, place + j, y);
  }
  eightfold_substitute(by, m.shared, y);
  for (int i = 0; i < m.shared; ++i) x[m.shared_parameter[i]] = y[i];
  for (int c = 0; c < m.channels; ++c) {
    if (!m.slots_of(c)) continue;
    const int bins = m.bins_of(c), stride = m.stride_of(c), columns = m.columns_of(c), first = m.channel_bin[c];
    const int *parameter = &m.slot_parameter[m.slot_row[m.slot_start[c]]], *place = m.column_shared.data() + m.column_start[c];
    const Eight* J = by.jacobian.data() + m.jacobian_offset[c];
    std::fill(z, z + bins, Eight{});
    int j = 0;
    for (; j + 4 <= columns; j += 4) eightfold_across<4>(J + static_cast<Index>(j) * stride, bins, stride, y, place + j, z);
    for (; j < columns; ++j) eightfold_across<1>(J + static_cast<Index>(j) * stride, bins, stride, y, place + j, z);
    for (int b = 0; b < bins; ++b)
      if (parameter[b] >= 0) x[parameter[b]] = (x[parameter[b]] - by.local[first + b] * z[b]) / by.own[first + b];
  }
}

// The lanes of `from` whose bits are set in `lanes`, the others of `to`.
WILKS_INLINE void take_lanes_any(const EightBits& lanes, const Eights& from, Eights& to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    const EightBits a = std::bit_cast<EightBits>(from[i]), b = std::bit_cast<EightBits>(to[i]);
    to[i] = std::bit_cast<Eight>((a & lanes) | (b & ~lanes));
  }
}

WILKS_INLINE void take_metric_any(const EightBits& lanes, const EightfoldMetric& from, EightfoldMetric& to) {
  take_lanes_any(lanes, from.local, to.local);
  take_lanes_any(lanes, from.own, to.own);
  take_lanes_any(lanes, from.jacobian, to.jacobian);
  take_lanes_any(lanes, from.matrix, to.matrix);
}

}  // namespace detail

}  // namespace wilks
