/** Labels of bins: what bins are called; histograms over each other have their bins in one order. */

import { bisectRight } from "d3-array";
import { written } from "../drawing/numbers.ts";
import type { Bins, Curve, Points, Steps } from "./items.ts";

/** Return whether every bin has a label of its own, which says which bin it is. */
export function identify(labels: string[] | null): labels is string[] {
  return Boolean(labels) && labels!.every(Boolean) && new Set(labels).size === labels!.length;
}

export const listed = (labels: string[] | null): string =>
  labels ? labels.map((label) => label || "(none)").join(", ") : "without labels";

/** Return the bin that holds a value, or null outside the edges. */
export function binAt(edges: number[], value: number | null): number | null {
  if (value === null || !(value >= edges[0] && value < edges[edges.length - 1])) return null;
  return bisectRight(edges, value) - 1;
}

/** Return what a bin is called: its label, else its range. */
export const binName = ({ edges, labels }: Bins, bin: number): string =>
  labels?.[bin] || `${written(edges[bin])} – ${written(edges[bin + 1])}`;

/** Return where a point is: the label of its bin, else the value. */
export function pointName({ x, edges, labels }: Points, i: number): string {
  const bin = edges && labels ? binAt(edges, x[i]) : null;
  return edges && labels && bin !== null ? binName({ edges, labels }, bin) : written(x[i]);
}

/** Return names of bins as they stand beside an axis: of long ones, beginning and end. */
export function axisNames(bins: Bins): string[] {
  const names = bins.edges.slice(1).map((_, bin) => binName(bins, bin));
  return names.map((name) => (name.length > 24 ? `${name.slice(0, 15)}…${name.slice(-8)}` : name));
}

/** Return items whose bins of categories are in the order of the first that has some; others are `unlike` it. */
export function aligned(all: Curve[]): Curve[] {
  const first = all.find((one) => identify(one.labels));
  return first ? all.map((one) => inOrderOf(first, one)) : all;
}

function inOrderOf(first: Curve, one: Curve): Curve {
  const { edges, labels } = first as Curve & Bins;
  if (one.kind === "points" && !one.labels) return one;
  if (one.kind === "steps" && !one.labels && [one.values, one.errors].every((column) => column.every((v) => v === 0))) {
    const nothing = labels!.map(() => 0);
    return { ...one, edges, labels, values: nothing, errors: nothing, own: one.own && nothing };
  }
  const places = labels!.map((label) => one.labels?.indexOf(label) ?? -1);
  if (one.labels?.length !== labels!.length || places.includes(-1)) return { ...one, unlike: first };
  return one.kind === "points"
    ? movedPoints(one, { edges, labels }, places)
    : movedSteps(one, { edges, labels }, places);
}

function movedSteps(one: Steps, bins: Bins, places: number[]): Steps {
  const moved = (column: number[]) => places.map((place) => column[place]);
  return { ...one, ...bins, values: moved(one.values), errors: moved(one.errors), own: one.own && moved(one.own) };
}

function movedPoints(one: Points, bins: Bins, places: number[]): Points {
  const at = one.x.map((x) => places.indexOf(binAt(one.edges!, x) ?? -1));
  const half = at.map((bin) => (bins.edges[bin + 1] - bins.edges[bin]) / 2);
  return { ...one, ...bins, x: at.map((bin, i) => bins.edges[bin] + half[i]), xLow: half, xHigh: half };
}
