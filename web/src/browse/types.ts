/** What a page knows of a file, as Python writes it (`wilks.browse.encoding`). */

/** A number; those that JSON lacks are texts. */
export type Value = number | "NaN" | "Infinity" | "-Infinity";

/** Places in the lists of edges and labels, which are stored once for all that share them. */
export interface BinsRecord {
  edges?: number;
  labels?: number;
}

export interface HistogramRecord extends BinsRecord {
  label: string;
  values: Value[];
  errors: Value[];
  integral: Value;
  mean: Value | null;
  stdev: Value | null;
  underflow: Value;
  overflow: Value;
  /** A sentence on what lies outside the edges; empty where that is little. */
  outside: string;
}

export interface PointsRecord extends BinsRecord {
  x: Value[];
  y: Value[];
  xLow: Value[];
  xHigh: Value[];
  yLow: Value[];
  yHigh: Value[];
  label: string;
  yLabel: string;
  note: string;
}

export interface PlaneRecord {
  axes: [BinsRecord & { label: string }, BinsRecord & { label: string }];
  label: string;
  /** Bin after bin of the second axis, for each of the first. */
  values: Value[];
  /** Statistics by name. */
  box: Record<string, Value>;
  /** Means, and not contents. */
  averaged: boolean;
}

/** One of these is there. */
export interface DrawableRecord {
  entries?: Value | null;
  histogram?: HistogramRecord;
  points?: PointsRecord;
  plane?: PlaneRecord;
}

export interface PartsRecord {
  stacked: boolean;
  of: (DrawableRecord & { name: string })[];
  label: string;
  yLabel: string;
}

/** A way to see a histogram of several axes. */
export type ViewRecord = DrawableRecord & { key: string; name: string };

/** Some entries of a tree: `entries` of the `of` that it has, in so many blocks. */
export interface SampleRecord {
  entries: number;
  of: number;
  blocks: number;
  branches: Record<string, BranchRecord>;
}

/** Values of a branch as base64 of numbers in single or double precision, or a note why there are none. */
export interface BranchRecord {
  note?: string;
  whole?: boolean;
  type?: "f4" | "f8";
  values?: string;
}

export interface ObjectRecord extends DrawableRecord {
  path: string;
  class: string;
  title: string;
  folder?: boolean;
  bins?: number[];
  /** Names and types. */
  branches?: [string, string][];
  note?: string;
  sample?: SampleRecord;
  parts?: PartsRecord;
  views?: ViewRecord[];
}

export interface Payload {
  file: string;
  summary: string;
  edges: number[][];
  labels: string[][];
  objects: ObjectRecord[];
}
