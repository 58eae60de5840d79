// The memory that one evaluation works in and writes to.
#pragma once

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

}  // namespace wilks
