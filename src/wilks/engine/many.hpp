// Many fits of one model, shared out to threads. Every fit starts afresh, so the answers don't depend on how.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "minimiser.hpp"
#include "shared_hessian.hpp"

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

  // Whether the fits differ in nothing but their data.
  bool alike() const { return start.common && lower.common && upper.common && fixed.common; }
};

class ManyFits {
 public:
  std::vector<double> theta, variance;  // count x parameters; NaN where a fit gives none
  std::vector<double> nll, edm, status, iterations;
  std::atomic<std::size_t> done{0};

  ManyFits(const Model& model, const Problems& problems, const Options& options, bool share_hessian)
      : theta(problems.count * model.parameters, unknown), variance(options.covariance ? theta.size() : 0, unknown), nll(problems.count, unknown),
        edm(nll), status(problems.count, interrupted), iterations(problems.count, 0), m(model), problems_(problems), options_(options),
        share_hessian_(share_hessian && problems.alike()) {}

  // `ask` is asked in the calling thread only, all the time; when it says so, what is not done stays undone.
  void run(int threads, Stop ask) {
    if (problems_.count == 0) return;
    share_hessian_ = share_hessian_ && sharing_is_worthwhile(ask);
    std::vector<std::thread> helpers;
    for (int t = 1; t < threads && t < static_cast<Index>(problems_.count); ++t) {
      try {
        helpers.emplace_back([this] { help(); });
      } catch (const std::system_error&) {
        break;  // fewer threads do as well
      }
    }
    work(ask);
    {
      std::unique_lock lock(mutex_);
      while (finished_ < helpers.size()) {
        changed_.wait_for(lock, std::chrono::milliseconds(50));
        lock.unlock();
        if (ask.ask(ask.context)) stop_ = true;
        lock.lock();
      }
    }
    for (auto& helper : helpers) helper.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  const Model& m;
  const Problems& problems_;
  Options options_;
  bool share_hessian_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // of the next three
  std::condition_variable changed_;
  std::size_t finished_ = 0;
  std::exception_ptr failure_;

  Data data(std::size_t fit) const { return {problems_.data[fit], problems_.data[fit] + m.bins}; }

  // Worth it only where it mostly works: the first fits tell, whatever the number of threads.
  bool sharing_is_worthwhile(Stop ask) const {
    constexpr std::size_t sample = 16;
    if (problems_.count < 4 * sample) return false;
    const std::vector<char> fixed(problems_.fixed[0], problems_.fixed[0] + m.parameters);
    SharedHessian trial(m, problems_.start[0], data(0).auxiliary, problems_.lower[0], problems_.upper[0], fixed.data());
    std::size_t successes = 0;
    for (std::size_t i = 0; i < sample && !ask.ask(ask.context); ++i) {
      Outcome out;
      successes += trial.run(data(i), out);
    }
    return 2 * successes > sample;
  }

  void help() {
    work({[](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load(std::memory_order_relaxed); }, &stop_});
    const std::lock_guard lock(mutex_);
    ++finished_;
    changed_.notify_one();
  }

  void work(Stop ask) {
    try {
      fit_until(ask);
    } catch (...) {  // out of memory
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      stop_ = true;
    }
  }

  void fit_until(Stop ask) {
    // The minimiser reads bounds and fixed parameters from here whenever it runs.
    std::vector<double> lower(m.parameters), upper(m.parameters);
    std::vector<char> fixed(problems_.fixed[0], problems_.fixed[0] + m.parameters);
    Minimiser minimiser(m, {nullptr, nullptr}, lower.data(), upper.data(), fixed.data(), options_, ask);
    std::optional<SharedHessian> shared;
    if (share_hessian_) shared.emplace(m, problems_.start[0], data(0).auxiliary, problems_.lower[0], problems_.upper[0], fixed.data());
    for (std::size_t i = next_++; i < problems_.count; i = next_++) {
      Outcome out;
      if (!shared || !shared->run(data(i), out)) {
        std::copy_n(problems_.lower[i], m.parameters, lower.begin());
        std::copy_n(problems_.upper[i], m.parameters, upper.begin());
        std::copy_n(problems_.fixed[i], m.parameters, fixed.begin());
        minimiser.set_data(data(i));
        out = minimiser.run(problems_.start[i]);
      }
      if (out.status != interrupted) keep(i, out);
      if (stop_ || ask.ask(ask.context)) {
        stop_ = true;
        return;
      }
    }
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
