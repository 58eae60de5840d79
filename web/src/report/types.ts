/** What Python hands over: the layout of saved results (NaN is null, infinities are "inf" and "-inf"). */

import type { Run } from "../drawing/labels.ts";

export type Num = number | null;

export interface Channel {
  name: string;
  label: string;
  unit: string;
  edges: number[];
  binLabels: string[];
  /** Whether bins only have numbers, since nothing is known of their edges. */
  numbered: boolean;
  logX: boolean;
}

export interface ChannelPrediction {
  name: string;
  samples: string[];
  yields: Num[][];
  uncertainties: Num[][];
  total_uncertainty: Num[];
  sample_sums_uncertainty: Num[];
  sum_uncertainty: Num;
  data: Num[];
}

export interface Prediction {
  label: string;
  workspace_digest: string;
  channels: ChannelPrediction[];
}

export interface Condition {
  rule: string;
  severity: string;
  brief: string;
  text: string;
  effect: string;
  advice: string;
  parameters: string[];
}

export interface Fit {
  file: string;
  names: string[];
  values: Num[];
  uncertainties: Num[];
  twice_nll: Num;
  edm: Num;
  converged: boolean;
  status: string;
  covariance_valid: boolean;
  fixed: boolean[];
  at_bound: boolean[];
  idle: boolean[];
  prefit_values: Num[];
  prefit_uncertainties: Num[];
  constraints: string[];
  modifier_types: string[][];
  poi: string | null;
  measurement: string;
  dataset: string;
  workspace_digest: string;
  version: string;
  minimizer: string;
  iterations: number;
  settings: Record<string, unknown>;
  conditions: Condition[];
}

export interface Case {
  systematic: string;
  region: string;
  sample: string;
  value_u: Num;
  value_d: Num;
  value: Num;
  bins: number[];
}

export interface Finding {
  file: string;
  rule: string;
  severity: "error" | "warning" | "note";
  place: string;
  message: string;
  advice: string;
  cases: Case[];
}

export interface TableData {
  title: string;
  header: string[];
  align: string;
  rows: string[][];
}

export interface Effect {
  region: string;
  sample: string;
  systematic: string;
  norm: [number, number];
  shape: [number, number] | null;
  judged: [number, number];
  keep_norm: boolean;
  keep_shape: boolean;
  flags: string[];
}

export interface Origin {
  measurement: string;
  dataset: string;
  workspace_digest: string;
  version: string;
  settings: Record<string, unknown>;
  conditions: Condition[];
}

export interface Result {
  file: string;
  kind: string;
  tables: TableData[];
  origin: Origin;
  [field: string]: unknown;
}

export interface Ranking extends Result {
  method: string;
  pois: string[];
  poi_values: Num[];
  poi_uncertainties: Num[][];
  names: string[];
  values: Num[];
  uncertainties: Num[][];
  prefit_values: Num[];
  prefit_uncertainties: Num[];
  constraints: string[];
  clipped: boolean[][];
  statuses: string[][];
  impacts: Num[][][];
}

export interface Breakdown extends Result {
  method: string;
  pois: string[];
  poi_values: Num[];
  groups: string[];
  members: string[][];
  statuses: string[][];
  total: Num[][];
  contributions: Num[][][];
  statistical: Num[][];
}

export interface Intervals extends Result {
  names: string[];
  values: Num[];
  lower_status: string[][];
  upper_status: string[][];
  levels: number[];
  lower: Num[][];
  upper: Num[][];
}

export interface ToyHistogram {
  edges: number[];
  counts: number[];
  count: number;
}

export interface ChannelGoodness {
  name: string;
  bins: number;
  statistic: Num;
  p_value: Num;
}

export interface PValues {
  clsb: Num[];
  clb: Num[];
  cls: Num[];
}

/** Expected p-values have five columns: -2, -1, 0, 1, 2 standard deviations. */
export interface ExpectedPValues {
  clsb: Num[][];
  clb: Num[][];
  cls: Num[][];
}

export interface Test {
  poi: string;
  values: Num[];
  statistic: string;
  calculator: string;
  alternative: Num;
  best_value: Num;
  test_statistic: Num[];
  observed: PValues;
  expected: ExpectedPValues;
  statuses: string[];
  origin: Origin;
}

export interface HypothesisTest extends Result, Test {
  origin: Origin;
}

export interface Limit extends Result {
  poi: string;
  level: number;
  observed: Num;
  expected: Num[];
  statuses: string[];
  curve: Test;
}

export interface Significance extends Result {
  poi: string;
  best_value: Num;
  significance: Num;
  p_value: Num;
  log10_p_value: Num;
  injected: Num[];
  expected_significance: Num[];
  expected_p_value: Num[];
  status: string;
  toy_p_value: Num;
  toy_error: Num;
}

export interface ScanCurve {
  label: string;
  frozen: string[];
  delta: Num[];
  statuses: string[];
  interval: { value: Num; lower: Num; upper: Num; level: number };
}

export interface Scan extends Result {
  parameter: string;
  value: Num;
  uncertainty: Num;
  values: Num[];
  curves: ScanCurve[];
  notes: string[];
}

export interface Contour extends Result {
  parameters: [string, string];
  best: [Num, Num];
  x_values: number[];
  y_values: number[];
  delta: Num[][];
  levels: number[];
  lines: { level: number; points: [number, number][] }[];
  notes: string[];
}

export interface Grid extends Result {
  poi: string;
  question: "limit" | "CLs";
  level: number;
  tested: Num;
  names: string[];
  labels: string[];
  coordinates: Num[][];
  observed: Num[];
  expected: Num[][];
  errors: Num[];
  statuses: string[];
}

export interface Toys extends Result {
  names: string[];
  poi: string | null;
  fixed: boolean[];
  modifier_types: string[][];
  count: number;
  done: number;
  converged: number;
  usable: number[];
  bias: Num[];
  spread: Num[];
  pull_mean: Num[];
  pull_width: Num[];
  covered: number[][];
  edges: number[];
  pulls: number[][];
}

export interface Compatibility extends Result {
  poi: string;
  value: Num;
  uncertainty: Num;
  groups: string[];
  members: string[][];
  values: Num[];
  uncertainties: Num[];
  statistic: Num;
  ndof: number;
  p_value: Num;
  toys_p_value: Num;
  toys: ToyHistogram | null;
  converged: boolean;
  status: string;
}

export interface Goodness extends Result {
  test: string;
  at: string;
  channels: ChannelGoodness[];
  constraints: Num;
  converged: boolean;
  status: string;
  toys: ToyHistogram | null;
  statistic: Num;
  ndof: number;
  p_value: Num;
  toys_p_value: Num;
}

/** Where each modifier acts: channel, sample and type. */
export type Acts = Record<string, [string, string, string][]>;

/** The same in few words: names, lists of places (three numbers of names each), and the list of each parameter. */
export interface IndexedActs {
  names: string[];
  sets: number[][];
  of: Record<string, number>;
}

export interface Payload {
  version: string;
  title: string;
  digest: string;
  notes: string[];
  /** Parameters whose values the page does not tell. */
  hidden: string[];
  channels: Channel[];
  acts: Acts;
  fits: Fit[];
  prefit: Prediction | null;
  postfit: Prediction | null;
  findings: Finding[];
  /** The checks that there were, and whether they were of results. */
  checked: { file: string; after: boolean }[];
  results: Result[];
  /** Whether there are templates with effects, packed in bulk. */
  processed: boolean;
  steering: string;
  /** What writes each file again. */
  commands: Record<string, string>;
  /** Names and labels that are more than plain text. */
  titles: Record<string, Run[]>;
}
