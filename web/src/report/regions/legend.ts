/** The legend: which colour is which sample, and samples switched off and on. */

import { hatch } from "../../drawing/hatch.ts";
import { marked } from "../../drawing/labels.ts";
import type { LegendEntry } from "../../drawing/legend.ts";
import { button, html, svg } from "../../drawing/svg.ts";
import { colourOf, paint, sampleNames, titled } from "../page.ts";
import { anyBlinded, onView, predictions, setView, view } from "./view.ts";

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

/** What is no sample, with the drawing that stands for it in a box of 22 by 12. */
function others(): [string, () => SVGElement[]][] {
  const point = () => [
    svg("g", { class: "data" }, svg("line", { x1: 11, x2: 11, y1: 0, y2: 12 }), svg("circle", { cx: 11, cy: 6, r: 3 })),
  ];
  const band = () => {
    const { defs, fill } = hatch("band-line", 1, 5);
    return [defs, svg("rect", { class: "band", x: 1, y: 0, width: 20, height: 12, fill })];
  };
  const made: [string, () => SVGElement[]][] = [["data", point]];
  if (!view.off.size) made.push(["uncertainty", band]);
  if (anyBlinded())
    made.push([
      "no data shown",
      () => {
        const { defs, fill } = hatch("blinded-line", -1, 6);
        return [defs, svg("rect", { x: 1, y: 0, width: 20, height: 12, fill })];
      },
    ]);
  if (predictions.has("pre-fit") && predictions.size > 1)
    made.push(["pre-fit total", () => [svg("path", { class: "before", d: "M0,6H22" })]]);
  return made;
}

function keys(): HTMLElement[] {
  return others().map(([text, parts]) => {
    const image = svg("svg", { width: 22, height: 12, viewBox: "0 0 22 12", "aria-hidden": true }, ...parts());
    return html("span", { class: "key" }, image, text);
  });
}

/** Return the legend of a drawing that is saved: what is in it, and no more samples than can be told apart. */
export function savedLegend(samples: string[]): LegendEntry[] {
  const shown = samples.filter((name) => !view.off.has(name));
  const made: LegendEntry[] = others()
    .filter(([text]) => text !== "pre-fit total" || (view.label !== "pre-fit" && !view.off.size))
    .map(([label, key]) => ({ label, key }));
  made.push(...shown.slice(0, MOST).map((name) => ({ label: titled(name), key: { colour: colourOf(name) } })));
  if (shown.length > MOST) made.push({ label: `${shown.length - MOST} more samples`, key: () => [] });
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
    ? html(
        "details",
        { class: "as-it-is" },
        html("summary", {}, `${rest.length} more samples`),
        html("div", { class: "legend" }, ...rest),
      )
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
