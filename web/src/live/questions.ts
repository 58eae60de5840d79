/** What the page asks its worker, and what the worker answers. */

import type { Setting } from "./setting.ts";

export type Question =
  | { kind: "open"; engine: string; model: string; numbers?: string }
  /** `base`: where parameters are that the reader has not moved; null: before the fit. */
  | { kind: "predict"; setting: Setting; base: number[] | null }
  | { kind: "fit"; setting: Setting }
  | { kind: "scan"; setting: Setting; parameter: string; points: number }
  | { kind: "ranking"; setting: Setting }
  | { kind: "toys"; setting: Setting; count: number; seed: number };

export interface Asked {
  id: number;
  question: Question;
}

/** A model as the page needs to know it. */
export interface Opened {
  names: string[];
  poi: string | null;
  initial: number[];
  lower: number[];
  upper: number[];
  nominal: number[];
  sigma: number[];
  fixed: boolean[];
  channels: { name: string; bins: number }[];
}

/** Yields at a point: of each channel and sample, with the data that were used (NaN where a bin is left out). */
export interface Predicted {
  channels: { name: string; samples: string[]; yields: number[][]; total_uncertainty: number[]; data: number[] }[];
  twiceNll: number;
  /** 2NLL of the constraint terms of each parameter, above its least. */
  constraints: Record<string, number>;
}

export interface Fitted {
  names: string[];
  values: number[];
  uncertainties: number[];
  pulls: number[];
  fixed: boolean[];
  atBound: boolean[];
  twiceNll: number;
  converged: boolean;
  status: string;
  iterations: number;
  goodness: { statistic: number; ndof: number; p: number };
  seconds: number;
  prediction: Predicted;
}

export interface Scanned {
  parameter: string;
  values: number[];
  delta: number[];
}

export interface Ranked {
  names: string[];
  /** Shifts of the parameter of interest: pre-fit up, down, post-fit up, down. */
  impacts: number[][];
}

export interface Toys {
  pulls: number[];
  values: number[];
  truth: number;
  failed: number;
}

export type Answer = Opened | Predicted | Fitted | Scanned | Ranked | Toys;

export interface Told {
  id: number;
  done?: number;
  of?: number;
  answer?: Answer;
  error?: string;
}
