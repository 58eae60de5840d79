/** Data and stacked prediction of one channel, with the ratio below: the field's figure, drawn for a screen. */

import { bottomAxis, leftAxis, type Scale, scale } from "./axes.ts";
import { svg } from "./svg.ts";

export interface Layer {
  name: string;
  colour: string;
  yields: number[];
}

export interface StackData {
  edges: number[];
  label: string;
  binLabels: string[];
  layers: Layer[];
  uncertainty: number[];
  data: number[];
}

export interface StackOptions {
  width: number;
  log: boolean;
  panel: "ratio" | "pull";
  hover: (bin: number | null, place: DOMRect | null) => void;
}

const finite = Number.isFinite;
const margin = { left: 62, right: 14, top: 10, bottom: 46 };

/** The 68.27 % interval of a Poisson count: F. Garwood, Biometrika 28 (1936) 437, by the Wilson-Hilferty cube. */
export function garwood(n: number): [number, number] {
  const cube = (k: number, z: number) => k * (1 - 1 / (9 * k) + z / (3 * Math.sqrt(k))) ** 3;
  return [n > 0 ? cube(n, -1) : 0, cube(n + 1, 1)];
}

const totals = (data: StackData): number[] =>
  data.edges.slice(1).map((_, i) => data.layers.reduce((sum, layer) => sum + layer.yields[i], 0));

function range(data: StackData, total: number[], log: boolean): [number, number] {
  const tops = total.map((t, i) =>
    Math.max(t + (data.uncertainty[i] || 0), finite(data.data[i]) ? garwood(data.data[i])[1] : 0),
  );
  const top = Math.max(...tops.filter(finite), 1e-9);
  if (!log) return [0, 1.25 * top];
  const positive = [...total, ...data.data].filter((v) => finite(v) && v > 0);
  const least = Math.max(Math.min(...positive, top), top * 1e-6);
  return [least / 3, top * (top / least) ** 0.25 * 2];
}

function steps(edges: number[], values: number[], x: Scale, y: Scale, floor: number): string {
  return values.map((v, i) => `${i ? "L" : "M"}${x(edges[i])},${y(Math.max(v, floor))}H${x(edges[i + 1])}`).join("");
}

function band(edges: number[], low: number[], high: number[], x: Scale, y: Scale, floor: number): string {
  const boxes = low.map((v, i) => {
    const [a, b] = [y(Math.max(v, floor)), y(Math.max(high[i], floor))];
    return finite(a) && finite(b) ? `M${x(edges[i])},${a}H${x(edges[i + 1])}V${b}H${x(edges[i])}Z` : "";
  });
  return boxes.join("");
}

function areas(data: StackData, x: Scale, y: Scale, floor: number): SVGElement[] {
  const below = data.edges.slice(1).map(() => 0);
  return data.layers.map((layer) => {
    const low = [...below];
    layer.yields.forEach((v, i) => {
      below[i] += v;
    });
    const area = svg("path", { class: "layer", d: band(data.edges, low, below, x, y, floor) });
    area.style.setProperty("fill", layer.colour);
    return area;
  });
}

function points(data: StackData, x: Scale, at: (i: number) => [number, number, number] | null, y: Scale): SVGElement {
  const group = svg("g", { class: "data" });
  const [bottom, top] = y.domain();
  data.data.forEach((_, i) => {
    const found = at(i);
    if (!found) return;
    const middle = x((data.edges[i] + data.edges[i + 1]) / 2);
    const [value, low, high] = found;
    if (high > bottom && low < top)
      group.append(svg("line", { x1: middle, x2: middle, y1: y(Math.min(high, top)), y2: y(Math.max(low, bottom)) }));
    if (value >= bottom && value <= top) group.append(svg("circle", { cx: middle, cy: y(value), r: 3 }));
    else {
      const [tip, way] = value > top ? [y(top) + 2, 1] : [y(bottom) - 2, -1];
      group.append(svg("path", { class: "beyond", d: `M${middle},${tip}l-4,${7 * way}h8Z` }));
    }
  });
  return group;
}

function lowerPanel(
  data: StackData,
  total: number[],
  x: Scale,
  top: number,
  bottom: number,
  kind: "ratio" | "pull",
): SVGElement {
  const group = svg("g", { class: "lower" });
  const relative = total.map((t, i) => (t > 0 ? (data.uncertainty[i] || 0) / t : NaN));
  const sigma = total.map((t, i) => Math.hypot(Math.sqrt(Math.max(t, 0)), data.uncertainty[i] || 0));
  const at = (i: number): [number, number, number] | null => {
    if (!finite(data.data[i]) || !(total[i] > 0)) return null;
    if (kind === "pull") {
      const pull = (data.data[i] - total[i]) / sigma[i];
      return [pull, pull, pull];
    }
    const [low, high] = garwood(data.data[i]);
    return [data.data[i] / total[i], low / total[i], high / total[i]];
  };
  const spread = total.flatMap((_, i) => {
    const found = at(i);
    return found ? [Math.abs(found[0] - (kind === "pull" ? 0 : 1))] : [];
  });
  spread.sort((a, b) => a - b);
  const typical = spread.length ? spread[Math.floor(0.9 * (spread.length - 1))] : 0;
  const widest = Math.max(...relative.filter(finite), 0);
  const reach =
    kind === "pull"
      ? Math.max(3, Math.min(Math.ceil(typical) + 1, 6))
      : Math.min(Math.max(1.6 * Math.max(typical, widest), 0.04), 0.95);
  const centre = kind === "pull" ? 0 : 1;
  const y = scale([centre - reach, centre + reach], [bottom, top]);
  const [low, high] = y.domain();
  const edge = (v: number) => Math.min(Math.max(v, low), high);
  const ends = (sign: number) => relative.map((r) => edge(kind === "pull" ? sign : 1 + sign * r));
  group.append(svg("path", { class: "band", d: band(data.edges, ends(-1), ends(1), x, y, low) }));
  group.append(svg("line", { class: "centre", x1: x.range()[0], x2: x.range()[1], y1: y(centre), y2: y(centre) }));
  group.append(points(data, x, at, y));
  group.append(leftAxis(y, x.range()[0], { ticks: 4, label: kind === "pull" ? "pull" : "data / pred." }));
  return group;
}

/** Return the drawing; `hover` is told which bin the pointer is in. */
export function stack(data: StackData, options: StackOptions): SVGSVGElement {
  const { width, log, panel, hover } = options;
  const main = Math.round(Math.min(Math.max(0.5 * width, 190), 340));
  const lower = 96;
  const names = data.binLabels.length > 0;
  const height = margin.top + main + lower + margin.bottom;
  const [low, high] = [data.edges[0], data.edges[data.edges.length - 1]];
  const x = scale([low, high], [margin.left, width - margin.right]);
  const total = totals(data);
  const [floor, top] = range(data, total, log);
  const y = scale([floor, top], [margin.top + main, margin.top], log);
  const image = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-label": `Data and prediction, ${data.label}`,
  });
  image.append(...areas(data, x, y, floor));
  const uncertain = (sign: number) => total.map((t, i) => t + sign * (data.uncertainty[i] || 0));
  image.append(svg("path", { class: "band", d: band(data.edges, uncertain(-1), uncertain(1), x, y, floor) }));
  image.append(svg("path", { class: "total", d: steps(data.edges, total, x, y, floor) }));
  const observed = (i: number): [number, number, number] | null => {
    if (!finite(data.data[i]) || (log && !(data.data[i] > 0))) return null;
    return [data.data[i], ...garwood(data.data[i])];
  };
  image.append(points(data, x, observed, y));
  image.append(leftAxis(y, margin.left, { log, label: "events", ticks: log ? 6 : 5 }));
  const bottom = margin.top + main + lower;
  image.append(lowerPanel(data, total, x, margin.top + main + 8, bottom, panel));
  const centres = data.edges.slice(1).map((edge, i) => (edge + data.edges[i]) / 2);
  const every = Math.max(1, Math.ceil(data.binLabels.length / Math.max(Math.floor(width / 70), 1)));
  const shown = names ? centres.filter((_, i) => i % every === 0) : undefined;
  const texts = names ? data.binLabels.filter((_, i) => i % every === 0) : undefined;
  image.append(
    bottomAxis(x, bottom, {
      label: data.label,
      values: shown,
      names: texts,
      ticks: Math.max(Math.floor(width / 80), 3),
    }),
  );
  image.append(
    svg("rect", {
      class: "frame",
      x: margin.left,
      y: margin.top,
      width: width - margin.left - margin.right,
      height: main,
    }),
  );
  image.append(
    svg("rect", {
      class: "frame",
      x: margin.left,
      y: margin.top + main + 8,
      width: width - margin.left - margin.right,
      height: lower - 8,
    }),
  );
  data.edges.slice(1).forEach((edge, i) => {
    const cell = svg("rect", {
      class: "cell",
      x: x(data.edges[i]),
      y: margin.top,
      width: x(edge) - x(data.edges[i]),
      height: main + lower,
    });
    cell.addEventListener("pointerenter", () => hover(i, cell.getBoundingClientRect()));
    cell.addEventListener("pointerleave", () => hover(null, null));
    image.append(cell);
  });
  return image;
}
