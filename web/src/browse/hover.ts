/** Bins and points of curves under the pointer, and by the arrow keys, which move from one to the next. */

import type { Scale } from "../drawing/axes.ts";
import { written } from "../drawing/numbers.ts";
import { html } from "../drawing/svg.ts";
import { type Bins, type Curve, type Points, sameEdges } from "./items.ts";
import { binAt, binName, pointName } from "./labels.ts";
import { swatch } from "./legend.ts";
import { pointIn, type Said, type Tip } from "./tip.ts";

/** A drawing that tells a box of numbers what the reader is at. */
export interface Picture {
  image: SVGSVGElement;
  follow: (tip: Tip) => void;
}

interface Shown {
  items: Curve[];
  /** What marks the bin. */
  band: SVGRectElement;
  x: Scale;
}

/** Return the drawing as one that follows the pointer. */
export function listen(image: SVGSVGElement, shown: Shown): Picture {
  const [first] = shown.items;
  let bin: number | null = null;
  const follow = (tip: Tip) => {
    const go = (value: number | null, height = 0) => {
      const inside = shown.items.map((item) => at(item, value, shown.x));
      bin = inside[0];
      tip.show(mark(inside, shown, height), image);
    };
    image.addEventListener("pointermove", (event) => {
      const [x, y] = pointIn(image, event);
      go(shown.x.invert(x), y);
    });
    image.addEventListener("pointerleave", () => go(null));
    image.addEventListener("blur", () => go(null));
    image.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") go(null);
      else if (step) {
        const last = first.values.length - 1;
        const next = bin === null ? (step > 0 ? 0 : last) : Math.max(0, Math.min(bin + step, last));
        go(middle(first, next), 40);
        bin = next;
      } else return;
      event.preventDefault();
    });
  };
  return { image, follow };
}

function middle(item: Curve, bin: number): number {
  return item.kind === "points" ? item.x[bin] : (item.edges[bin] + item.edges[bin + 1]) / 2;
}

/** Return the bin that holds a value, or the point next to it; null outside. */
function at(item: Curve, value: number | null, x: Scale): number | null {
  return item.kind === "points" ? closest(item, value, x) : binAt(item.edges, value);
}

function closest({ x: places }: Points, value: number | null, x: Scale): number | null {
  const [low, high] = x.domain();
  if (value === null || value < low || value > high) return null;
  let best: number | null = null;
  places.forEach((place, i) => {
    if (!Number.isFinite(place)) return;
    if (best === null || Math.abs(place - value) < Math.abs(places[best] - value)) best = i;
  });
  return best;
}

const placeOf = (item: Curve, bin: number): string =>
  item.kind === "points" ? pointName(item, bin) : binName(item as Bins, bin);

/** Mark where the reader is, and return what is there. */
function mark(inside: (number | null)[], { items, band, x }: Shown, height: number): Said | null {
  const lead = inside.findIndex((bin) => bin !== null);
  band.setAttribute("visibility", lead < 0 ? "hidden" : "visible");
  if (lead < 0) return null;
  const [first, bin] = [items[lead], inside[lead] as number];
  const [left, right] =
    first.kind === "points"
      ? [x(first.x[bin]) - 4, x(first.x[bin]) + 4]
      : [x(first.edges[bin]), x(first.edges[bin + 1])];
  band.setAttribute("x", String(left));
  band.setAttribute("width", String(Math.max(right - left, 1)));
  const title = `${first.kind === "points" ? "point" : "bin"} ${bin + 1}:  ${placeOf(first, bin)}`;
  const lines = items.flatMap((item, i) => {
    const there = inside[i];
    if (there === null) return [];
    const other = alike(item, first) ? "" : `  [${placeOf(item, there)}]`;
    const name = html("span", { class: "name" }, item.name);
    return [html("div", {}, swatch(item), name, `${contentOf(item, there)}${other}`)];
  });
  return { content: [html("b", {}, title), ...lines], left, right, top: height - 20 };
}

const alike = (item: Curve, first: Curve): boolean =>
  item.kind === "points" || first.kind === "points" ? item.kind === first.kind : sameEdges(item.edges, first.edges);

/** Return the content of a bin or point with its error, as text. */
export function contentOf(item: Curve, bin: number): string {
  if (item.kind === "steps") return `${written((item.own ?? item.values)[bin])} ± ${written(item.errors[bin], 3)}`;
  const [up, down] = [item.yHigh[bin], item.yLow[bin]];
  const error = up === down ? ` ± ${written(up, 3)}` : ` +${written(up, 3)} −${written(down, 3)}`;
  return `${written(item.values[bin])}${up || down ? error : ""}`;
}
