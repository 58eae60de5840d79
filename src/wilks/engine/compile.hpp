// From the arrays that describe a model to the model: which parameters are local, where rows, groups and columns stand.
#pragma once

#include <map>
#include <utility>

#include "model.hpp"

namespace wilks {

namespace detail {

// A parameter is local if it is constrained, acts per bin only, in one bin only, and always in the same set.
inline std::vector<char> local_parameters(const Source& s, const std::vector<int>& channel_bin) {
  std::vector<int> home(s.parameters, -1);
  std::vector<Index> first_row(s.parameters, -1);  // the row of parameters that it was met in first
  std::vector<char> local(s.parameters, 0);
  for (int p : s.constraint_parameter) local[p] = 1;
  for (const auto* coupled : {&s.coupling_first, &s.coupling_second})
    for (int i : *coupled) local[s.constraint_parameter[i]] = 0;
  for (const auto* steering : {&s.factor_parameter, &s.shape_parameter})
    for (int p : *steering)
      if (p < s.parameters) local[p] = 0;
  for (std::size_t i = 0; i < s.functions.operation.size(); ++i)
    if (s.functions.operation[i] == op_parameter) local[s.functions.first[i]] = 0;
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
  at = 0;
  for (std::size_t g = 0; g + 1 < s.error_start.size(); ++g) {  // their parameters act nowhere else, see `check`
    const int c = s.block_channel[s.error_block[s.error_start[g]]];
    for (int b = 0; b < s.channel_bins[c]; ++b, ++at) home[s.error_parameter[at]] = channel_bin[c] + b;
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

// Template rows of every block, and the values they are multiplied with.
inline void place_rows(const Source& s, Model& m) {
  std::map<std::pair<int, int>, int> even_value;  // (parameter, code): index of the value
  const int one = s.inputs();
  Index size = 0, shape_size = 0;
  for (int k = 0; k < m.blocks; ++k) size += static_cast<Index>(m.stride_of(s.block_channel[k])) * (1 + 2 * (s.shape_start[k + 1] - s.shape_start[k]));
  m.templates.assign(size, 0.0);
  size = 0;
  m.row_start.assign(1, 0);
  const double* nominal = s.nominal.data();
  for (int k = 0; k < m.blocks; ++k) {
    const int bins = m.bins_of(s.block_channel[k]), stride = m.stride_of(s.block_channel[k]);
    const auto add_row = [&](int value, int parameter) {
      m.row_value.push_back(value);
      m.row_parameter.push_back(parameter);
      size += stride;
      return &m.templates[size - stride];
    };
    m.block_templates.push_back(size);
    std::copy(nominal, nominal + bins, add_row(one, -1));
    for (int e = s.shape_start[k]; e < s.shape_start[k + 1]; ++e, shape_size += bins) {
      const double *lo = &s.shape_lo[shape_size], *hi = &s.shape_hi[shape_size];
      if (bends_bins(s.shape_code[e])) {
        double* high = add_row(s.shape_parameter[e], s.shape_parameter[e]);
        add_row(one, s.shape_parameter[e]);
        for (int b = 0; b < bins; ++b)
          if (nominal[b] > 0.0) high[b] = std::log(hi[b] / nominal[b]), high[b + stride] = std::log(lo[b] / nominal[b]);
        m.row_code.resize(m.row_value.size(), 0);
        m.row_code[m.row_value.size() - 2] = s.shape_code[e];
        m.block_form[k] |= form_bent;
        continue;
      }
      double* odd = add_row(s.shape_parameter[e], s.shape_parameter[e]);
      double* even = odd + stride;
      bool any = false;
      for (int b = 0; b < bins; ++b) {
        odd[b] = 0.5 * (hi[b] - lo[b]);
        even[b] = ((hi[b] - nominal[b]) - (nominal[b] - lo[b])) / 16.0;
        any = any || even[b] != 0.0;
      }
      if (!any) continue;
      const auto [at, fresh] = even_value.try_emplace({s.shape_parameter[e], s.shape_code[e]}, one + 1 + static_cast<int>(m.even_parameter.size()));
      if (fresh) m.even_parameter.push_back(s.shape_parameter[e]), m.even_code.push_back(s.shape_code[e]);
      add_row(at->second, s.shape_parameter[e]);
    }
    m.row_start.push_back(static_cast<int>(m.row_value.size()));
    m.largest_rows = std::max(m.largest_rows, m.row_start[k + 1] - m.row_start[k]);
    m.largest_factors = std::max(m.largest_factors, s.factor_start[k + 1] - s.factor_start[k]);
    nominal += bins;
  }
  m.row_code.resize(m.row_value.size(), 0);
  m.any_form = std::any_of(m.block_form.begin(), m.block_form.end(), [](int form) { return form != 0; });
  m.any_kink = m.functions.has_kinks() || std::any_of(m.block_form.begin(), m.block_form.end(), [](int form) { return form & form_floor; });
  m.templates.resize(size + quad);
  m.templates.shrink_to_fit();
}

// Groups of blocks with the same per-bin factors.
inline void place_groups(const Source& s, Model& m) {
  std::vector<Index> first_parameter(1, 0);  // blocks + 1: in s.bin_parameter
  for (int k = 0; k < m.blocks; ++k)
    first_parameter.push_back(first_parameter.back() + static_cast<Index>(m.bins_of(s.block_channel[k])) * (s.bin_start[k + 1] - s.bin_start[k]));
  const auto parameters = [&](int k) { return s.bin_parameter.data() + first_parameter[k]; };
  m.channel_group.assign(1, 0);
  m.group_start.assign(1, 0);
  m.bin_start.assign(1, 0);
  m.block_group.assign(m.blocks, -1);
  for (int c = 0; c < m.channels; ++c) {
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k) {
      if (m.block_group[k] >= 0) continue;
      const int entries = s.bin_start[k + 1] - s.bin_start[k], bins = m.bins_of(c), group = static_cast<int>(m.group_start.size()) - 1;
      for (int k2 = k; k2 < m.channel_block[c + 1]; ++k2)
        if (m.block_group[k2] < 0 && s.bin_start[k2 + 1] - s.bin_start[k2] == entries &&
            std::equal(parameters(k), parameters(k) + static_cast<Index>(entries) * bins, parameters(k2)))
          m.block_group[k2] = group, m.group_block.push_back(k2);
      for (int e = 0; e < entries; ++e) {
        m.bin_row.push_back(static_cast<Index>(m.bin_parameter.size()));
        m.bin_parameter.insert(m.bin_parameter.end(), parameters(k) + static_cast<Index>(e) * bins, parameters(k) + static_cast<Index>(e + 1) * bins);
      }
      m.bin_start.push_back(m.bin_start.back() + entries);
      m.group_start.push_back(static_cast<int>(m.group_block.size()));
      m.largest_bin_factors = std::max(m.largest_bin_factors, entries);
    }
    m.channel_group.push_back(static_cast<int>(m.group_start.size()) - 1);
  }
}

// Groups of errors, ordered by channel.
inline void place_errors(const Source& s, Model& m) {
  const int groups = s.error_start.empty() ? 0 : static_cast<int>(s.error_start.size()) - 1;
  std::vector<int> channel;
  std::vector<Index> row, parameter_row;
  Index rows = 0, parameters = 0;
  for (int g = 0; g < groups; ++g) {
    channel.push_back(s.block_channel[s.error_block[s.error_start[g]]]);
    row.push_back(rows);
    parameter_row.push_back(parameters);
    rows += static_cast<Index>(m.bins_of(channel[g])) * (s.error_start[g + 1] - s.error_start[g]);
    parameters += m.bins_of(channel[g]);
  }
  m.errors = s.errors;
  m.error_parameter = s.error_parameter;
  m.error_start.assign(1, 0);
  m.channel_error.assign(1, 0);
  for (int c = 0; c < m.channels; ++c) {
    for (int g = 0; g < groups; ++g) {
      if (channel[g] != c) continue;
      m.error_block.insert(m.error_block.end(), s.error_block.begin() + s.error_start[g], s.error_block.begin() + s.error_start[g + 1]);
      m.error_start.push_back(static_cast<int>(m.error_block.size()));
      m.error_row.push_back(row[g]);
      m.error_parameter_row.push_back(parameter_row[g]);
    }
    m.channel_error.push_back(static_cast<int>(m.error_row.size()));
    m.most_errors = std::max(m.most_errors, m.channel_error[c + 1] - m.channel_error[c]);
  }
}

// The columns of a channel are its shared parameters in rising order (all of them where that is little more), its slots
// the sets of local parameters.
inline void place_columns(const Source& s, const std::vector<char>& local, Model& m) {
  m.factor_column.resize(m.factor_parameter.size());
  m.row_column.assign(m.row_value.size(), -1);
  m.bin_column.assign(m.bin_parameter.size(), -1);
  m.bin_slot.assign(m.bin_row.size(), -1);
  m.column_start.assign(1, 0);
  m.slot_start.assign(1, 0);
  m.group_column_start.assign(1, 0);
  m.block_column_start.assign(1, 0);
  m.function_start.assign(1, 0);
  m.fold_start.assign(1, 0);
  std::vector<int> column(s.inputs(), -1);
  for (int c = 0; c < m.channels; ++c) {
    const int bins = m.bins_of(c), first_column = m.column_start.back();
    int used = 0;
    const auto each_parameter = [&](auto action) {
      for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k) {
        for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) action(m.factor_parameter[e]);
        for (int r = m.row_start[k] + 1; r < m.row_start[k + 1]; ++r) action(m.row_parameter[r]);
      }
      for (int g = m.channel_group[c]; g < m.channel_group[c + 1]; ++g)
        for (int e = m.bin_start[g]; e < m.bin_start[g + 1]; ++e)
          for (int b = 0; b < bins && !local[m.bin_parameter[m.bin_row[e]]]; ++b) action(m.bin_parameter[m.bin_row[e] + b]);
    };
    const auto use = [&](int p) { used += column[p] < 0, column[p] = 0; };
    each_parameter([&](int p) {
      if (p < s.parameters) return use(p);
      if (column[p] >= 0) return;
      column[p] = 0;
      m.channel_function.push_back(p - s.parameters);
      for (int q : m.functions.parameters(p - s.parameters)) use(q);
    });
    m.function_start.push_back(static_cast<int>(m.channel_function.size()));
    const bool all = used > 0.75 * m.shared;
    for (int d = 0; d < m.shared; ++d) {
      const int p = m.shared_parameter[d];
      if (column[p] < 0 && !all) continue;
      column[p] = static_cast<int>(m.column_shared.size()) - first_column;
      m.column_shared.push_back(d);
    }
    m.column_start.push_back(static_cast<int>(m.column_shared.size()));
    for (int i = m.function_start[c]; i < m.function_start[c + 1]; ++i) {
      column[s.parameters + m.channel_function[i]] = m.columns_of(c) + i - m.function_start[c];
      for (int q : m.functions.parameters(m.channel_function[i])) m.fold_column.push_back(column[q]);
      m.fold_start.push_back(static_cast<int>(m.fold_column.size()));
    }

    double pairs = 0;
    for (int k = m.channel_block[c]; k < m.channel_block[c + 1]; ++k) {
      const std::size_t first = m.block_column.size();
      for (int e = m.factor_start[k]; e < m.factor_start[k + 1]; ++e) m.block_column.push_back(m.factor_column[e] = column[m.factor_parameter[e]]);
      for (int r = m.row_start[k] + 1; r < m.row_start[k + 1]; ++r) m.block_column.push_back(m.row_column[r] = column[m.row_parameter[r]]);
      std::sort(m.block_column.begin() + first, m.block_column.end());
      m.block_column.erase(std::unique(m.block_column.begin() + first, m.block_column.end()), m.block_column.end());
      m.block_column_start.push_back(static_cast<int>(m.block_column.size()));
      pairs += std::pow(static_cast<double>(m.block_column.size() - first), 2);
    }
    const double blocks = m.channel_block[c + 1] - m.channel_block[c], columns = m.width_of(c);
    m.dense_pairs.push_back(7.0 * pairs > columns * columns * blocks);
    std::vector<int> last_group(m.width_of(c), -1);
    for (int g = m.channel_group[c]; g < m.channel_group[c + 1]; ++g) {
      for (int i = m.group_start[g]; i < m.group_start[g + 1]; ++i) {
        const int k = m.group_block[i];
        for (int j = m.block_column_start[k]; j < m.block_column_start[k + 1]; ++j)
          if (std::exchange(last_group[m.block_column[j]], g) != g) m.group_column.push_back(m.block_column[j]);
      }
      m.group_column_start.push_back(static_cast<int>(m.group_column.size()));
    }
    for (int g = m.channel_group[c]; g < m.channel_group[c + 1]; ++g)
      for (int e = m.bin_start[g]; e < m.bin_start[g + 1]; ++e) {
        const int* parameter = &m.bin_parameter[m.bin_row[e]];
        if (!local[parameter[0]]) {
          for (int b = 0; b < bins; ++b) m.bin_column[m.bin_row[e] + b] = column[parameter[b]];
          continue;
        }
        const int first_slot = m.slot_start.back(), slots = static_cast<int>(m.slot_row.size()) - first_slot;
        for (int t = 0; t < slots && m.bin_slot[e] < 0; ++t)
          if (std::equal(parameter, parameter + bins, &m.slot_parameter[m.slot_row[first_slot + t]])) m.bin_slot[e] = t;
        if (m.bin_slot[e] >= 0) continue;
        m.bin_slot[e] = slots;
        m.slot_row.push_back(static_cast<Index>(m.slot_parameter.size()));
        m.slot_parameter.insert(m.slot_parameter.end(), parameter, parameter + bins);
      }
    for (int g = m.channel_error[c]; g < m.channel_error[c + 1]; ++g) {
      m.error_slot.push_back(static_cast<int>(m.slot_row.size()) - m.slot_start.back());
      m.slot_row.push_back(static_cast<Index>(m.slot_parameter.size()));
      const int* parameter = &m.error_parameter[m.error_parameter_row[g]];
      m.slot_parameter.insert(m.slot_parameter.end(), parameter, parameter + bins);
    }
    m.slot_start.push_back(static_cast<int>(m.slot_row.size()));
    each_parameter([&](int p) { column[p] = -1; });
    for (int i = m.function_start[c]; i < m.function_start[c + 1]; ++i)
      for (int q : m.functions.parameters(m.channel_function[i])) column[q] = -1;
    if (all)
      for (int p : m.shared_parameter) column[p] = -1;
  }
}

}  // namespace detail

inline Model compile(const Source& s) {
  Model m;
  m.parameters = s.parameters;
  m.inputs = s.inputs();
  m.functions.compile(s.functions);
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
  m.constraint_lower = s.constraint_lower;
  m.coupling_first = s.coupling_first;
  m.coupling_second = s.coupling_second;
  m.coupling = s.coupling;
  for (double constant : s.coupling_constant) m.coupling_constant += constant;

  const std::vector<char> local = detail::local_parameters(s, m.channel_bin);
  m.shared_index.assign(m.parameters, -1);
  m.local_diagonal.assign(m.parameters, -1);
  for (int p = 0; p < m.parameters; ++p)
    if (!local[p]) m.shared_index[p] = m.shared++, m.shared_parameter.push_back(p);

  m.factor_start = s.factor_start;
  m.factor_parameter = s.factor_parameter;
  m.factor_code = s.factor_code;
  const std::size_t factors = s.factor_parameter.size();
  m.factor_coefficient.resize(factors * factor_coefficients);
  for (std::size_t e = 0; e < factors; ++e) prepare_factor(s.factor_code[e], s.factor_lo[e], s.factor_hi[e], &m.factor_coefficient[e], factors);
  m.block_form = s.block_form;
  m.block_floor = s.block_floor;
  m.block_total = s.block_total;
  m.block_form.resize(m.blocks, 0);
  detail::place_rows(s, m);
  detail::place_groups(s, m);
  detail::place_errors(s, m);
  detail::place_columns(s, local, m);
  for (int c = 0; c < m.channels; ++c) {
    const Index columns = m.columns_of(c), slots = m.slots_of(c), stride = m.stride_of(c);
    m.jacobian_offset.push_back(m.jacobian_size);
    m.local_jacobian_offset.push_back(m.local_jacobian_size);
    m.mixed_offset.push_back(m.mixed_size);
    m.local_offset.push_back(m.local_size);
    for (Index t = 0; t < slots; ++t)
      for (int b = 0; b < m.bins_of(c); ++b)
        m.local_diagonal[m.slot_parameter[m.slot_row[m.slot_start[c] + t] + b]] = m.local_size + (t * slots + t) * stride + b;
    m.jacobian_size += columns * stride;
    m.local_jacobian_size += slots * stride;
    m.mixed_size += slots * columns * stride;
    m.local_size += slots * slots * stride;
    m.largest_bins = std::max(m.largest_bins, m.bins_of(c));
    m.largest_blocks = std::max(m.largest_blocks, m.channel_block[c + 1] - m.channel_block[c]);
    m.largest_columns = std::max(m.largest_columns, static_cast<int>(columns));
    m.largest_width = std::max(m.largest_width, m.width_of(c));
    m.most_functions = std::max(m.most_functions, m.functions_of(c));
    m.largest_slots = std::max(m.largest_slots, static_cast<int>(slots));
  }
  return m;
}

}  // namespace wilks
