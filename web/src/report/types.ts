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
  channels: ChannelPrediction[];
}

export interface Condition {
  rule: string;
  severity: string;
  brief: string;
  text: string;
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
  pois: string[];
  names: string[];
  impacts: Num[][][];
}

export interface Breakdown extends Result {
  pois: string[];
  groups: string[];
  total: Num[][];
  contributions: Num[][][];
  statistical: Num[][];
}

export interface Intervals extends Result {
  names: string[];
  levels: number[];
  lower: Num[][];
  upper: Num[][];
}

export interface Goodness extends Result {
  at: string;
  statistic: Num;
  ndof: number;
  p_value: Num;
  toys_p_value: Num;
}

export interface Payload {
  version: string;
  title: string;
  digest: string;
  blinded?: boolean;
  notes: string[];
  channels: Channel[];
  acts: Record<string, [string, string, string][]>;
  fits: Fit[];
  prefit: Prediction | null;
  postfit: Prediction | null;
  findings: Finding[];
  results: Result[];
  /** Whether there are templates with effects, packed in bulk. */
  processed: boolean;
  steering: string;
  /** What writes each file again. */
  commands: Record<string, string>;
  /** Names and labels that are more than plain text. */
  titles: Record<string, Run[]>;
}
