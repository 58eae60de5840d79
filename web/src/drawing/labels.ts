/** Labels of runs of text, some raised (1) or lowered (-1): what Python made of LaTeX and TLatex. */

import { html, svg } from "./svg.ts";

export type Run = [text: string, level: number];
export type Label = string | Run[];

/** Return a label as plain text: `p_T^Z`. */
export function words(label: Label): string {
  if (typeof label === "string") return label;
  return label
    .map(([text, level]) => {
      if (level === 0) return text;
      return (level > 0 ? "^" : "_") + (/^([\p{L}\p{M}\p{N}+*-]*|.)$/u.test(text) ? text : `(${text})`);
    })
    .join("");
}

/** Return what a text element of SVG is filled with. */
export function tspans(label: Label): (Node | string)[] {
  if (typeof label === "string") return [label];
  let at = 0;
  return label.map(([text, level], i) => {
    // Back over a subscript to the superscript of the same letter is more than plain text needs: they follow each other.
    const shift = -0.35 * level - at;
    at = -0.35 * level;
    const size = level ? { "font-size": "80%" } : {};
    return svg("tspan", { ...(i || shift ? { dy: `${shift.toFixed(2)}em` } : {}), ...size }, text);
  });
}

/** Return what an HTML element is filled with. */
export function marked(label: Label): (Node | string)[] {
  if (typeof label === "string") return [label];
  return label.map(([text, level]) => (level ? html(level > 0 ? "sup" : "sub", {}, text) : text));
}
