/** Axes of a drawing: linear or logarithmic scales, with ticks inside the frame as the field draws them. */

import { type Axis, axisBottom, axisLeft, axisRight } from "d3-axis";
import { format } from "d3-format";
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";
import { select } from "d3-selection";
import { type Label, tspans } from "./labels.ts";
import { power } from "./numbers.ts";
import { svg } from "./svg.ts";

export type Scale = ScaleContinuousNumeric<number, number>;

/** Where a value stands, in pixels: a scale, or what is made of one. */
export type Place = (value: number) => number;

/** Return a scale from values to pixels. */
export function scale(domain: [number, number], range: [number, number], log = false): Scale {
  return (log ? scaleLog() : scaleLinear()).domain(domain).range(range) as Scale;
}

/** Return the places of a vertical scale, cut some pixels beyond its ends; a logarithmic one has 0 and less at its lower end. */
export function within(y: Scale, pixels: number, log: boolean): Place {
  const [bottom, top] = y.range();
  const [low] = y.domain();
  return (value) => Math.min(Math.max(y(log ? Math.max(value, low) : value), top - pixels), bottom + pixels);
}

/** Return round values along a scale that can all be written beside it. */
export function ticksOf(scaled: Scale, count: number): number[] {
  const text = scaled.tickFormat(count, "~g");
  return scaled.ticks(count).filter((value) => text(value) !== "");
}

/** Powers of ten alone: what stands between them has a tick and no text. */
const decades = (value: number): string => {
  const exponent = Math.round(Math.log10(value));
  if (Math.abs(value / 10 ** exponent - 1) > 1e-6) return "";
  return exponent >= -2 && exponent <= 4 ? format("~g")(value) : power(exponent);
};

/** Powers of ten, and where there are fewer than two also their multiples by 2 and 5. */
export function logarithmicOf(scaled: Scale): (value: number) => string {
  const [low, high] = scaled.domain().map(Math.log10);
  if (Math.floor(high + 1e-9) - Math.ceil(low - 1e-9) >= 1) return decades;
  return (value) => {
    const leading = Number((value / 10 ** Math.floor(Math.log10(value) + 1e-9)).toPrecision(3));
    return leading === 2 || leading === 5 ? format("~g")(value) : decades(value);
  };
}

const minus = (text: string): string => text.replace("-", "\u2212");

/** Return how numbers of an axis are written: those of a million or more with a power of ten. */
function plainOf(scaled: Scale, ticks: number): (value: number) => string {
  const largest = Math.max(...scaled.domain().map(Math.abs));
  if (largest < 1e6) return (value) => minus(scaled.tickFormat(ticks)(value));
  const exponent = Math.floor(Math.log10(largest));
  return (value) =>
    value === 0 ? "0" : minus(`${Number((value / 10 ** exponent).toPrecision(3))}·${power(exponent)}`);
}

interface AxisOptions {
  ticks?: number;
  log?: boolean;
  label?: Label;
  texts?: boolean;
  values?: number[];
  names?: string[];
  /** Write the names upwards, at an angle in degrees, so that they need no room beside each other. */
  upright?: number;
  /** How far below or beside the axis its label stands. */
  drop?: number;
  /** How long ticks are: outside the frame, below 0 inside; and how far from them their texts stand. */
  tick?: number;
  padding?: number;
  /** How numbers are written. */
  write?: (value: number) => string;
  /** Let the label end where the axis ends, as the field does, and not stand in the middle. */
  atEnd?: boolean;
}

/** Write names upwards; they end at their ticks. */
function turn(axis: SVGGElement, angle: number): void {
  for (const text of axis.querySelectorAll(".tick text")) {
    text.setAttribute("transform", `translate(0,9) rotate(-${angle})`);
    text.setAttribute("text-anchor", "end");
    text.setAttribute("y", angle > 45 ? "4" : "7");
    text.setAttribute("dy", "0");
  }
}

/** Put ticks and their texts into the group of an axis. */
function marks(group: SVGGElement, axis: Axis<number>, scaled: Scale, ticks: number, options: AxisOptions): void {
  const { log = false, texts = true, values, names, write, tick = -5, padding = 7 } = options;
  const plain = plainOf(scaled, ticks);
  axis.ticks(ticks).tickSizeOuter(0).tickSizeInner(tick).tickPadding(padding);
  if (values) axis.tickValues(values);
  if (names) axis.tickFormat((_, i) => names[i]);
  else if (!texts) axis.tickFormat(() => "");
  else {
    // What writes numbers is not told which of the ticks they are.
    const text = write ?? (log ? logarithmicOf(scaled) : plain);
    axis.tickFormat((value) => text(value));
  }
  select(group).call(axis);
}

const title = (label: Label, place: Record<string, string | number>): SVGTextElement =>
  svg("text", { class: "title", ...place, fill: "currentColor" }, ...tspans(label));

/** Return the horizontal axis at the height `y`; its label ends where the axis ends. */
export function bottomAxis(x: Scale, y: number, options: AxisOptions = {}): SVGGElement {
  const { ticks = 8, label = "", upright = 0, drop = 36 } = options;
  const group = svg("g", { class: "axis", transform: `translate(0,${y})` });
  marks(group, axisBottom<number>(x), x, ticks, options);
  if (upright) turn(group, upright);
  if (label) group.append(title(label, { x: x.range()[1], y: drop, "text-anchor": "end" }));
  return group;
}

/** Return the vertical axis at the place `x`. */
export function leftAxis(y: Scale, x: number, options: AxisOptions = {}): SVGGElement {
  const { ticks = 5, label = "", atEnd = false, drop = 53 } = options;
  const group = svg("g", { class: "axis", transform: `translate(${x},0)` });
  marks(group, axisLeft<number>(y), y, ticks, options);
  const [low, high] = y.range();
  const transform = `translate(${-drop},${atEnd ? high : (low + high) / 2}) rotate(-90)`;
  if (label) group.append(title(label, { transform, "text-anchor": atEnd ? "end" : "middle" }));
  return group;
}

/** Return a vertical axis at the place `x` whose texts stand to its right, without a label. */
export function rightAxis(y: Scale, x: number, options: AxisOptions = {}): SVGGElement {
  const group = svg("g", { class: "axis", transform: `translate(${x},0)` });
  marks(group, axisRight<number>(y), y, options.ticks ?? 5, options);
  return group;
}
