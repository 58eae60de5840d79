// Memory of evaluations, kept between calls.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "arrays.hpp"

namespace wilks {

// Keeps memory of evaluations between calls: to get and clear it anew costs as much as the evaluation of a large model.
class Shelf {
 public:
  // Takes memory off the shelf, or makes new one, and puts it back at the end.
  class Loan {
   public:
    Loan(Shelf& shelf, const Model& model) : shelf_(shelf) {
      {
        const std::lock_guard lock(shelf.mutex_);
        if (!shelf.idle_.empty()) {
          scratch_ = std::move(shelf.idle_.back());
          shelf.idle_.pop_back();
        }
      }
      if (!scratch_) scratch_ = std::make_unique<Scratch>(model);
    }
    ~Loan() {
      const std::lock_guard lock(shelf_.mutex_);
      if (shelf_.idle_.size() < most) shelf_.idle_.push_back(std::move(scratch_));
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Scratch& operator*() { return *scratch_; }

   private:
    Shelf& shelf_;
    std::unique_ptr<Scratch> scratch_;
  };

  Shelf() { idle_.reserve(most); }

 private:
  static constexpr std::size_t most = 2;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace wilks
