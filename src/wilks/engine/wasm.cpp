// The engine as seen from WebAssembly: pointers and numbers in and out. Memory is the caller's: it allocates, fills and
// frees. Threads, names and exceptions are left out; running out of memory ends the module.
#include <cstdlib>
#include <memory>
#include <string_view>

#include "bends.hpp"
#include "many.hpp"
#include "minimiser.hpp"
#include "points.hpp"
#include "random.hpp"
#include "state.hpp"

using namespace wilks;

// In place of the one that prints, and with it all that printing takes: a failed check of the library ends the module.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD

#define WILKS_EXPORT(name) extern "C" __attribute__((export_name(#name))) auto name

// Whether to stop, asked once per iteration.
extern "C" __attribute__((import_module("wilks"), import_name("stop"))) int wilks_stop(int done);

namespace {

struct Compiled {
  Model model;
  std::unique_ptr<Scratch> scratch;
  std::size_t blocks = 0;

  Data data(const double* values) const { return {values, values + model.bins}; }
};

bool stop(void* done) { return wilks_stop(done ? static_cast<int>(*static_cast<std::atomic<std::size_t>*>(done)) : 0) != 0; }

const char* problem = nullptr;  // of the model that could not be made last

}  // namespace

WILKS_EXPORT(allocate)(std::size_t bytes) -> void* { return std::malloc(bytes); }
WILKS_EXPORT(release)(void* memory) -> void { std::free(memory); }

// A description that is still empty. `describe_array` fills it, array by array.
WILKS_EXPORT(describe)(int parameters, std::size_t yields) -> Description* {
  auto* d = new Description;
  d->source.parameters = parameters;
  d->yields = yields;
  return d;
}

// Returns the number of bytes of an element; 0 where there is no array of this name.
WILKS_EXPORT(describe_array)(Description* d, const char* name, std::size_t length, const void* values, std::size_t count) -> int {
  int size = 0;
  each_member(
      [&]<class T>(const char* member, std::vector<T>& array) {
        if (std::string_view(name, length) != member) return;
        array.assign(static_cast<const T*>(values), static_cast<const T*>(values) + count);
        size = sizeof(T);
      },
      *d);
  return size;
}

// The model that was described, with its templates; a null pointer where that can't be, see `last_problem`. The
// description is gone then.
WILKS_EXPORT(compile_model)(Description* d, const double* templates, std::size_t count) -> Compiled* {
  const std::unique_ptr<Description> description(d);
  auto compiled = std::make_unique<Compiled>();
  problem = restore(*description, {templates, templates + count}, compiled->model);
  if (problem) return nullptr;
  compiled->scratch = std::make_unique<Scratch>(compiled->model);
  compiled->blocks = block_rates_size(compiled->model);
  return compiled.release();
}

// A sentence that ends with 0.
WILKS_EXPORT(last_problem)() -> const char* { return problem; }
WILKS_EXPORT(release_model)(Compiled* c) -> void { delete c; }
WILKS_EXPORT(shared_parameters)(const Compiled* c) -> int { return c->model.shared; }
WILKS_EXPORT(blocks_size)(const Compiled* c) -> std::size_t { return c->blocks; }

// The constants of the densities of a data set: every likelihood below is without them, but for `fit_many`.
WILKS_EXPORT(data_constants)(const Compiled* c, const double* values) -> double { return constants(c->model, c->data(values)); }

WILKS_EXPORT(block_rates)(Compiled* c, const double* theta, double* out) -> void { wilks::block_rates(c->model, theta, *c->scratch, out); }

WILKS_EXPORT(expected)(Compiled* c, const double* theta, double* out) -> void {
  std::vector<double> blocks(c->blocks);
  wilks::block_rates(c->model, theta, *c->scratch, blocks.data());
  sum_of_blocks(c->model, blocks.data(), out);
}

WILKS_EXPORT(bends)(Compiled* c, const double* theta, double* out) -> void { wilks::bends(c->model, theta, *c->scratch, out); }

// Derivatives of the rates of a block, bins x parameters.
WILKS_EXPORT(jacobian)(Compiled* c, const double* theta, int block, double* out) -> void {
  const Model& m = c->model;
  int channel = 0;
  while (m.channel_block[channel + 1] <= block) ++channel;
  std::fill(out, out + static_cast<Index>(m.bins_of(channel)) * m.parameters, 0.0);
  block_jacobian(m, theta, channel, block, *c->scratch, out);
}

WILKS_EXPORT(value)(Compiled* c, const double* theta, const double* values) -> double { return value_at(c->model, theta, c->data(values), *c->scratch); }

WILKS_EXPORT(gradient)(Compiled* c, const double* theta, const double* values, double* out) -> double {
  std::fill(out, out + c->model.parameters, 0.0);
  return gradient_at(c->model, theta, c->data(values), *c->scratch, out);
}

WILKS_EXPORT(hessian)(Compiled* c, const double* theta, const double* values, double* out) -> void {
  Curvature(c->model).at(theta, c->data(values), out);
}

// numbers: status, nll, edm, smallest eigenvalue, positive definite, iterations, evaluations, bad bin, whether there is a
// covariance, whether there is a direction. theta, at_bound, direction: parameters; covariance: parameters squared.
WILKS_EXPORT(fit)(Compiled* c, const double* values, const double* start, const double* lower, const double* upper, const char* fixed, double tolerance,
                  int max_iterations, int covariance, int scoring, double* numbers, double* theta, double* at_bound, double* direction, double* matrix)
    -> void {
  Minimiser minimiser(c->model, c->data(values), lower, upper, fixed, {tolerance, max_iterations, covariance != 0, true, scoring != 0}, {stop, nullptr});
  const Outcome out = minimiser.run(start);
  for (const double number : {static_cast<double>(out.status), out.value, out.edm, out.smallest_eigenvalue, out.positive_definite ? 1.0 : 0.0,
                              static_cast<double>(out.iterations), static_cast<double>(out.evaluations), static_cast<double>(out.bad_bin),
                              out.covariance.empty() ? 0.0 : 1.0, out.direction.empty() ? 0.0 : 1.0})
    *numbers++ = number;
  std::copy(out.theta.begin(), out.theta.end(), theta);
  std::copy(out.at_bound.begin(), out.at_bound.end(), at_bound);
  std::copy(out.direction.begin(), out.direction.end(), direction);
  std::copy(out.covariance.begin(), out.covariance.end(), matrix);
}

// Fits that may differ in everything: `each` says which of data, start, lower, upper and fixed (bits 0 to 4) have one row
// for each fit. theta: fits x parameters, and variance, which may be null; the others: fits. Returns how many are done.
WILKS_EXPORT(fit_many)(Compiled* c, std::size_t fits, int each, const double* values, const double* start, const double* lower, const double* upper,
                       const std::uint8_t* fixed, double tolerance, int max_iterations, int share_hessian, std::size_t starts, const double* anchor,
                       double* theta, double* nll, double* edm, double* status, double* iterations, double* variance) -> std::size_t {
  const Model& m = c->model;
  const std::size_t P = m.parameters, length = m.bins + m.constraints;
  const auto common = [&](int bit) { return (each >> bit & 1) == 0; };
  const Problems problems{fits,
                          {values, length, common(0)},
                          {start, P, common(1)},
                          {lower, P, common(2)},
                          {upper, P, common(3)},
                          {fixed, P, common(4)},
                          starts,
                          anchor};
  ManyFits many(m, problems, {tolerance, max_iterations, variance != nullptr, true}, share_hessian != 0);
  const Stop ask{stop, &many.done};
  many.prepare(ask);
  many.work(ask);
  std::copy(many.theta.begin(), many.theta.end(), theta);
  std::copy(many.nll.begin(), many.nll.end(), nll);
  std::copy(many.edm.begin(), many.edm.end(), edm);
  std::copy(many.status.begin(), many.status.end(), status);
  std::copy(many.iterations.begin(), many.iterations.end(), iterations);
  std::copy(many.variance.begin(), many.variance.end(), variance);
  return many.done;
}

// Toys first, first + 1, ... of a seed, one per row; 0 where means or widths are impossible.
WILKS_EXPORT(sample)(const double* mean, const double* sigma, std::size_t size, std::uint64_t seed, std::uint32_t stream, std::uint64_t first,
                     std::size_t count, double* out) -> int {
  const Sampler sampler(mean, sigma, size);
  if (!sampler.possible) return 0;
  for (std::size_t t = 0; t < count; ++t, out += size) sampler(Toy(seed, stream, first + t), out);
  return 1;
}
