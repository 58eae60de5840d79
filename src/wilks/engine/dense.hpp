// Whole matrices, parameters x parameters: the inverse of Newton's system, and the Hessian.
#pragma once

#include "newton.hpp"

namespace wilks {

// Inverse of the factorised matrix, parameters x parameters, row-major; 0 for masked parameters.
inline void inverse(Newton& newton, double* out) {
  const Model& m = newton.m;
  const char* masked = newton.masked;
  const int ld = newton.ld;
  const Index P = m.parameters;
  const int D = m.shared;
  std::fill(out, out + P * P, 0.0);
  // (L L^T)^-1 from the rows of L^-1.
  std::vector<double> rows_of_inverse(static_cast<std::size_t>(D) * ld + lanes, 0.0), inverse_shared(static_cast<std::size_t>(D) * ld + lanes, 0.0);
  invert_lower(newton.S.data(), D, ld, rows_of_inverse.data());
  rank_update(inverse_shared.data(), ld, rows_of_inverse.data(), D, ld, D, 1.0);
  for (int i = 0; i < D; ++i)
    for (int j = 0; j <= i; ++j) {
      const int p = m.shared_parameter[i], q = m.shared_parameter[j];
      const double value = masked[p] || masked[q] ? 0.0 : inverse_shared[static_cast<Index>(i) * ld + j];
      inverse_shared[static_cast<Index>(i) * ld + j] = inverse_shared[static_cast<Index>(j) * ld + i] = value;
      out[p * P + q] = out[q * P + p] = value;
    }
  // Z: for each local parameter the row with p_local = -Z p_shared; kept in Y, in place (Y := LG^-T Y).
  struct Row {
    int parameter, channel;
    const double* z;
  };
  std::vector<Row> rows;
  newton.each_local_bin([&](int c, int b, int slots, const int*, int columns_, const double* y, int width, const double* f, int stride) {
    double* z = const_cast<double*>(y);
    std::vector<double> block(slots * slots, 0.0);
    for (int t = slots - 1; t >= 0; --t) {
      double* zt = z + static_cast<Index>(t) * width;
      for (int u = t + 1; u < slots; ++u) add_scaled(zt, -f[(u * slots + t) * stride + b], z + static_cast<Index>(u) * width, columns_);
      const double inverse_ = 1.0 / f[(t * slots + t) * stride + b];
      for (int j = 0; j < columns_; ++j) zt[j] *= inverse_;
    }
    for (int s = 0; s < slots; ++s) {  // (LG LG^T)^-1, column by column
      std::vector<double> e(slots, 0.0);
      e[s] = 1.0;
      for (int t = 0; t < slots; ++t) {
        for (int u = 0; u < t; ++u) e[t] -= f[(t * slots + u) * stride + b] * e[u];
        e[t] /= f[(t * slots + t) * stride + b];
      }
      for (int t = slots - 1; t >= 0; --t) {
        for (int u = t + 1; u < slots; ++u) e[t] -= f[(u * slots + t) * stride + b] * e[u];
        e[t] /= f[(t * slots + t) * stride + b];
      }
      for (int t = 0; t < slots; ++t) block[t * slots + s] = e[t];
    }
    for (int t = 0; t < slots; ++t) {
      const int p = newton.local(c, t, b);
      if (masked[p]) continue;
      rows.push_back({p, c, z + static_cast<Index>(t) * width});
      for (int s = 0; s < slots; ++s)
        if (!masked[newton.local(c, s, b)]) out[p * P + newton.local(c, s, b)] += block[t * slots + s];
    }
  });
  // Local with shared: -Z C_shared; local with local: Z C_shared Z^T on top of their own inverse.
  const std::size_t count = rows.size();
  std::vector<double> cross(count * ld, 0.0);
  for (std::size_t r = 0; r < count; ++r) {
    const int c = rows[r].channel;
    double* target = cross.data() + r * ld;
    combine_rows(target, rows[r].z, inverse_shared.data(), m.column_shared.data() + m.column_start[c], m.columns_of(c), ld, D);
    for (int i = 0; i < D; ++i) {
      target[i] = -target[i];
      out[rows[r].parameter * P + m.shared_parameter[i]] = out[m.shared_parameter[i] * P + rows[r].parameter] = target[i];
    }
  }
  std::vector<double> gathered(padded(std::max(1, m.largest_columns)), 0.0), products(count + 1, 0.0);
  std::vector<const double*> lines(count + 1);
  for (std::size_t first = 0; first < count;) {
    const int c = rows[first].channel, columns_ = m.columns_of(c);
    const int* shared = m.column_shared.data() + m.column_start[c];
    std::size_t last = first;
    while (last < count && rows[last].channel == c) ++last;
    for (std::size_t r = first; r < count; ++r) {
      for (int j = 0; j < columns_; ++j) gathered[j] = cross[r * ld + shared[j]];
      const std::size_t end = std::min(last, r + 1);
      for (std::size_t r2 = first; r2 < end; ++r2) lines[r2 - first] = rows[r2].z;
      row_products(products.data(), gathered.data(), lines.data(), static_cast<int>(end - first), columns_);
      for (std::size_t r2 = first; r2 < end; ++r2) {
        double& value = out[rows[r].parameter * P + rows[r2].parameter];
        value -= products[r2 - first];
        out[rows[r2].parameter * P + rows[r].parameter] = value;
      }
    }
    first = last;
  }
}

// Full Hessian, parameters x parameters, row-major.
inline void dense(const Newton& newton, double* out) {
  const Model& m = newton.m;
  const Derivatives& d = newton.d;
  const int ld = newton.ld;
  const Index P = m.parameters;
  std::fill(out, out + P * P, 0.0);
  const auto set = [&](int i, int j, double x) { out[i * P + j] = out[j * P + i] = x; };
  for (int i = 0; i < m.shared; ++i)
    for (int j = 0; j <= i; ++j) set(m.shared_parameter[i], m.shared_parameter[j], d.shared[static_cast<Index>(i) * ld + j]);
  for (int c = 0; c < m.channels; ++c) {
    const int bins = m.bins_of(c), stride = m.stride_of(c), columns_ = m.columns_of(c), slots = m.slots_of(c);
    const double *X = d.mixed + m.mixed_offset[c], *L = d.local + m.local_offset[c];
    for (int t = 0; t < slots; ++t)
      for (int b = 0; b < bins; ++b) {
        for (int j = 0; j < columns_; ++j)
          set(newton.local(c, t, b), m.shared_parameter[m.column_shared[m.column_start[c] + j]], X[(static_cast<Index>(t) * columns_ + j) * stride + b]);
        for (int t2 = 0; t2 < slots; ++t2) set(newton.local(c, t, b), newton.local(c, t2, b), L[(static_cast<Index>(t) * slots + t2) * stride + b]);
      }
  }
}

}  // namespace wilks
