/** The field's ranking: impacts as boxes (upper axis), pulls as points (lower axis), the largest impact first. */

import { type AxisScale, axisTop } from "d3-axis";
import { select } from "d3-selection";
import { bottomAxis, type Scale, scale } from "./axes.ts";
import { significant } from "./numbers.ts";
import { svg } from "./svg.ts";
import { textWidth } from "./text.ts";

export interface RankedRow {
  name: string;
  /** (value - pre-fit value) / pre-fit uncertainty with its errors; or the value itself where `kind` says so. */
  at: number;
  low: number;
  high: number;
  kind: "pull" | "value";
  /** Pre-fit up and down, post-fit up and down. */
  impacts: number[];
  clipped: boolean[];
  failure: string;
  /** Value and uncertainty of a parameter without a pull. */
  text: string;
}

const PULLS = 2;
const ROW = 27;
const TOP = 58;
const BOTTOM = 50;

function boxes(row: RankedRow, x: Scale, y: number, height: number): SVGElement {
  const group = svg("g");
  const kinds = ["up open", "down open", "up", "down"];
  for (const i of [2, 3, 0, 1]) {
    const shift = row.impacts[i];
    if (!Number.isFinite(shift)) continue;
    const [a, b] = [x(0), x(shift)];
    group.append(svg("rect", { class: kinds[i], x: Math.min(a, b), y, width: Math.abs(b - a), height }));
    if (row.clipped[i]) group.append(svg("line", { class: "cut", x1: b, x2: b, y1: y - 1, y2: y + height + 1 }));
  }
  return group;
}

function point(row: RankedRow, x: Scale, y: number): SVGElement | null {
  if (!Number.isFinite(row.at)) return null;
  const cut = (value: number) => Math.min(Math.max(value, -PULLS), PULLS);
  const group = svg("g", { class: "errorbar" });
  if (Number.isFinite(row.low) && Number.isFinite(row.high))
    group.append(svg("line", { x1: x(cut(row.low)), x2: x(cut(row.high)), y1: y, y2: y }));
  const at = x(cut(row.at));
  if (Math.abs(row.at) > PULLS) {
    const way = row.at > 0 ? 1 : -1;
    group.append(svg("path", { d: `M${at + 5 * way},${y}l${-7 * way},-4v8Z` }));
  } else if (row.kind === "value") group.append(svg("rect", { x: at - 3, y: y - 3, width: 6, height: 6 }));
  else group.append(svg("circle", { cx: at, cy: y, r: 3.2 }));
  return group;
}

function upperAxis(x: Scale, title: string): SVGElement {
  const group = svg("g", { class: "axis" });
  const axis = axisTop(x as AxisScale<number>)
    .ticks(5)
    .tickSizeOuter(0)
    .tickSizeInner(-5)
    .tickPadding(7);
  select(group).call(axis as never);
  const [, end] = x.range();
  group.append(svg("text", { class: "title", x: end, y: -27, "text-anchor": "end", fill: "currentColor" }, title));
  return group;
}

function describe(row: RankedRow): string {
  const [, , up, down] = row.impacts;
  return `${row.name}: impact ${significant(up, 3)} up, ${significant(down, 3)} down`;
}

/** Return the figure. Names that would take more than half of the width stand above their row. */
export function rankingFigure(rows: RankedRow[], poi: string, width: number): SVGSVGElement {
  const widest = Math.max(...rows.map((row) => textWidth(`${row.name}  ${row.text}`)), 60);
  const above = widest > 0.48 * width;
  const left = above ? 8 : Math.min(widest + 14, 0.5 * width);
  const tall = above ? ROW + 16 : ROW;
  const [w, h] = [width - left - 14, Math.max(rows.length * tall, tall)];
  const shifts = rows.flatMap((row) => row.impacts.filter(Number.isFinite).map(Math.abs));
  const reach = 1.2 * Math.max(...shifts, 1e-12);
  const [impact, pull] = [scale([-reach, reach], [0, w]), scale([-PULLS, PULLS], [0, w])];
  const about = `Ranking of ${rows.length} parameters by their impact on ${poi}. ${rows.map(describe).join(". ")}`;
  const image = svg("svg", {
    class: "plot ranking",
    viewBox: `0 0 ${width} ${TOP + h + BOTTOM}`,
    width,
    height: TOP + h + BOTTOM,
    role: "img",
    "aria-label": about,
  });
  const inside = svg("g", { transform: `translate(${left},${TOP})` });
  rows.forEach((row, i) => {
    const y = i * tall;
    if (i % 2) inside.append(svg("rect", { class: "stripe", x: 8 - left, y, width: width - 16, height: tall }));
    const shift = above ? 16 : 0;
    const text = svg("text", { class: "title", x: above ? 2 : -8, y: above ? y + 13 : y + tall / 2 + 4 }, row.name);
    text.setAttribute("text-anchor", above ? "start" : "end");
    if (row.text) text.append(svg("tspan", { class: "quiet", dx: 6 }, row.text));
    inside.append(text, boxes(row, impact, y + shift + 4, ROW - 8));
    if (row.failure) inside.append(svg("text", { class: "failed", x: 6, y: y + shift + ROW / 2 + 4 }, row.failure));
  });
  for (const at of [-1, 0, 1]) inside.append(svg("line", { class: "zero", x1: pull(at), x2: pull(at), y1: 0, y2: h }));
  rows.forEach((row, i) => {
    inside.append(point(row, pull, i * tall + (above ? 16 : 0) + ROW / 2) ?? "");
  });
  inside.append(
    svg("rect", { class: "frame", x: 0, y: 0, width: w, height: h }),
    upperAxis(impact, `Δ${poi}`),
    bottomAxis(pull, h, { values: [-2, -1, 0, 1, 2], label: "(θ̂ − θ₀) / Δθ" }),
  );
  image.append(inside);
  return image;
}
