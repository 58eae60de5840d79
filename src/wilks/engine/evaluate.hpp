// Expected rates, negative log likelihood, exact gradient and exact Hessian, in one function templated on the order of
// the derivatives, so that they can't disagree.
//
// With F the product of the scalar factors of a block, G that of its per-bin factors and A = nominal + shape variations:
//   nu_b = sum over blocks F G_b A_b,   nll = sum_b nu_b - n_b log nu_b + constraints,   w = 1 - n/nu,   q = n/nu^2
//   H = J^T diag(q) J + sum_b w_b d2 nu_b + constraints,   J = d nu_b / d theta
// Products are formed without dividing by a factor, since factors may be zero.
#pragma once

#include "poisson.hpp"
#include "rates.hpp"

namespace wilks {

constexpr int inside_domain = -1;

// Returns `inside_domain`, or the bin (or bins + constraint) whose rate has no logarithm. `value` is the nll without
// its constants; `magnitude` the sum of the absolute terms.
template <int order>
int evaluate(const Model& m, const double* theta, const Data& data, const signed char* side, Scratch& s, Derivatives& out,
             double& value, double& magnitude) {
  detail::fill_factors(m, theta, side, s, 0, m.blocks);
  value = magnitude = 0.0;
  [[maybe_unused]] const Index ld = padded(m.shared);
  if constexpr (order >= 1) std::fill(out.gradient, out.gradient + m.parameters, 0.0);
  if constexpr (order >= 2) {
    s.gram.start();
    std::fill(out.shared, out.shared + m.shared * ld, 0.0);
    std::fill(out.jacobian, out.jacobian + m.jacobian_size, 0.0);
    std::fill(out.local_jacobian, out.local_jacobian + m.local_jacobian_size, 0.0);
    std::fill(out.mixed, out.mixed + m.mixed_size, 0.0);
    std::fill(out.local, out.local + m.local_size, 0.0);
  }
  for (int c = 0; c < m.channels; ++c) {
    const int bins = m.bins_of(c), first = m.channel_bin[c], k0 = m.channel_block[c], k1 = m.channel_block[c + 1];
    const Index stride = padded(m.largest_bins);
    double* nu = s.tmp;
    std::fill(nu, nu + bins, 0.0);
    for (int k = k0; k < k1; ++k) {
      double* rate = s.block_rates + (k - k0) * stride;
      detail::block_forward(m, theta, k, bins, detail::factor_product(m, s, k), s.block_shapes + (k - k0) * stride,
                            s.block_bins + (k - k0) * stride, rate, s);
      for (int b = 0; b < bins; ++b) nu[b] += rate[b];
    }
    const double* n = data.observed + first;
    double* w = s.u;
    for (int b = 0; b < bins; ++b) {
      const double term = poisson_deviance(n[b], nu[b]);
      if (!std::isfinite(term)) {
        value = std::numeric_limits<double>::infinity();
        return first + b;
      }
      value += term;
      magnitude += std::abs(term);
      if constexpr (order >= 1) w[b] = n[b] > 0 ? (nu[b] - n[b]) / nu[b] : 1.0;
      if constexpr (order >= 2) {
        out.rate[first + b] = nu[b];
        out.weight[first + b] = n[b] > 0 ? n[b] / (nu[b] * nu[b]) : 0.0;
      }
    }
    if constexpr (order == 0) continue;

    const int columns = m.columns_of(c), slots = m.slots_of(c);
    const Index width = padded(columns);
    double *J = nullptr, *JL = nullptr, *M = nullptr, *L = nullptr;
    if constexpr (order >= 2) {
      J = out.jacobian + m.jacobian_offset[c];
      JL = out.local_jacobian + m.local_jacobian_offset[c];
      M = out.mixed + m.mixed_offset[c];
      L = out.local + m.local_offset[c];
      if (!m.direct_pairs[c]) std::fill(s.columns, s.columns + columns * width, 0.0);
    }
    // Second derivatives of the rates are added to the channel's own matrix, or straight to the whole one where there
    // are too few to pay for the detour.
    double* C = s.columns;
    const bool direct = m.direct_pairs[c];
    const int* place = direct ? m.column_shared.data() + m.column_start[c] : m.identity.data();
    double* pairs = direct ? out.shared : C;
    const Index pairs_ld = direct ? ld : width;
    const auto add = [&](int i, int j, double x) {
      if (i < j) std::swap(i, j);
      pairs[place[i] * pairs_ld + place[j]] += x;
    };

    for (int k = k0; k < k1; ++k) {
      const int f0 = m.factor_start[k], f1 = m.factor_start[k + 1], h0 = m.shape_start[k], h1 = m.shape_start[k + 1];
      const int g0 = m.bin_start[k], g1 = m.bin_start[k + 1];
      const double *A = s.block_shapes + (k - k0) * stride, *G = s.block_bins + (k - k0) * stride;
      double* wG = s.row;  // w G
      for (int b = 0; b < bins; ++b) wG[b] = w[b] * G[b];
      const double F = detail::factor_product(m, s, k), T = dot(wG, A, bins);
      bool zero = false;
      for (int e = f0; e < f1; ++e) zero = zero || s.factors[e].f == 0.0;
      for (int e = f0; e < f1; ++e) {
        s.ratio[e - f0] = zero ? 0.0 : s.factors[e].d1 / s.factors[e].f;
        s.d1[e - f0] = zero ? s.factors[e].d1 * detail::factor_product(m, s, k, e) : F * s.ratio[e - f0];
        out.gradient[m.factor_parameter[e]] += s.d1[e - f0] * T;
      }
      if constexpr (order >= 2) {
        for (int e = f0; e < f1; ++e) {
          const int i = m.factor_column[e];
          for (int e2 = f0; e2 < e; ++e2) {
            const double d2 = zero ? s.factors[e].d1 * s.factors[e2].d1 * detail::factor_product(m, s, k, e, e2)
                                   : F * s.ratio[e - f0] * s.ratio[e2 - f0];
            const int j = m.factor_column[e2];
            add(i, j, (i == j ? 2.0 : 1.0) * d2 * T);
          }
          const double d2 = zero ? s.factors[e].d2 * detail::factor_product(m, s, k, e) : F * (s.factors[e].d2 / s.factors[e].f);
          add(i, i, d2 * T);
          double* column = J + static_cast<Index>(i) * bins;
          for (int b = 0; b < bins; ++b) column[b] += s.d1[e - f0] * G[b] * A[b];
        }
      }
      // Per-bin factors: product of the others, bin by bin.
      for (int e = g0; e < g1; ++e) {
        double* others = s.product_without + (e - g0) * stride;
        for (int b = 0; b < bins; ++b) others[b] = 1.0;
        for (int e2 = g0; e2 < g1; ++e2)
          if (e2 != e)
            for (int b = 0; b < bins; ++b) others[b] *= theta[m.bin_parameter[m.bin_row[e2] + b]];
      }
      for (int e = h0; e < h1; ++e) {
        const double *odd = &m.templates[m.shape_odd[e]], *even = m.shape_even[e] >= 0 ? &m.templates[m.shape_even[e]] : nullptr;
        const double odd_sum = dot(wG, odd, bins), even_sum = even ? dot(wG, even, bins) : 0.0;
        const double slope = even ? s.evens[e].d1 : 0.0;
        const double V = odd_sum + slope * even_sum;
        out.gradient[m.shape_parameter[e]] += F * V;
        if constexpr (order >= 2) {
          const int j = m.shape_column[e];
          if (even) add(j, j, F * s.evens[e].d2 * even_sum);
          for (int e2 = f0; e2 < f1; ++e2) {
            const int i = m.factor_column[e2];
            add(i, j, (i == j ? 2.0 : 1.0) * s.d1[e2 - f0] * V);
          }
          double* column = J + static_cast<Index>(j) * bins;
          if (even)
            for (int b = 0; b < bins; ++b) column[b] += F * G[b] * (odd[b] + slope * even[b]);
          else
            for (int b = 0; b < bins; ++b) column[b] += F * G[b] * odd[b];
          for (int e2 = g0; e2 < g1; ++e2) {
            const double* others = s.product_without + (e2 - g0) * stride;
            if (m.bin_slot[e2] >= 0) {
              double* mixed = M + (static_cast<Index>(m.bin_slot[e2]) * columns + j) * bins;
              for (int b = 0; b < bins; ++b) mixed[b] += w[b] * F * others[b] * (odd[b] + (even ? slope * even[b] : 0.0));
            } else {
              for (int b = 0; b < bins; ++b) {
                const int i = m.bin_column[m.bin_row[e2] + b];
                add(i, j, (i == j ? 2.0 : 1.0) * w[b] * F * others[b] * (odd[b] + (even ? slope * even[b] : 0.0)));
              }
            }
          }
        }
      }
      for (int e = g0; e < g1; ++e) {
        const double* others = s.product_without + (e - g0) * stride;
        const int* parameter = &m.bin_parameter[m.bin_row[e]];
        for (int b = 0; b < bins; ++b) out.gradient[parameter[b]] += w[b] * F * A[b] * others[b];
        if constexpr (order >= 2) {
          const int slot = m.bin_slot[e];
          if (slot >= 0) {
            for (int b = 0; b < bins; ++b) JL[slot * bins + b] += F * A[b] * others[b];
            for (int e2 = f0; e2 < f1; ++e2) {
              double* mixed = M + (static_cast<Index>(slot) * columns + m.factor_column[e2]) * bins;
              for (int b = 0; b < bins; ++b) mixed[b] += s.d1[e2 - f0] * w[b] * A[b] * others[b];
            }
          } else {
            for (int b = 0; b < bins; ++b) {
              const int i = m.bin_column[m.bin_row[e] + b];
              J[static_cast<Index>(i) * bins + b] += F * A[b] * others[b];
              for (int e2 = f0; e2 < f1; ++e2) {
                const int j = m.factor_column[e2];
                add(i, j, (i == j ? 2.0 : 1.0) * s.d1[e2 - f0] * w[b] * A[b] * others[b]);
              }
            }
          }
          for (int e2 = g0; e2 < e; ++e2) {
            for (int b = 0; b < bins; ++b) {
              double rest = 1.0;
              for (int e3 = g0; e3 < g1; ++e3)
                if (e3 != e && e3 != e2) rest *= theta[m.bin_parameter[m.bin_row[e3] + b]];
              const double x = w[b] * F * A[b] * rest;
              const int slot2 = m.bin_slot[e2];
              if (slot >= 0 && slot2 >= 0) {
                L[(static_cast<Index>(slot) * slots + slot2) * bins + b] += x;
                L[(static_cast<Index>(slot2) * slots + slot) * bins + b] += x;
              } else if (slot >= 0) {
                M[(static_cast<Index>(slot) * columns + m.bin_column[m.bin_row[e2] + b]) * bins + b] += x;
              } else if (slot2 >= 0) {
                M[(static_cast<Index>(slot2) * columns + m.bin_column[m.bin_row[e] + b]) * bins + b] += x;
              } else {
                const int i = m.bin_column[m.bin_row[e] + b], j = m.bin_column[m.bin_row[e2] + b];
                add(i, j, (i == j ? 2.0 : 1.0) * x);
              }
            }
          }
        }
      }
    }
    if constexpr (order >= 2) {
      // J^T diag(q) J and its local parts.
      const double* q = out.weight + first;
      for (int b = 0; b < bins; ++b) {
        const double root = std::sqrt(q[b]);
        double* target = s.packed + b * width;
        for (int j = 0; j < columns; ++j) target[j] = root * J[static_cast<Index>(j) * bins + b];
        std::fill(target + columns, target + width, 0.0);
      }
      if (!direct) s.gram.scatter(c, C, out.shared);
      s.gram.add(c, s.packed, bins, 1.0, out.shared);
      for (int t = 0; t < slots; ++t) {
        for (int j = 0; j < columns; ++j) {
          double* mixed = M + (static_cast<Index>(t) * columns + j) * bins;
          for (int b = 0; b < bins; ++b) mixed[b] += q[b] * JL[t * bins + b] * J[static_cast<Index>(j) * bins + b];
        }
        for (int t2 = 0; t2 < slots; ++t2)
          for (int b = 0; b < bins; ++b) L[(static_cast<Index>(t) * slots + t2) * bins + b] += q[b] * JL[t * bins + b] * JL[t2 * bins + b];
      }
    }
  }
  if constexpr (order >= 2) s.gram.flush(out.shared);
  for (int i = 0; i < m.constraints; ++i) {
    const int p = m.constraint_parameter[i];
    const double scale = m.constraint_scale[i], aux = data.auxiliary[i];
    double term, d1, d2;
    if (m.constraint_kind[i] == constraint_normal) {
      const double x = (theta[p] - aux) / scale;
      term = 0.5 * x * x;
      d1 = x / scale;
      d2 = 1.0 / (scale * scale);
    } else {
      term = poisson_deviance(aux, scale * theta[p]);
      if (!std::isfinite(term)) {
        value = std::numeric_limits<double>::infinity();
        return m.bins + i;
      }
      d1 = aux > 0 ? (scale * theta[p] - aux) / theta[p] : scale;
      d2 = aux > 0 ? aux / (theta[p] * theta[p]) : 0.0;
    }
    value += term;
    magnitude += std::abs(term);
    if constexpr (order >= 1) out.gradient[p] += d1;
    if constexpr (order >= 2) {
      if (m.shared_index[p] >= 0)
        out.shared[m.shared_index[p] * ld + m.shared_index[p]] += d2;
      else
        out.local[m.local_diagonal[p]] += d2;
    }
  }
  return inside_domain;
}

// The constants left out of `evaluate`: nll = value + constants.
inline double constants(const Model& m, const Data& data) {
  double total = 0.0;
  for (int b = 0; b < m.bins; ++b) total += poisson_constant(data.observed[b]);
  for (int i = 0; i < m.constraints; ++i)
    total += m.constraint_kind[i] == constraint_normal ? std::log(m.constraint_scale[i] * 2.5066282746310005024)
                                                       : poisson_constant(data.auxiliary[i]);
  return total;
}

}  // namespace wilks
