/** Data and stacked prediction of one channel, with the ratio below: the field's figure, drawn for a screen. */

import { bottomAxis, leftAxis, type Scale, scale } from "./axes.ts";
import { type Listeners, listenToBins } from "./bins.ts";
import { hatch } from "./hatch.ts";
import { type Label, words } from "./labels.ts";
import { type Naming, naming } from "./naming.ts";
import { between, boxes, comparisonPanel, type Point, points, steps } from "./panels.ts";
import { garwood } from "./poisson.ts";
import { svg } from "./svg.ts";

export interface Layer {
  name: string;
  colour: string;
  yields: number[];
}

export interface StackData {
  edges: number[];
  label: Label;
  binLabels: string[];
  /** From the bottom to the top. */
  layers: Layer[];
  /** Of the total; NaN where it is not known. */
  uncertainty: number[];
  /** NaN in bins that are blinded. */
  data: number[];
  /** Another total, drawn as a dashed line. */
  before?: number[];
  /** Whether bins have only numbers, since nothing is known of their edges. */
  numbered?: boolean;
  logX?: boolean;
  yLabel?: string;
  /** Divide yields and data by the widths of the bins. */
  perWidth?: boolean;
}

export interface StackOptions extends Listeners {
  width: number;
  log: boolean;
  panel: "ratio" | "pull";
}

const finite = Number.isFinite;
const margin = { left: 68, right: 14, top: 10, bottom: 46 };
const LOWER = 96;
const LETTER = 6.2;
const LONGEST = 22;
/** More layers than this have no lines between them: these would hide thin ones. */
const THIN = 24;

const totals = (data: StackData): number[] =>
  data.edges.slice(1).map((_, i) => data.layers.reduce((sum, layer) => sum + layer.yields[i], 0));

/** The ends of the error bars of data. */
const bars = (data: StackData): Point[] => data.data.map((n) => (finite(n) ? [n, ...garwood(n)] : null));

/** Everything by the width of the bins. */
function divided(data: StackData, total: number[]): { scaled: StackData; sums: number[]; shown: Point[] } {
  const widths = data.edges.slice(1).map((edge, i) => (data.perWidth ? edge - data.edges[i] : 1));
  const by = (values: number[]) => values.map((value, i) => value / widths[i]);
  const scaled = {
    ...data,
    layers: data.layers.map((layer) => ({ ...layer, yields: by(layer.yields) })),
    uncertainty: by(data.uncertainty),
    before: data.before && by(data.before),
  };
  const shown = bars(data).map((bar, i): Point => bar && [bar[0] / widths[i], bar[1] / widths[i], bar[2] / widths[i]]);
  return { scaled, sums: by(total), shown };
}

function range(data: StackData, total: number[], shown: Point[], log: boolean): [number, number] {
  const tops = total.map((t, i) =>
    Math.max(t + (data.uncertainty[i] || 0), shown[i]?.[2] ?? 0, data.before?.[i] ?? 0, positive(data, i)),
  );
  const top = Math.max(...tops.filter(finite), 1e-9);
  if (!log) {
    const deepest = Math.min(0, ...data.edges.slice(1).map((_, i) => positive(data, i, -1)));
    return [1.1 * deepest, 1.25 * top];
  }
  const above = [...total, ...shown.map((bar) => bar?.[0] ?? NaN)].filter((v) => finite(v) && v > 0);
  const least = Math.max(Math.min(...above, top), top * 1e-6);
  return [least / 3, top * (top / least) ** 0.25 * 2];
}

/** The height of what is stacked upwards in a bin, or downwards. */
const positive = (data: StackData, i: number, sign = 1): number =>
  data.layers.reduce((sum, { yields }) => (sign * yields[i] > 0 ? sum + yields[i] : sum), 0);

/** Samples on each other; negative contributions go downwards from 0, and a logarithmic axis has no place for them. */
function areas(data: StackData, x: Scale, y: Scale, floor: number): SVGElement[] {
  const up = data.edges.slice(1).map(() => 0);
  const down = [...up];
  return data.layers.map((layer) => {
    const [low, high]: [number[], number[]] = [[], []];
    layer.yields.forEach((value, i) => {
      const heap = value < 0 ? down : up;
      low.push(heap[i]);
      heap[i] += finite(value) ? value : 0;
      high.push(heap[i]);
    });
    const area = svg("path", {
      class: data.layers.length > THIN ? "layer thin" : "layer",
      d: between(data.edges, low, high, x, y, floor),
    });
    area.style.setProperty("fill", layer.colour);
    return area;
  });
}

interface Places {
  x: Scale;
  main: [top: number, bottom: number];
  lower: [top: number, bottom: number];
}

function frames({ x, main, lower }: Places): SVGElement[] {
  const [left, right] = x.range();
  return [main, lower].map(([top, bottom]) =>
    svg("rect", { class: "frame", x: left, y: top, width: right - left, height: bottom - top }),
  );
}

/** Bins without data are hatched across both panels. */
function blinded(data: StackData, { x, main, lower }: Places): SVGElement[] {
  const hidden = data.data.flatMap((n, i) => (finite(n) ? [] : [i]));
  if (!hidden.length) return [];
  const { defs, fill } = hatch("blinded-line", -1, 8);
  const d = hidden.flatMap((i) =>
    [main, lower].map(([a, b]) => `M${x(data.edges[i])},${a}H${x(data.edges[i + 1])}V${b}H${x(data.edges[i])}Z`),
  );
  return [defs, svg("path", { class: "blinded", d: d.join(""), fill }, svg("title", {}, "no data shown here"))];
}

const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** How bins are named below the axis: by labels or, without edges, by numbers. */
function namesOf(data: StackData, width: number): Naming {
  const bins = data.data.length;
  const texts = data.numbered ? data.data.map((_, i) => String(i + 1)) : data.binLabels.map(shortened);
  const cell = (width - margin.left - margin.right) / bins;
  return naming(data.edges, texts, cell, { letter: LETTER, angle: data.numbered ? 0 : 40 });
}

function axisBelow(data: StackData, places: Places, width: number, named: Naming): SVGElement {
  const ticks = Math.max(Math.floor(width / 80), 3);
  const { x, lower } = places;
  return bottomAxis(x, lower[1], {
    label: data.label,
    values: named.values,
    names: named.names,
    upright: named.upright,
    log: data.logX,
    ticks,
    drop: 36 + named.room,
  });
}

/** Return the drawing; `hover` is told which bin the pointer, or the arrow keys, are in. */
export function stack(data: StackData, options: StackOptions): SVGSVGElement {
  const { width, log, panel } = options;
  const height = Math.round(Math.min(Math.max(0.5 * width, 190), 340));
  const named = namesOf(data, width);
  const main: [number, number] = [margin.top, margin.top + height];
  const lower: [number, number] = [main[1] + 8, main[1] + LOWER];
  const ends: [number, number] = [data.edges[0], data.edges[data.edges.length - 1]];
  const places = { x: scale(ends, [margin.left, width - margin.right], data.logX), main, lower };
  const total = totals(data);
  const { scaled, sums, shown } = divided(data, total);
  const [floor, top] = range(scaled, sums, shown, log);
  const y = scale([floor, top], [main[1], main[0]], log);
  const below = log ? floor : -Infinity;
  const { x } = places;
  const whole = lower[1] + margin.bottom + named.room;
  const image = svg("svg", {
    class: "stack",
    viewBox: `0 0 ${width} ${whole}`,
    width,
    height: whole,
    "aria-label": `Data and prediction by bin, ${words(data.label)}`,
  });
  const { defs, fill } = hatch("band-line", 1);
  const edge = (sign: number) => sums.map((t, i) => t + sign * scaled.uncertainty[i]);
  const { edges } = data;
  image.append(
    defs,
    ...areas(scaled, x, y, below),
    svg("path", { class: "band", d: boxes(edges, edge(-1), edge(1), x, y, below), fill }),
    svg("path", { class: "total", d: steps(edges, sums, x, y, below) }),
  );
  if (scaled.before) image.append(svg("path", { class: "before", d: steps(edges, scaled.before, x, y, below) }));
  image.append(
    ...blinded(data, places),
    points(
      edges,
      shown.map((bar) => (log && bar && !(bar[0] > 0) ? null : bar)),
      x,
      y,
    ),
    leftAxis(y, margin.left, { log, label: data.yLabel ?? "events", ticks: log ? 6 : 5, atEnd: true }),
    comparisonPanel({ edges, total, uncertainty: data.uncertainty, data: data.data }, x, lower, panel, fill),
    axisBelow(data, places, width, named),
    ...frames(places),
  );
  listenToBins(image, { edges, x, top: main[0], bottom: lower[1] }, options);
  return image;
}
