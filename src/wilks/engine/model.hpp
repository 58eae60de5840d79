// A compiled HistFactory model: flat arrays ordered channel by channel, and nothing else.
//
// A *block* is one sample in one channel. Parameters are of two kinds: *local* ones are constrained per-bin factors
// (gammas) that act in exactly one bin; all others are *shared*. Local parameters are eliminated exactly in the linear
// algebra, so its size is the number of shared ones. The local parameters of a channel sit in *slots*: a slot holds, for
// each bin of the channel, one local parameter or none.
#pragma once

#include <cstdint>
#include <vector>

#include "interpolation.hpp"
#include "kernels.hpp"

namespace wilks {

using Index = std::ptrdiff_t;

enum ConstraintKind : int { constraint_normal = 1, constraint_poisson = 2 };

struct Model {
  int parameters = 0, bins = 0, channels = 0, blocks = 0, shared = 0, constraints = 0;
  std::vector<int> channel_bin;    // channels + 1: first bin
  std::vector<int> channel_block;  // channels + 1: first block
  std::vector<Index> block_row;    // blocks: nominal yields in `templates`
  std::vector<double> templates;   // nominal, S and A rows

  std::vector<int> factor_start, factor_parameter, factor_code, factor_column;  // per block; entries
  std::vector<double> factor_coefficient;                                      // entries x factor_coefficients
  std::vector<int> shape_start, shape_parameter, shape_code, shape_column;
  std::vector<Index> shape_odd, shape_even;  // rows in `templates`; even is -1 where it vanishes
  std::vector<int> bin_start, bin_slot;      // per-bin factors: entries; slot in the channel, or -1 if shared
  std::vector<Index> bin_row;                // entries: first index in `bin_parameter` (and `bin_column`)
  std::vector<int> bin_parameter, bin_column;

  std::vector<int> column_start, column_shared;  // channel: its shared parameters (index among the shared ones)
  std::vector<int> slot_start, slot_parameter;   // channel: first slot; parameter per (slot, bin) at slot_row
  std::vector<Index> slot_row;                   // slots

  std::vector<int> constraint_kind, constraint_parameter;
  std::vector<double> constraint_scale;  // sigma (normal) or tau (Poisson)

  std::vector<char> direct_pairs;     // channel: whether it has few second derivatives (see evaluate.hpp)
  std::vector<int> identity;          // 0, 1, 2, ... up to the largest number of columns
  std::vector<int> shared_parameter;  // shared -> parameter
  std::vector<int> shared_index;      // parameter -> shared, -1 for local ones
  std::vector<Index> local_diagonal;  // parameter -> its diagonal element in the local blocks, -1 for shared ones

  // Offsets of a channel's part of the derivative blocks (see evaluate.hpp).
  std::vector<Index> jacobian_offset, local_jacobian_offset, mixed_offset, local_offset;
  Index jacobian_size = 0, local_jacobian_size = 0, mixed_size = 0, local_size = 0;
  int largest_bins = 0, largest_blocks = 0, largest_columns = 0, largest_slots = 0, largest_factors = 0, largest_shapes = 0,
      largest_bin_factors = 0;

  int bins_of(int c) const { return channel_bin[c + 1] - channel_bin[c]; }
  int columns_of(int c) const { return column_start[c + 1] - column_start[c]; }
  int slots_of(int c) const { return slot_start[c + 1] - slot_start[c]; }
};

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
};

// Returns a sentence where the arrays don't fit together, else nullptr.
inline const char* check(const Source& s) {
  const auto inside = [&](const std::vector<int>& parameter) {
    return std::all_of(parameter.begin(), parameter.end(), [&](int p) { return p >= 0 && p < s.parameters; });
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
  for (const auto* values : {&s.nominal, &s.shape_lo, &s.shape_hi, &s.factor_lo, &s.factor_hi})
    for (double x : *values)
      if (!std::isfinite(x)) return "yields and factors must be finite";
  for (int code : s.factor_code)
    if (code != factor_free && code != factor_code1 && code != factor_code4) return "unknown interpolation of a factor";
  for (int code : s.shape_code)
    if (code != shape_code0 && code != shape_code2 && code != shape_code4p) return "unknown interpolation of a shape";
  if (!std::is_sorted(s.block_channel.begin(), s.block_channel.end())) return "blocks must be ordered by channel";
  for (int c : s.block_channel)
    if (c < 0 || c >= static_cast<int>(s.channel_bins.size())) return "a block names a channel that does not exist";
  if (!rising(s.factor_start, blocks, s.factor_parameter.size()) || s.factor_code.size() != s.factor_parameter.size() ||
      s.factor_lo.size() != s.factor_parameter.size() || s.factor_hi.size() != s.factor_parameter.size())
    return "the arrays of scalar factors have different lengths";
  if (!rising(s.shape_start, blocks, s.shape_parameter.size()) || s.shape_code.size() != s.shape_parameter.size())
    return "the arrays of shape variations have different lengths";
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
  if (!inside(s.factor_parameter) || !inside(s.shape_parameter) || !inside(s.bin_parameter) || !inside(s.constraint_parameter))
    return "a parameter index is out of range";
  if (s.constraint_kind.size() != s.constraint_parameter.size() || s.constraint_scale.size() != s.constraint_kind.size())
    return "the arrays of constraints have different lengths";
  for (int kind : s.constraint_kind)
    if (kind != constraint_normal && kind != constraint_poisson) return "unknown kind of constraint";
  for (double scale : s.constraint_scale)
    if (!(scale > 0) || !std::isfinite(scale)) return "a constraint needs a positive, finite width or factor";
  return nullptr;
}

namespace detail {

// A parameter is local if it is constrained, acts per bin only, in one bin only, and always in the same set.
inline std::vector<char> local_parameters(const Source& s, const std::vector<int>& channel_bin) {
  std::vector<int> home(s.parameters, -1);
  std::vector<Index> first_row(s.parameters, -1);  // the row of parameters that it was met in first
  std::vector<char> local(s.parameters, 0);
  for (int p : s.constraint_parameter) local[p] = 1;
  for (int p : s.factor_parameter) local[p] = 0;
  for (int p : s.shape_parameter) local[p] = 0;
  Index at = 0;
  for (std::size_t k = 0; k < s.block_channel.size(); ++k) {
    const int c = s.block_channel[k], bins = s.channel_bins[c];
    for (int e = s.bin_start[k]; e < s.bin_start[k + 1]; ++e)
      for (int b = 0; b < bins; ++b, ++at) {
        const int p = s.bin_parameter[at], bin = channel_bin[c] + b;
        if (home[p] >= 0 && home[p] != bin) local[p] = 0;
        home[p] = bin;
        const Index row = at - b;
        if (first_row[p] < 0) first_row[p] = row;
        const int* there = s.bin_parameter.data() + first_row[p];
        if (!std::equal(there, there + bins, s.bin_parameter.data() + row)) local[p] = 0;
      }
  }
  for (int p = 0; p < s.parameters; ++p)
    if (home[p] < 0) local[p] = 0;
  // One entry is local or shared as a whole.
  bool changed = true;
  while (changed) {
    changed = false;
    at = 0;
    for (std::size_t k = 0; k < s.block_channel.size(); ++k) {
      const int bins = s.channel_bins[s.block_channel[k]];
      for (int e = s.bin_start[k]; e < s.bin_start[k + 1]; ++e, at += bins) {
        const bool all = std::all_of(s.bin_parameter.begin() + at, s.bin_parameter.begin() + at + bins, [&](int p) { return local[p]; });
        for (int b = 0; b < bins && !all; ++b)
          if (local[s.bin_parameter[at + b]]) changed = true, local[s.bin_parameter[at + b]] = 0;
      }
    }
  }
  return local;
}

}  // namespace detail

inline Model compile(const Source& s) {
  Model m;
  m.parameters = s.parameters;
  m.channels = static_cast<int>(s.channel_bins.size());
  m.blocks = static_cast<int>(s.block_channel.size());
  m.channel_bin.assign(1, 0);
  for (int n : s.channel_bins) m.channel_bin.push_back(m.channel_bin.back() + n);
  m.bins = m.channel_bin.back();
  m.channel_block.assign(m.channels + 1, 0);
  for (int c : s.block_channel) ++m.channel_block[c + 1];
  for (int c = 0; c < m.channels; ++c) m.channel_block[c + 1] += m.channel_block[c];

  m.constraints = static_cast<int>(s.constraint_kind.size());
  m.constraint_kind = s.constraint_kind;
  m.constraint_parameter = s.constraint_parameter;
  m.constraint_scale = s.constraint_scale;

  const std::vector<char> local = detail::local_parameters(s, m.channel_bin);
  m.shared_index.assign(m.parameters, -1);
  m.local_diagonal.assign(m.parameters, -1);
  for (int p = 0; p < m.parameters; ++p)
    if (!local[p]) m.shared_index[p] = m.shared++, m.shared_parameter.push_back(p);

  m.factor_start = s.factor_start;
  m.factor_parameter = s.factor_parameter;
  m.factor_code = s.factor_code;
  m.factor_coefficient.resize(s.factor_parameter.size() * factor_coefficients);
  for (std::size_t e = 0; e < s.factor_parameter.size(); ++e)
    prepare_factor(s.factor_lo[e], s.factor_hi[e], &m.factor_coefficient[e * factor_coefficients]);
  m.shape_start = s.shape_start;
  m.shape_parameter = s.shape_parameter;
  m.shape_code = s.shape_code;
  m.bin_start = s.bin_start;
  m.bin_parameter = s.bin_parameter;
  m.factor_column.resize(m.factor_parameter.size());
  m.shape_column.resize(m.shape_parameter.size());
  m.bin_column.assign(m.bin_parameter.size(), -1);
  m.bin_slot.assign(s.bin_start.back(), -1);
  m.bin_row.resize(s.bin_start.back());
  m.column_start.assign(1, 0);
  m.slot_start.assign(1, 0);

  std::vector<int> column(m.shared, -1);
  Index nominal_at = 0, shape_at = 0, bin_at = 0;
  for (int c = 0; c < m.channels; ++c) {
    const int bins = s.channel_bins[c], first_column = m.column_start.back();
    // The columns of a channel are its shared parameters in rising order.
    const auto column_of = [&](int parameter) { return column[m.shared_index[parameter]]; };
    const auto mark = [&](int parameter) { column[m.shared_index[parameter]] = 0; };
    Index at = bin_at;
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k) {
      for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) mark(m.factor_parameter[e]);
      for (int e = m.shape_start[k]; e < m.shape_start[k + 1]; ++e) mark(m.shape_parameter[e]);
      for (int e = m.bin_start[k]; e < m.bin_start[k + 1]; ++e, at += bins)
        for (int b = 0; b < bins && !local[s.bin_parameter[at]]; ++b) mark(s.bin_parameter[at + b]);
    }
    for (int d = 0; d < m.shared; ++d)
      if (column[d] == 0) {
        column[d] = static_cast<int>(m.column_shared.size()) - first_column;
        m.column_shared.push_back(d);
      }
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k) {
      const double* nominal = &s.nominal[nominal_at];
      m.block_row.push_back(static_cast<Index>(m.templates.size()));
      m.templates.insert(m.templates.end(), nominal, nominal + bins);
      for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) m.factor_column[e] = column_of(m.factor_parameter[e]);
      for (int e = m.shape_start[k]; e < m.shape_start[k + 1]; ++e, shape_at += bins) {
        m.shape_column[e] = column_of(m.shape_parameter[e]);
        m.shape_odd.push_back(static_cast<Index>(m.templates.size()));
        bool even = false;
        for (int b = 0; b < bins; ++b) m.templates.push_back(0.5 * (s.shape_hi[shape_at + b] - s.shape_lo[shape_at + b]));
        const Index row = static_cast<Index>(m.templates.size());
        for (int b = 0; b < bins; ++b) {
          const double a = ((s.shape_hi[shape_at + b] - nominal[b]) - (nominal[b] - s.shape_lo[shape_at + b])) / 16.0;
          even = even || a != 0.0;
          m.templates.push_back(a);
        }
        if (!even) m.templates.resize(row);
        m.shape_even.push_back(even ? row : -1);
      }
      for (int e = m.bin_start[k]; e < m.bin_start[k + 1]; ++e, bin_at += bins) {
        m.bin_row[e] = bin_at;
        const int* parameter = &s.bin_parameter[bin_at];
        if (!local[parameter[0]]) {
          for (int b = 0; b < bins; ++b) m.bin_column[bin_at + b] = column_of(parameter[b]);
          continue;
        }
        const int first_slot = m.slot_start.back(), slots = static_cast<int>(m.slot_row.size()) - first_slot;
        int slot = -1;
        for (int t = 0; t < slots && slot < 0; ++t)
          if (std::equal(parameter, parameter + bins, &m.slot_parameter[m.slot_row[first_slot + t]])) slot = t;
        if (slot < 0) {
          slot = slots;
          m.slot_row.push_back(static_cast<Index>(m.slot_parameter.size()));
          m.slot_parameter.insert(m.slot_parameter.end(), parameter, parameter + bins);
        }
        m.bin_slot[e] = slot;
      }
      nominal_at += bins;
      m.largest_factors = std::max(m.largest_factors, m.factor_start[k + 1] - m.factor_start[k]);
      m.largest_shapes = std::max(m.largest_shapes, m.shape_start[k + 1] - m.shape_start[k]);
      m.largest_bin_factors = std::max(m.largest_bin_factors, m.bin_start[k + 1] - m.bin_start[k]);
    }
    for (std::size_t i = first_column; i < m.column_shared.size(); ++i) column[m.column_shared[i]] = -1;
    m.column_start.push_back(static_cast<int>(m.column_shared.size()));
    m.slot_start.push_back(static_cast<int>(m.slot_row.size()));
    const Index columns = m.columns_of(c), slots = m.slots_of(c);
    double pairs = 0;
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k) {
      const double f = m.factor_start[k + 1] - m.factor_start[k], h = m.shape_start[k + 1] - m.shape_start[k];
      pairs += f * (0.5 * f + h) + h;
    }
    m.direct_pairs.push_back(pairs < 1.5 * static_cast<double>(columns) * columns);
    m.jacobian_offset.push_back(m.jacobian_size);
    m.local_jacobian_offset.push_back(m.local_jacobian_size);
    m.mixed_offset.push_back(m.mixed_size);
    m.local_offset.push_back(m.local_size);
    for (Index t = 0; t < slots; ++t)
      for (int b = 0; b < bins; ++b)
        m.local_diagonal[m.slot_parameter[m.slot_row[m.slot_start[c] + t] + b]] = m.local_size + (t * slots + t) * bins + b;
    m.jacobian_size += columns * bins;
    m.local_jacobian_size += slots * bins;
    m.mixed_size += slots * columns * bins;
    m.local_size += slots * slots * bins;
    m.largest_bins = std::max(m.largest_bins, bins);
    m.largest_blocks = std::max(m.largest_blocks, m.channel_block[c + 1] - m.channel_block[c]);
    m.largest_columns = std::max(m.largest_columns, static_cast<int>(columns));
    m.largest_slots = std::max(m.largest_slots, static_cast<int>(slots));
  }
  for (int i = 0; i < m.largest_columns; ++i) m.identity.push_back(i);
  return m;
}

}  // namespace wilks
