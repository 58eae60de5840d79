// Many fits, shared out to threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "many.hpp"

namespace wilks {

class Threads {
 public:
  explicit Threads(ManyFits& many) : many_(many) {}

  // `ask` is asked in the calling thread only, all the time; when it says so, what is not done stays undone.
  void run(int threads, Stop ask) {
    many_.prepare(ask);
    std::vector<std::thread> helpers;
    for (int t = 1; t < threads && t < static_cast<Index>(many_.shares()); ++t) {
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
        if (ask.ask(ask.context)) many_.stopped = true;
        lock.lock();
      }
    }
    for (auto& helper : helpers) helper.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  ManyFits& many_;
  std::mutex mutex_;  // of the next three
  std::condition_variable changed_;
  std::size_t finished_ = 0;
  std::exception_ptr failure_;

  void help() {
    work({[](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load(std::memory_order_relaxed); }, &many_.stopped});
    const std::lock_guard lock(mutex_);
    ++finished_;
    changed_.notify_one();
  }

  void work(Stop ask) {
    try {
      many_.work(ask);
    } catch (...) {  // out of memory
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      many_.stopped = true;
    }
  }
};

}  // namespace wilks
