/** A title and a legend above a drawing that is saved: on its own it must tell what it shows. */

import { type Label, tspans, words } from "./labels.ts";
import { svg } from "./svg.ts";

export interface LegendEntry {
  label: Label;
  /** What stands before the label, in a box of 22 by 12. */
  key: (() => SVGElement[]) | { colour: string };
}

const LETTER = 6.3;
const LINE = 18;

/** Return a swatch of a colour. */
function swatch(colour: string): SVGElement {
  const box = svg("rect", { x: 4, y: 0, width: 14, height: 12 });
  box.style.setProperty("fill", colour);
  return box;
}

/** Put a title and a legend above a drawing; it becomes higher. */
export function captioned(image: SVGSVGElement, title: Label, entries: LegendEntry[]): SVGSVGElement {
  const { width, height } = image.viewBox.baseVal;
  const group = svg("g");
  group.append(svg("text", { class: "caption", x: 4, y: 14 }, ...tspans(title)));
  let [x, y] = [4, 28];
  for (const { label, key } of entries) {
    const room = 34 + LETTER * words(label).length;
    if (x > 4 && x + room > width) [x, y] = [4, y + LINE];
    const entry = svg("g", { transform: `translate(${x},${y})` });
    entry.append(...(typeof key === "function" ? key() : [swatch(key.colour)]));
    entry.append(svg("text", { x: 27, y: 10 }, ...tspans(label)));
    group.append(entry);
    x += room;
  }
  const above = y + (entries.length ? LINE + 4 : 0);
  group.setAttribute("transform", `translate(0,${-above})`);
  image.prepend(group);
  image.setAttribute("viewBox", `0 ${-above} ${width} ${height + above}`);
  image.setAttribute("height", String(height + above));
  return image;
}
