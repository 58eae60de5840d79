// Random data sets as seen from Python.
#include <nanobind/stl/array.h>

#include <cstddef>
#include <memory>
#include <new>

#include "python.hpp"
#include "random.hpp"

using namespace wilks;

namespace {

// Toys first, first + 1, ... of a seed, one per row. An entry with sigma is normal, one without (0) a Poisson count.
Array sample(Vector mean, Vector sigma, std::uint64_t seed, std::uint32_t stream, std::uint64_t first, std::size_t count) {
  const std::size_t size = mean.size();
  if (sigma.size() != size) throw nb::value_error("mean and sigma have different lengths");
  const Sampler sampler(mean.data(), sigma.data(), size);
  if (!sampler.possible) throw nb::value_error("means and widths must be finite, means of counts not negative");
  if (size > 0 && count > std::size_t{PTRDIFF_MAX} / sizeof(double) / size) throw std::bad_alloc();
  auto memory = std::make_unique_for_overwrite<double[]>(size * count);
  bool stop = false;
  {
    nb::gil_scoped_release release;
    double* at = memory.get();
    std::size_t unasked = 0;
    for (std::size_t t = 0; t < count && !stop; ++t) {
      sampler(Toy(seed, stream, first + t), at);
      at += size;
      unasked += size;
      if (unasked > 1'000'000) {  // some 20 ms
        unasked = 0;
        nb::gil_scoped_acquire acquire;
        stop = PyErr_CheckSignals() != 0;
      }
    }
  }
  if (stop) throw nb::python_error();
  double* values = memory.release();
  nb::capsule owner(values, [](void* p) noexcept { delete[] static_cast<double*>(p); });
  return Array(values, {count, size}, owner);
}

}  // namespace

void bind_random(nb::module_& module) {
  module.def("philox", [](Words counter, std::array<std::uint32_t, 2> key) { return philox(counter, key[0], key[1]); }, nb::arg("counter"), nb::arg("key"));
  module.def("sample", &sample, nb::arg("mean"), nb::arg("sigma"), nb::kw_only(), nb::arg("seed"), nb::arg("stream"), nb::arg("first"), nb::arg("count"));
}
