// Expected rates, negative log likelihood, exact gradient and exact Hessian, in one function templated on the order of
// the derivatives, so that they can't disagree.
//
// With F the product of the scalar factors of a block, G that of its per-bin factors and A = nominal + shape variations:
//   nu_b = sum over blocks F G_b A_b,   nll = sum_b nu_b - n_b log nu_b + constraints,   w = 1 - n/nu,   q = n/nu^2
//   H = J^T diag(q) J + sum_b w_b d2 nu_b + constraints,   J = d nu_b / d theta
// Products are formed without dividing by a factor where one is zero.
#pragma once

#include <optional>

#include "blocks.hpp"
#include "poisson.hpp"
#include "second.hpp"

namespace wilks {

constexpr int inside_domain = -1;

namespace detail {

// A and F of every block of a channel, G and the sum of F A of every group, and the rates nu.
inline void forward(const Model& m, const double* theta, int c, Scratch& s) {
  const int bins = m.bins_of(c), stride = m.stride_of(c), k0 = m.channel_block[c];
  std::fill(s.rate, s.rate + bins, 0.0);
  double *R = s.group_shape, *G = s.group_bins;
  for (int g = m.channel_group[c]; g < m.channel_group[c + 1]; ++g, R += stride, G += stride) {
    std::fill(R, R + bins, 0.0);
    for (int i = m.group_start[g]; i < m.group_start[g + 1]; ++i) {
      const int k = m.group_block[i];
      double* A = s.shape + static_cast<Index>(k - k0) * stride;
      block_shape(m, k, bins, stride, s, A);
      s.product[k - k0] = factor_product(m, s, k);
      add_scaled(R, s.product[k - k0], A, bins);
    }
    group_product(m, theta, g, bins, G);
    for (int b = 0; b < bins; ++b) s.rate[b] += G[b] * R[b];
  }
  each_error(m, s, c, [&](const AddedErrors& errors, double* E, int) {
    errors.sizes(E);
    errors.add_rates(theta, E, s.rate);
  });
}

// Gradient of one block; leaves the sums over its rows and its d nu / d factor parameter for the second derivatives.
__attribute__((always_inline)) inline double block_gradient(const Model& m, int k, int bins, int stride, double F, const double* A, const double* wG, Scratch& s, bool second) {
  const int f0 = m.factor_start[k], f1 = m.factor_start[k + 1], r0 = m.row_start[k], rows = m.row_start[k + 1] - r0;
  const double* derivatives =
      m.block_form[k] ? s.curved.differentiate(k, bins, stride, s.value, second ? wG : nullptr) : &m.templates[m.block_templates[k]];
  row_sums(s.row_sum, derivatives, stride, rows, wG);
  for (int r = 0; r < rows; ++r) s.value_gradient[m.row_value[r0 + r]] += F * s.row_sum[r];
  const double T = dot(wG, A, stride);
  if (F != 0.0) {
    for (int e = f0; e < f1; ++e) s.factor_scale[e - f0] = F * s.ratio[e];
  } else {  // without one entry, the product vanishes unless that is the only one that does
    const Vanishing zero = vanishing_factors(m, s, k);
    for (int e = f0; e < f1; ++e)
      s.factor_scale[e - f0] = zero.count == 0 || (zero.count == 1 && e == zero.first) ? s.factor1[e] * product_without(m, s, k, e) : 0.0;
  }
  for (int e = f0; e < f1; ++e) s.value_gradient[m.factor_parameter[e]] += s.factor_scale[e - f0] * T;
  return T;
}

// Adds `factor` times the product of a function's first derivatives to the Hessian.
inline void add_square(const Model& m, const Scratch& s, int function, double factor, Derivatives& out) {
  const std::vector<int>& of = m.functions.parameters(function);
  const double* g = s.functions.gradient(function);
  for (std::size_t i = 0; i < of.size(); ++i)
    for (std::size_t j = 0; j <= i; ++j) out.shared[static_cast<Index>(m.shared_index[of[i]]) * padded(m.shared) + m.shared_index[of[j]]] += factor * g[i] * g[j];
}

// The functions whose values are added to the nll; same return value as `evaluate`.
template <int order>
int add_penalties(const Model& m, Scratch& s, double& value, double& magnitude) {
  for (int f = 0; f < m.functions.count(); ++f) {
    if (!m.functions.is_penalty(f)) continue;
    const double term = s.functions.value(f);
    if (!std::isfinite(term)) return m.bins + m.constraints;
    value += term;
    magnitude += std::abs(term);
    if constexpr (order >= 1) s.value_gradient[m.parameters + f] += 1.0;
  }
  return inside_domain;
}

// What functions give to the derivatives with respect to their parameters, beside what the channels have folded already.
template <int order>
void fold_functions(const Model& m, const Scratch& s, Derivatives& out) {
  for (int f = 0; f < m.functions.count(); ++f) {
    const std::vector<int>& of = m.functions.parameters(f);
    const double slope = s.value_gradient[m.parameters + f];
    if (slope == 0.0) continue;
    for (std::size_t i = 0; i < of.size(); ++i) {
      out.gradient[of[i]] += slope * s.functions.gradient(f)[i];
      if constexpr (order >= 2)
        for (std::size_t j = 0; j <= i; ++j)
          out.shared[static_cast<Index>(m.shared_index[of[i]]) * padded(m.shared) + m.shared_index[of[j]]] +=
              slope * s.functions.hessian(f)[i * of.size() + j];
    }
  }
}

// Constraint terms; same return value as `evaluate`.
template <int order>
int add_constraints(const Model& m, const double* theta, const Data& data, Derivatives& out, double& value, double& magnitude) {
  for (int i = 0; i < m.constraints; ++i) {
    const int p = m.constraint_parameter[i];
    const double aux = data.auxiliary[i];
    const double scale = m.constraint_kind[i] == constraint_two_widths && theta[p] < aux ? m.constraint_lower[i] : m.constraint_scale[i];
    double term, d1, d2;
    if (m.constraint_kind[i] != constraint_poisson) {
      const double x = (theta[p] - aux) / scale;
      term = 0.5 * x * x;
      if (!std::isfinite(term)) return m.bins + i;
      d1 = x / scale;
      d2 = 1.0 / (scale * scale);
    } else {
      term = poisson_deviance(aux, scale * theta[p]);
      if (!std::isfinite(term)) return m.bins + i;
      d1 = aux > 0 ? (scale * theta[p] - aux) / theta[p] : scale;
      d2 = aux > 0 ? aux / (theta[p] * theta[p]) : 0.0;
    }
    value += term;
    magnitude += std::abs(term);
    if constexpr (order >= 1) out.gradient[p] += d1;
    if constexpr (order >= 2) {
      if (m.shared_index[p] >= 0)
        out.shared[m.shared_index[p] * (padded(m.shared) + 1)] += d2;
      else
        out.local[m.local_diagonal[p]] += d2;
    }
  }
  for (std::size_t i = 0; i < m.coupling.size(); ++i) {
    const int first = m.coupling_first[i], second = m.coupling_second[i];
    const int p = m.constraint_parameter[first], q = m.constraint_parameter[second];
    const double x = theta[p] - data.auxiliary[first], y = theta[q] - data.auxiliary[second], term = m.coupling[i] * x * y;
    value += term;
    magnitude += std::abs(term);
    if constexpr (order >= 1) {
      out.gradient[p] += m.coupling[i] * y;
      out.gradient[q] += m.coupling[i] * x;
    }
    if constexpr (order >= 2) {
      const int j = m.shared_index[p], k = m.shared_index[q];
      out.shared[static_cast<Index>(std::max(j, k)) * padded(m.shared) + std::min(j, k)] += m.coupling[i];
    }
  }
  return inside_domain;
}

}  // namespace detail

// Returns `inside_domain`, or the bin (or bins + constraint) whose rate has no logarithm (bins + constraints where a
// penalty has no value). `value` is the nll without
// its constants; `magnitude` the sum of the absolute terms.
template <int order>
int evaluate(const Model& m, const double* theta, const Data& data, const signed char* side, Scratch& s, Derivatives& out,
             double& value, double& magnitude) {
  detail::fill_values(m, theta, side, s, order);
  detail::fill_factors(m, side, s, 0, m.blocks, order >= 2);
  value = magnitude = 0.0;
  const int values = m.inputs + 1 + static_cast<int>(m.even_parameter.size());
  if constexpr (order >= 1) {
    std::fill(s.value_gradient, s.value_gradient + values, 0.0);
    std::fill(out.gradient, out.gradient + m.parameters, 0.0);
    for (std::size_t e = 0; e < m.factor_parameter.size(); ++e) s.ratio[e] = s.factor1[e] / s.factor[e];
  }
  if constexpr (order >= 2) {
    s.gram.start(out.shared);
    std::fill(out.shared, out.shared + static_cast<Index>(m.shared) * padded(m.shared), 0.0);
    std::fill(out.jacobian, out.jacobian + m.jacobian_size, 0.0);
    std::fill(out.local_jacobian, out.local_jacobian + m.local_jacobian_size, 0.0);
    std::fill(out.mixed, out.mixed + m.mixed_size, 0.0);
    std::fill(out.local, out.local + m.local_size, 0.0);
  }
  for (int c = 0; c < m.channels; ++c) {
    const int bins = m.bins_of(c), stride = m.stride_of(c), first = m.channel_bin[c], k0 = m.channel_block[c];
    detail::forward(m, theta, c, s);
    const double *n = data.observed + first, *nu = s.rate;
    double* w = s.weight;
    for (int b = 0; b < bins; ++b) {
      const PoissonTerm term = data.least ? continued_poisson_term(n[b], nu[b], data.least[first + b]) : poisson_term(n[b], nu[b]);
      if (!std::isfinite(term.value)) {
        value = std::numeric_limits<double>::infinity();
        return first + b;
      }
      value += term.value;
      magnitude += std::abs(term.value);
      if constexpr (order >= 1) w[b] = term.slope;
      if constexpr (order >= 2) {
        out.rate[first + b] = nu[b];
        out.weight[first + b] = term.curvature;
      }
    }
    if constexpr (order == 0) continue;

    [[maybe_unused]] std::optional<detail::ChannelHessian> hessian;
    if constexpr (order >= 2) hessian.emplace(m, s, out, c);
    const double *R = s.group_shape, *G = s.group_bins;
    for (int g = m.channel_group[c]; g < m.channel_group[c + 1]; ++g, R += stride, G += stride) {
      if constexpr (order >= 2) hessian->start_group(g);
      double* wG = s.row;
      for (int b = 0; b < bins; ++b) wG[b] = w[b] * G[b];
      std::fill(wG + bins, wG + stride, 0.0);
      for (int i = m.group_start[g]; i < m.group_start[g + 1]; ++i) {
        const int k = m.group_block[i];
        const double F = s.product[k - k0], *A = s.shape + static_cast<Index>(k - k0) * stride;
        [[maybe_unused]] const double T = detail::block_gradient(m, k, bins, stride, F, A, wG, s, order >= 2);
        if constexpr (order >= 2) hessian->add_block(k, F, T, A);
      }
      detail::products_of_others(m, theta, g, bins, stride, s.others);
      for (int e = m.bin_start[g]; e < m.bin_start[g + 1]; ++e) {
        const double* others = s.others + static_cast<Index>(e - m.bin_start[g]) * stride;
        const int* parameter = &m.bin_parameter[m.bin_row[e]];
        for (int b = 0; b < bins; ++b) out.gradient[parameter[b]] += w[b] * R[b] * others[b];
      }
      if constexpr (order >= 2) hessian->add_group(g, G, R, w);
    }
    detail::each_error(m, s, c, [&](const detail::AddedErrors& errors, const double* E, int g) {
      errors.add_gradient(theta, E, w, out.gradient);
      if constexpr (order >= 2) hessian->add_errors(errors, m.error_slot[g], theta, E, w);
    });
    if constexpr (order >= 2) hessian->finish(out.weight + first);
  }
  if constexpr (order >= 1) {
    for (int p = 0; p < m.parameters; ++p) out.gradient[p] += s.value_gradient[p];
    for (int v = m.inputs + 1; v < values; ++v) {
      const int p = m.even_parameter[v - m.inputs - 1];
      (p < m.parameters ? out.gradient : s.value_gradient)[p] += s.slope[v] * s.value_gradient[v];
    }
  }
  if constexpr (order >= 2) {
    s.gram.flush();
    for (int v = m.inputs + 1; v < values; ++v) {
      const int p = m.even_parameter[v - m.inputs - 1];
      if (p < m.parameters)
        out.shared[m.shared_index[p] * (padded(m.shared) + 1)] += s.curvature[v] * s.value_gradient[v];
      else
        detail::add_square(m, s, p - m.parameters, s.curvature[v] * s.value_gradient[v], out);
    }
  }
  int outside = detail::add_penalties<order>(m, s, value, magnitude);
  if constexpr (order >= 1) detail::fold_functions<order>(m, s, out);
  if (outside == inside_domain) outside = detail::add_constraints<order>(m, theta, data, out, value, magnitude);
  if (outside != inside_domain) value = std::numeric_limits<double>::infinity();
  return outside;
}

// The constants left out of `evaluate`: nll = value + constants.
inline double constants(const Model& m, const Data& data) {
  double total = 0.0;
  for (int b = 0; b < m.bins; ++b) total += poisson_constant(data.observed[b]);
  for (int i = 0; i < m.constraints; ++i) {
    const double width = m.constraint_kind[i] == constraint_two_widths ? 0.5 * (m.constraint_scale[i] + m.constraint_lower[i]) : m.constraint_scale[i];
    total += m.constraint_kind[i] == constraint_poisson ? poisson_constant(data.auxiliary[i]) : std::log(width * 2.5066282746310005024);
  }
  return total + m.coupling_constant;
}

}  // namespace wilks
