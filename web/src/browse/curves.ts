/** Marks of one curve: steps with error bars, levels of ratios, points with bars in both directions. */

import type { Place, Scale } from "../drawing/axes.ts";
import { outline } from "../drawing/panels.ts";
import { svg } from "../drawing/svg.ts";
import { barOf, type Curve, type Points, type Steps } from "./items.ts";
import { paint } from "./legend.ts";

/** Where marks stand: `y` is cut at the ends of the frame, whose lowest value is `low`. */
export interface Frame {
  x: Scale;
  y: Place;
  low: number;
  /** Where histograms stand. */
  base: number;
  log: boolean;
}

const finite = Number.isFinite;

/** Places in the text of a path, in hundredths of a pixel. */
const rounded =
  (place: Place): Place =>
  (value) =>
    Math.round(100 * place(value)) / 100;

function path(kind: string, d: string, item: Curve, property: "fill" | "stroke"): SVGElement[] {
  return d ? [paint(svg("path", { class: kind, d }), item, [property])] : [];
}

/** Upright error bars of all bins or points that have one, as one path. */
function bars(item: Curve, at: (i: number) => number, y: Place, shown: (i: number) => boolean): string {
  return item.values
    .map((value, i) => {
      const [low, high] = barOf(item, i);
      if (!finite(value) || !(high > low) || !shown(i)) return "";
      return `M${at(i)} ${y(low)}V${y(high)}`;
    })
    .join("");
}

/** Thin lines where bins are narrower than four pixels. */
function thin(marks: SVGElement[], { values, edges }: Steps, x: Scale): SVGElement[] {
  const dense = values.length > Math.abs(x(edges[edges.length - 1]) - x(edges[0])) / 4;
  for (const mark of dense ? marks : [])
    if (!mark.matches(".area")) mark.style.setProperty("stroke-width", mark.matches(".bars") ? "0.5" : "1");
  return marks;
}

/** Return a histogram: a line with error bars, and the area below it where `filled`. */
export function stepsMarks(item: Steps, frame: Frame, filled: boolean): SVGElement[] {
  const [x, y] = [rounded(frame.x), rounded(frame.y)];
  const { edges, values, own } = item;
  const base = rounded(() => frame.base)(0);
  const visible = (i: number) => !(frame.log && barOf(item, i)[1] <= frame.low);
  const area = filled ? outline(edges, values, x, y, base) : "";
  const marks = [
    ...path(own ? "area layer" : "area", area, item, "fill"),
    ...path(
      "bars",
      bars(item, (i) => x((edges[i] + edges[i + 1]) / 2), y, visible),
      item,
      "stroke",
    ),
    ...path("curve", outline(edges, values, x, y, base), item, "stroke"),
  ];
  return thin(marks, item, frame.x);
}

/** Return a ratio: a level in each bin, with error bars. */
export function levelMarks(item: Steps, frame: Frame): SVGElement[] {
  const [x, y] = [rounded(frame.x), rounded(frame.y)];
  const { edges, values } = item;
  const levels = values.map((value, i) => (finite(value) ? `M${x(edges[i])} ${y(value)}H${x(edges[i + 1])}` : ""));
  const marks = [
    ...path(
      "bars",
      bars(
        item,
        (i) => x((edges[i] + edges[i + 1]) / 2),
        y,
        () => true,
      ),
      item,
      "stroke",
    ),
    ...path("curve", levels.join(""), item, "stroke"),
  ];
  return thin(marks, item, frame.x);
}

/** Return points. */
export function pointsMarks(item: Points, frame: Frame): SVGElement[] {
  const [across, up] = [rounded(frame.x), rounded(frame.y)];
  const { x, xLow, xHigh, values } = item;
  const shown = (i: number) => finite(x[i]) && finite(values[i]) && !(frame.log && values[i] <= 0);
  const there = x.flatMap((_, i) => (shown(i) ? [i] : []));
  const wide = there
    .filter((i) => xLow[i] > 0 || xHigh[i] > 0)
    .map((i) => `M${across(x[i] - xLow[i])} ${up(values[i])}H${across(x[i] + xHigh[i])}`);
  const dots = there.map((i) => `M${across(x[i])} ${up(values[i])}m-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0`);
  return [
    ...path("bars", wide.join("") + bars(item, (i) => across(x[i]), up, shown), item, "stroke"),
    ...path("dots", dots.join(""), item, "fill"),
  ];
}
