// A compiled HistFactory model: flat arrays ordered channel by channel, and nothing else.
//
// A *block* is one sample in one channel. Parameters are of two kinds: *local* ones are constrained per-bin factors
// (gammas) that act in exactly one bin; all others are *shared*. Local parameters are eliminated exactly in the linear
// algebra, so its size is the number of shared ones. The local parameters of a channel sit in *slots*: a slot holds, for
// each bin of the channel, one local parameter or none.
//
// What steers a factor or a shape variation is an *input*: a parameter, or the value of a function of parameters. Functions
// are inputs after the parameters; only `evaluate` and its kin know of them, derivatives that leave it are with respect to
// parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "rows.hpp"
#include "source.hpp"

namespace wilks {

struct Model {
  int parameters = 0, inputs = 0, bins = 0, channels = 0, blocks = 0, shared = 0, constraints = 0;
  std::vector<int> channel_bin;    // channels + 1: first bin
  std::vector<int> channel_block;  // channels + 1: first block

  // Template rows of a block: the nominal yields, then for each shape variation its odd part and, where that does not
  // vanish, its even part. Every row has stride_of(channel) doubles. Rates are sums of rows times values: the values
  // are the inputs, then 1, then the even parts (`even_parameter`, `even_code`), see evaluate.hpp.
  std::vector<double> templates;
  std::vector<Index> block_templates;  // blocks: first double in `templates`
  std::vector<int> row_start;          // blocks + 1
  std::vector<int> row_value, row_parameter, row_column;  // rows; the last two are -1 for the nominal yields
  std::vector<int> even_parameter, even_code;
  std::vector<int> row_code;    // rows: the code of a variation of codes 1 and 5, whose coefficients are this row and the next
  std::vector<int> block_form;  // blocks, see BlockForm
  std::vector<double> block_floor, block_total;
  bool any_form = false, any_kink = false;

  std::vector<int> factor_start;                                     // blocks + 1: entries
  std::vector<int> factor_parameter, factor_code, factor_column;     // entries
  std::vector<double> factor_coefficient;                            // factor_coefficients x entries

  // Blocks of a channel with the same per-bin factors form a group.
  std::vector<int> channel_group;               // channels + 1
  std::vector<int> group_start, group_block;    // groups + 1; blocks
  std::vector<int> group_column_start, group_column;  // groups + 1; columns that its blocks depend on
  std::vector<int> bin_start, bin_slot;         // groups + 1: entries; slot in the channel, or -1 if shared
  std::vector<Index> bin_row;                   // entries: first index in `bin_parameter` (and `bin_column`)
  std::vector<int> bin_parameter, bin_column;
  std::vector<int> block_group;
  std::vector<int> block_column_start, block_column;  // blocks + 1; columns of its factors and rows, rising

  // Groups of errors that are added to the rates, see errors.hpp: those of a channel, and their slots.
  std::vector<int> channel_error, error_start, error_block, error_parameter, error_slot;
  std::vector<Index> error_row, error_parameter_row;  // groups: first in `errors`, in `error_parameter`
  std::vector<double> errors;

  std::vector<int> column_start, column_shared;  // channel: its shared parameters (index among the shared ones)
  // Channel: the functions that act there, each a column after those of the parameters; the columns of their parameters.
  Functions functions;
  std::vector<int> function_start, channel_function;  // channels + 1; functions
  std::vector<int> fold_start, fold_column;           // channel's functions + 1; columns
  std::vector<int> slot_start, slot_parameter;   // channel: first slot; parameter per (slot, bin) at slot_row
  std::vector<Index> slot_row;                   // slots

  std::vector<int> constraint_kind, constraint_parameter;
  std::vector<double> constraint_scale;  // sigma (normal; of two, the upper one) or tau (Poisson)
  std::vector<double> constraint_lower;
  std::vector<int> coupling_first, coupling_second;  // constraints
  std::vector<double> coupling;
  double coupling_constant = 0.0;

  std::vector<char> dense_pairs;      // channel: whether most pairs of columns have a second derivative
  std::vector<int> shared_parameter;  // shared -> parameter
  std::vector<int> shared_index;      // parameter -> shared, -1 for local ones
  std::vector<Index> local_diagonal;  // parameter -> its diagonal element in the local blocks, -1 for shared ones

  // Offsets of a channel's part of the derivative blocks (see evaluate.hpp).
  std::vector<Index> jacobian_offset, local_jacobian_offset, mixed_offset, local_offset;
  Index jacobian_size = 0, local_jacobian_size = 0, mixed_size = 0, local_size = 0;
  int largest_bins = 0, largest_blocks = 0, largest_columns = 0, largest_width = 0, most_functions = 0, most_errors = 0, largest_slots = 0, largest_rows = 0, largest_factors = 0, largest_bin_factors = 0;

  int bins_of(int c) const { return channel_bin[c + 1] - channel_bin[c]; }
  int stride_of(int c) const { return whole_quads(bins_of(c)); }
  int columns_of(int c) const { return column_start[c + 1] - column_start[c]; }
  int functions_of(int c) const { return function_start[c + 1] - function_start[c]; }
  // The columns of a channel, and those of its functions.
  int width_of(int c) const { return columns_of(c) + functions_of(c); }
  // Whether the columns of a channel are all the shared parameters.
  bool all_columns(int c) const { return columns_of(c) == shared; }
  int slots_of(int c) const { return slot_start[c + 1] - slot_start[c]; }
};

}  // namespace wilks
