// The memory that one evaluation works in and writes to.
#pragma once

#include "curved.hpp"
#include "gram.hpp"

namespace wilks {

// Memory for derivatives, laid out channel by channel (offsets in Model):
//   shared   D x ld      Hessian among shared parameters (lower triangle and diagonal are valid)
//   jacobian [column][bin], local_jacobian [slot][bin], with stride_of(channel) doubles for the bins
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
  const double* least = nullptr;  // bins: rates below which the Poisson term is continued by its parabola; or none
};

// Memory of one evaluation, cut from one allocation.
struct Scratch {
  double *value, *slope, *curvature, *value_gradient;  // values (see Model), their derivatives, d nll / d value
  double *alpha, *factor, *factor1, *factor2, *ratio;  // factor entries: parameter, factor, its derivatives, d log(factor)
  double *shape, *product;                              // block of a channel: A (one row each), F
  double *group_shape, *group_bins;                     // group of a channel: sum of F A, and G (one row each)
  double *rate, *weight, *row, *row_sum, *row_scale, *factor_scale;
  double *others;                                       // per-bin factor of a group: product of the other ones
  double *group_jacobian;                               // columns x bins: without G
  double *left, *right;                                 // blocks x columns: second derivatives as products
  double *packed;                                       // bins x columns
  std::vector<double> memory;
  Gram gram;
  FunctionValues functions;
  Curved curved;
  std::vector<double> wide_jacobian, wide_mixed, wide_pairs;  // as in Derivatives, with a channel's functions among the columns
  std::vector<double> error_size, error_slope;  // errors that are added: E of each group of a channel; columns x bins

  explicit Scratch(const Model& m) : gram(m), functions(m.functions), curved(m) {
    const std::size_t stride = whole_quads(std::max(1, m.largest_bins)), blocks = std::max(1, m.largest_blocks);
    const std::size_t width = padded(std::max(1, m.largest_width)), entries = m.factor_parameter.size() + 1;
    const std::size_t values = m.inputs + 1 + m.even_parameter.size(), rows = m.largest_rows + 1;
    const std::size_t factors = m.largest_factors + 1, per_bin = std::max(1, m.largest_bin_factors);
    memory.resize(4 * values + 5 * entries + (3 * blocks + 3 + per_bin + width) * stride + blocks + 2 * rows + factors + (2 * blocks + stride) * width + lanes);
    double* at = memory.data();
    const auto take = [&](std::size_t n) { double* p = at; at += n; return p; };
    for (double** p : {&value, &slope, &curvature, &value_gradient}) *p = take(values);
    for (double** p : {&alpha, &factor, &factor1, &factor2, &ratio}) *p = take(entries);
    for (double** p : {&shape, &group_shape, &group_bins}) *p = take(blocks * stride);
    for (double** p : {&rate, &weight, &row}) *p = take(stride);
    others = take(per_bin * stride);
    group_jacobian = take(width * stride);
    product = take(blocks);
    for (double** p : {&row_sum, &row_scale}) *p = take(rows);
    factor_scale = take(factors);
    for (double** p : {&left, &right}) *p = take(blocks * width);
    packed = take(stride * width);
    error_size.assign(m.most_errors * stride, 0.0);
    if (m.most_errors) error_slope.assign(width * stride, 0.0);
    if (!m.functions.count()) return;
    wide_jacobian.assign(width * stride, 0.0);
    wide_mixed.assign(std::max(1, m.largest_slots) * width * stride, 0.0);
    wide_pairs.assign(width * width + lanes, 0.0);
  }

  // Where yields are cut off, and minima and maxima of functions: turn within a width instead of at a kink.
  void round_kinks(double width) { curved.width = functions.width = width; }

  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

}  // namespace wilks
