// What the bindings share: types of arrays, arrays handed to NumPy, Ctrl-C and progress.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace nb = nanobind;

namespace wilks {

using Vector = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const int, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Flags = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using FlagRows = nb::ndarray<const std::uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Positions = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Array = nb::ndarray<nb::numpy, double>;

template <class T>
auto copied(const T& a) {
  return std::vector<std::remove_const_t<std::remove_pointer_t<decltype(a.data())>>>(a.data(), a.data() + a.size());
}

inline Array owned(std::vector<double>&& values, std::initializer_list<std::size_t> shape) {
  auto* memory = new std::vector<double>(std::move(values));
  nb::capsule owner(memory, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  return Array(memory->data(), shape, owner);
}

inline void require(bool ok, const char* what) {
  if (!ok) throw nb::value_error(what);
}

// Whether Ctrl-C was pressed; looks at most every 50 ms. The exception is then set.
inline bool interrupted_by_user(void*) {
  thread_local auto last = std::chrono::steady_clock::now();
  const auto now = std::chrono::steady_clock::now();
  if (now - last < std::chrono::milliseconds(50)) return false;
  last = now;
  nb::gil_scoped_acquire acquire;
  return PyErr_CheckSignals() != 0;
}

// What the calling thread does while many fits run: it looks for Ctrl-C and, every 0.1 s, tells how far they are.
class Watch {
 public:
  Watch(nb::object progress, const std::atomic<std::size_t>& done, std::size_t total) : progress_(std::move(progress)), done_(done), total_(total) {}

  static bool ask(void* watch) { return static_cast<Watch*>(watch)->stop(); }

  // Without the GIL. An exception may be set afterwards.
  bool stop() {
    if (stopped_ || interrupted_by_user(nullptr)) return stopped_ = true;
    if (progress_.is_none()) return false;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(100)) return false;
    last_ = now;
    nb::gil_scoped_acquire acquire;
    return tell();
  }

  // With the GIL.
  bool tell() {
    try {
      stopped_ = progress_(done_.load(), total_).is(nb::bool_(false));
    } catch (nb::python_error& error) {
      error.restore();
      stopped_ = true;
    }
    return stopped_;
  }

  bool stopped() const { return stopped_; }

 private:
  nb::object progress_;
  const std::atomic<std::size_t>& done_;
  std::size_t total_;
  bool stopped_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace wilks
