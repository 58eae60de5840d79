/** What stands around a drawing on the page: a place that redraws it, a legend, its table. */

import { html, onWidth } from "../drawing/svg.ts";
import { tableOf } from "./table.ts";
import type { Result } from "./types.ts";

/** Return a place whose drawing follows its width; `redraw` draws again what has changed. */
export function drawn(draw: (width: number) => Node, most = 760): { element: HTMLElement; redraw: () => void } {
  const element = html("div", { class: "drawing" });
  let width = 0;
  const redraw = () => {
    if (width) element.replaceChildren(draw(Math.min(width, most)));
  };
  onWidth(element, (now) => {
    width = now;
    redraw();
  });
  return { element, redraw };
}

/** Return the tables of a result, folded away. */
export function tablesOf(result: Result, open = false): HTMLElement | null {
  if (!result.tables.length) return null;
  const name = result.file.replace(/\.json$/, "");
  const tables = result.tables.map((table, i) => tableOf(table, i ? `${name}-${i + 1}` : name));
  return html("details", { open }, html("summary", {}, tables.length === 1 ? "Table" : "Tables"), ...tables);
}

/** Return a sentence about each thing that is to be known. */
export function remarks(texts: string[]): HTMLElement[] {
  return [...new Set(texts)].filter(Boolean).map((text) => html("p", { class: "missing" }, text));
}

/** Return lines of a legend: the class of the key, how it is drawn, and its text. */
export function keys(entries: [string, string, string][]): HTMLElement {
  return html(
    "p",
    { class: "keys" },
    ...entries.map(([kind, sign, text]) =>
      html("span", {}, html("span", { class: `key ${kind}`, "aria-hidden": "true" }, `${sign} `), text),
    ),
  );
}
