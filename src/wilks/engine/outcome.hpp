// How far a fit goes and what it gives.
#pragma once

#include <vector>

namespace wilks {

enum Status : int {
  converged = 0,
  flat_direction = 1,      // the nll does not depend on a combination of parameters
  iteration_limit = 2,
  start_outside = 3,       // no logarithm at the starting point: see `bad_bin`
  rate_boundary = 4,       // the minimum lies where the rate of `bad_bin` vanishes
  stalled = 5,             // no step improves the nll, yet the EDM is above the tolerance
  interrupted = 6,
};

struct Options {
  double tolerance = 1e-8;  // on the EDM, in nll
  int max_iterations = 3000;
  bool covariance = true;
  bool polish = true;  // take full Newton steps below the tolerance until the EDM no longer falls
  bool scoring = false;  // the metric stands in for the Hessian down to the tolerance (Fisher scoring)
};

// Asked once per iteration whether to give up.
struct Stop {
  bool (*ask)(void*) = nullptr;
  void* context = nullptr;
};

struct Outcome {
  Status status = stalled;
  std::vector<double> theta, covariance, direction;
  std::vector<char> at_bound;
  double value = 0, edm = 0, smallest_eigenvalue = 0;
  bool positive_definite = false;
  int iterations = 0, evaluations = 0, bad_bin = -1;
};

}  // namespace wilks
