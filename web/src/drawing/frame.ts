/** A framed plot with two axes: what curves, bands, histograms and maps are drawn into. */

import { bottomAxis, leftAxis, type Scale, scale } from "./axes.ts";
import { type Box, svg } from "./svg.ts";

export interface Side {
  domain: [number, number];
  label: string;
  log?: boolean;
  values?: number[];
  names?: string[];
}

export interface Plot {
  width: number;
  height?: number;
  x: Side;
  y: Side;
  /** What a screen reader says of the drawing. */
  about: string;
  /** Return what stands in the frame; what lies beyond is cut off. */
  marks: (x: Scale, y: Scale) => (Node | null)[];
  /** What stands above everything, and is not cut off. */
  notes?: (x: Scale, y: Scale) => (Node | null)[];
}

const margin = { left: 66, right: 16, top: 12, bottom: 46 };

/** Return the domain of a side; one that can be drawn where no number is known. */
function sane({ domain, log }: Side): [number, number] {
  const usable = domain.every(Number.isFinite) && domain[0] !== domain[1] && !(log && Math.min(...domain) <= 0);
  return usable ? domain : log ? [0.1, 10] : [0, 1];
}

/** Return the plot. */
export function plot({ width, height, x: across, y: upwards, about, marks, notes }: Plot): SVGSVGElement {
  const tall = height ?? Math.round(Math.min(Math.max(0.6 * width, 220), 380));
  const [w, h] = [Math.max(width - margin.left - margin.right, 60), tall - margin.top - margin.bottom];
  const [x, y] = [scale(sane(across), [0, w], across.log), scale(sane(upwards), [h, 0], upwards.log)];
  const frame = { x: 0, y: 0, width: w, height: h };
  const group = svg("g", { transform: `translate(${margin.left},${margin.top})` });
  group.append(
    clipped(frame, marks(x, y)),
    svg("rect", { class: "frame", ...frame }),
    bottomAxis(x, h, {
      label: across.label,
      values: across.values,
      names: across.names,
      ticks: Math.max(Math.floor(w / 75), 2),
    }),
    leftAxis(y, 0, { label: upwards.label, log: upwards.log, values: upwards.values, ticks: upwards.log ? 6 : 5 }),
    ...(notes?.(x, y) ?? []).filter((one) => one !== null),
  );
  return svg(
    "svg",
    { class: "plot", viewBox: `0 0 ${width} ${tall}`, width, height: tall, role: "img", "aria-label": about },
    group,
  );
}

/** Return marks in a box that cuts off what lies beyond it; places in it are those around it. */
export function clipped(box: Box, marks: (Node | null)[]): SVGSVGElement {
  const viewBox = `${box.x} ${box.y} ${box.width} ${box.height}`;
  return svg("svg", { class: "inside", ...box, viewBox }, ...marks);
}

const known = ([a, b]: [number, number]) => Number.isFinite(a) && Number.isFinite(b);

/** Return a line through points; it has a gap where a number is missing. */
export function curve(points: [number, number][], x: Scale, y: Scale, kind: string): SVGPathElement {
  let pen = "M";
  const steps = points.map((point) => {
    if (!known(point)) {
      pen = "M";
      return "";
    }
    const step = `${pen}${x(point[0])},${y(point[1])}`;
    pen = "L";
    return step;
  });
  return svg("path", { class: kind, d: steps.join("") });
}

/** Return the area between two curves over the same places, without those where a number is missing. */
export function between(at: number[], low: number[], high: number[], x: Scale, y: Scale, kind: string): SVGPathElement {
  const places = at.map((_, i) => i).filter((i) => [at[i], low[i], high[i]].every(Number.isFinite));
  if (!places.length) return svg("path", { class: kind });
  const there = places.map((i) => `${x(at[i])},${y(high[i])}`);
  const back = places.reverse().map((i) => `${x(at[i])},${y(low[i])}`);
  return svg("path", { class: kind, d: `M${[...there, ...back].join("L")}Z` });
}

/** Return dots at points. */
export function dots(points: [number, number][], x: Scale, y: Scale, kind: string, radius = 3): SVGGElement {
  const group = svg("g", { class: kind });
  for (const point of points.filter(known))
    group.append(svg("circle", { cx: x(point[0]), cy: y(point[1]), r: radius }));
  return group;
}

/** Return a horizontal line through the frame, with a text on it: at its right end, or at a part of its length. */
export function level(at: number, text: string, x: Scale, y: Scale, kind = "level", part = 1): SVGGElement {
  const [, end] = x.range();
  const group = svg("g", { class: kind });
  group.append(svg("line", { x1: 0, x2: end, y1: y(at), y2: y(at) }));
  if (text) group.append(svg("text", { x: part * end - 5, y: y(at) - 4, "text-anchor": "end" }, text));
  return group;
}

/** Return a vertical line through the frame. */
export function upright(at: number, x: Scale, y: Scale, kind: string): SVGLineElement | null {
  if (!Number.isFinite(at)) return null;
  const [bottom, top] = y.range();
  return svg("line", { class: kind, x1: x(at), x2: x(at), y1: bottom, y2: top });
}

/** Return the steps of a histogram. */
export function histogram(edges: number[], counts: number[], x: Scale, y: Scale, kind: string): SVGPathElement {
  const floor = y(y.domain()[0]);
  const steps = counts.map((count, i) => `L${x(edges[i])},${y(count)}H${x(edges[i + 1])}`);
  return svg("path", { class: kind, d: `M${x(edges[0])},${floor}${steps.join("")}V${floor}Z` });
}

/** Return the smallest range that holds all numbers, with some room around them. */
export function spanOf(values: number[], room = 0.06): [number, number] {
  const found = values.filter(Number.isFinite);
  if (!found.length) return [0, 1];
  const [low, high] = [Math.min(...found), Math.max(...found)];
  if (low === high) return [low - (Math.abs(low) || 1) * 0.5, high + (Math.abs(high) || 1) * 0.5];
  return [low - room * (high - low), high + room * (high - low)];
}
