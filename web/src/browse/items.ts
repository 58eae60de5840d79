/** What is drawn: histograms (steps), points and planes, each with its name and the number of its colour. */

import type { TreeNode } from "./nodes.ts";

/** Bins: edges in increasing order; labels of bins that are categories, else null. */
export interface Bins {
  edges: number[];
  labels: string[] | null;
}

interface Drawn {
  name: string;
  /** Of the horizontal axis. */
  label: string;
  yLabel: string;
  /** The number of its colour. */
  index: number;
  /** What it is of. */
  node: TreeNode | null;
}

export interface Steps extends Drawn, Bins {
  kind: "steps";
  values: number[];
  errors: number[];
  entries: number | null;
  integral: number;
  mean: number | null;
  stdev: number | null;
  underflow: number;
  overflow: number;
  /** A sentence on what is not drawn; empty: there is nothing to say. */
  outside: string;
  /** Contents of a part of a stack, whose `values` are the sum of those up to it; null: no part of a stack. */
  own: number[] | null;
  /** Whether it is the sum of a stack. */
  sum: boolean;
  /** The first item, where this one has other bins of categories. */
  unlike: Curve | null;
}

export interface Points extends Drawn {
  kind: "points";
  /** Null: points have no bins. */
  edges: number[] | null;
  labels: string[] | null;
  x: number[];
  xLow: number[];
  xHigh: number[];
  /** Heights, and how far their error bars reach. */
  values: number[];
  yLow: number[];
  yHigh: number[];
  note: string;
  unlike: Curve | null;
}

export interface Plane extends Drawn {
  kind: "plane";
  axes: [PlaneAxis, PlaneAxis];
  values: number[];
  box: [string, number][];
  averaged: boolean;
}

export interface PlaneAxis extends Bins {
  title: string;
}

export type Curve = Steps | Points;
export type Item = Curve | Plane;

export const isSteps = (item: Item): item is Steps => item.kind === "steps";

export const sameEdges = (a: number[], b: number[]): boolean =>
  a === b || (a.length === b.length && a.every((edge, i) => edge === b[i]));

/** Return the ends of the error bar of a bin or point. */
export function barOf(item: Curve, i: number): [number, number] {
  const value = item.values[i];
  if (item.kind === "points") return [value - item.yLow[i], value + item.yHigh[i]];
  const error = item.own || !Number.isFinite(item.errors[i]) ? 0 : item.errors[i];
  return [value - error, value + error];
}

const canBeNormalised = ({ integral }: Steps): boolean => integral !== 0 && Number.isFinite(integral);

/** Return whether a histogram has no integral to be divided by. */
export const lacksIntegral = (item: Item): boolean => isSteps(item) && !canBeNormalised(item);

/** Return a histogram divided by its integral, where only shapes are compared. */
export function normalised<T extends Item>(item: T): T {
  if (!isSteps(item) || item.own || !canBeNormalised(item)) return item;
  const scale = 1 / item.integral;
  return {
    ...item,
    values: item.values.map((value) => value * scale),
    errors: item.errors.map((error) => error * Math.abs(scale)),
  };
}

/** Return histograms divided by the first, as far as they have its edges; none where no other has. */
export function ratios(items: Curve[]): Steps[] {
  const steps = items.filter(isSteps).filter(({ own }) => !own);
  const first = steps[0];
  const same = steps.filter(({ edges }) => sameEdges(edges, first.edges));
  if (same.length < 2) return [];
  const by = (values: number[], size: (value: number) => number) =>
    values.map((value, i) => (first.values[i] === 0 ? NaN : value / size(first.values[i])));
  return same.map((one) => ({
    ...one,
    values: by(one.values, (value) => value),
    errors: by(one.errors, Math.abs),
  }));
}
