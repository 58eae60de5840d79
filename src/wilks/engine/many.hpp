// Many fits of one model, by as many workers as there are (see threads.hpp). Every fit starts afresh, so the answers
// don't depend on how many.
#pragma once

#include <atomic>
#include <limits>
#include <optional>

#include "anchored.hpp"
#include "minimiser.hpp"
#include "shared_hessian.hpp"
#include "together.hpp"

namespace wilks {

// One row for each fit, or one for all of them (stride 0).
template <class T>
struct Rows {
  const T* first = nullptr;
  std::size_t length = 0;
  bool common = true;

  const T* operator[](std::size_t fit) const { return common ? first : first + fit * length; }
};

struct Problems {
  std::size_t count = 0;
  Rows<double> data, start, lower, upper;  // data: bins, then constraints
  Rows<std::uint8_t> fixed;
  std::size_t starts = 1;          // the fits are those of count / starts problems, from one start each, then from the next
  const double* anchor = nullptr;  // a minimum near which they are expected

  // Whether the fits differ in nothing but their data.
  bool alike() const { return start.common && lower.common && upper.common && fixed.common; }
};

class ManyFits {
 public:
  std::vector<double> theta, variance;  // count x parameters; NaN where a fit gives none
  std::vector<double> nll, edm, status, iterations;
  std::atomic<std::size_t> done{0};
  std::atomic<bool> stopped{false};

  ManyFits(const Model& model, const Problems& problems, const Options& options, bool share_hessian)
      : theta(problems.count * model.parameters, unknown), variance(options.covariance ? theta.size() : 0, unknown), nll(problems.count, unknown),
        edm(nll), status(problems.count, interrupted), iterations(problems.count, 0), m(model), problems_(problems), options_(options),
        share_hessian_(share_hessian && problems.alike()), problems_of_their_own_(problems.count / problems.starts) {}

  // How many can be worked on at once.
  std::size_t shares() const { return problems_of_their_own_; }

  // Before any work begins.
  void prepare(Stop ask) { choose_sharing(ask); }

  // Fit what no other worker has begun, until `ask` says to stop: what is not done then stays undone.
  void work(Stop ask) {
    if (problems_.count == 0) return;
    Worker worker(*this, ask);
    const std::vector<char> held = always_fixed();
    if (share_hessian_) worker.shared.emplace(m, problems_.start[0], data(0).auxiliary, problems_.lower[0], problems_.upper[0], held.data());
    const bool as_usual = options_.tolerance >= Anchored::tolerance && options_.max_iterations > Anchored::most && !options_.covariance;
    // With data of their own, fits must not depend on which others are made with them.
    if (problems_.anchor && problems_.data.common && problems_.count >= few && as_usual) set_anchor(worker, held);
    if (worker.shared && problems_.starts == 1 && !worker.anchored && worker.shared->newton() && eightfold_serves(m)) return work_together(worker, held, ask);
    for (std::size_t i = next_++; i < problems_of_their_own_; i = next_++) {
      fit_problem(worker, i, ask);
      if (stopped || ask.ask(ask.context)) {
        stopped = true;
        return;
      }
    }
  }

 private:
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  static constexpr std::size_t few = 4;    // fits for which no Hessian is shared
  static constexpr std::size_t sample = 16;  // fits that are tried first
  static constexpr std::size_t many = 12;  // problems that are worth a path
  static constexpr double news = 1e-8;     // in nll: a start has led lower than one before
  static constexpr double reach = 10.0;    // in nll: a conditional minimum not far from the best one
  const Model& m;
  const Problems& problems_;
  Options options_;
  bool share_hessian_;
  int refreshes_ = 0;  // points of each fit with a metric of their own
  std::size_t problems_of_their_own_;
  std::atomic<std::size_t> next_{0};

  Data data(std::size_t fit) const { return {problems_.data[fit], problems_.data[fit] + m.bins}; }

  // Sharing is worth it only where it mostly works: the first fits tell, whatever the number of threads. Where it works but
  // takes many steps, so may a metric for each of the first points (see Together), which costs some gradients, and the wait
  // for the last of eight fits.
  void choose_sharing(Stop ask) {
    constexpr double fewest = 8.0, lost = 1.3;
    share_hessian_ = share_hessian_ && problems_.count >= 4 * sample;
    if (!share_hessian_) return;
    const std::vector<char> fixed(problems_.fixed[0], problems_.fixed[0] + m.parameters);
    SharedHessian shared(m, problems_.start[0], data(0).auxiliary, problems_.lower[0], problems_.upper[0], fixed.data());
    double steps = 0.0, with_metrics = 0.0;
    share_hessian_ = mostly_works(shared, fixed, ask, steps);
    if (!eightfold_serves(m) || !EightfoldMetric::serves(m) || !shared.newton()) return;
    if (!share_hessian_) steps = std::numeric_limits<double>::infinity();
    const double cost = EightfoldMetric::cost(m);
    const auto better = [&](double left) { return lost * (left + refreshes_ * cost) < steps; };
    refreshes_ = cost < 1.0 ? 6 : 2;
    if (better(fewest) && mostly_works(shared, fixed, ask, with_metrics) && better(with_metrics))
      share_hessian_ = true;
    else
      refreshes_ = 0;
  }

  bool mostly_works(SharedHessian& shared, const std::vector<char>& fixed, Stop ask, double& steps) const {
    std::size_t successes = 0, i = 0;
    steps = 0.0;
    const auto succeed = [&](std::ptrdiff_t, const Outcome& out) {
      ++successes;
      steps += out.iterations;
    };
    if (eightfold_serves(m) && shared.newton()) {
      Together together(m, *shared.newton(), problems_.start[0], problems_.lower[0], problems_.upper[0], fixed.data(), refreshes_);
      const auto next = [&]() -> std::ptrdiff_t { return i < sample ? static_cast<std::ptrdiff_t>(i++) : -1; };
      together.run(next, [&](std::ptrdiff_t fit) { return data(fit); }, succeed, [](std::ptrdiff_t) {}, [&] { return ask.ask(ask.context); });
    } else {
      for (Outcome out; i < sample && !ask.ask(ask.context); ++i)
        if (shared.run(data(i), out)) succeed(i, out);
    }
    steps /= std::max<std::size_t>(successes, 1);
    return 2 * successes > sample;
  }

  // What one worker fits with. The minimiser reads bounds and fixed parameters from here whenever it runs.
  struct Worker {
    std::vector<double> lower, upper;
    std::vector<char> fixed;
    Minimiser minimiser;
    std::optional<SharedHessian> shared;
    std::optional<Anchored> anchored;
    std::vector<Path> paths;       // from each start
    std::vector<char> starts_far;  // whether these are the same point, but for what is fixed

    Worker(const ManyFits& many, Stop ask)
        : lower(many.m.parameters), upper(lower), fixed(many.m.parameters),
          minimiser(many.m, {nullptr, nullptr}, lower.data(), upper.data(), fixed.data(), many.options_, ask) {}

    Outcome fit(const Problems& problems, std::size_t i, const Data& data, const double* start) {
      std::copy_n(problems.lower[i], lower.size(), lower.begin());
      std::copy_n(problems.upper[i], upper.size(), upper.begin());
      std::copy_n(problems.fixed[i], fixed.size(), fixed.begin());
      minimiser.set_data(data);
      return minimiser.run(start);
    }
  };

  // Eight fits at a time; what does not converge that way is left to the minimiser.
  void work_together(Worker& worker, const std::vector<char>& held, Stop ask) {
    Together together(m, *worker.shared->newton(), problems_.start[0], problems_.lower[0], problems_.upper[0], held.data(), refreshes_);
    const auto next = [&]() -> std::ptrdiff_t {
      const std::size_t i = stopped ? problems_of_their_own_ : next_++;
      return i < problems_of_their_own_ ? static_cast<std::ptrdiff_t>(i) : -1;
    };
    const auto stop = [&] {
      if (stopped || ask.ask(ask.context)) stopped = true;
      return stopped.load();
    };
    const auto by_itself = [&](std::ptrdiff_t i) {
      const Outcome out = worker.fit(problems_, i, data(i), problems_.start[i]);
      if (out.status != interrupted) keep(i, out);
    };
    together.run(next, [&](std::ptrdiff_t i) { return data(i); }, [&](std::ptrdiff_t i, const Outcome& out) { keep(i, out); }, by_itself, stop);
  }

  // The parameters that no fit moves.
  std::vector<char> always_fixed() const {
    std::vector<char> held(problems_.fixed[0], problems_.fixed[0] + m.parameters);
    for (std::size_t i = 1; i < problems_.count && !problems_.fixed.common; ++i)
      for (int p = 0; p < m.parameters; ++p) held[p] = held[p] && problems_.fixed[i][p];
    return held;
  }

  void set_anchor(Worker& worker, const std::vector<char>& held) {
    worker.anchored.emplace(m, problems_.anchor, data(0), problems_.lower[0], problems_.upper[0], held.data());
    worker.paths.resize(problems_.starts);
    worker.starts_far.assign(problems_.starts, 0);
    std::vector<double> start(m.parameters);
    for (std::size_t s = 1; s < problems_.starts; ++s) {
      worker.starts_far[s] = common_start(s * problems_of_their_own_, start);
      if (worker.starts_far[s] && problems_of_their_own_ >= many)
        worker.paths[s] = worker.anchored->path_from(start.data(), data(0), problems_.lower[0], problems_.upper[0], held.data());
    }
  }

  // Whether the problems of one start, from `first` on, start at the same point but for what is fixed; `start` is that.
  bool common_start(std::size_t first, std::vector<double>& start) const {
    std::copy_n(problems_.start[first], m.parameters, start.begin());
    std::vector<char> known(m.parameters, 0);
    for (std::size_t i = first; i < first + problems_of_their_own_; ++i)
      for (int p = 0; p < m.parameters; ++p) {
        if (problems_.fixed[i][p]) continue;
        if (!known[p]) start[p] = problems_.start[i][p], known[p] = 1;
        if (start[p] != problems_.start[i][p]) return false;
      }
    return true;
  }

  // All fits of one problem, one after the other: a later start that leads to a minimum found before stops there.
  void fit_problem(Worker& worker, std::size_t first, Stop ask) {
    std::vector<KnownMinimum> known;
    for (std::size_t i = first; i < problems_.count; i += problems_of_their_own_) {
      Outcome out;
      if (worker.anchored && anchored(worker, i, known, out)) {
      } else if (!worker.shared || !worker.shared->run(data(i), out)) {
        out = worker.fit(problems_, i, data(i), problems_.start[i]);
      }
      if (out.status == interrupted) return;
      keep(i, out);
      if (out.status == converged) known.push_back({theta.data() + i * m.parameters, out.value, out.edm});
      if (stopped || ask.ask(ask.context)) return;
    }
  }

  // A start far away is there to find another minimum. It may take the path of the others only where a minimum is known that
  // is not far up from the anchor, and as long as it keeps to that path.
  bool anchored(Worker& worker, std::size_t i, const std::vector<KnownMinimum>& known, Outcome& out) {
    const Path& path = worker.paths[i / problems_of_their_own_];
    const bool far = i >= problems_of_their_own_ && worker.starts_far[i / problems_of_their_own_];
    if (far && (path.empty() || known.empty() || !(known.front().value < worker.anchored->value() + reach))) return false;
    if (!worker.anchored->run(data(i), problems_.start[i], problems_.lower[i], problems_.upper[i], reinterpret_cast<const char*>(problems_.fixed[i]), path,
                              known, out))
      return false;
    // What is news is looked at with all that is known of it.
    const auto lower = [&](const KnownMinimum& other) { return out.value < other.value - news; };
    if (std::any_of(known.begin(), known.end(), lower)) out = worker.fit(problems_, i, data(i), std::vector<double>(out.theta).data());
    return true;
  }

  void keep(std::size_t i, const Outcome& out) {
    const std::size_t P = m.parameters;
    std::copy(out.theta.begin(), out.theta.end(), theta.begin() + i * P);
    nll[i] = out.value + constants(m, data(i));
    edm[i] = out.edm;
    status[i] = out.status;
    iterations[i] = out.iterations;
    for (std::size_t p = 0; p < P && !out.covariance.empty() && options_.covariance; ++p)
      if (!out.at_bound[p]) variance[i * P + p] = out.covariance[p * P + p];
    ++done;
  }
};

}  // namespace wilks
