/** The drawings of the page, and the buttons that save them. */

import { save } from "../drawing/files.ts";
import { button, html } from "../drawing/svg.ts";

/** All drawings of the page, by name: drawn when they are asked for, null while there is nothing to draw. */
export const drawings = new Map<string, () => SVGSVGElement | null>();

/** Return two buttons that save a drawing, which is one of the page's from now on. */
export function saving(name: string, drawn: () => SVGSVGElement | null): HTMLElement {
  drawings.set(name, drawn);
  const saved = (kind: "svg" | "png") => {
    const drawing = drawn();
    if (drawing) void save(drawing, name, kind);
  };
  return html(
    "span",
    { class: "saving" },
    button("SVG", () => saved("svg"), { class: "small", "aria-label": `Save ${name} as SVG` }),
    button("PNG", () => saved("png"), { class: "small", "aria-label": `Save ${name} as PNG` }),
  );
}
