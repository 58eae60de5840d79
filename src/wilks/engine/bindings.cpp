// The engine as seen from Python: arrays in, arrays and a status code out. The GIL is released around every computation.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bends.hpp"
#include "points.hpp"
#include "python.hpp"
#include "shelf.hpp"
#include "state.hpp"
#include "threads.hpp"

using namespace wilks;

namespace {

// Observed and auxiliary data with the constants of their densities.
struct Dataset {
  std::vector<double> values;  // bins, then constraints
  double constants = 0.0;
  int bins = 0;
  std::size_t owner = 0;  // the model that it was made for

  Data view() const { return {values.data(), values.data() + bins}; }
};

struct Compiled {
  Model model;
  mutable Shelf shelf;
  Description description;
  std::size_t identity = ++made;

  static inline std::atomic<std::size_t> made{0};

  explicit Compiled(Source&& s) : model(compile(s)), description(describe(std::move(s))) {}
  Compiled(Description&& d, std::vector<double>&& templates) : description(std::move(d)) {
    if (const char* problem = restore(description, std::move(templates), model)) throw nb::value_error(problem);
  }

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

  Array block_rates(Vector theta) const {
    expect(theta);
    std::vector<double> out(block_rates_size(model));
    const std::size_t n = out.size();
    {
      nb::gil_scoped_release release;
      Scratch scratch(model);
      wilks::block_rates(model, theta.data(), scratch, out.data());
    }
    return owned(std::move(out), {n});
  }

  Array expected(Vector theta) const {
    expect(theta);
    std::vector<double> out(model.bins);
    {
      nb::gil_scoped_release release;
      Scratch scratch(model);
      std::vector<double> blocks(block_rates_size(model));
      wilks::block_rates(model, theta.data(), scratch, blocks.data());
      sum_of_blocks(model, blocks.data(), out.data());
    }
    return owned(std::move(out), {static_cast<std::size_t>(model.bins)});
  }

  Array bends(Vector theta) const {
    expect(theta);
    std::vector<double> out(model.parameters);
    {
      nb::gil_scoped_release release;
      Scratch scratch(model);
      wilks::bends(model, theta.data(), scratch, out.data());
    }
    return owned(std::move(out), {static_cast<std::size_t>(model.parameters)});
  }

  // Calls `row(i)` for each row of a batch, with the GIL released, until Ctrl-C.
  template <class Row>
  static void each_row(std::size_t count, Row row) {
    {
      nb::gil_scoped_release release;
      for (std::size_t i = 0; i < count && !interrupted_by_user(nullptr); ++i) row(i);
    }
    if (PyErr_Occurred()) throw nb::python_error();
  }

  Array expected_rows(Matrix theta) const {
    require(static_cast<int>(theta.shape(1)) == model.parameters, "theta has the wrong length");
    const std::size_t count = theta.shape(0), bins = model.bins;
    std::vector<double> out(count * bins), blocks(block_rates_size(model));
    Scratch scratch(model);
    each_row(count, [&](std::size_t i) {
      wilks::block_rates(model, theta.data() + i * model.parameters, scratch, blocks.data());
      sum_of_blocks(model, blocks.data(), out.data() + i * bins);
    });
    return owned(std::move(out), {count, bins});
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
    Shelf::Loan scratch(shelf, model);
    return value_at(model, theta.data(), data.view(), *scratch) + data.constants;
  }

  std::pair<double, Array> value_and_gradient(Vector theta, const Dataset& data) const {
    expect(theta);
    expect(data);
    std::vector<double> gradient(model.parameters, 0.0);
    double value;
    {
      nb::gil_scoped_release release;
      Shelf::Loan scratch(shelf, model);
      value = gradient_at(model, theta.data(), data.view(), *scratch, gradient.data());
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
      Curvature(model).at(theta.data(), data.view(), dense.data());
    }
    return owned(std::move(dense), {P, P});
  }

  // A batch: row i is the point theta[theta_row[i]] with the data set values[values_row[i]].
  struct Batch {
    Matrix theta;
    Positions theta_row;
    Matrix values;
    Positions values_row;

    std::size_t size() const { return theta_row.size(); }
    const double* point(std::size_t i) const { return theta.data() + theta_row.data()[i] * theta.shape(1); }
    Data data(std::size_t i, int bins) const {
      const double* row = values.data() + values_row.data()[i] * values.shape(1);
      return {row, row + bins};
    }
  };

  Batch batch(Matrix theta, Positions theta_row, Matrix values, Positions values_row) const {
    require(static_cast<int>(theta.shape(1)) == model.parameters, "theta has the wrong length");
    require(static_cast<int>(values.shape(1)) == model.bins + model.constraints, "data have the wrong length");
    require(theta_row.size() == values_row.size(), "theta and data have different numbers of rows");
    const auto inside = [](const Positions& rows, std::size_t size) {
      return std::all_of(rows.data(), rows.data() + rows.size(), [&](std::int64_t row) { return row >= 0 && static_cast<std::size_t>(row) < size; });
    };
    require(inside(theta_row, theta.shape(0)) && inside(values_row, values.shape(0)), "no such row");
    return {theta, theta_row, values, values_row};
  }

  // The constants of the data sets of a batch, each computed when it is met first.
  class Constants {
   public:
    Constants(const Model& m, const Batch& batch) : m_(m), batch_(batch), known_(batch.values.shape(0), std::numeric_limits<double>::quiet_NaN()) {}

    double operator()(std::size_t i) {
      const std::size_t set = batch_.values_row.data()[i];
      if (std::isnan(known_[set])) known_[set] = constants(m_, batch_.data(i, m_.bins));
      return known_[set];
    }

   private:
    const Model& m_;
    const Batch& batch_;
    std::vector<double> known_;
  };

  Array value_rows(Matrix theta, Positions theta_row, Matrix values, Positions values_row) const {
    const Batch b = batch(theta, theta_row, values, values_row);
    std::vector<double> out(b.size());
    Constants constant(model, b);
    Scratch scratch(model);
    each_row(b.size(), [&](std::size_t i) { out[i] = value_at(model, b.point(i), b.data(i, model.bins), scratch) + constant(i); });
    return owned(std::move(out), {b.size()});
  }

  std::pair<Array, Array> value_and_gradient_rows(Matrix theta, Positions theta_row, Matrix values, Positions values_row) const {
    const Batch b = batch(theta, theta_row, values, values_row);
    const std::size_t P = model.parameters;
    std::vector<double> out(b.size()), gradient(b.size() * P);
    Constants constant(model, b);
    Scratch scratch(model);
    each_row(b.size(), [&](std::size_t i) {
      out[i] = gradient_at(model, b.point(i), b.data(i, model.bins), scratch, gradient.data() + i * P) + constant(i);
    });
    return {owned(std::move(out), {b.size()}), owned(std::move(gradient), {b.size(), P})};
  }

  Array hessian_rows(Matrix theta, Positions theta_row, Matrix values, Positions values_row) const {
    const Batch b = batch(theta, theta_row, values, values_row);
    const std::size_t P = model.parameters;
    std::vector<double> dense(b.size() * P * P);
    Curvature curvature(model);
    each_row(b.size(), [&](std::size_t i) { curvature.at(b.point(i), b.data(i, model.bins), dense.data() + i * P * P); });
    return owned(std::move(dense), {b.size(), P, P});
  }

  template <class Values>
  auto rows(const Values& values, std::size_t fits, std::size_t length, const char* wrong) const {
    require(values.shape(1) == length && (values.shape(0) == 1 || values.shape(0) == fits), wrong);
    return Rows<std::remove_const_t<std::remove_pointer_t<decltype(values.data())>>>{values.data(), length, values.shape(0) == 1};
  }

  // Fits that may differ in everything: each argument has one row for all of them or one for each.
  nb::dict fit_many(std::size_t fits, Matrix values, Matrix start, Matrix lower, Matrix upper, FlagRows fixed, double tolerance, int max_iterations,
                    int threads, bool variances, bool share_hessian, std::size_t starts, Matrix anchor, nb::object progress) const {
    const std::size_t P = model.parameters;
    require(starts > 0 && fits % starts == 0, "every problem needs as many starts as the others");
    require(anchor.shape(0) == 0 || (anchor.shape(0) == 1 && anchor.shape(1) == P), "the anchor has the wrong shape");
    const Problems problems{fits,
                            rows(values, fits, model.bins + model.constraints, "data have the wrong shape"),
                            rows(start, fits, P, "start has the wrong shape"),
                            rows(lower, fits, P, "lower has the wrong shape"),
                            rows(upper, fits, P, "upper has the wrong shape"),
                            rows(fixed, fits, P, "fixed has the wrong shape"),
                            starts,
                            anchor.shape(0) ? anchor.data() : nullptr};
    ManyFits many(model, problems, {tolerance, max_iterations, variances, true}, share_hessian);
    Watch watch(progress, many.done, fits);
    {
      nb::gil_scoped_release release;
      Threads(many).run(threads, {Watch::ask, &watch});
    }
    if (!watch.stopped() && !progress.is_none()) watch.tell();
    if (PyErr_Occurred()) throw nb::python_error();
    nb::dict result;
    result["theta"] = owned(std::move(many.theta), {fits, P});
    result["nll"] = owned(std::move(many.nll), {fits});
    result["edm"] = owned(std::move(many.edm), {fits});
    result["status"] = owned(std::move(many.status), {fits});
    result["iterations"] = owned(std::move(many.iterations), {fits});
    if (variances) result["variance"] = owned(std::move(many.variance), {fits, P});
    return result;
  }

  nb::dict fit(const Dataset& data, Vector start, Vector lower, Vector upper, Flags fixed, double tolerance, int max_iterations, bool covariance, bool polish,
               bool scoring) const {
    expect(data);
    expect(start);
    expect(lower);
    expect(upper);
    require(static_cast<int>(fixed.size()) == model.parameters, "fixed has the wrong length");
    Outcome out;
    {
      nb::gil_scoped_release release;
      const std::vector<char> mask(fixed.data(), fixed.data() + fixed.size());
      Minimiser minimiser(model, data.view(), lower.data(), upper.data(), mask.data(), {tolerance, max_iterations, covariance, polish, scoring}, {interrupted_by_user, nullptr});
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

template <class T>
using Stored = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// What pickle stores: views, so that nothing is copied on the way.
nb::dict state(const Compiled& compiled, nb::handle owner) {
  nb::dict out;
  const auto put = [&]<class T>(const char* name, const std::vector<T>& values) {
    out[name] = nb::ndarray<nb::numpy, const T>(values.data(), {values.size()}, owner);
  };
  out["parameters"] = compiled.description.source.parameters;
  out["yields"] = compiled.description.yields;
  each_member(put, compiled.description);
  put("templates", compiled.model.templates);
  return out;
}

void restore_into(Compiled* self, const nb::dict& state) {
  const auto get = [&]<class T>(const char* name, std::vector<T>& values) { values = copied(nb::cast<Stored<T>>(state[name])); };
  Description d;
  d.source.parameters = nb::cast<int>(state["parameters"]);
  d.yields = nb::cast<std::size_t>(state["yields"]);
  each_member(get, d);
  std::vector<double> templates;
  get("templates", templates);
  new (self) Compiled(std::move(d), std::move(templates));
}

// A source from arrays by name: those of `each_member` and the yields; what isn't there is empty.
Source source_from(int parameters, const nb::kwargs& arrays) {
  Description d;
  d.source.parameters = parameters;
  std::size_t known = 0;
  const auto get = [&]<class T>(const char* name, std::vector<T>& values) {
    if (!arrays.contains(name)) return;
    ++known;
    Stored<T> stored;
    if (!nb::try_cast(arrays[name], stored)) throw nb::type_error((std::string(name) + " has the wrong type").c_str());
    values = copied(stored);
  };
  each_member(get, d);
  get("nominal", d.source.nominal);
  get("shape_lo", d.source.shape_lo);
  get("shape_hi", d.source.shape_hi);
  if (known != arrays.size()) throw nb::type_error("unknown name of an array");
  if (const char* problem = check(d.source)) throw nb::value_error(problem);
  return std::move(d.source);
}

}  // namespace

void bind_random(nb::module_&);  // bindings_random.cpp

NB_MODULE(_engine, module) {
  module.doc() = "The numerical core of wilks: arrays in, arrays and a status code out.";
  nb::class_<Dataset>(module, "Dataset")
      .def_prop_ro("values", [](const Dataset& d) { auto copy = d.values; const std::size_t n = copy.size(); return owned(std::move(copy), {n}); }, nb::rv_policy::move)
      .def_ro("constants", &Dataset::constants);
  nb::class_<Compiled>(module, "Model")
      .def("__init__",
           [](Compiled* self, int parameters, const nb::kwargs& arrays) { new (self) Compiled(source_from(parameters, arrays)); }, nb::kw_only(),
           nb::arg("parameters"), nb::arg("arrays"))
      .def("__getstate__", [](nb::handle_t<Compiled> self) { return state(nb::cast<const Compiled&>(self), self); })
      .def("__setstate__", [](Compiled& self, const nb::dict& state) { restore_into(&self, state); })
      .def("dataset", &Compiled::dataset, nb::arg("values"))
      .def("block_rates", &Compiled::block_rates, nb::arg("theta"))
      .def("bends", &Compiled::bends, nb::arg("theta"))
      .def("expected", &Compiled::expected, nb::arg("theta"))
      .def("jacobian", &Compiled::jacobian, nb::arg("theta"), nb::arg("block"))
      .def("value", &Compiled::value, nb::arg("theta"), nb::arg("data"))
      .def("value_and_gradient", &Compiled::value_and_gradient, nb::arg("theta"), nb::arg("data"))
      .def("hessian", &Compiled::hessian, nb::arg("theta"), nb::arg("data"))
      .def("expected_rows", &Compiled::expected_rows, nb::arg("theta"))
      .def("value_rows", &Compiled::value_rows, nb::arg("theta"), nb::arg("theta_row"), nb::arg("values"), nb::arg("values_row"))
      .def("value_and_gradient_rows", &Compiled::value_and_gradient_rows, nb::arg("theta"), nb::arg("theta_row"), nb::arg("values"), nb::arg("values_row"))
      .def("hessian_rows", &Compiled::hessian_rows, nb::arg("theta"), nb::arg("theta_row"), nb::arg("values"), nb::arg("values_row"))
      .def("fit", &Compiled::fit, nb::arg("data"), nb::arg("start"), nb::arg("lower"), nb::arg("upper"), nb::arg("fixed"), nb::arg("tolerance"),
           nb::arg("max_iterations"), nb::arg("covariance") = true, nb::arg("polish") = true, nb::arg("scoring") = false)
      .def("fit_many", &Compiled::fit_many, nb::arg("fits"), nb::arg("values"), nb::arg("start"), nb::arg("lower"), nb::arg("upper"), nb::arg("fixed"),
           nb::arg("tolerance"), nb::arg("max_iterations"), nb::arg("threads"), nb::arg("variances"), nb::arg("share_hessian"), nb::arg("starts"), nb::arg("anchor"),
           nb::arg("progress").none() = nb::none())
      .def_prop_ro("shared_parameters", [](const Compiled& c) { return c.model.shared_parameter; });
  bind_random(module);
}
