/** Axes of a drawing: linear or logarithmic scales, with ticks inside the frame as the field draws them. */

import { type AxisScale, axisBottom, axisLeft } from "d3-axis";
import { format } from "d3-format";
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";
import { select } from "d3-selection";
import { svg } from "./svg.ts";

export type Scale = ScaleContinuousNumeric<number, number>;

/** Return a scale from values to pixels. */
export function scale(domain: [number, number], range: [number, number], log = false): Scale {
  return (log ? scaleLog() : scaleLinear()).domain(domain).range(range) as Scale;
}

const decades = (value: number): string => {
  const power = Math.round(Math.log10(value));
  if (Math.abs(value / 10 ** power - 1) > 1e-6) return "";
  return power >= -2 && power <= 4 ? format("~g")(value) : `1e${power}`;
};

interface AxisOptions {
  ticks?: number;
  log?: boolean;
  label?: string;
  texts?: boolean;
  values?: number[];
  names?: string[];
}

/** Return the horizontal axis at the height `y`. */
export function bottomAxis(x: Scale, y: number, options: AxisOptions = {}): SVGGElement {
  const { ticks = 8, label = "", texts = true, values, names } = options;
  const group = svg("g", { class: "axis", transform: `translate(0,${y})` });
  const axis = axisBottom(x as AxisScale<number>)
    .ticks(ticks)
    .tickSizeOuter(0)
    .tickSizeInner(-5)
    .tickPadding(7);
  if (values) axis.tickValues(values);
  if (names) axis.tickFormat((_, i) => names[i]);
  if (!texts) axis.tickFormat(() => "");
  select(group).call(axis as never);
  if (label)
    group.append(
      svg("text", { class: "title", x: x.range()[1], y: 36, "text-anchor": "end", fill: "currentColor" }, label),
    );
  return group;
}

/** Return the vertical axis at the place `x`. */
export function leftAxis(y: Scale, x: number, options: AxisOptions = {}): SVGGElement {
  const { ticks = 5, log = false, label = "", values } = options;
  const group = svg("g", { class: "axis", transform: `translate(${x},0)` });
  const axis = axisLeft(y as AxisScale<number>)
    .ticks(ticks)
    .tickSizeOuter(0)
    .tickSizeInner(-5)
    .tickPadding(7);
  if (log) axis.tickFormat((value) => decades(Number(value)));
  if (values) axis.tickValues(values);
  select(group).call(axis as never);
  if (label) {
    const middle = (y.range()[0] + y.range()[1]) / 2;
    group.append(
      svg(
        "text",
        {
          class: "title",
          transform: `translate(-46,${middle}) rotate(-90)`,
          "text-anchor": "middle",
          fill: "currentColor",
        },
        label,
      ),
    );
  }
  return group;
}
