// A model at one point: value, gradient and dense Hessian, and the rates of all bins.
#pragma once

#include "dense.hpp"

namespace wilks {

inline double value_at(const Model& m, const double* theta, const Data& data, Scratch& scratch) {
  Derivatives none;
  double value, magnitude;
  evaluate<0>(m, theta, data, nullptr, scratch, none, value, magnitude);
  return value;
}

inline double gradient_at(const Model& m, const double* theta, const Data& data, Scratch& scratch, double* gradient) {
  Derivatives out;
  out.gradient = gradient;
  double value, magnitude;
  if (evaluate<1>(m, theta, data, nullptr, scratch, out, value, magnitude) != inside_domain)
    std::fill(gradient, gradient + m.parameters, std::numeric_limits<double>::quiet_NaN());
  return value;
}

struct Curvature {
  Scratch scratch;
  OwnedDerivatives derivatives;
  Newton newton;

  explicit Curvature(const Model& m) : scratch(m), derivatives(m), newton(m, derivatives) {}

  void at(const double* theta, const Data& data, double* dense) {
    const Model& m = newton.m;
    double value, magnitude;
    if (evaluate<2>(m, theta, data, nullptr, scratch, derivatives, value, magnitude) == inside_domain)
      wilks::dense(newton, dense);
    else
      std::fill(dense, dense + static_cast<Index>(m.parameters) * m.parameters, std::numeric_limits<double>::quiet_NaN());
  }
};

// The length of the rates of all blocks, one after the other.
inline std::size_t block_rates_size(const Model& m) {
  std::size_t size = 0;
  for (int c = 0; c < m.channels; ++c) size += static_cast<std::size_t>(m.bins_of(c)) * (m.channel_block[c + 1] - m.channel_block[c]);
  return size;
}

inline void sum_of_blocks(const Model& m, const double* blocks, double* out) {
  std::fill(out, out + m.bins, 0.0);
  for (int c = 0; c < m.channels; ++c)
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k)
      for (int b = 0; b < m.bins_of(c); ++b) out[m.channel_bin[c] + b] += *blocks++;
}

}  // namespace wilks
