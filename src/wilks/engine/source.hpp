// What a model is compiled from.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "functions.hpp"
#include "interpolation.hpp"

namespace wilks {

// What becomes of the sum of a block's rows, in this order: they are logarithms; their sum over bins is kept at
// `block_total`; it is cut off at `block_floor`; its sum is `block_total` again. `form_bent`: variations of codes 1 or 5.
enum BlockForm : int { form_logarithm = 1, form_keep_sum = 2, form_floor = 4, form_share = 8, form_bent = 16 };

enum ConstraintKind : int { constraint_normal = 1, constraint_poisson = 2, constraint_two_widths = 3 };

// The arrays that describe a model to `compile`, as they come from outside.
struct Source {
  int parameters;
  std::vector<int> channel_bins, block_channel;
  std::vector<double> nominal;  // blocks, one after the other
  std::vector<int> factor_start, factor_parameter, factor_code;
  std::vector<double> factor_lo, factor_hi;
  std::vector<int> shape_start, shape_parameter, shape_code;
  std::vector<double> shape_lo, shape_hi;  // entries, one after the other
  std::vector<int> bin_start, bin_parameter;
  std::vector<int> constraint_kind, constraint_parameter;
  std::vector<double> constraint_scale;
  std::vector<double> constraint_lower;  // of two widths, that below the auxiliary data; none, or one for each constraint
  // Correlated normal constraints: the widths above are the conditional ones, and for each pair of constraints the element
  // of the inverse covariance; what is added to the constants of the densities.
  std::vector<int> coupling_first, coupling_second;
  std::vector<double> coupling, coupling_constant;
  FunctionSource functions;  // inputs after the parameters
  // Groups of blocks of one channel whose errors are added to the rates (errors.hpp): first of their blocks; blocks, one
  // parameter for each bin, and the errors of each block.
  std::vector<int> error_start, error_block, error_parameter;
  std::vector<double> errors;
  std::vector<int> block_form;  // none, or one for each block
  std::vector<double> block_floor, block_total;

  int inputs() const { return parameters + static_cast<int>(functions.result.size()); }
};

// The same as `check`, of errors that are added.
inline const char* check_errors(const Source& s) {
  if (s.error_start.empty()) return s.error_block.empty() && s.error_parameter.empty() && s.errors.empty() ? nullptr : "errors belong to no group";
  const std::size_t members = s.error_block.size();
  if (s.error_start.front() != 0 || !std::is_sorted(s.error_start.begin(), s.error_start.end()) || static_cast<std::size_t>(s.error_start.back()) != members)
    return "the arrays of errors have different lengths";
  std::size_t parameters = 0, numbers = 0;
  for (std::size_t g = 0; g + 1 < s.error_start.size(); ++g) {
    if (s.error_start[g] == s.error_start[g + 1]) return "a group of errors has no block";
    int channel = -1;
    for (int i = s.error_start[g]; i < s.error_start[g + 1]; ++i) {
      const int k = s.error_block[i];
      if (k < 0 || k >= static_cast<int>(s.block_channel.size())) return "errors name a block that does not exist";
      if (channel >= 0 && channel != s.block_channel[k]) return "a group of errors belongs to one channel";
      channel = s.block_channel[k];
    }
    parameters += s.channel_bins[channel];
    numbers += static_cast<std::size_t>(s.channel_bins[channel]) * (s.error_start[g + 1] - s.error_start[g]);
  }
  if (parameters != s.error_parameter.size() || numbers != s.errors.size()) return "the arrays of errors have different lengths";
  std::vector<int> used = s.error_parameter;
  std::sort(used.begin(), used.end());
  if (std::adjacent_find(used.begin(), used.end()) != used.end()) return "every error needs a parameter of its own";
  const auto any_used = [&](const std::vector<int>& others) {
    return std::any_of(others.begin(), others.end(), [&](int p) { return std::binary_search(used.begin(), used.end(), p); });
  };
  for (const auto* others : {&s.factor_parameter, &s.shape_parameter, &s.bin_parameter})
    if (any_used(*others)) return "every error needs a parameter of its own";
  for (int p : used)
    if (std::find(s.constraint_parameter.begin(), s.constraint_parameter.end(), p) == s.constraint_parameter.end())
      return "the parameter of an error needs a constraint";
  return nullptr;
}

// Returns a sentence where the arrays don't fit together, else nullptr.
inline const char* check(const Source& s) {
  const auto inside = [&](const std::vector<int>& parameter, int end) {
    return std::all_of(parameter.begin(), parameter.end(), [&](int p) { return p >= 0 && p < end; });
  };
  const auto rising = [](const std::vector<int>& start, std::size_t blocks, std::size_t entries) {
    return start.size() == blocks + 1 && start.front() == 0 && std::is_sorted(start.begin(), start.end()) &&
           static_cast<std::size_t>(start.back()) == entries;
  };
  const std::size_t blocks = s.block_channel.size();
  if (s.parameters < 0) return "the number of parameters can't be negative";
  double total = 0;
  for (int n : s.channel_bins) {
    if (n < 1) return "every channel needs at least one bin";
    total += n;
  }
  if (total > 1e9) return "too many bins";
  for (const auto* values : {&s.errors, &s.nominal, &s.shape_lo, &s.shape_hi, &s.factor_lo, &s.factor_hi})
    for (double x : *values)
      if (!std::isfinite(x)) return "yields and factors must be finite";
  for (int code : s.factor_code)
    if (code != factor_free && code != factor_code1 && code != factor_code2 && code != factor_code4 && code != factor_combine && code != factor_code0)
      return "unknown interpolation of a factor";
  for (int code : s.shape_code)
    if (code != shape_code0 && code != shape_code2 && code != shape_code4p && !bends_bins(code)) return "unknown interpolation of a shape";
  if (!std::is_sorted(s.block_channel.begin(), s.block_channel.end())) return "blocks must be ordered by channel";
  for (int c : s.block_channel)
    if (c < 0 || c >= static_cast<int>(s.channel_bins.size())) return "a block names a channel that does not exist";
  if (!rising(s.factor_start, blocks, s.factor_parameter.size()) || s.factor_code.size() != s.factor_parameter.size() ||
      s.factor_lo.size() != s.factor_parameter.size() || s.factor_hi.size() != s.factor_parameter.size())
    return "the arrays of scalar factors have different lengths";
  if (!rising(s.shape_start, blocks, s.shape_parameter.size()) || s.shape_code.size() != s.shape_parameter.size())
    return "the arrays of shape variations have different lengths";
  if (const char* problem = check_errors(s)) return problem;
  if (!inside(s.error_parameter, s.parameters)) return "a parameter index is out of range";
  if (!s.block_form.empty() && s.block_form.size() != blocks) return "forms of blocks have the wrong length";
  if (s.block_floor.size() != s.block_form.size() || s.block_total.size() != s.block_form.size()) return "forms of blocks have the wrong length";
  const std::size_t bin_entries = s.bin_start.empty() ? 0 : static_cast<std::size_t>(std::max(0, s.bin_start.back()));
  if (!rising(s.bin_start, blocks, bin_entries)) return "the arrays of per-bin factors have different lengths";
  std::size_t nominal = 0, shape = 0, per_bin = 0;
  for (std::size_t k = 0; k < blocks; ++k) {
    const std::size_t bins = s.channel_bins[s.block_channel[k]];
    nominal += bins;
    shape += bins * (s.shape_start[k + 1] - s.shape_start[k]);
    per_bin += bins * (s.bin_start[k + 1] - s.bin_start[k]);
  }
  if (nominal != s.nominal.size()) return "nominal yields have the wrong length";
  if (shape != s.shape_lo.size() || shape != s.shape_hi.size()) return "shape variations have the wrong length";
  if (per_bin != s.bin_parameter.size()) return "indices of per-bin factors have the wrong length";
  if (!inside(s.factor_parameter, s.inputs()) || !inside(s.shape_parameter, s.inputs()) || !inside(s.bin_parameter, s.parameters) ||
      !inside(s.constraint_parameter, s.parameters))
    return "a parameter index is out of range";
  if (const char* problem = s.functions.check(s.parameters)) return problem;
  if (s.constraint_kind.size() != s.constraint_parameter.size() || s.constraint_scale.size() != s.constraint_kind.size())
    return "the arrays of constraints have different lengths";
  for (int kind : s.constraint_kind)
    if (kind < constraint_normal || kind > constraint_two_widths) return "unknown kind of constraint";
  for (double scale : s.constraint_scale)
    if (!(scale > 0) || !std::isfinite(scale)) return "a constraint needs a positive, finite width or factor";
  const int constraints = static_cast<int>(s.constraint_kind.size());
  if (!s.constraint_lower.empty() && s.constraint_lower.size() != s.constraint_kind.size()) return "lower widths have the wrong length";
  for (int i = 0; i < constraints; ++i)
    if (s.constraint_kind[i] == constraint_two_widths && (s.constraint_lower.empty() || !(s.constraint_lower[i] > 0)))
      return "a constraint of two widths needs both";
  if (s.coupling_first.size() != s.coupling.size() || s.coupling_second.size() != s.coupling.size()) return "couplings have different lengths";
  if (!inside(s.coupling_first, constraints) || !inside(s.coupling_second, constraints)) return "a coupling names a constraint that does not exist";
  return nullptr;
}

}  // namespace wilks
