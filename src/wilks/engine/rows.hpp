// Passes over the template rows of a block, where most of the time of an evaluation goes. Rows have a whole number of
// quads of doubles, padded with zeros; sums run in an order that depends on their lengths only.
#pragma once

#include "kernels.hpp"

namespace wilks {

constexpr int quad = 4;

inline int whole_quads(int n) { return (n + quad - 1) / quad * quad; }

namespace detail {

__attribute__((always_inline)) inline Vector4 load(const double* p) {
  Vector4 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

__attribute__((always_inline)) inline void store(double* p, const Vector4& v) { std::memcpy(p, &v, sizeof v); }

#if defined(__clang__) || __GNUC__ >= 12
#define WILKS_SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef long long Selection4 __attribute__((vector_size(32)));
#define WILKS_SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, Selection4{i, j, k, l})
#endif

// The sums of the lanes of four vectors.
__attribute__((always_inline)) inline Vector4 sum_each(const Vector4& a, const Vector4& b, const Vector4& c, const Vector4& d) {
  const Vector4 ab = WILKS_SHUFFLE(a, b, 0, 4, 2, 6) + WILKS_SHUFFLE(a, b, 1, 5, 3, 7);
  const Vector4 cd = WILKS_SHUFFLE(c, d, 0, 4, 2, 6) + WILKS_SHUFFLE(c, d, 1, 5, 3, 7);
  return WILKS_SHUFFLE(ab, cd, 0, 1, 4, 5) + WILKS_SHUFFLE(ab, cd, 2, 3, 6, 7);
}

// One tile of `combine`, `quads` wide; several sums run side by side where a tile is narrow.
template <int quads>
__attribute__((always_inline)) inline void combine_tile(double* out, const double* rows, std::ptrdiff_t stride, const double* values, const int* index,
                                                        int count) {
  constexpr int phases = quads == 1 ? 8 : quads == 2 ? 4 : quads <= 4 ? 2 : 1;
  Vector4 sum[phases][quads] = {};
  int r = 0;
  for (; r + phases <= count; r += phases)
#pragma GCC unroll 8
    for (int f = 0; f < phases; ++f) {
      const double value = values[index[r + f]];
      const double* row = rows + (r + f) * stride;
#pragma GCC unroll 8
      for (int q = 0; q < quads; ++q) sum[f][q] += value * load(row + q * quad);
    }
  for (; r < count; ++r) {
    const double value = values[index[r]];
    const double* row = rows + r * stride;
#pragma GCC unroll 8
    for (int q = 0; q < quads; ++q) sum[0][q] += value * load(row + q * quad);
  }
#pragma GCC unroll 8
  for (int q = 0; q < quads; ++q) {
    Vector4 total = sum[0][q];
#pragma GCC unroll 8
    for (int f = 1; f < phases; ++f) total += sum[f][q];
    store(out + q * quad, total);
  }
}

// Eight rows of `row_sums`; `quads` is 0 where only the run knows.
template <int quads>
__attribute__((always_inline)) inline void sum_rows(double* out, const double* rows, int stride, int count, const double* x) {
  const int width = quads > 0 ? quads : stride / quad;
  int r = 0;
  for (; r + 8 <= count; r += 8) {
    Vector4 sum[8] = {};
    const double* row = rows + static_cast<std::ptrdiff_t>(r) * stride;
    for (int q = 0; q < width; ++q) {
      const Vector4 right = load(x + q * quad);
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) sum[i] += load(row + i * static_cast<std::ptrdiff_t>(stride) + q * quad) * right;
    }
    store(out + r, sum_each(sum[0], sum[1], sum[2], sum[3]));
    store(out + r + quad, sum_each(sum[4], sum[5], sum[6], sum[7]));
  }
  for (; r < count; ++r) {
    Vector4 sum = {};
    const double* row = rows + static_cast<std::ptrdiff_t>(r) * stride;
    for (int q = 0; q < width; ++q) sum += load(row + q * quad) * load(x + q * quad);
    out[r] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
}

}  // namespace detail

// out = sum over rows r of values[index[r]] x row r. `stride` doubles are written.
WILKS_CLONES inline void combine(double* out, const double* rows, int stride, const double* values, const int* index, int count) {
  int at = 0;
  for (; at + 8 * quad <= stride; at += 8 * quad) detail::combine_tile<8>(out + at, rows + at, stride, values, index, count);
  switch ((stride - at) / quad) {
    case 1: return detail::combine_tile<1>(out + at, rows + at, stride, values, index, count);
    case 2: return detail::combine_tile<2>(out + at, rows + at, stride, values, index, count);
    case 3: return detail::combine_tile<3>(out + at, rows + at, stride, values, index, count);
    case 4: return detail::combine_tile<4>(out + at, rows + at, stride, values, index, count);
    case 5: return detail::combine_tile<5>(out + at, rows + at, stride, values, index, count);
    case 6: return detail::combine_tile<6>(out + at, rows + at, stride, values, index, count);
    case 7: return detail::combine_tile<7>(out + at, rows + at, stride, values, index, count);
    default: return;
  }
}

// out[r] = row r . x
WILKS_CLONES inline void row_sums(double* out, const double* rows, int stride, int count, const double* x) {
  switch (stride / quad) {
    case 1: return detail::sum_rows<1>(out, rows, stride, count, x);
    case 2: return detail::sum_rows<2>(out, rows, stride, count, x);
    case 3: return detail::sum_rows<3>(out, rows, stride, count, x);
    case 4: return detail::sum_rows<4>(out, rows, stride, count, x);
    default: return detail::sum_rows<0>(out, rows, stride, count, x);
  }
}

// Row column[e] of `target` += scale[e] x, for each e.
WILKS_CLONES inline void add_outer(double* target, const int* column, const double* scale, int count, const double* x, int stride) {
  for (int e = 0; e < count; ++e) {
    double* row = target + static_cast<std::ptrdiff_t>(column[e]) * stride;
    for (int b = 0; b < stride; b += quad) detail::store(row + b, detail::load(row + b) + scale[e] * detail::load(x + b));
  }
}

// Row column[r] of `target` += scale[r] x row r, for each r; rows with a negative column are left out.
WILKS_CLONES inline void add_rows(double* target, const int* column, const double* scale, int count, const double* rows, int stride) {
  for (int r = 0; r < count; ++r) {
    if (column[r] < 0) continue;
    double* sum = target + static_cast<std::ptrdiff_t>(column[r]) * stride;
    const double* row = rows + static_cast<std::ptrdiff_t>(r) * stride;
    for (int b = 0; b < stride; b += quad) detail::store(sum + b, detail::load(sum + b) + scale[r] * detail::load(row + b));
  }
}

// Product of n numbers.
WILKS_CLONES inline double product(const double* x, int n) {
  detail::Vector4 lanes4 = {1.0, 1.0, 1.0, 1.0};
  int i = 0;
  for (; i + quad <= n; i += quad) lanes4 *= detail::load(x + i);
  double total = (lanes4[0] * lanes4[1]) * (lanes4[2] * lanes4[3]);
  for (; i < n; ++i) total *= x[i];
  return total;
}

}  // namespace wilks
