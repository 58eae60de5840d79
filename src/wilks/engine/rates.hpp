// Expected rates of blocks, and their first derivatives.
#pragma once

#include "arrays.hpp"

namespace wilks {

namespace detail {

// The factors and shape coefficients of blocks first .. last - 1.
inline void fill_factors(const Model& m, const double* theta, const signed char* side, Scratch& s, int first, int last) {
  for (int e = m.factor_start[first]; e < m.factor_start[last]; ++e) {
    const int p = m.factor_parameter[e];
    s.factors[e] = factor(m.factor_code[e], theta[p], &m.factor_coefficient[e * factor_coefficients], !side || side[p] >= 0);
  }
  for (int e = m.shape_start[first]; e < m.shape_start[last]; ++e) {
    const int p = m.shape_parameter[e];
    if (m.shape_even[e] >= 0) s.evens[e] = even_part(m.shape_code[e], theta[p], !side || side[p] >= 0);
  }
}

inline double factor_product(const Model& m, const Scratch& s, int block, int skip = -1, int skip2 = -1) {
  double product = 1.0;
  for (int e = m.factor_start[block]; e < m.factor_start[block + 1]; ++e)
    if (e != skip && e != skip2) product *= s.factors[e].f;
  return product;
}

// A, G and F G A of one block.
inline void block_forward(const Model& m, const double* theta, int block, int bins, double F, double* A, double* G, double* rate, const Scratch& s) {
  const double* nominal = &m.templates[m.block_row[block]];
  for (int b = 0; b < bins; ++b) A[b] = nominal[b];
  for (int e = m.shape_start[block]; e < m.shape_start[block + 1]; ++e) {
    add_scaled(A, theta[m.shape_parameter[e]], &m.templates[m.shape_odd[e]], bins);
    if (m.shape_even[e] >= 0) add_scaled(A, s.evens[e].f, &m.templates[m.shape_even[e]], bins);
  }
  for (int b = 0; b < bins; ++b) G[b] = 1.0;
  for (int e = m.bin_start[block]; e < m.bin_start[block + 1]; ++e) {
    const int* parameter = &m.bin_parameter[m.bin_row[e]];
    for (int b = 0; b < bins; ++b) G[b] *= theta[parameter[b]];
  }
  for (int b = 0; b < bins; ++b) rate[b] = F * G[b] * A[b];
}

}  // namespace detail

// Expected rates per block, one block after the other.
inline void block_rates(const Model& m, const double* theta, Scratch& s, double* out) {
  detail::fill_factors(m, theta, nullptr, s, 0, m.blocks);
  for (int c = 0; c < m.channels; ++c) {
    const int bins = m.bins_of(c);
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k, out += bins)
      detail::block_forward(m, theta, k, bins, detail::factor_product(m, s, k), s.block_shapes, s.block_bins, out, s);
  }
}

// Derivatives of the rates of one block (bins x parameters, row-major, zeroed by the caller).
inline void block_jacobian(const Model& m, const double* theta, int c, int k, Scratch& s, double* out) {
  const int bins = m.bins_of(c);
  const Index P = m.parameters;
  detail::fill_factors(m, theta, nullptr, s, k, k + 1);
  const double F = detail::factor_product(m, s, k);
  double *A = s.block_shapes, *G = s.block_bins;
  detail::block_forward(m, theta, k, bins, F, A, G, s.block_rates, s);
  for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) {
    const double d = s.factors[e].d1 * detail::factor_product(m, s, k, e);
    for (int b = 0; b < bins; ++b) out[b * P + m.factor_parameter[e]] += d * G[b] * A[b];
  }
  for (int e = m.shape_start[k]; e < m.shape_start[k + 1]; ++e) {
    const double *odd = &m.templates[m.shape_odd[e]], *even = m.shape_even[e] >= 0 ? &m.templates[m.shape_even[e]] : nullptr;
    for (int b = 0; b < bins; ++b)
      out[b * P + m.shape_parameter[e]] += F * G[b] * (odd[b] + (even ? s.evens[e].d1 * even[b] : 0.0));
  }
  for (int e = m.bin_start[k]; e < m.bin_start[k + 1]; ++e)
    for (int b = 0; b < bins; ++b) {
      double others = 1.0;
      for (int e2 = m.bin_start[k]; e2 < m.bin_start[k + 1]; ++e2)
        if (e2 != e) others *= theta[m.bin_parameter[m.bin_row[e2] + b]];
      out[b * P + m.bin_parameter[m.bin_row[e] + b]] += F * A[b] * others;
    }
}

}  // namespace wilks
