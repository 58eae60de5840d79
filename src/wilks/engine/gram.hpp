// Sums of X^T X over channels, in the order of the shared parameters.
#pragma once

#include "model.hpp"

namespace wilks {

// Adds sign * X^T X to the lower triangle of a (shared x ld) matrix, channel by channel. The rows of a channel live in
// its own columns; they are multiplied there and scattered, or, where that is cheaper, spread to all shared parameters
// and multiplied together with the rows of other channels.
class Gram {
 public:
  explicit Gram(const Model& model) : m(model), ld(padded(model.shared)) {
    const std::size_t width = padded(std::max(1, m.largest_columns));
    product_.assign(width * width, 0.0);
    pool_.assign(static_cast<std::size_t>(capacity) * ld + lanes, 0.0);
  }

  // `rows` rows of padded(columns) doubles.
  void add(int c, const double* X, int rows, double sign, double* target) {
    const int columns = m.columns_of(c), width = padded(columns);
    const int* shared = m.column_shared.data() + m.column_start[c];
    if (rows == 0 || columns == 0) return;
    const double apart = static_cast<double>(columns) * columns * (rows + scatter_cost), together = static_cast<double>(m.shared) * m.shared * rows;
    if (together <= apart && rows <= capacity) {
      if (pooled_ + rows > capacity || sign != sign_) flush(target);
      sign_ = sign;
      for (int r = 0; r < rows; ++r) {
        double* row = pool_.data() + static_cast<Index>(pooled_++) * ld;
        std::fill(row, row + ld, 0.0);
        for (int j = 0; j < columns; ++j) row[shared[j]] = X[static_cast<Index>(r) * width + j];
      }
      return;
    }
    std::fill(product_.begin(), product_.begin() + static_cast<Index>(columns) * width, 0.0);
    rank_update(product_.data(), width, X, rows, width, columns, sign);
    scatter(c, product_.data(), target);
  }

  // Add a symmetric matrix over the columns of a channel (lower triangle).
  void scatter(int c, const double* C, double* target) const {
    const int columns = m.columns_of(c), width = padded(columns);
    const int* shared = m.column_shared.data() + m.column_start[c];
    for (int i = 0; i < columns; ++i) {
      double* row = target + static_cast<Index>(shared[i]) * ld;
      for (int j = 0; j <= i; ++j) row[shared[j]] += C[static_cast<Index>(i) * width + j];
    }
  }

  // Forget what an abandoned sum left behind.
  void start() { pooled_ = 0; }

  // Finish: what was pooled is added.
  void flush(double* target) {
    if (pooled_ > 0) rank_update(target, ld, pool_.data(), pooled_, ld, m.shared, sign_);
    pooled_ = 0;
  }

 private:
  static constexpr int capacity = 64, scatter_cost = 24;
  const Model& m;
  int ld, pooled_ = 0;
  double sign_ = 1.0;
  std::vector<double> product_, pool_;
};

}  // namespace wilks
