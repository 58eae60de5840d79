// Expected rates of blocks, and their first derivatives.
#pragma once

#include "arrays.hpp"

namespace wilks {

namespace detail {

// Whether derivatives at a kink of an input are those above it.
inline bool right_side(const Model& m, const signed char* side, int input) { return !side || input >= m.parameters || side[input] >= 0; }

// The values that template rows are multiplied with, and their derivatives.
inline void fill_values(const Model& m, const double* theta, const signed char* side, Scratch& s, int order) {
  s.functions.evaluate(theta, order);
  s.curved.side = side;
  std::copy(theta, theta + m.parameters, s.value);
  for (int i = m.parameters; i < m.inputs; ++i) s.value[i] = s.functions.value(i - m.parameters);
  std::fill(s.slope, s.slope + m.inputs, 1.0);
  s.value[m.inputs] = 1.0;
  const int first = m.inputs + 1;
  for (std::size_t i = 0; i < m.even_parameter.size(); ++i) {
    const int p = m.even_parameter[i];
    const Jet even = even_part(m.even_code[i], s.value[p], right_side(m, side, p));
    s.value[first + i] = even.f;
    s.slope[first + i] = even.d1;
    s.curvature[first + i] = even.d2;
  }
}

// The scalar factors of blocks first .. last - 1, after `fill_values`.
inline void fill_factors(const Model& m, const signed char* side, Scratch& s, int first, int last, bool second) {
  const int e0 = m.factor_start[first], e1 = m.factor_start[last];
  const std::size_t stride = m.factor_parameter.size();
  const double* coefficient = m.factor_coefficient.data();
  for (int e = e0; e < e1; ++e) s.alpha[e] = s.value[m.factor_parameter[e]];
  factor_polynomials(e1 - e0, s.alpha + e0, coefficient + e0, stride, s.factor + e0, s.factor1 + e0, second ? s.factor2 + e0 : nullptr);
  for (int e = e0; e < e1; ++e) {
    if (m.factor_code[e] == factor_code4 && std::abs(s.alpha[e]) < 1.0) continue;
    const Jet jet = outer_factor(m.factor_code[e], s.alpha[e], coefficient + e, stride, right_side(m, side, m.factor_parameter[e]));
    s.factor[e] = jet.f;
    s.factor1[e] = jet.d1;
    s.factor2[e] = jet.d2;
  }
}

inline double factor_product(const Model& m, const Scratch& s, int block) {
  return product(s.factor + m.factor_start[block], m.factor_start[block + 1] - m.factor_start[block]);
}

// The product without one entry, or without two.
inline double product_without(const Model& m, const Scratch& s, int block, int skip, int skip2 = -1) {
  double product = 1.0;
  for (int e = m.factor_start[block]; e < m.factor_start[block + 1]; ++e)
    if (e != skip && e != skip2) product *= s.factor[e];
  return product;
}

// The entries of a block that vanish: how many, and the first two.
struct Vanishing {
  int count = 0, first = -1, second = -1;
};

inline Vanishing vanishing_factors(const Model& m, const Scratch& s, int block) {
  Vanishing found;
  for (int e = m.factor_start[block]; e < m.factor_start[block + 1]; ++e)
    if (s.factor[e] == 0.0 && ++found.count <= 2) (found.count == 1 ? found.first : found.second) = e;
  return found;
}

// A: nominal yields and shape variations of a block.
inline void block_shape(const Model& m, int block, int bins, int stride, Scratch& s, double* A) {
  if (m.block_form[block]) return s.curved.shape(block, bins, stride, s.value, A);
  const int first = m.row_start[block];
  combine(A, &m.templates[m.block_templates[block]], stride, s.value, &m.row_value[first], m.row_start[block + 1] - first);
}

// G: the product of the per-bin factors of a group.
inline void group_product(const Model& m, const double* theta, int group, int bins, double* G) {
  for (int b = 0; b < bins; ++b) G[b] = 1.0;
  for (int e = m.bin_start[group]; e < m.bin_start[group + 1]; ++e) {
    const int* parameter = &m.bin_parameter[m.bin_row[e]];
    for (int b = 0; b < bins; ++b) G[b] *= theta[parameter[b]];
  }
}

// The product of the other per-bin factors of a group, entry by entry.
inline void products_of_others(const Model& m, const double* theta, int group, int bins, int stride, double* others) {
  const int e0 = m.bin_start[group], e1 = m.bin_start[group + 1];
  for (int e = e0; e < e1; ++e, others += stride) {
    for (int b = 0; b < bins; ++b) others[b] = 1.0;
    for (int e2 = e0; e2 < e1; ++e2)
      if (e2 != e)
        for (int b = 0; b < bins; ++b) others[b] *= theta[m.bin_parameter[m.bin_row[e2] + b]];
  }
}

}  // namespace detail

// Expected rates per block, one block after the other.
inline void block_rates(const Model& m, const double* theta, Scratch& s, double* out) {
  detail::fill_values(m, theta, nullptr, s, 0);
  detail::fill_factors(m, nullptr, s, 0, m.blocks, false);
  for (int c = 0; c < m.channels; ++c) {
    const int bins = m.bins_of(c);
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k, out += bins) {
      const double F = detail::factor_product(m, s, k);
      detail::block_shape(m, k, bins, m.stride_of(c), s, s.shape);
      detail::group_product(m, theta, m.block_group[k], bins, s.group_bins);
      for (int b = 0; b < bins; ++b) out[b] = F * s.group_bins[b] * s.shape[b];
    }
  }
}

// Derivatives of the rates of one block (bins x parameters, row-major, zeroed by the caller).
inline void block_jacobian(const Model& m, const double* theta, int c, int k, Scratch& s, double* out) {
  const int bins = m.bins_of(c), stride = m.stride_of(c), g = m.block_group[k];
  const Index P = m.inputs;
  std::vector<double> of_inputs(m.functions.count() ? bins * P : 0, 0.0);
  double* const of_parameters = out;
  if (m.functions.count()) out = of_inputs.data();
  detail::fill_values(m, theta, nullptr, s, 1);
  detail::fill_factors(m, nullptr, s, k, k + 1, false);
  const double F = detail::factor_product(m, s, k);
  double *A = s.shape, *G = s.group_bins;
  detail::block_shape(m, k, bins, stride, s, A);
  detail::group_product(m, theta, g, bins, G);
  for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) {
    const double d = s.factor1[e] * detail::product_without(m, s, k, e);
    for (int b = 0; b < bins; ++b) out[b * P + m.factor_parameter[e]] += d * G[b] * A[b];
  }
  const double* row = m.block_form[k] ? s.curved.differentiate(k, bins, stride, s.value, nullptr) : &m.templates[m.block_templates[k]];
  for (int r = m.row_start[k] + 1; r < m.row_start[k + 1]; ++r) {
    row += stride;
    for (int b = 0; b < bins; ++b) out[b * P + m.row_parameter[r]] += F * G[b] * s.slope[m.row_value[r]] * row[b];
  }
  detail::products_of_others(m, theta, g, bins, stride, s.others);
  for (int e = m.bin_start[g]; e < m.bin_start[g + 1]; ++e) {
    const double* others = s.others + static_cast<Index>(e - m.bin_start[g]) * stride;
    for (int b = 0; b < bins; ++b) out[b * P + m.bin_parameter[m.bin_row[e] + b]] += F * A[b] * others[b];
  }
  for (int b = 0; b < bins && m.functions.count(); ++b) {
    double* row = of_parameters + static_cast<Index>(b) * m.parameters;
    std::copy(out + b * P, out + b * P + m.parameters, row);
    for (int f = 0; f < m.functions.count(); ++f)
      for (std::size_t i = 0; i < m.functions.parameters(f).size(); ++i)
        row[m.functions.parameters(f)[i]] += s.functions.gradient(f)[i] * out[b * P + m.parameters + f];
  }
}

}  // namespace wilks
