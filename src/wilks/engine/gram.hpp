// Sums of X^T X over channels, in the order of the shared parameters.
#pragma once

#include "model.hpp"

namespace wilks {

// Adds symmetric matrices over the columns of channels to the lower triangle of a (shared x ld) matrix. Small channels
// are multiplied together: their rows are spread to all shared parameters and pooled. For the others there is a matrix
// over the channel's own columns, scattered at the end, or the target itself where these are all shared parameters.
class Gram {
 public:
  explicit Gram(const Model& model) : m(model), ld(padded(model.shared)) {
    const std::size_t width = padded(std::max(1, m.largest_columns));
    own_.resize(width * width);
    pool_.resize(static_cast<std::size_t>(capacity) * ld + lanes);
  }

  // Start a sum; what an abandoned one left behind is forgotten.
  void start(double* target) {
    target_ = target;
    pooled_ = 0;
  }

  // Whether `rows` rows of a channel would be pooled.
  bool pools(int c, int rows) const {
    const double columns = m.columns_of(c), apart = columns * columns * (rows + scatter_cost), together = static_cast<double>(m.shared) * m.shared * rows;
    return !m.all_columns(c) && rows <= capacity && together <= apart;
  }

  // The matrix of a channel; its leading dimension is padded(columns).
  double* open(int c) {
    if (m.all_columns(c)) return target_;
    std::fill(own_.begin(), own_.begin() + static_cast<Index>(m.columns_of(c)) * padded(m.columns_of(c)), 0.0);
    return own_.data();
  }

  void close(int c) {
    if (m.all_columns(c)) return;
    const int columns = m.columns_of(c), width = padded(columns);
    const int* shared = m.column_shared.data() + m.column_start[c];
    for (int i = 0; i < columns; ++i) {
      double* row = target_ + static_cast<Index>(shared[i]) * ld;
      for (int j = 0; j <= i; ++j) row[shared[j]] += own_[static_cast<Index>(i) * width + j];
    }
  }

  // Pool rows of padded(columns) doubles.
  void pool(int c, const double* X, int rows, double sign) {
    const int columns = m.columns_of(c), width = padded(columns);
    const int* shared = m.column_shared.data() + m.column_start[c];
    if (pooled_ + rows > capacity || sign != sign_) flush();
    sign_ = sign;
    for (int r = 0; r < rows; ++r) {
      double* row = pool_.data() + static_cast<Index>(pooled_++) * ld;
      std::fill(row, row + ld, 0.0);
      for (int j = 0; j < columns; ++j) row[shared[j]] = X[static_cast<Index>(r) * width + j];
    }
  }

  // Add sign * X^T X of a channel with no other matrix.
  void add(int c, const double* X, int rows, double sign) {
    if (rows == 0 || m.columns_of(c) == 0) return;
    if (pools(c, rows)) return pool(c, X, rows, sign);
    rank_update(open(c), padded(m.columns_of(c)), X, rows, padded(m.columns_of(c)), m.columns_of(c), sign);
    close(c);
  }

  // Finish: what was pooled is added.
  void flush() {
    if (pooled_ > 0) rank_update(target_, ld, pool_.data(), pooled_, ld, m.shared, sign_);
    pooled_ = 0;
  }

 private:
  static constexpr int capacity = 64, scatter_cost = 24;
  const Model& m;
  int ld, pooled_ = 0;
  double sign_ = 1.0;
  double* target_ = nullptr;
  std::vector<double> own_, pool_;
};

}  // namespace wilks
