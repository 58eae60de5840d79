/** A histogram of two axes as a map of colours, with its scale. */

import { extent, min, pairs, range } from "d3-array";
import { bottomAxis, leftAxis, rightAxis, type Scale, scale, ticksOf } from "../drawing/axes.ts";
import { strip, viridis } from "../drawing/colours.ts";
import { type Naming, naming, namingBeside } from "../drawing/naming.ts";
import { onAxis, written } from "../drawing/numbers.ts";
import { pixels } from "../drawing/pixels.ts";
import { html, svg } from "../drawing/svg.ts";
import type { Picture } from "./hover.ts";
import type { Plane, PlaneAxis } from "./items.ts";
import { axisNames, binAt, binName } from "./labels.ts";
import { legendHeight, legendOfPlane } from "./legend.ts";
import { BELOW, LETTER, margin, sheet } from "./sheet.ts";
import { pointIn, type Said, type Tip } from "./tip.ts";

/** What the scale of colours needs at the right. */
const SCALE = 104;

interface Layout {
  x: Scale;
  y: Scale;
  below: Naming;
  beside: Naming;
  left: number;
  right: number;
  top: number;
  bottom: number;
  width: number;
  height: number;
}

const ends = ({ edges }: PlaneAxis): [number, number] => [edges[0], edges[edges.length - 1]];
const names = (axis: PlaneAxis): string[] => (axis.labels ? axisNames(axis) : []);

/** Return how many pixels the narrowest bin of an axis has. */
function narrowest(axis: PlaneAxis, pixels: number): number {
  const [low, high] = ends(axis);
  return ((min(pairs(axis.edges, (a, b) => b - a)) as number) / (high - low)) * pixels;
}

function layoutOf(item: Plane, width: number): Layout {
  const legend = legendHeight([item]);
  const [top, right] = [16 + legend, width - SCALE];
  const bottom = Math.round(Math.min(Math.max(width * 0.62, 300), 540)) + legend - BELOW;
  const [across, up] = item.axes;
  const beside = namingBeside(up.edges, names(up), narrowest(up, bottom - top), LETTER);
  const left = Math.max(margin.left, Math.min(beside.room + 38, 0.4 * width));
  const below = naming(across.edges, names(across), narrowest(across, right - left), { letter: LETTER, angle: 90 });
  const [x, y] = [scale(ends(across), [left, right]), scale(ends(up), [bottom, top])];
  return { x, y, below, beside, left, right, top, bottom, width, height: bottom + BELOW + below.room };
}

/** Return whether a content has a colour: empty bins have none, and on a logarithmic scale negative ones. */
const shown = (value: number, averaged: boolean, log: boolean): boolean =>
  Number.isFinite(value) && (averaged || value !== 0) && !(log && value <= 0);

/** Return the scale from contents to shares of the colours, null where none has a colour. */
function levelsOf({ values, averaged }: Plane, log: boolean): Scale | null {
  let [low, high] = extent(values.filter((value) => shown(value, averaged, log)));
  if (low === undefined || high === undefined) return null;
  if (!log && !averaged) low = Math.min(low, 0);
  if (low === high) high = low + (Math.abs(low) || 1);
  return scale([low, high], [0, 1], log);
}

/** Return the drawing, with what it says of the bin under the pointer. */
export function planePlot(item: Plane, log: boolean, width: number): Picture {
  const layout = layoutOf(item, width);
  const { left, right, top, bottom, height } = layout;
  const image = sheet(width, height, `Map of ${item.name}`);
  const levels = levelsOf(item, log);
  const band = svg("rect", { class: "hover cell-frame", visibility: "hidden" });
  const frame = { class: "frame", x: left, y: top, width: right - left, height: bottom - top };
  image.append(
    ...legendOfPlane(item, width),
    ...(levels ? [cells(item, levels, log, layout), ...bar(item, levels, layout)] : [nothing(layout)]),
    band,
    svg("rect", frame),
    ...axesOf(item, layout),
  );
  return listen(image, item, layout, band);
}

function nothing({ left, right, top, bottom }: Layout): SVGElement {
  const place = { x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle" };
  return svg("text", { class: "title", ...place }, "no bin with a content to draw");
}

/** A picture with some pixels per point of the screen: quick for a million bins, the same in a saved file. */
function cells({ axes, values, averaged }: Plane, levels: Scale, log: boolean, layout: Layout): SVGElement {
  const { left, right, top, bottom } = layout;
  const [width, height] = [2 * Math.round(right - left), 2 * Math.round(bottom - top)];
  const [columns, rows] = [binsAlong(axes[0], width), binsAlong(axes[1], height).reverse()];
  const colours = values.map((value) => (shown(value, averaged, log) ? viridis(levels(value)) : null));
  const bins = axes[1].edges.length - 1;
  const picture = pixels(width, height, (column, row) => colours[columns[column] * bins + rows[row]]);
  const place = { x: left, y: top, width: right - left, height: bottom - top };
  return svg("image", { href: picture.toDataURL(), ...place });
}

/** Return the bin of each of so many pixels along an axis. */
function binsAlong(axis: PlaneAxis, pixels: number): number[] {
  const [low, high] = ends(axis);
  return range(pixels).map((i) => binAt(axis.edges, low + ((i + 0.5) / pixels) * (high - low)) as number);
}

/** The scale of colours, with its numbers and what they are. */
function bar(item: Plane, levels: Scale, { right, top, bottom, width }: Layout): SVGElement[] {
  const box = { x: right + 14, y: top, width: 16, height: bottom - top };
  const upwards = levels.copy().range([bottom, top]);
  const label = { class: "title", "text-anchor": "end", transform: `translate(${width - 8} ${top}) rotate(-90)` };
  return [
    ...strip(box, (share) => `rgb(${viridis(share).join(",")})`),
    svg("rect", { class: "frame", ...box }),
    rightAxis(upwards, box.x + box.width, {
      values: ticksOf(upwards, 5),
      tick: 0,
      padding: 5,
      write: onAxis,
    }),
    svg("text", label, item.label),
  ];
}

function axesOf({ axes: [across, up] }: Plane, layout: Layout): SVGElement[] {
  const { x, y, below, beside, left, right, top, bottom, height } = layout;
  const named = ({ names, values, upright }: Naming) => ({ names, values, upright, tick: 0 });
  const numbered = (scaled: Scale, count: number) => ({ values: ticksOf(scaled, count), tick: 5, write: onAxis });
  return [
    bottomAxis(x, bottom, {
      ...(below.names ? { ...named(below), padding: 10 } : { ...numbered(x, (right - left) / 110), padding: 5 }),
      label: across.title,
      drop: height - 8 - bottom,
    }),
    leftAxis(y, left, {
      ...(beside.names ? { ...named(beside), padding: 9 } : { ...numbered(y, (bottom - top) / 75), padding: 4 }),
      label: up.title,
      drop: left - 16,
      atEnd: true,
    }),
  ];
}

const steps: Record<string, [number, number]> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function listen(image: SVGSVGElement, item: Plane, layout: Layout, band: SVGRectElement): Picture {
  const [across, up] = item.axes;
  let bin: [number, number] | null = null;
  const follow = (tip: Tip) => {
    const go = (column: number | null, row: number | null) => {
      bin = column === null || row === null ? null : [column, row];
      band.setAttribute("visibility", bin ? "visible" : "hidden");
      tip.show(bin && said(item, bin, layout, band), image);
    };
    image.addEventListener("pointermove", (event) => {
      const [x, y] = pointIn(image, event);
      go(binAt(across.edges, layout.x.invert(x)), binAt(up.edges, layout.y.invert(y)));
    });
    image.addEventListener("pointerleave", () => go(null, null));
    image.addEventListener("blur", () => go(null, null));
    image.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      const inside = (at: number, { edges }: PlaneAxis) => Math.max(0, Math.min(at, edges.length - 2));
      if (event.key === "Escape") go(null, null);
      else if (step) go(inside((bin?.[0] ?? 0) + step[0], across), inside((bin?.[1] ?? 0) + step[1], up));
      else return;
      event.preventDefault();
    });
  };
  return { image, follow };
}

/** Frame a bin, and return what is in it. */
function said({ axes, values }: Plane, [i, j]: [number, number], { x, y }: Layout, band: SVGRectElement): Said {
  const [across, up] = axes;
  const [left, right] = [x(across.edges[i]), x(across.edges[i + 1])];
  const [low, high] = [y(up.edges[j]), y(up.edges[j + 1])];
  for (const [key, value] of Object.entries({ x: left, y: high, width: right - left, height: low - high }))
    band.setAttribute(key, String(value));
  const line = (name: string, text: string) => html("div", {}, html("span", { class: "name" }, name), text);
  const content = values[i * (up.edges.length - 1) + j];
  return {
    content: [
      html("b", {}, written(content)),
      line(across.title || "x", binName(across, i)),
      line(up.title || "y", binName(up, j)),
    ],
    left,
    right,
    top: high,
  };
}
