/** Colours and the legend: a mark, the name and the statistics of everything that is drawn. */

import { written } from "../drawing/numbers.ts";
import { html, svg } from "../drawing/svg.ts";
import { endOf, textWidth } from "../drawing/text.ts";
import type { Curve, Item, Plane } from "./items.ts";
import { identify } from "./labels.ts";
import { margin } from "./sheet.ts";

const COLOURS = 8;
const LINE = 18;
const MOST_LINES = 10;
const GAP = "\u2003";
/** Sizes of letters. */
const NAME = 13;
const TEXT = 12;

/** Return the colour of an item: the sum of a stack has that of text. */
export const colourOf = (item: Item): string =>
  item.kind === "steps" && item.sum ? "var(--text)" : `var(--c${item.index % COLOURS})`;

/** Return whether lines are dashed: the colours are used once more. */
const again = (item: Item): boolean => item.kind === "steps" && item.index >= COLOURS;

const isLayer = (item: Item): boolean => item.kind === "steps" && item.own !== null;

/** Return the mark of an item beside a text. */
export function swatch(item: Item): HTMLElement {
  const kind = item.kind === "points" ? " dot" : isLayer(item) ? " filled" : "";
  const mark = html("span", { class: `swatch${kind}` });
  mark.style.setProperty("border-color", colourOf(item));
  if (again(item)) mark.style.setProperty("border-top-style", "dashed");
  return mark;
}

/** Return the statistics of an item, by name. */
export function boxOf(item: Item): [string, number | null][] {
  if (item.kind === "plane") return item.box;
  if (item.kind === "points") return [["points", item.x.length]];
  if (identify(item.labels)) return [["entries", item.entries]];
  return [
    ["entries", item.entries],
    ["mean", item.mean],
    ["std dev", item.stdev],
  ];
}

/** Return the height of the legend. */
export const legendHeight = (items: Item[]): number =>
  LINE * (Math.min(items.length, MOST_LINES + 1) + (items[0].kind === "plane" ? 1 : 0)) + 4;

const words = (item: Item, digits: number): string[] =>
  boxOf(item).map(([key, value]) => `${key} ${written(value, digits)}`);

const text = (content: string, x: number, y: number, anchor: string, kind = ""): SVGElement =>
  svg("text", { class: kind, x, y, "text-anchor": anchor }, content);

/** Return the legend of curves, above the frame and part of the picture: a line each. */
export function legendOf(items: Curve[], width: number): SVGElement[] {
  const [left, right] = [margin.left, width - margin.right];
  const narrow = width < 520;
  const lines = items.slice(0, MOST_LINES).flatMap((item, i) => {
    const y = LINE * (i + 1);
    const box = words(item, narrow ? 4 : 6).join(GAP);
    const room = right - left - 30;
    const rest = room - 14 - textWidth(box, TEXT);
    const shown = !(narrow && rest < 80);
    const name = endOf(item.name, shown ? rest : room, NAME);
    const parts = [mark(item, left, y - 4), text(name, left + 30, y, "start", "title")];
    return shown ? [...parts, text(box, right, y, "end")] : parts;
  });
  const more = items.length - MOST_LINES;
  return more > 0 ? [...lines, text(`and ${more} more`, left + 30, LINE * (MOST_LINES + 1), "start")] : lines;
}

/** Return the legend of a map: two lines; what does not fit is in the table below the picture. */
export function legendOfPlane(item: Plane, width: number): SVGElement[] {
  const room = width - margin.left - margin.right;
  const box = words(item, 4);
  while (box.length > 1 && textWidth(box.join(GAP), TEXT) > room) box.pop();
  return [
    text(endOf(item.name, room, NAME), margin.left, LINE, "start", "title"),
    text(box.join(GAP), margin.left, 2 * LINE, "start"),
  ];
}

function mark(item: Curve, x: number, y: number): SVGElement {
  const line = svg("path", { class: "curve", d: isLayer(item) ? `M${x} ${y - 5}h22v10h-22z` : `M${x} ${y}h22` });
  paint(line, item, isLayer(item) ? ["stroke", "fill"] : ["stroke"]);
  if (item.kind !== "points") return line;
  const dot = svg("circle", { class: "dots", cx: x + 11, cy: y, r: 3.4 });
  return svg("g", {}, line, paint(dot, item, ["fill"]));
}

/** Give a shape the colour of its item, and dashes to its line where the colour is used once more. */
export function paint<E extends SVGElement>(shape: E, item: Item, properties: ("fill" | "stroke")[]): E {
  for (const property of properties) shape.style.setProperty(property, colourOf(item));
  if (again(item) && !isLayer(item) && shape.matches(".curve")) shape.style.setProperty("stroke-dasharray", "6 3");
  return shape;
}
