// The engine as seen from Python: arrays in, arrays and a status code out. The GIL is released around every computation.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "minimiser.hpp"
#include "shared_hessian.hpp"

namespace nb = nanobind;
using namespace wilks;

using Vector = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const int, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Flags = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Array = nb::ndarray<nb::numpy, double>;

namespace {

template <class T>
auto copied(const T& a) {
  return std::vector<std::remove_const_t<std::remove_pointer_t<decltype(a.data())>>>(a.data(), a.data() + a.size());
}

Array owned(std::vector<double>&& values, std::initializer_list<std::size_t> shape) {
  auto* memory = new std::vector<double>(std::move(values));
  nb::capsule owner(memory, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  return Array(memory->data(), shape, owner);
}

void require(bool ok, const char* what) {
  if (!ok) throw nb::value_error(what);
}

// Observed and auxiliary data with the constants of their densities.
struct Dataset {
  std::vector<double> values;  // bins, then constraints
  double constants = 0.0;
  int bins = 0;
  std::size_t owner = 0;  // the model that it was made for

  Data view() const { return {values.data(), values.data() + bins}; }
};

// Whether Ctrl-C was pressed; looks at most every 50 ms. The exception is then set.
bool interrupted_by_user(void*) {
  thread_local auto last = std::chrono::steady_clock::now();
  const auto now = std::chrono::steady_clock::now();
  if (now - last < std::chrono::milliseconds(50)) return false;
  last = now;
  nb::gil_scoped_acquire acquire;
  return PyErr_CheckSignals() != 0;
}

struct Compiled {
  Model model;
  std::size_t identity;

  void expect(const Vector& theta) const { require(static_cast<int>(theta.size()) == model.parameters, "theta has the wrong length"); }
  void expect(const Dataset& data) const {
    require(data.owner == identity, "the data belong to another model");
  }

  Dataset dataset(Vector values) const {
    require(static_cast<int>(values.size()) == model.bins + model.constraints, "data have the wrong length");
    Dataset out;
    out.values = copied(values);
    out.bins = model.bins;
    out.owner = identity;
    out.constants = constants(model, out.view());
    return out;
  }

  // Rates of all blocks, one after the other.
  std::vector<double> rates(const Vector& theta) const {
    expect(theta);
    nb::gil_scoped_release release;
    Scratch scratch(model);
    Index size = 0;
    for (int c = 0; c < model.channels; ++c) size += static_cast<Index>(model.bins_of(c)) * (model.channel_block[c + 1] - model.channel_block[c]);
    std::vector<double> out(size);
    wilks::block_rates(model, theta.data(), scratch, out.data());
    return out;
  }

  Array block_rates(Vector theta) const {
    std::vector<double> out = rates(theta);
    const std::size_t n = out.size();
    return owned(std::move(out), {n});
  }

  Array expected(Vector theta) const {
    const std::vector<double> blocks = rates(theta);
    std::vector<double> out(model.bins, 0.0);
    const double* at = blocks.data();
    for (int c = 0; c < model.channels; ++c)
      for (int k = model.channel_block[c]; k < model.channel_block[c + 1]; ++k)
        for (int b = 0; b < model.bins_of(c); ++b) out[model.channel_bin[c] + b] += *at++;
    return owned(std::move(out), {static_cast<std::size_t>(model.bins)});
  }

  Array jacobian(Vector theta, int block) const {
    expect(theta);
    require(block >= 0 && block < model.blocks, "no such block");
    int c = 0;
    while (model.channel_block[c + 1] <= block) ++c;
    const std::size_t bins = model.bins_of(c), P = model.parameters;
    std::vector<double> out(bins * P, 0.0);
    {
      nb::gil_scoped_release release;
      Scratch scratch(model);
      wilks::block_jacobian(model, theta.data(), c, block, scratch, out.data());
    }
    return owned(std::move(out), {bins, P});
  }

  double value(Vector theta, const Dataset& data) const {
    expect(theta);
    expect(data);
    nb::gil_scoped_release release;
    Scratch scratch(model);
    Derivatives none;
    double value, magnitude;
    evaluate<0>(model, theta.data(), data.view(), nullptr, scratch, none, value, magnitude);
    return value + data.constants;
  }

  std::pair<double, Array> value_and_gradient(Vector theta, const Dataset& data) const {
    expect(theta);
    expect(data);
    std::vector<double> gradient(model.parameters, 0.0);
    double value, magnitude;
    {
      nb::gil_scoped_release release;
      Scratch scratch(model);
      Derivatives out;
      out.gradient = gradient.data();
      if (evaluate<1>(model, theta.data(), data.view(), nullptr, scratch, out, value, magnitude) != inside_domain)
        std::fill(gradient.begin(), gradient.end(), std::numeric_limits<double>::quiet_NaN());
    }
    return {value + data.constants, owned(std::move(gradient), {static_cast<std::size_t>(model.parameters)})};
  }

  Array hessian(Vector theta, const Dataset& data) const {
    expect(theta);
    expect(data);
    const std::size_t P = model.parameters;
    std::vector<double> dense(P * P);
    {
      nb::gil_scoped_release release;
      Scratch scratch(model);
      OwnedDerivatives d(model);
      double value, magnitude;
      if (evaluate<2>(model, theta.data(), data.view(), nullptr, scratch, d, value, magnitude) == inside_domain)
        Newton(model, d).dense(dense.data());
      else
        std::fill(dense.begin(), dense.end(), std::numeric_limits<double>::quiet_NaN());
    }
    return owned(std::move(dense), {P, P});
  }

  // Fits of many data sets (rows), shared out to threads. Every fit starts afresh, so the answers don't depend on how.
  nb::dict fit_many(Matrix values, Vector start, Vector lower, Vector upper, Flags fixed, double tolerance, int max_iterations, int threads,
                    bool variances, bool share_hessian) const {
    expect(start);
    expect(lower);
    expect(upper);
    require(static_cast<int>(fixed.size()) == model.parameters, "fixed has the wrong length");
    require(static_cast<int>(values.shape(1)) == model.bins + model.constraints, "data have the wrong length");
    const std::size_t count = values.shape(0), P = model.parameters, length = values.shape(1);
    std::vector<double> theta(count * P), nll(count), edm(count), status(count, interrupted), iterations(count), variance(variances ? count * P : 0);
    {
      nb::gil_scoped_release release;
      const std::vector<char> mask(fixed.data(), fixed.data() + fixed.size());
      std::atomic<std::size_t> next{0};
      std::atomic<bool> stop{false};
      // Worth it only where it mostly works: the first fits tell, whatever the number of threads.
      constexpr std::size_t sample = 16;
      bool worthwhile = false;
      if (share_hessian && count >= 4 * sample) {
        SharedHessian trial(model, start.data(), values.data() + model.bins, lower.data(), upper.data(), mask.data());
        std::size_t successes = 0;
        for (std::size_t i = 0; i < sample; ++i) {
          Outcome out;
          successes += trial.run({values.data() + i * length, values.data() + i * length + model.bins}, out);
        }
        worthwhile = 2 * successes > sample;
      }
      const auto work = [&](Stop ask) {
        Minimiser minimiser(model, {nullptr, nullptr}, lower.data(), upper.data(), mask.data(), {tolerance, max_iterations, variances, true}, ask);
        std::optional<SharedHessian> shared;
        if (worthwhile) shared.emplace(model, start.data(), values.data() + model.bins, lower.data(), upper.data(), mask.data());
        for (std::size_t i = next++; i < count; i = next++) {
          const double* row = values.data() + i * length;
          const Data data{row, row + model.bins};
          Outcome out;
          if (!shared || !shared->run(data, out)) {
            minimiser.set_data(data);
            out = minimiser.run(start.data());
          }
          if (ask.ask(ask.context)) out.status = interrupted;
          std::copy(out.theta.begin(), out.theta.end(), theta.begin() + i * P);
          nll[i] = out.value + constants(model, data);
          edm[i] = out.edm;
          status[i] = out.status;
          iterations[i] = out.iterations;
          for (std::size_t p = 0; p < P && variances; ++p)
            variance[i * P + p] = out.covariance.empty() ? std::numeric_limits<double>::quiet_NaN() : out.covariance[p * P + p];
          if (out.status == interrupted) {
            stop = true;
            return;
          }
        }
      };
      std::vector<std::thread> helpers;
      const Stop told{[](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load(std::memory_order_relaxed); }, &stop};
      for (int t = 1; t < threads && t < static_cast<int>(count); ++t) helpers.emplace_back(work, told);
      work({interrupted_by_user, nullptr});
      for (auto& helper : helpers) helper.join();
    }
    if (PyErr_Occurred()) throw nb::python_error();
    nb::dict result;
    result["theta"] = owned(std::move(theta), {count, P});
    result["nll"] = owned(std::move(nll), {count});
    result["edm"] = owned(std::move(edm), {count});
    result["status"] = owned(std::move(status), {count});
    result["iterations"] = owned(std::move(iterations), {count});
    if (variances) result["variance"] = owned(std::move(variance), {count, P});
    return result;
  }

  nb::dict fit(const Dataset& data, Vector start, Vector lower, Vector upper, Flags fixed, double tolerance, int max_iterations, bool covariance, bool polish) const {
    expect(data);
    expect(start);
    expect(lower);
    expect(upper);
    require(static_cast<int>(fixed.size()) == model.parameters, "fixed has the wrong length");
    Outcome out;
    {
      nb::gil_scoped_release release;
      const std::vector<char> mask(fixed.data(), fixed.data() + fixed.size());
      Minimiser minimiser(model, data.view(), lower.data(), upper.data(), mask.data(), {tolerance, max_iterations, covariance, polish}, {interrupted_by_user, nullptr});
      out = minimiser.run(start.data());
    }
    if (PyErr_Occurred()) throw nb::python_error();
    const std::size_t P = model.parameters;
    nb::dict result;
    result["status"] = static_cast<int>(out.status);
    result["nll"] = out.value + data.constants;
    result["edm"] = out.edm;
    result["smallest_eigenvalue"] = out.smallest_eigenvalue;
    result["positive_definite"] = out.positive_definite;
    result["iterations"] = out.iterations;
    result["evaluations"] = out.evaluations;
    result["bad_bin"] = out.bad_bin;
    std::vector<double> at_bound(out.at_bound.begin(), out.at_bound.end());
    result["theta"] = owned(std::move(out.theta), {P});
    result["at_bound"] = owned(std::move(at_bound), {P});
    if (!out.direction.empty()) result["direction"] = owned(std::move(out.direction), {P});
    if (!out.covariance.empty()) result["covariance"] = owned(std::move(out.covariance), {P, P});
    return result;
  }
};

}  // namespace

NB_MODULE(_engine, module) {
  module.doc() = "The numerical core of wilks: arrays in, arrays and a status code out.";
  nb::class_<Dataset>(module, "Dataset")
      .def_prop_ro("values", [](const Dataset& d) { auto copy = d.values; const std::size_t n = copy.size(); return owned(std::move(copy), {n}); }, nb::rv_policy::move)
      .def_ro("constants", &Dataset::constants);
  nb::class_<Compiled>(module, "Model")
      .def("__init__",
           [](Compiled* self, int parameters, Integers channel_bins, Integers block_channel, Vector nominal, Integers factor_start, Integers factor_parameter,
              Integers factor_code, Vector factor_lo, Vector factor_hi, Integers shape_start, Integers shape_parameter, Integers shape_code, Vector shape_lo,
              Vector shape_hi, Integers bin_start, Integers bin_parameter, Integers constraint_kind, Integers constraint_parameter, Vector constraint_scale) {
             Source s{parameters,           copied(channel_bins),    copied(block_channel), copied(nominal),       copied(factor_start),    copied(factor_parameter),
                      copied(factor_code),  copied(factor_lo),       copied(factor_hi),     copied(shape_start),   copied(shape_parameter), copied(shape_code),
                      copied(shape_lo),     copied(shape_hi),        copied(bin_start),     copied(bin_parameter), copied(constraint_kind), copied(constraint_parameter),
                      copied(constraint_scale)};
             if (const char* problem = check(s)) throw nb::value_error(problem);
             static std::atomic<std::size_t> count{0};
             new (self) Compiled{compile(s), ++count};
           },
           nb::kw_only(), nb::arg("parameters"), nb::arg("channel_bins"), nb::arg("block_channel"), nb::arg("nominal"), nb::arg("factor_start"),
           nb::arg("factor_parameter"), nb::arg("factor_code"), nb::arg("factor_lo"), nb::arg("factor_hi"), nb::arg("shape_start"), nb::arg("shape_parameter"),
           nb::arg("shape_code"), nb::arg("shape_lo"), nb::arg("shape_hi"), nb::arg("bin_start"), nb::arg("bin_parameter"), nb::arg("constraint_kind"),
           nb::arg("constraint_parameter"), nb::arg("constraint_scale"))
      .def("dataset", &Compiled::dataset, nb::arg("values"))
      .def("block_rates", &Compiled::block_rates, nb::arg("theta"))
      .def("expected", &Compiled::expected, nb::arg("theta"))
      .def("jacobian", &Compiled::jacobian, nb::arg("theta"), nb::arg("block"))
      .def("value", &Compiled::value, nb::arg("theta"), nb::arg("data"))
      .def("value_and_gradient", &Compiled::value_and_gradient, nb::arg("theta"), nb::arg("data"))
      .def("hessian", &Compiled::hessian, nb::arg("theta"), nb::arg("data"))
      .def("fit", &Compiled::fit, nb::arg("data"), nb::arg("start"), nb::arg("lower"), nb::arg("upper"), nb::arg("fixed"), nb::arg("tolerance"),
           nb::arg("max_iterations"), nb::arg("covariance") = true, nb::arg("polish") = true)
      .def("fit_many", &Compiled::fit_many, nb::arg("values"), nb::arg("start"), nb::arg("lower"), nb::arg("upper"), nb::arg("fixed"), nb::arg("tolerance"),
           nb::arg("max_iterations"), nb::arg("threads"), nb::arg("variances"), nb::arg("share_hessian"))
      .def_prop_ro("shared_parameters", [](const Compiled& c) { return c.model.shared_parameter; });
}
