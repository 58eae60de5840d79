// Small dense kernels with a fixed order of summation: the bits depend neither on threads nor on vector width.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

// One source, several vector widths, chosen when the library is loaded. No FMA, so that all widths round alike.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#define WILKS_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WILKS_CLONES
#endif

namespace wilks {

constexpr int lanes = 8;

inline int padded(int n) { return (n + lanes - 1) / lanes * lanes; }

inline double sum_lanes(const double* s) {
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

inline double dot(const double* a, const double* b, int n) {
  double s[lanes] = {0, 0, 0, 0, 0, 0, 0, 0};
  int i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int l = 0; l < lanes; ++l) s[l] += a[i + l] * b[i + l];
  for (int l = 0; i < n; ++i, ++l) s[l] += a[i] * b[i];
  return sum_lanes(s);
}

inline double sum(const double* a, int n) {
  double s[lanes] = {0, 0, 0, 0, 0, 0, 0, 0};
  int i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int l = 0; l < lanes; ++l) s[l] += a[i + l];
  for (int l = 0; i < n; ++i, ++l) s[l] += a[i];
  return sum_lanes(s);
}

inline void add_scaled(double* y, double a, const double* x, int n) {
  for (int i = 0; i < n; ++i) y[i] += a * x[i];
}

// Eight doubles that the compiler maps to whatever registers the machine has.
typedef double Lanes __attribute__((vector_size(lanes * sizeof(double)), aligned(sizeof(double)), may_alias));

template <int height>
__attribute__((always_inline)) inline void rank_update_rows(double* C, std::ptrdiff_t ldc, const double* X, int rows, std::ptrdiff_t stride, int i0,
                                                            double sign) {
  for (int j0 = 0; j0 < i0 + height; j0 += lanes) {
    Lanes sum[height] = {};
    const double* x = X;
    for (int r = 0; r < rows; ++r, x += stride) {
      const Lanes right = *reinterpret_cast<const Lanes*>(x + j0);
      for (int i = 0; i < height; ++i) sum[i] += x[i0 + i] * right;
    }
    for (int i = 0; i < height; ++i) {
      Lanes* target = reinterpret_cast<Lanes*>(C + (i0 + i) * ldc + j0);
      *target = *target + sign * sum[i];
    }
  }
}

// C += sign * X^T X on the lower triangle (elements above the diagonal are scratch). X has `rows` rows of `stride`
// doubles, `n` used, padded with zeros; C has leading dimension `ldc` and at least padded(n) columns in every row.
WILKS_CLONES inline void rank_update(double* C, int ldc, const double* X, int rows, int stride, int n, double sign) {
  int i = 0;
  for (; i + 4 <= n; i += 4) rank_update_rows<4>(C, ldc, X, rows, stride, i, sign);
  for (; i < n; ++i) rank_update_rows<1>(C, ldc, X, rows, stride, i, sign);
}

// Cholesky factor of the lower triangle of A (n x n, leading dimension lda), in place. Returns -1, or the first row
// whose pivot is not above `relative` times its original diagonal element.
inline int cholesky(double* A, int n, int lda, double relative, double* scratch) {
  constexpr int width = 32;
  double* diagonal = scratch;              // n
  double* panel = scratch + padded(n);     // width x padded(n)
  for (int i = 0; i < n; ++i) diagonal[i] = A[static_cast<std::ptrdiff_t>(i) * lda + i];
  for (int k0 = 0; k0 < n; k0 += width) {
    const int k1 = std::min(n, k0 + width);
    for (int i = k0; i < n; ++i) {
      double* row = A + static_cast<std::ptrdiff_t>(i) * lda;
      for (int j = k0; j < std::min(i + 1, k1); ++j) {
        const double* other = A + static_cast<std::ptrdiff_t>(j) * lda;
        const double value = row[j] - dot(row + k0, other + k0, j - k0);
        if (j < i) {
          row[j] = value / other[j];
        } else {
          if (!(value > relative * std::abs(diagonal[i])) || !(value > 0)) return i;
          row[j] = std::sqrt(value);
        }
      }
    }
    const int rest = n - k1;
    if (rest == 0) break;
    const int stride = padded(rest);
    for (int k = k0; k < k1; ++k) {
      double* target = panel + static_cast<std::ptrdiff_t>(k - k0) * stride;
      for (int i = 0; i < rest; ++i) target[i] = A[static_cast<std::ptrdiff_t>(k1 + i) * lda + k];
      std::fill(target + rest, target + stride, 0.0);
    }
    rank_update(A + static_cast<std::ptrdiff_t>(k1) * lda + k1, lda, panel, k1 - k0, stride, rest, -1.0);
  }
  return -1;
}

inline std::size_t cholesky_scratch(int n) { return static_cast<std::size_t>(padded(n)) * 33 + lanes; }

inline void solve_lower(const double* L, int n, int ld, double* x) {
  for (int i = 0; i < n; ++i) {
    const double* row = L + static_cast<std::ptrdiff_t>(i) * ld;
    x[i] = (x[i] - dot(row, x, i)) / row[i];
  }
}

inline void solve_upper(const double* L, int n, int ld, double* x) {
  for (int i = n - 1; i >= 0; --i) {
    const double* row = L + static_cast<std::ptrdiff_t>(i) * ld;
    x[i] /= row[i];
    add_scaled(x, -x[i], row, i);
  }
}

}  // namespace wilks
