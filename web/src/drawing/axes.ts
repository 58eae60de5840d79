/** Axes of a drawing: linear or logarithmic scales, with ticks inside the frame as the field draws them. */

import { type AxisScale, axisBottom, axisLeft } from "d3-axis";
import { format } from "d3-format";
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";
import { select } from "d3-selection";
import { type Label, tspans } from "./labels.ts";
import { svg } from "./svg.ts";

export type Scale = ScaleContinuousNumeric<number, number>;

/** Return a scale from values to pixels. */
export function scale(domain: [number, number], range: [number, number], log = false): Scale {
  return (log ? scaleLog() : scaleLinear()).domain(domain).range(range) as Scale;
}

const raised: Record<string, string> = Object.fromEntries([..."-0123456789"].map((c, i) => [c, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][i]]));
const power = (exponent: number): string => `10${[...String(exponent)].map((c) => raised[c]).join("")}`;

const decades = (value: number): string => {
  const exponent = Math.round(Math.log10(value));
  if (Math.abs(value / 10 ** exponent - 1) > 1e-6) return "";
  return exponent >= -2 && exponent <= 4 ? format("~g")(value) : power(exponent);
};

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
  /** Write the names upwards, so that they need no room beside each other. */
  upright?: boolean;
  /** How far below the axis its label stands. */
  drop?: number;
  /** Let the label end where the axis ends, as the field does, and not stand in the middle. */
  atEnd?: boolean;
}

/** Return the horizontal axis at the height `y`; its label ends where the axis ends. */
export function bottomAxis(x: Scale, y: number, options: AxisOptions = {}): SVGGElement {
  const { ticks = 8, label = "", log = false, texts = true, values, names, upright = false, drop = 36 } = options;
  const group = svg("g", { class: "axis", transform: `translate(0,${y})` });
  const axis = axisBottom(x as AxisScale<number>)
    .ticks(ticks)
    .tickSizeOuter(0)
    .tickSizeInner(-5)
    .tickPadding(7);
  if (values) axis.tickValues(values);
  if (names) axis.tickFormat((_, i) => names[i]);
  else if (!texts) axis.tickFormat(() => "");
  else axis.tickFormat((value) => (log ? decades(Number(value)) : plainOf(x, ticks)(Number(value))));
  select(group).call(axis as never);
  if (upright)
    for (const text of group.querySelectorAll("text")) {
      text.setAttribute("transform", "translate(0,9) rotate(-40)");
      text.setAttribute("text-anchor", "end");
      text.setAttribute("dy", "0");
    }
  if (label)
    group.append(
      svg(
        "text",
        { class: "title", x: x.range()[1], y: drop, "text-anchor": "end", fill: "currentColor" },
        ...tspans(label),
      ),
    );
  return group;
}

/** Return the vertical axis at the place `x`. */
export function leftAxis(y: Scale, x: number, options: AxisOptions = {}): SVGGElement {
  const { ticks = 5, log = false, label = "", values, atEnd = false } = options;
  const group = svg("g", { class: "axis", transform: `translate(${x},0)` });
  const axis = axisLeft(y as AxisScale<number>)
    .ticks(ticks)
    .tickSizeOuter(0)
    .tickSizeInner(-5)
    .tickPadding(7);
  axis.tickFormat((value) => (log ? decades(Number(value)) : plainOf(y, ticks)(Number(value))));
  if (values) axis.tickValues(values);
  select(group).call(axis as never);
  if (label) {
    const place = atEnd ? y.range()[1] : (y.range()[0] + y.range()[1]) / 2;
    group.append(
      svg(
        "text",
        {
          class: "title",
          transform: `translate(-53,${place}) rotate(-90)`,
          "text-anchor": atEnd ? "end" : "middle",
          fill: "currentColor",
        },
        ...tspans(label),
      ),
    );
  }
  return group;
}
