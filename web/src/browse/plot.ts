/** Curves over each other, linear or logarithmic, with a ratio to the first below. */

import { min, pairs } from "d3-array";
import { bottomAxis, leftAxis, type Scale, scale, ticksOf, within } from "../drawing/axes.ts";
import { clipped } from "../drawing/frame.ts";
import { type Naming, naming } from "../drawing/naming.ts";
import { onAxis } from "../drawing/numbers.ts";
import { svg } from "../drawing/svg.ts";
import type { Settings } from "./address.ts";
import { type Frame, levelMarks, pointsMarks, stepsMarks } from "./curves.ts";
import { listen, type Picture } from "./hover.ts";
import { type Bins, type Curve, isSteps, ratios, type Steps } from "./items.ts";
import { axisNames, identify } from "./labels.ts";
import { legendHeight, legendOf } from "./legend.ts";
import { acrossOf, linearRange, logRange, ratioRange, union } from "./ranges.ts";
import { BELOW, LETTER, margin, sheet } from "./sheet.ts";

const LOWER = 130;
const GAP = 14;

interface Layout {
  width: number;
  height: number;
  top: number;
  /** The lower end of the frame of curves. */
  split: number;
  /** The lower end of everything. */
  bottom: number;
  x: Scale;
  naming: Naming;
}

function layoutOf(items: Curve[], width: number, ratio: boolean): Layout {
  const range = union(items.map(acrossOf));
  const x = scale(range, [margin.left, width - margin.right]);
  const named = binned(items);
  const narrowest = named ? (min(pairs(named.edges, (a, b) => x(b) - x(a))) as number) : 0;
  const names = naming(named?.edges ?? [], named ? axisNames(named) : [], narrowest, { letter: LETTER, angle: 90 });
  const top = legendHeight(items) + 12;
  const split = top + Math.round(Math.min(Math.max(width * 0.56, 300), 480)) - BELOW - 12;
  const bottom = split + (ratio ? LOWER : 0);
  return { width, height: bottom + BELOW + names.room, top, split, bottom, x, naming: names };
}

/** Return the item whose labels stand below the axis. */
function binned(items: Curve[]): (Curve & Bins) | null {
  const lead = items.find(({ labels }) => identify(labels)) ?? items[0];
  return lead.labels ? (lead as Curve & Bins) : null;
}

/** Return the drawing, with what it says of the bin under the pointer. */
export function plot(items: Curve[], settings: Settings, width: number): Picture {
  const divided = settings.ratio ? ratios(items) : [];
  const layout = layoutOf(items, width, divided.length > 1);
  const { height, top, split, bottom, x } = layout;
  const { log } = settings;
  const range = log ? logRange(items) : linearRange(items);
  const y = scale(range ?? [0.1, 1], [split, top], log);
  const image = sheet(width, height, `Histogram of ${items.map(({ name }) => name).join(", ")}`);
  const band = svg("rect", { class: "hover", y: top, height: bottom - top, visibility: "hidden" });
  const ticks = ticksOf(y, log ? 5 : (split - top) / 75);
  image.append(
    ...grid(y, ticks, x),
    band,
    ...legendOf(items, width),
    range
      ? curves(items, frameOf(x, y, log), layout)
      : nothing("no positive yield to draw on a logarithmic axis", layout),
    ...(divided.length ? lower(divided, layout) : []),
    box(x, top, split),
    leftAxis(y, margin.left, {
      values: ticks,
      tick: 0,
      padding: 8,
      write: onAxis,
      drop: 58,
      atEnd: true,
      label: yLabel(items, settings),
    }),
    axisBelow(items, layout),
  );
  return listen(image, { items, band, x });
}

function frameOf(x: Scale, y: Scale, log: boolean): Frame {
  const place = within(y, 4, log);
  const [low, high] = y.domain();
  return { x, y: place, low, log, base: place(log ? low : Math.max(low, Math.min(0, high))) };
}

/** What is in the frame; lines at its ends are not cut in half. */
function inside(marks: SVGElement[], x: Scale, top: number, bottom: number): SVGElement {
  const [left, right] = x.range();
  return clipped({ x: left - 1, y: top, width: right - left + 2, height: bottom - top + 1 }, marks);
}

function curves(items: Curve[], frame: Frame, { x, top, split }: Layout): SVGElement {
  const filled = (item: Steps) => items.length === 1 || item.own !== null;
  const marks = items.flatMap((item) =>
    isSteps(item) ? stepsMarks(item, frame, filled(item)) : pointsMarks(item, frame),
  );
  return inside(marks, x, top, split);
}

function lower(divided: Steps[], { x, split, bottom }: Layout): SVGElement[] {
  const top = split + GAP;
  const y = scale(ratioRange(divided.slice(1)), [bottom, top]);
  const ticks = ticksOf(y, 4);
  const frame = frameOf(x, y, false);
  const marks = divided.flatMap((one) => levelMarks(one, frame));
  return [
    ...grid(y, ticks, x, 1),
    inside(marks, x, top, bottom),
    leftAxis(y, margin.left, { values: ticks, tick: 0, padding: 8, write: onAxis, drop: 58, label: "ratio to first" }),
    box(x, top, bottom),
  ];
}

/** Lines across the frame; one may be as strong as the frame. */
function grid(y: Scale, ticks: number[], x: Scale, strong = NaN): SVGElement[] {
  const [left, right] = x.range();
  const kind = (tick: number) => (tick === strong ? "frame" : "grid");
  return ticks.map((tick) => svg("line", { class: kind(tick), x1: left, x2: right, y1: y(tick), y2: y(tick) }));
}

function box(x: Scale, top: number, bottom: number): SVGElement {
  const [left, right] = x.range();
  return svg("rect", { class: "frame", x: left, y: top, width: right - left, height: bottom - top });
}

function nothing(text: string, { width, top, split }: Layout): SVGElement {
  const x = (margin.left + width - margin.right) / 2;
  return svg("text", { class: "title", x, y: (top + split) / 2, "text-anchor": "middle" }, text);
}

function yLabel(items: Curve[], { normalise }: Settings): string {
  return normalise ? "fraction of integral per bin" : (items.map((one) => one.yLabel).find(Boolean) ?? "yield per bin");
}

function axisBelow(items: Curve[], { width, height, bottom, x, naming }: Layout): SVGElement {
  const ticks = ticksOf(x, (width - margin.left - margin.right) / 110);
  return bottomAxis(x, bottom, {
    values: naming.values ?? ticks,
    names: naming.names,
    upright: naming.upright,
    tick: naming.names ? 0 : 5,
    padding: naming.names ? 10 : 5,
    write: onAxis,
    drop: height - 8 - bottom,
    label: items.map(({ label }) => label).find(Boolean) ?? "",
  });
}
