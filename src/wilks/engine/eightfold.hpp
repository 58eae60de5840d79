// Rates at eight points at once, and what their slopes give to the gradient: vector lanes hold points, not bins, so that
// templates are read once for all of them and channels of few bins are as fast as long ones. No lane knows of the others:
// its bits don't depend on them. Only for models whose yields are sums of template rows (see `eightfold_serves`).
#pragma once

#include <bit>
#include <memory>
#include <new>

#include "model.hpp"
#include "poisson.hpp"

namespace wilks {

constexpr int fold = 8;

typedef double Eight __attribute__((vector_size(64)));
typedef std::uint64_t EightBits __attribute__((vector_size(64)));

// Not in pages, which fit few data sets and are to be small.
#if defined(__wasm__)
inline bool eightfold_serves(const Model&) { return false; }
#else
inline bool eightfold_serves(const Model& m) {
  const auto finite = [](double x) { return std::isfinite(x); };
  return !m.any_form && m.functions.count() == 0 && m.most_errors == 0 && std::all_of(m.factor_coefficient.begin(), m.factor_coefficient.end(), finite);
}
#endif

// An array of vectors, where the machine wants them.
class Eights {
 public:
  explicit Eights(std::size_t size) : size_(size), memory_(static_cast<Eight*>(::operator new(size * sizeof(Eight), alignment))) {
    std::fill(data(), data() + size, Eight{});
  }

  Eight* data() { return memory_.get(); }
  Eight& operator[](std::size_t i) { return memory_.get()[i]; }
  const Eight& operator[](std::size_t i) const { return memory_.get()[i]; }
  std::size_t size() const { return size_; }
  void fill(const Eight& value) { std::fill(data(), data() + size_, value); }

 private:
  static constexpr std::align_val_t alignment{sizeof(Eight)};
  struct Free {
    void operator()(Eight* memory) const { ::operator delete(memory, alignment); }
  };
  std::size_t size_;
  std::unique_ptr<Eight, Free> memory_;
};

struct EightfoldScratch {
  Eights value, value_gradient, even_slope;  // of the model's rows; of their even parts
  Eights inside, sign;                       // parameters: 1 within +-1, else 0; 1 from 0 on, else -1
  Eights inner, rise, product, shape, group_shape, group_bins, rate, slope;
  std::vector<double> observed, auxiliary;  // bins x 8, constraints x 8

  explicit EightfoldScratch(const Model& m)
      : EightfoldScratch(m, std::max(1, m.largest_blocks), whole_quads(std::max(1, m.largest_bins))) {}

 private:
  EightfoldScratch(const Model& m, std::size_t blocks, std::size_t stride)
      : value(m.inputs + 1 + m.even_parameter.size()), value_gradient(m.inputs + 1 + m.even_parameter.size()), even_slope(m.even_parameter.size() + 1), inside(m.parameters), sign(m.parameters),
        inner(m.factor_parameter.size() + 1), rise(m.factor_parameter.size() + 1), product(blocks), shape(blocks * stride), group_shape(blocks * stride), group_bins(blocks * stride), rate(stride),
        slope(stride), observed(static_cast<std::size_t>(m.bins) * fold, 1.0), auxiliary(static_cast<std::size_t>(m.constraints) * fold, 0.0) {}
};

namespace detail {

// Where the values are, and the values that template rows are multiplied with. (Conditions are written as factors of 0 and
// 1, found once for each parameter: GCC has no vectors of conditions before it knows the machine.)
WILKS_INLINE void eightfold_values(const Model& m, const Eight* theta, EightfoldScratch& s) {
  std::copy(theta, theta + m.parameters, s.value.data());
  s.value[m.inputs] = Eight{} + 1.0;
  for (int p = 0; p < m.parameters; ++p) {
    double inside[fold], sign[fold];
    for (int l = 0; l < fold; ++l) inside[l] = std::abs(theta[p][l]) < 1.0 ? 1.0 : 0.0;
    for (int l = 0; l < fold; ++l) sign[l] = theta[p][l] >= 0.0 ? 1.0 : -1.0;
    std::memcpy(&s.inside[p], inside, sizeof(Eight));
    std::memcpy(&s.sign[p], sign, sizeof(Eight));
  }
  for (std::size_t i = 0; i < m.even_parameter.size(); ++i) {
    const int p = m.even_parameter[i];
    const Eight a = theta[p], in = s.inside[p], out = 1.0 - in, a2 = a * a;
    Eight &even = s.value[m.inputs + 1 + i], &slope = s.even_slope[i];
    if (m.even_code[i] == shape_code4p) {
      even = out * (8.0 * a * s.sign[p]) + in * (a2 * (15.0 + a2 * (-10.0 + 3.0 * a2)));
      slope = out * (8.0 * s.sign[p]) + in * (a * (30.0 + a2 * (-40.0 + 18.0 * a2)));
      continue;
    }
    for (int l = 0; l < fold; ++l) {
      const Jet jet = even_part(m.even_code[i], a[l], true);
      even[l] = jet.f;
      slope[l] = jet.d1;
    }
  }
}

// wilks::exp, to the bit.
WILKS_INLINE Eight exponential_of(const Eight& x) {
  for (int l = 0; l < fold; ++l)
    if (!(std::abs(x[l]) < 700.0)) {
      Eight out;
      for (int i = 0; i < fold; ++i) out[i] = wilks::exp(x[i]);
      return out;
    }
  return exponential<Eight, EightBits>(x);
}

// The product of the scalar factors of a block. Leaves each factor in `inner`, without what is in the common exponent, and in
// `rise` its derivative times what comes after it.
WILKS_INLINE Eight eightfold_product(const Model& m, int block, const Eight* theta, EightfoldScratch& s) {
  const std::size_t stride = m.factor_parameter.size();
  Eight product = Eight{} + 1.0, exponent{};
  for (int e = m.factor_start[block]; e < m.factor_start[block + 1]; ++e) {
    const double* c = m.factor_coefficient.data() + e;
    const int p = m.factor_parameter[e], code = m.factor_code[e];
    const Eight a = theta[p];
    if (code == factor_free) {
      product *= a;
      s.inner[e] = a;
      s.rise[e] = Eight{} + 1.0;
    } else if (code == factor_code4 || code == factor_code1) {
      const double up = 0.5 * (c[6 * stride] - c[7 * stride]), down = 0.5 * (c[6 * stride] + c[7 * stride]);
      const Eight slope = up + s.sign[p] * down;  // the logarithm of this side: log(hi), or -log(lo)
      if (code == factor_code1) {
        exponent += a * slope;
        s.inner[e] = Eight{} + 1.0;
        s.rise[e] = slope;
        continue;
      }
      const double c1 = c[0], c2 = c[stride], c3 = c[2 * stride], c4 = c[3 * stride], c5 = c[4 * stride], c6 = c[5 * stride];
      const Eight f = 1.0 + a * (c1 + a * (c2 + a * (c3 + a * (c4 + a * (c5 + a * c6)))));
      const Eight d = c1 + a * (2 * c2 + a * (3 * c3 + a * (4 * c4 + a * (5 * c5 + a * (6 * c6)))));
      const Eight in = s.inside[p], out = 1.0 - in, inner = out + in * f;
      product *= inner;
      exponent += out * (a * slope);
      s.inner[e] = inner;
      s.rise[e] = out * slope + in * d;
    } else {
      for (int l = 0; l < fold; ++l) {
        const Jet jet = outer_factor(code, a[l], c, stride, true);
        product[l] *= jet.f;
        s.inner[e][l] = jet.f;
        s.rise[e][l] = jet.d1;
      }
    }
  }
  Eight after = exponential_of(exponent);
  product *= after;
  for (int e = m.factor_start[block + 1] - 1; e >= m.factor_start[block]; --e) {
    s.rise[e] *= after;
    after *= s.inner[e];
  }
  return product;
}

// A: sums of template rows times values, `bins` of them.
template <int bins>
WILKS_INLINE void eightfold_rows(const double* row, int stride, const int* which, int rows, const Eight* value, Eight* A) {
  Eight sum[bins] = {};
  for (int r = 0; r < rows; ++r, row += stride) {
    const Eight v = value[which[r]];
    for (int b = 0; b < bins; ++b) sum[b] += row[b] * v;
  }
  for (int b = 0; b < bins; ++b) A[b] = sum[b];
}

WILKS_INLINE void eightfold_shape(const double* row, int bins, int stride, const int* which, int rows, const Eight* value, Eight* A) {
  int b = 0;
  for (; b + 4 <= bins; b += 4) eightfold_rows<4>(row + b, stride, which, rows, value, A + b);
  if (bins - b == 3) eightfold_rows<3>(row + b, stride, which, rows, value, A + b);
  if (bins - b == 2) eightfold_rows<2>(row + b, stride, which, rows, value, A + b);
  if (bins - b == 1) eightfold_rows<1>(row + b, stride, which, rows, value, A + b);
}

// Adds F times the sum over bins of w times a row to what belongs to its value, row by row.
template <int rows>
WILKS_INLINE void eightfold_sums(const double* row, int bins, int stride, const int* which, const Eight* w, const Eight& F, Eight* gradient) {
  Eight sum[rows] = {};
  for (int b = 0; b < bins; ++b)
    for (int r = 0; r < rows; ++r) sum[r] += row[r * stride + b] * w[b];
  for (int r = 0; r < rows; ++r) gradient[which[r]] += F * sum[r];
}

WILKS_INLINE void eightfold_backward(const double* row, int bins, int stride, const int* which, int rows, const Eight* w, const Eight& F, Eight* gradient) {
  int r = 0;
  for (; r + 4 <= rows; r += 4) eightfold_sums<4>(row + static_cast<Index>(r) * stride, bins, stride, which + r, w, F, gradient);
  for (; r < rows; ++r) eightfold_sums<1>(row + static_cast<Index>(r) * stride, bins, stride, which + r, w, F, gradient);
}

WILKS_INLINE void eightfold_forward(const Model& m, const Eight* theta, int c, EightfoldScratch& s) {
  const int bins = m.bins_of(c), stride = m.stride_of(c), k0 = m.channel_block[c];
  std::fill(s.rate.data(), s.rate.data() + bins, Eight{});
  Eight *R = s.group_shape.data(), *G = s.group_bins.data();
  for (int g = m.channel_group[c]; g < m.channel_group[c + 1]; ++g, R += stride, G += stride) {
    std::fill(R, R + bins, Eight{});
    for (int i = m.group_start[g]; i < m.group_start[g + 1]; ++i) {
      const int k = m.group_block[i], first = m.row_start[k];
      Eight* A = s.shape.data() + static_cast<Index>(k - k0) * stride;
      eightfold_shape(&m.templates[m.block_templates[k]], bins, stride, &m.row_value[first], m.row_start[k + 1] - first, s.value.data(), A);
      const Eight F = s.product[k - k0] = eightfold_product(m, k, theta, s);
      for (int b = 0; b < bins; ++b) R[b] += F * A[b];
    }
    std::fill(G, G + bins, Eight{} + 1.0);
    for (int e = m.bin_start[g]; e < m.bin_start[g + 1]; ++e)
      for (int b = 0; b < bins; ++b) G[b] *= theta[m.bin_parameter[m.bin_row[e] + b]];
    for (int b = 0; b < bins; ++b) s.rate[b] += G[b] * R[b];
  }
}

WILKS_INLINE void eightfold_gradient(const Model& m, const Eight* theta, int c, EightfoldScratch& s, Eight* gradient) {
  const int bins = m.bins_of(c), stride = m.stride_of(c), k0 = m.channel_block[c];
  const Eight *R = s.group_shape.data(), *G = s.group_bins.data();
  for (int g = m.channel_group[c]; g < m.channel_group[c + 1]; ++g, R += stride, G += stride) {
    Eight* wG = s.rate.data();  // the rates have served
    for (int b = 0; b < bins; ++b) wG[b] = s.slope[b] * G[b];
    for (int i = m.group_start[g]; i < m.group_start[g + 1]; ++i) {
      const int k = m.group_block[i], first = m.row_start[k] + 1;
      const Eight F = s.product[k - k0];
      const Eight* A = s.shape.data() + static_cast<Index>(k - k0) * stride;
      Eight before{};  // the sum of w G A, times the factors before
      for (int b = 0; b < bins; ++b) before += wG[b] * A[b];
      eightfold_backward(&m.templates[m.block_templates[k] + stride], bins, stride, &m.row_value[first], m.row_start[k + 1] - first, wG, F,
                         s.value_gradient.data());
      for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) {
        s.value_gradient[m.factor_parameter[e]] += before * s.rise[e];
        before *= s.inner[e];
      }
    }
    for (int e = m.bin_start[g]; e < m.bin_start[g + 1]; ++e)
      for (int b = 0; b < bins; ++b) {
        Eight others = s.slope[b] * R[b];
        for (int e2 = m.bin_start[g]; e2 < m.bin_start[g + 1]; ++e2)
          if (e2 != e) others *= theta[m.bin_parameter[m.bin_row[e2] + b]];
        gradient[m.bin_parameter[m.bin_row[e] + b]] += others;
      }
  }
}

WILKS_INLINE void eightfold_constraints(const Model& m, const Eight* theta, const EightfoldScratch& s, Eight* gradient, Eight& value, Eight& magnitude) {
  const auto data = [&](int i) {
    Eight x;
    std::memcpy(&x, s.auxiliary.data() + static_cast<Index>(i) * fold, sizeof(Eight));
    return x;
  };
  for (int i = 0; i < m.constraints; ++i) {
    const int p = m.constraint_parameter[i];
    const Eight t = theta[p], aux = data(i);
    if (m.constraint_kind[i] != constraint_poisson) {
      Eight scale = Eight{} + m.constraint_scale[i];
      for (int l = 0; l < fold && m.constraint_kind[i] == constraint_two_widths; ++l)
        if (t[l] < aux[l]) scale[l] = m.constraint_lower[i];
      const Eight x = (t - aux) / scale, term = 0.5 * x * x;
      value += term;
      magnitude += term;
      gradient[p] += x / scale;
    } else {
      const double tau = m.constraint_scale[i];
      for (int l = 0; l < fold; ++l) {
        const PoissonTerm term = poisson_term(aux[l], tau * t[l]);
        value[l] += term.value;
        magnitude[l] += std::abs(term.value);
        gradient[p][l] += tau * term.slope;
      }
    }
  }
  for (std::size_t i = 0; i < m.coupling.size(); ++i) {
    const int first = m.coupling_first[i], second = m.coupling_second[i];
    const int p = m.constraint_parameter[first], q = m.constraint_parameter[second];
    const Eight x = theta[p] - data(first), y = theta[q] - data(second), term = m.coupling[i] * x * y;
    value += term;
    for (int l = 0; l < fold; ++l) magnitude[l] += std::abs(term[l]);
    gradient[p] += m.coupling[i] * y;
    gradient[q] += m.coupling[i] * x;
  }
}

}  // namespace detail

}  // namespace wilks
