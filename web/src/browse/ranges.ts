/** The ranges of axes. */

import { extent } from "d3-array";
import { barOf, type Curve, type Steps } from "./items.ts";

export type Range = [low: number, high: number];

/** Return the smallest range that holds several. */
export function union(ranges: Range[]): Range {
  return [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))];
}

/** Return the horizontal range of an item: its bins, or its points with some room around them. */
export function acrossOf(one: Curve): Range {
  if (one.edges) return [one.edges[0], one.edges[one.edges.length - 1]];
  const { x, xLow, xHigh, values } = one as Extract<Curve, { kind: "points" }>;
  const ends = x.flatMap((at, i) =>
    Number.isFinite(at) && Number.isFinite(values[i]) ? [at - xLow[i], at + xHigh[i]] : [],
  );
  const [low, high] = extent(ends.filter(Number.isFinite));
  if (low === undefined || high === undefined) return [0, 1];
  const margin = 0.03 * (high - low) || Math.abs(low) / 2 || 0.5;
  return [low - margin, high + margin];
}

/** Return the linear range of contents: from zero, as yields are; points that are all far from it have their own. */
export function linearRange(all: Curve[]): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const one of all)
    one.values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      const [down, up] = barOf(one, i);
      low = Math.min(low, one.kind === "steps" && down < 0 && value >= 0 ? value : down);
      high = Math.max(high, up);
    });
  if (low > high) return [0, 1];
  const far = all.every(({ kind }) => kind === "points") && (low > 0.4 * high || high < 0.4 * low);
  if (!far) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const span = high - low || Math.abs(high) || 1;
  return [low < 0 || far ? low - 0.06 * span : 0, high + 0.08 * span];
}

/** Return the logarithmic range of contents, null where none is positive.
 *
 * It has at most ten decades below the largest, so that one tiny yield does not flatten everything else.
 */
export function logRange(all: Curve[]): Range | null {
  let [low, high] = [Infinity, 0];
  for (const one of all)
    one.values.forEach((value, i) => {
      if (!(value > 0 && Number.isFinite(value))) return;
      low = Math.min(low, value);
      high = Math.max(high, barOf(one, i)[1]);
    });
  if (high === 0) return null;
  low = Math.max(low, high * 1e-10);
  return [low / 2, high * Math.max(1.5, (high / low) ** 0.06)];
}

/** Return the range of ratios, around 1. */
export function ratioRange(all: Steps[]): Range {
  let reach = 0.05;
  for (const { values } of all)
    for (const value of values) if (Number.isFinite(value)) reach = Math.max(reach, Math.abs(value - 1));
  reach = Math.min(reach * 1.2, 1);
  return [1 - reach, 1 + reach];
}
