// What rates are made of: values, scalar factors, yields with their variations, products of per-bin factors.
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
__attribute__((always_inline)) inline void block_shape(const Model& m, int block, int bins, int stride, Scratch& s, double* A) {
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

// From derivatives with respect to inputs to those with respect to parameters, row by row.
inline void fold_rows(const Model& m, const Scratch& s, int rows, const double* of_inputs, double* out) {
  for (int b = 0; b < rows; ++b, of_inputs += m.inputs, out += m.parameters) {
    std::copy(of_inputs, of_inputs + m.parameters, out);
    for (int f = 0; f < m.functions.count(); ++f)
      for (std::size_t i = 0; i < m.functions.parameters(f).size(); ++i)
        out[m.functions.parameters(f)[i]] += s.functions.gradient(f)[i] * of_inputs[m.parameters + f];
  }
}

}  // namespace detail

}  // namespace wilks
