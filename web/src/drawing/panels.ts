/** Parts of drawings of binned data: outlines, bands, points with error bars, and the panel of ratios or pulls. */

import { leftAxis, type Place, type Scale, scale } from "./axes.ts";
import { garwood } from "./poisson.ts";
import { svg } from "./svg.ts";

const finite = Number.isFinite;

/** Return the outline of a histogram; values below the `floor` of a logarithmic axis stand on it, NaN is a gap. */
export function steps(edges: number[], values: number[], x: Place, y: Place, floor = -Infinity): string {
  let open = false;
  return values
    .map((value, i) => {
      if (!finite(value)) {
        open = false;
        return "";
      }
      const step = `${open ? "L" : "M"}${x(edges[i])},${y(Math.max(value, floor))}H${x(edges[i + 1])}`;
      open = true;
      return step;
    })
    .join("");
}

/** Return the outline of a histogram that stands on a base: it falls to it at the ends and beside what is NaN. */
export function outline(edges: number[], values: number[], x: Place, y: Place, base: number): string {
  return values
    .map((value, i) => {
      if (!finite(value)) return "";
      const rise = i && finite(values[i - 1]) ? `V${y(value)}` : `M${x(edges[i])},${base}V${y(value)}`;
      const last = i + 1 === values.length || !finite(values[i + 1]);
      return `${rise}H${x(edges[i + 1])}${last ? `V${base}` : ""}`;
    })
    .join("");
}

/** Return boxes, one per bin, from the values `low` to `high`. */
export function boxes(edges: number[], low: number[], high: number[], x: Place, y: Place, floor = -Infinity): string {
  return low
    .map((value, i) => {
      if (!finite(value) || !finite(high[i]) || value === high[i]) return "";
      const [a, b] = [y(Math.max(value, floor)), y(Math.max(high[i], floor))];
      return a === b ? "" : `M${x(edges[i])},${a}H${x(edges[i + 1])}V${b}H${x(edges[i])}Z`;
    })
    .join("");
}

/** Return the area between two histograms, in one piece over all bins that have both. */
export function between(edges: number[], low: number[], high: number[], x: Place, y: Place, floor = -Infinity): string {
  const known = (i: number) => finite(low[i]) && finite(high[i]);
  let path = "";
  for (let start = 0; start < low.length; start++) {
    if (!known(start)) continue;
    let end = start;
    while (end < low.length && known(end)) end++;
    const part = low.slice(start, end).map((_, i) => start + i);
    const at = (value: number) => y(Math.max(value, floor));
    const above = part.map((i) => `V${at(high[i])}H${x(edges[i + 1])}`).join("");
    const below = [...part]
      .reverse()
      .map((i) => `V${at(low[i])}H${x(edges[i])}`)
      .join("");
    path += `M${x(edges[start])},${at(low[start])}${above}${below}Z`;
    start = end;
  }
  return path;
}

/** A value with the ends of its error bar; null where there is nothing to draw. */
export type Point = [value: number, low: number, high: number] | null;

/** Return points in the middle of bins; an arrow at the edge stands for one that is beyond it. */
export function points(edges: number[], found: Point[], x: Scale, y: Scale): SVGElement {
  const group = svg("g", { class: "data" });
  const [bottom, top] = y.domain();
  found.forEach((point, i) => {
    if (!point) return;
    const middle = (x(edges[i]) + x(edges[i + 1])) / 2;
    const [value, low, high] = point;
    if (high > bottom && low < top && high > low)
      group.append(svg("line", { x1: middle, x2: middle, y1: y(Math.min(high, top)), y2: y(Math.max(low, bottom)) }));
    if (value >= bottom && value <= top) group.append(svg("circle", { cx: middle, cy: y(value), r: 3 }));
    else {
      const [tip, way] = value > top ? [y(top) + 2, 1] : [y(bottom) - 2, -1];
      group.append(svg("path", { class: "beyond", d: `M${middle},${tip}l-4,${7 * way}h8Z` }));
    }
  });
  return group;
}

export interface Compared {
  edges: number[];
  total: number[];
  /** Of the total; NaN where it is not known. */
  uncertainty: number[];
  data: number[];
}

/** Return data over prediction, or how many standard deviations they are apart; with the exact interval of a count. */
export function comparison({ total, uncertainty, data }: Compared, kind: "ratio" | "pull"): Point[] {
  return data.map((count, i) => {
    if (!finite(count) || !(total[i] > 0)) return null;
    if (kind === "pull") {
      const pull = (count - total[i]) / Math.hypot(Math.sqrt(total[i]), uncertainty[i] || 0);
      return [pull, pull, pull];
    }
    const [low, high] = garwood(count);
    return [count / total[i], low / total[i], high / total[i]];
  });
}

/** Return how far a panel reaches from its centre: most points and the band lie inside. */
function reachOf(found: Point[], relative: number[], kind: "ratio" | "pull"): number {
  const centre = kind === "pull" ? 0 : 1;
  const away = found.flatMap((point) => (point ? [Math.abs(point[0] - centre)] : [])).sort((a, b) => a - b);
  const typical = away.length ? away[Math.floor(0.9 * (away.length - 1))] : 0;
  if (kind === "pull") return Math.max(3, Math.min(Math.ceil(typical) + 1, 6));
  const sizes = relative.filter(finite);
  return Math.min(Math.max(1.6 * Math.max(typical, ...sizes), 0.04), 0.95);
}

/** Return the panel below: `fill` is what the band is filled with. */
export function comparisonPanel(
  compared: Compared,
  x: Scale,
  [top, bottom]: [number, number],
  kind: "ratio" | "pull",
  fill: string,
): SVGElement {
  const { edges, total, uncertainty } = compared;
  const group = svg("g", { class: "lower" });
  const relative = total.map((t, i) => (t > 0 ? uncertainty[i] / t : NaN));
  const found = comparison(compared, kind);
  const reach = reachOf(found, relative, kind);
  const centre = kind === "pull" ? 0 : 1;
  const y = scale([centre - reach, centre + reach], [bottom, top]);
  const [low, high] = y.domain();
  // The numbers of the panel above begin where this one ends.
  const inside = y.ticks(4).filter((value) => Math.abs(value - centre) < 0.9 * reach);
  const ends = (sign: number) =>
    relative.map((r) => (kind === "pull" ? sign : Math.min(Math.max(1 + sign * r, low), high)));
  group.append(
    svg("path", { class: kind === "pull" ? "one-sigma" : "band", d: boxes(edges, ends(-1), ends(1), x, y), fill }),
    svg("line", { class: "centre", x1: x.range()[0], x2: x.range()[1], y1: y(centre), y2: y(centre) }),
    points(edges, found, x, y),
    leftAxis(y, x.range()[0], { ticks: 4, values: inside, label: kind === "pull" ? "pull" : "data / pred." }),
  );
  return group;
}
