// What a model is stored as: the arrays that describe it, and its templates as they were compiled. Not a bit is lost, and
// nothing large is kept twice.
#pragma once

#include "compile.hpp"

namespace wilks {

struct Description {
  Source source;           // without the yields and the shape variations
  std::size_t yields = 0;  // their number
  std::vector<std::uint8_t> even;  // shape variations: whether `compile` finds an even part
};

// The members of a description by name: every list of them is made from this one.
template <class Action>
void each_member(Action action, auto& d) {
  action("channel_bins", d.source.channel_bins);
  action("block_channel", d.source.block_channel);
  action("factor_start", d.source.factor_start);
  action("factor_parameter", d.source.factor_parameter);
  action("factor_code", d.source.factor_code);
  action("factor_lo", d.source.factor_lo);
  action("factor_hi", d.source.factor_hi);
  action("shape_start", d.source.shape_start);
  action("shape_parameter", d.source.shape_parameter);
  action("shape_code", d.source.shape_code);
  action("bin_start", d.source.bin_start);
  action("bin_parameter", d.source.bin_parameter);
  action("constraint_kind", d.source.constraint_kind);
  action("constraint_parameter", d.source.constraint_parameter);
  action("constraint_scale", d.source.constraint_scale);
  action("constraint_lower", d.source.constraint_lower);
  action("coupling_first", d.source.coupling_first);
  action("coupling_second", d.source.coupling_second);
  action("coupling", d.source.coupling);
  action("coupling_constant", d.source.coupling_constant);
  action("function_operation", d.source.functions.operation);
  action("function_first", d.source.functions.first);
  action("function_second", d.source.functions.second);
  action("function_number", d.source.functions.number);
  action("function_result", d.source.functions.result);
  action("function_penalty", d.source.functions.penalty);
  action("error_start", d.source.error_start);
  action("error_block", d.source.error_block);
  action("error_parameter", d.source.error_parameter);
  action("errors", d.source.errors);
  action("block_form", d.source.block_form);
  action("block_floor", d.source.block_floor);
  action("block_total", d.source.block_total);
  action("even", d.even);
}

// What is left of a source beside its templates.
inline Description describe(Source&& s) {
  Description d;
  d.yields = s.nominal.size();
  const double *nominal = s.nominal.data(), *lo = s.shape_lo.data(), *hi = s.shape_hi.data();
  for (std::size_t k = 0; k < s.block_channel.size(); ++k) {
    const int bins = s.channel_bins[s.block_channel[k]];
    for (int e = s.shape_start[k]; e < s.shape_start[k + 1]; ++e, lo += bins, hi += bins) {
      bool even = bends_bins(s.shape_code[e]);
      for (int b = 0; b < bins; ++b) even = even || ((hi[b] - nominal[b]) - (nominal[b] - lo[b])) / 16.0 != 0.0;
      d.even.push_back(even);
    }
    nominal += bins;
  }
  for (auto* values : {&s.nominal, &s.shape_lo, &s.shape_hi}) std::vector<double>().swap(*values);
  d.source = std::move(s);
  return d;
}

// The model that was described, with the templates that it had. Returns a sentence where the arrays don't fit together,
// else nullptr.
inline const char* restore(const Description& d, std::vector<double> templates, Model& model) {
  Source s = d.source;
  const std::size_t blocks = s.block_channel.size();
  if (s.shape_start.size() != blocks + 1 || d.even.size() != s.shape_parameter.size() || !std::is_sorted(s.shape_start.begin(), s.shape_start.end()) ||
      s.shape_start.front() != 0 || static_cast<std::size_t>(s.shape_start.back()) != d.even.size())
    return "the arrays of shape variations have different lengths";
  // Where rows stand in the templates depends on nothing but which variations have an even part: these stand in for them.
  s.nominal.assign(d.yields, 0.0);
  for (std::size_t k = 0; k < blocks; ++k) {
    const int c = s.block_channel[k];
    if (c < 0 || c >= static_cast<int>(s.channel_bins.size())) return "a block names a channel that does not exist";
    for (int e = s.shape_start[k]; e < s.shape_start[k + 1]; ++e)
      for (auto* side : {&s.shape_lo, &s.shape_hi}) side->insert(side->end(), std::max(0, s.channel_bins[c]), d.even[e] || side == &s.shape_hi ? 1.0 : -1.0);
  }
  if (const char* problem = check(s)) return problem;
  model = compile(s);
  if (model.templates.size() != templates.size()) return "the templates have the wrong length";
  model.templates = std::move(templates);
  return nullptr;
}

}  // namespace wilks
