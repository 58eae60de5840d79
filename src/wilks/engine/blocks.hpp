// Expected rates of blocks, and their first derivatives.
#pragma once

#include "errors.hpp"

namespace wilks {

// Expected rates per block, one block after the other.
inline void block_rates(const Model& m, const double* theta, Scratch& s, double* out) {
  detail::fill_values(m, theta, nullptr, s, 0);
  detail::fill_factors(m, nullptr, s, 0, m.blocks, false);
  for (int c = 0; c < m.channels; ++c) {
    const int bins = m.bins_of(c);
    double* const first = out;
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k, out += bins) {
      const double F = s.product[k - m.channel_block[c]] = detail::factor_product(m, s, k);
      detail::block_shape(m, k, bins, m.stride_of(c), s, s.shape);
      detail::group_product(m, theta, m.block_group[k], bins, s.group_bins);
      for (int b = 0; b < bins; ++b) out[b] = F * s.group_bins[b] * s.shape[b];
    }
    detail::each_error(m, s, c, [&](const detail::AddedErrors& errors, double* E, int) {
      errors.sizes(E);
      errors.share(theta, E, first);
    });
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
  detail::fill_factors(m, nullptr, s, m.channel_block[c], m.channel_block[c + 1], false);
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
  for (int other = m.channel_block[c]; other < m.channel_block[c + 1] && m.most_errors; ++other)
    s.product[other - m.channel_block[c]] = detail::factor_product(m, s, other);
  detail::each_error(m, s, c, [&](const detail::AddedErrors& errors, double* E, int) {
    errors.sizes(E);
    errors.add_share_jacobian(theta, E, k, out);
  });
  if (m.functions.count()) detail::fold_rows(m, s, bins, out, of_parameters);
}

}  // namespace wilks
