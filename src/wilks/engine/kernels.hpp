// Small dense kernels with a fixed order of summation: the bits depend neither on threads nor on vector width.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

// One source, several vector widths, chosen when the library is loaded. No FMA, so that all widths round alike. Only GCC
// does it for all of these functions, and only where the C library (glibc) can choose; GCC 11 knows no levels of x86-64.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#if __GNUC__ >= 12
#define WILKS_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WILKS_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#else
#define WILKS_CLONES
#endif

// What few models need stays out of the way of what all do.
#define WILKS_COLD __attribute__((noinline, cold))

namespace wilks {

constexpr int lanes = 8;

inline int padded(int n) { return (n + lanes - 1) / lanes * lanes; }

__attribute__((always_inline)) inline double sum_lanes(const double* s) {
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

__attribute__((always_inline)) inline double dot(const double* a, const double* b, int n) {
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

__attribute__((always_inline)) inline void add_scaled(double* y, double a, const double* x, int n) {
  for (int i = 0; i < n; ++i) y[i] += a * x[i];
}

namespace detail {

typedef double Vector2 __attribute__((vector_size(16)));
typedef double Vector4 __attribute__((vector_size(32)));
typedef double Vector8 __attribute__((vector_size(64)));

// Rows i0 .. i0 + height of C += sign * X^T Y, up to the diagonal. Every element is summed over the rows of X and Y in
// order, so the bits don't depend on the vector type.
template <class Vector, int height, int vectors>
__attribute__((always_inline)) inline void rank_update_rows(double* C, std::ptrdiff_t ldc, const double* X, const double* Y, int rows,
                                                            std::ptrdiff_t stride, int i0, double sign) {
  constexpr int width = sizeof(Vector) / sizeof(double);
  for (int j0 = 0; j0 < i0 + height; j0 += width * vectors) {
    Vector sum[height][vectors] = {};
    const double *x = X, *y = Y;
    for (int r = 0; r < rows; ++r, x += stride, y += stride) {
      Vector right[vectors];
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) std::memcpy(&right[v], y + j0 + v * width, sizeof(Vector));
#pragma GCC unroll 8
      for (int i = 0; i < height; ++i) {
        const double left = x[i0 + i];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) sum[i][v] += left * right[v];
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < height; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) {
        double* target = C + (i0 + i) * ldc + j0 + v * width;
        Vector value;
        std::memcpy(&value, target, sizeof(Vector));
        value += sign * sum[i][v];
        std::memcpy(target, &value, sizeof(Vector));
      }
  }
}

template <class Vector, int height, int vectors>
__attribute__((always_inline)) inline void rank_update_all(double* C, std::ptrdiff_t ldc, const double* X, const double* Y, int rows, std::ptrdiff_t stride,
                                                           int n, double sign) {
  int i = 0;
  for (; i + height <= n; i += height) rank_update_rows<Vector, height, vectors>(C, ldc, X, Y, rows, stride, i, sign);
  for (; i < n; ++i) rank_update_rows<Vector, 1, vectors>(C, ldc, X, Y, rows, stride, i, sign);
}

using RankUpdate = void (*)(double*, std::ptrdiff_t, const double*, const double*, int, std::ptrdiff_t, int, double);

inline void rank_update_base(double* C, std::ptrdiff_t ldc, const double* X, const double* Y, int rows, std::ptrdiff_t stride, int n, double sign) {
  rank_update_all<Vector2, 4, 2>(C, ldc, X, Y, rows, stride, n, sign);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) inline void rank_update_avx2(double* C, std::ptrdiff_t ldc, const double* X, const double* Y, int rows,
                                                             std::ptrdiff_t stride, int n, double sign) {
  rank_update_all<Vector4, 4, 2>(C, ldc, X, Y, rows, stride, n, sign);
}

__attribute__((target("avx512f"))) inline void rank_update_avx512(double* C, std::ptrdiff_t ldc, const double* X, const double* Y, int rows,
                                                                  std::ptrdiff_t stride, int n, double sign) {
  rank_update_all<Vector8, 8, 1>(C, ldc, X, Y, rows, stride, n, sign);
}

inline RankUpdate chosen_rank_update() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return rank_update_avx512;
  return __builtin_cpu_supports("avx2") ? rank_update_avx2 : rank_update_base;
}
#else
inline RankUpdate chosen_rank_update() { return rank_update_base; }
#endif

inline const RankUpdate best_rank_update = chosen_rank_update();

}  // namespace detail

// C += sign * X^T X on the lower triangle (elements above the diagonal are scratch). X has `rows` rows of `stride`
// doubles, `n` used, padded with zeros; C has leading dimension `ldc` and at least padded(n) columns in every row.
inline void rank_update(double* C, int ldc, const double* X, int rows, int stride, int n, double sign) {
  detail::best_rank_update(C, ldc, X, X, rows, stride, n, sign);
}

// C += X^T Y + Y^T X on the lower triangle, in the same layout.
inline void rank_two_update(double* C, int ldc, const double* X, const double* Y, int rows, int stride, int n) {
  detail::best_rank_update(C, ldc, X, Y, rows, stride, n, 1.0);
  detail::best_rank_update(C, ldc, Y, X, rows, stride, n, 1.0);
}

// Cholesky factor of the lower triangle of A (n x n, leading dimension lda), in place. Returns -1, or the first row
// whose pivot is not above `relative` times its original diagonal element.
WILKS_CLONES inline int cholesky(double* A, int n, int lda, double relative, double* scratch) {
  constexpr int width = 32;
  double* diagonal = scratch;              // n
  double* panel = scratch + padded(n);     // width x padded(n)
  for (int i = 0; i < n; ++i) diagonal[i] = A[static_cast<std::ptrdiff_t>(i) * lda + i];
  for (int k0 = 0; k0 < n; k0 += width) {
    const int k1 = std::min(n, k0 + width), columns = k1 - k0, rest = n - k0, stride = padded(rest);
    // The panel transposed, so that all loops run along rows of memory.
    for (int i = 0; i < rest; ++i) {
      const double* row = A + static_cast<std::ptrdiff_t>(k0 + i) * lda + k0;
      for (int k = 0; k < std::min(columns, i + 1); ++k) panel[static_cast<std::ptrdiff_t>(k) * stride + i] = row[k];
    }
    for (int k = 0; k < columns; ++k) {
      double* line = panel + static_cast<std::ptrdiff_t>(k) * stride;
      for (int j = 0; j < k; ++j) {
        const double* other = panel + static_cast<std::ptrdiff_t>(j) * stride;
        const double factor = other[k];
        for (int i = k; i < rest; ++i) line[i] -= factor * other[i];
      }
      if (!(line[k] > relative * std::abs(diagonal[k0 + k])) || !(line[k] > 0)) return k0 + k;
      line[k] = std::sqrt(line[k]);
      const double inverse = 1.0 / line[k];
      for (int i = k + 1; i < rest; ++i) line[i] *= inverse;
    }
    for (int i = 0; i < rest; ++i) {
      double* row = A + static_cast<std::ptrdiff_t>(k0 + i) * lda + k0;
      for (int k = 0; k < std::min(columns, i + 1); ++k) row[k] = panel[static_cast<std::ptrdiff_t>(k) * stride + i];
    }
    const int below = n - k1;
    if (below == 0) break;
    const int narrow = padded(below);
    for (int k = 0; k < columns; ++k) {  // shift the part below the diagonal block to the front, padded with zeros
      double* target = panel + static_cast<std::ptrdiff_t>(k) * narrow;
      const double* line = panel + static_cast<std::ptrdiff_t>(k) * stride + columns;
      std::memmove(target, line, below * sizeof(double));
      std::fill(target + below, target + narrow, 0.0);
    }
    rank_update(A + static_cast<std::ptrdiff_t>(k1) * lda + k1, lda, panel, columns, narrow, below, -1.0);
  }
  return -1;
}

inline std::size_t cholesky_scratch(int n) { return static_cast<std::size_t>(padded(n)) * 33 + lanes; }

WILKS_CLONES inline void solve_lower(const double* L, int n, int ld, double* x) {
  for (int i = 0; i < n; ++i) {
    const double* row = L + static_cast<std::ptrdiff_t>(i) * ld;
    x[i] = (x[i] - dot(row, x, i)) / row[i];
  }
}

WILKS_CLONES inline void solve_upper(const double* L, int n, int ld, double* x) {
  for (int i = n - 1; i >= 0; --i) {
    const double* row = L + static_cast<std::ptrdiff_t>(i) * ld;
    x[i] /= row[i];
    add_scaled(x, -x[i], row, i);
  }
}

// y += A x for a symmetric matrix of which the lower triangle is given.
WILKS_CLONES inline void symmetric_multiply(double* y, const double* A, const double* x, int n, int ld) {
  for (int i = 0; i < n; ++i) {
    const double* row = A + static_cast<std::ptrdiff_t>(i) * ld;
    add_scaled(y, x[i], row, i);
    y[i] += dot(row, x, i) + row[i] * x[i];
  }
}

// Row by row of A (rows x n): y -= value[r] x row r; and value[r] -= row r . x.
WILKS_CLONES inline void subtract_rows(double* y, const double* value, const double* A, int rows, int n, int ld) {
  for (int r = 0; r < rows; ++r)
    if (value[r] != 0.0) add_scaled(y, -value[r], A + static_cast<std::ptrdiff_t>(r) * ld, n);
}

WILKS_CLONES inline void subtract_products(double* value, const double* x, const double* A, int rows, int n, int ld) {
  for (int r = 0; r < rows; ++r) value[r] -= dot(A + static_cast<std::ptrdiff_t>(r) * ld, x, n);
}

// R = L^-1, row by row; the elements above the diagonal stay as they are (zero).
WILKS_CLONES inline void invert_lower(const double* L, int n, int ld, double* R) {
  for (int i = 0; i < n; ++i) {
    const double* row = L + static_cast<std::ptrdiff_t>(i) * ld;
    double* target = R + static_cast<std::ptrdiff_t>(i) * ld;
    for (int k = 0; k < i; ++k) {
      const double factor = -row[k];
      const double* other = R + static_cast<std::ptrdiff_t>(k) * ld;
      if (factor == 0.0) continue;
      for (int j = 0; j <= k; ++j) target[j] += factor * other[j];
    }
    const double inverse = 1.0 / row[i];
    for (int j = 0; j < i; ++j) target[j] *= inverse;
    target[i] = inverse;
  }
}

// y += sum of weight[k] x (row index[k] of A), n columns.
WILKS_CLONES inline void combine_rows(double* y, const double* weight, const double* A, const int* index, int count, int ld, int n) {
  for (int k = 0; k < count; ++k) {
    const double* row = A + static_cast<std::ptrdiff_t>(index[k]) * ld;
    for (int i = 0; i < n; ++i) y[i] += weight[k] * row[i];
  }
}

// out[k] = x . lines[k]
WILKS_CLONES inline void row_products(double* out, const double* x, const double* const* lines, int count, int n) {
  for (int k = 0; k < count; ++k) out[k] = dot(x, lines[k], n);
}

}  // namespace wilks
