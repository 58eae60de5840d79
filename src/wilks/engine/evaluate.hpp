// Expected rates, negative log likelihood, exact gradient and exact Hessian, in one function templated on the order of
// the derivatives, so that they can't disagree.
//
// With F the product of the scalar factors of a block, G that of its per-bin factors and A = nominal + shape variations:
//   nu_b = sum over blocks F G_b A_b,   nll = sum_b nu_b - n_b log nu_b + constraints,   w = 1 - n/nu,   q = n/nu^2
//   H = J^T diag(q) J + sum_b w_b d2 nu_b + constraints,   J = d nu_b / d theta
// Products are formed without dividing by a factor, since factors may be zero.
#pragma once

#include <limits>

#include "gram.hpp"

namespace wilks {

// Memory for derivatives, laid out channel by channel (offsets in Model):
//   shared   D x ld      Hessian among shared parameters (lower triangle and diagonal are valid)
//   jacobian [column][bin], local_jacobian [slot][bin]
//   mixed    [slot][column][bin]   Hessian of a local with a shared parameter
//   local    [slot][slot][bin]     Hessian among the local parameters of a bin
struct Derivatives {
  double* gradient = nullptr;
  double *shared = nullptr, *jacobian = nullptr, *local_jacobian = nullptr, *mixed = nullptr, *local = nullptr;
  double *rate = nullptr, *weight = nullptr;  // bins: nu and q
};

// Derivatives with their memory.
struct OwnedDerivatives : Derivatives {
  std::vector<double> memory;

  explicit OwnedDerivatives(const Model& m) {
    const std::size_t P = m.parameters, square = static_cast<std::size_t>(m.shared) * padded(m.shared);
    memory.assign(square + P + m.jacobian_size + m.local_jacobian_size + m.mixed_size + m.local_size + 2 * m.bins + lanes, 0.0);
    double* at = memory.data();
    const auto take = [&](std::size_t n) { double* p = at; at += n; return p; };
    shared = take(square);
    gradient = take(P);
    jacobian = take(m.jacobian_size);
    local_jacobian = take(m.local_jacobian_size);
    mixed = take(m.mixed_size);
    local = take(m.local_size);
    rate = take(m.bins);
    weight = take(m.bins);
  }
  OwnedDerivatives(const OwnedDerivatives&) = delete;
  OwnedDerivatives& operator=(const OwnedDerivatives&) = delete;
};

struct Data {
  const double* observed;   // bins
  const double* auxiliary;  // constraints
};

// Memory of one evaluation, cut from one allocation.
struct Scratch {
  double *block_rates, *block_shapes, *block_bins;  // per block of a channel: F G A, A, G
  double *u, *tmp, *row, *product_without;
  Jet *factors, *evens;
  double *d1, *ratio;
  double *columns;  // largest_columns x padded(largest_columns), for the channel's part of the Hessian
  double *packed;   // bins x padded(largest_columns)
  std::vector<double> memory;
  Gram gram;

  explicit Scratch(const Model& m) : gram(m) {
    const std::size_t bins = padded(std::max(1, m.largest_bins)), blocks = std::max(1, m.largest_blocks);
    const std::size_t columns_ = padded(std::max(1, m.largest_columns));
    const std::size_t per_bin = std::max(1, m.largest_bin_factors);
    const std::size_t entries = m.factor_parameter.size() + m.shape_parameter.size() + 2;
    memory.assign(3 * blocks * bins + (3 + per_bin) * bins + 3 * entries + 2 * (m.largest_factors + 1) + columns_ * columns_ + bins * columns_ + lanes, 0.0);
    double* at = memory.data();
    const auto take = [&](std::size_t n) { double* p = at; at += n; return p; };
    block_rates = take(blocks * bins);
    block_shapes = take(blocks * bins);
    block_bins = take(blocks * bins);
    u = take(bins);
    tmp = take(bins);
    row = take(bins);
    product_without = take(per_bin * bins);
    factors = reinterpret_cast<Jet*>(take(3 * m.factor_parameter.size() + 3));
    evens = reinterpret_cast<Jet*>(take(3 * m.shape_parameter.size() + 3));
    d1 = take(m.largest_factors + 1);
    ratio = take(m.largest_factors + 1);
    columns = take(columns_ * columns_);
    packed = take(bins * columns_);
  }
};

// Poisson term without its constants: nu - n + n log(n/nu), exact near nu = n. Infinite outside the domain.
inline double poisson_deviance(double n, double nu) {
  if (n == 0) return nu >= 0 ? nu : std::numeric_limits<double>::infinity();
  if (!(nu > 0)) return std::numeric_limits<double>::infinity();
  const double d = (nu - n) / n;
  if (std::abs(d) < 0.2) return n * (d - std::log1p(d));
  return nu - n - n * std::log(nu / n);
}

constexpr int inside_domain = -1;

namespace detail {

inline void fill_factors(const Model& m, const double* theta, const signed char* side, Scratch& s) {
  for (std::size_t e = 0; e < m.factor_parameter.size(); ++e) {
    const int p = m.factor_parameter[e];
    s.factors[e] = factor(m.factor_code[e], theta[p], &m.factor_coefficient[e * factor_coefficients], !side || side[p] >= 0);
  }
  for (std::size_t e = 0; e < m.shape_parameter.size(); ++e) {
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
  detail::fill_factors(m, theta, nullptr, s);
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
  detail::fill_factors(m, theta, nullptr, s);
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

// Returns `inside_domain`, or the bin (or bins + constraint) whose rate has no logarithm. `value` is the nll without
// its constants; `magnitude` the sum of the absolute terms.
template <int order>
int evaluate(const Model& m, const double* theta, const Data& data, const signed char* side, Scratch& s, Derivatives& out,
             double& value, double& magnitude) {
  detail::fill_factors(m, theta, side, s);
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
inline double log_gamma(double x) {
#if defined(__GLIBC__) || defined(__APPLE__)
  int sign;
  return ::lgamma_r(x, &sign);
#else
  return std::lgamma(x);
#endif
}

// n - n log n + log n!, by Stirling's series where the difference would cancel.
inline double poisson_constant(double n) {
  if (n <= 0) return 0.0;
  if (n < 64.0) return n - n * std::log(n) + log_gamma(n + 1.0);
  const double r = 1.0 / n, r2 = r * r;
  return 0.5 * std::log(6.283185307179586477 * n) + r * (1.0 / 12 + r2 * (-1.0 / 360 + r2 * (1.0 / 1260 - r2 / 1680)));
}

inline double constants(const Model& m, const Data& data) {
  double total = 0.0;
  for (int b = 0; b < m.bins; ++b) total += poisson_constant(data.observed[b]);
  for (int i = 0; i < m.constraints; ++i)
    total += m.constraint_kind[i] == constraint_normal ? std::log(m.constraint_scale[i] * 2.5066282746310005024)
                                                       : poisson_constant(data.auxiliary[i]);
  return total;
}

}  // namespace wilks
