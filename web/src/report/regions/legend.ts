/** The legend: which colour is which sample, and samples switched off and on. */

import { hatch } from "../../drawing/hatch.ts";
import { marked } from "../../drawing/labels.ts";
import { button, html, svg } from "../../drawing/svg.ts";
import { colourOf, paint, sampleNames, titled } from "../page.ts";
import { onView, predictions, setView, view } from "./view.ts";

/** More samples are folded away. */
const MOST = 24;

function entry(sample: string): HTMLButtonElement {
  const made = button("", () => {
    const off = new Set(view.off);
    if (!off.delete(sample)) off.add(sample);
    setView({ off });
  });
  const swatch = html("span", { class: "swatch" });
  paint(swatch, "background", colourOf(sample));
  made.append(swatch, html("span", {}, ...marked(titled(sample))));
  const tell = () => made.setAttribute("aria-pressed", String(!view.off.has(sample)));
  onView(tell);
  tell();
  return made;
}

/** Return a small drawing of what is no sample: data, uncertainty, total before the fit. */
function key(text: string, ...parts: SVGElement[]): HTMLElement {
  const image = svg("svg", { width: 22, height: 14, viewBox: "0 0 22 14", "aria-hidden": true }, ...parts);
  return html("span", { class: "key" }, image, text);
}

function keys(): HTMLElement[] {
  const { defs, fill } = hatch("band-line", 1, 5);
  const point = svg(
    "g",
    { class: "data" },
    svg("line", { x1: 11, x2: 11, y1: 0, y2: 14 }),
    svg("circle", { cx: 11, cy: 7, r: 3 }),
  );
  const made = [
    key("data", point),
    key("uncertainty", defs, svg("rect", { class: "band", x: 1, y: 1, width: 20, height: 12, fill })),
  ];
  if (predictions.has("pre-fit") && predictions.size > 1)
    made.push(key("pre-fit total", svg("path", { class: "before", d: "M0,7H22" })));
  return made;
}

/** Return the legend of all samples. */
export function legend(): HTMLElement {
  const entries = sampleNames.map(entry);
  const all = button("show all", () => setView({ off: new Set() }), { class: "small" });
  const note = html(
    "span",
    { class: "count", role: "status" },
    "The uncertainty is that of all samples, and not drawn for a part of them.",
  );
  const tell = () => {
    all.hidden = note.hidden = view.off.size === 0;
  };
  onView(tell);
  tell();
  const rest = entries.slice(MOST);
  const folded = rest.length
    ? html("details", {}, html("summary", {}, `${rest.length} more samples`), html("div", { class: "legend" }, ...rest))
    : null;
  return html(
    "div",
    { class: "legends" },
    html(
      "div",
      { class: "legend", role: "group", "aria-label": "Samples: switch off and on" },
      ...keys(),
      ...entries.slice(0, MOST),
      all,
      note,
    ),
    folded,
  );
}
