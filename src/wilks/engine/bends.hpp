// How far rates are from linear in each interpolated parameter: these may have more than one minimum.
#pragma once

#include "evaluate.hpp"

namespace wilks {

// The interpolated parameters of one block: what multiplies it one standard deviation up and down and at theta, and the
// template rows of their shape variations.
struct Interpolated {
  double up = 1.0, down = 1.0, now = 1.0;
  const double *odd = nullptr, *even = nullptr;
  double odd_now = 0.0, even_now = 0.0, even_one = 0.0;
  bool any = false;
};

inline void find_interpolated(const Model& m, int k, int stride, const Scratch& s, std::vector<Interpolated>& of_column) {
  const std::size_t entries = m.factor_parameter.size();
  for (int i = m.block_column_start[k]; i < m.block_column_start[k + 1]; ++i) of_column[m.block_column[i]] = {};
  for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) {
    const int code = m.factor_code[e];
    if (code == factor_free) continue;
    const double* coefficient = m.factor_coefficient.data() + e;
    Interpolated& p = of_column[m.factor_column[e]];
    p.any = true;
    p.now *= s.factor[e];
    p.up *= outer_factor(code, 1.0, coefficient, entries, true).f;
    p.down *= outer_factor(code, -1.0, coefficient, entries, false).f;
  }
  if (m.block_form[k]) return;
  const double* row = &m.templates[m.block_templates[k]];
  for (int r = m.row_start[k] + 1; r < m.row_start[k + 1]; ++r) {
    row += stride;
    Interpolated& p = of_column[m.row_column[r]];
    const int which = m.row_value[r] - m.inputs - 1;
    p.any = true;
    if (which < 0) {
      p.odd = row;
      p.odd_now = s.value[m.row_value[r]];
    } else {
      p.even = row;
      p.even_now = s.value[m.row_value[r]];
      p.even_one = even_part(m.even_code[which], 1.0, true).f;
    }
  }
}

// For each parameter the part of its variations that is the same up and down, (nu(+1) + nu(-1)) / 2 - nu(0) with the
// other parameters at theta, in standard deviations of the data: the root of the sum over bins of its square / nu.
inline void bends(const Model& m, const double* theta, Scratch& s, double* out) {
  std::fill(out, out + m.parameters, 0.0);
  detail::fill_values(m, theta, nullptr, s, 0);
  detail::fill_factors(m, nullptr, s, 0, m.blocks, false);
  std::vector<Interpolated> of_column(m.largest_width);
  std::vector<double> bend;
  for (int c = 0; c < m.channels; ++c) {
    const int bins = m.bins_of(c), stride = m.stride_of(c), k0 = m.channel_block[c];
    detail::forward(m, theta, c, s);
    bend.assign(static_cast<std::size_t>(m.width_of(c)) * bins, 0.0);
    for (int k = k0; k < m.channel_block[c + 1]; ++k) {
      const double *G = s.group_bins + static_cast<Index>(m.block_group[k] - m.channel_group[c]) * stride, *A = s.shape + static_cast<Index>(k - k0) * stride;
      find_interpolated(m, k, stride, s, of_column);
      for (int i = m.block_column_start[k]; i < m.block_column_start[k + 1]; ++i) {
        const Interpolated& p = of_column[m.block_column[i]];
        if (!p.any || p.now == 0.0) continue;
        const double others = s.product[k - k0] / p.now, mean = 0.5 * (p.up + p.down), half = 0.5 * (p.up - p.down);
        double* total = &bend[static_cast<std::size_t>(m.block_column[i]) * bins];
        for (int b = 0; b < bins; ++b) {
          const double odd = p.odd ? p.odd[b] : 0.0, even = p.even ? p.even[b] : 0.0;
          const double centre = A[b] - p.odd_now * odd - p.even_now * even;
          total[b] += others * G[b] * (mean * (centre + p.even_one * even) + half * odd - centre);
        }
      }
    }
    const auto add = [&](int column, int p) {
      for (int b = 0; b < bins; ++b) {
        const double x = bend[static_cast<std::size_t>(column) * bins + b];
        out[p] += x * x / std::max(s.rate[b], 0.1);
      }
    };
    for (int j = 0; j < m.columns_of(c); ++j) add(j, m.shared_parameter[m.column_shared[m.column_start[c] + j]]);
    for (int j = 0; j < m.functions_of(c); ++j)
      for (int p : m.functions.parameters(m.channel_function[m.function_start[c] + j])) add(m.columns_of(c) + j, p);
  }
  for (int p = 0; p < m.parameters; ++p) out[p] = std::sqrt(out[p]);
}

}  // namespace wilks
