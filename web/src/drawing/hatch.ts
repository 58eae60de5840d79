/** Hatches: patterns that an SVG carries with it, so that it stays whole when it is saved. */

import { svg } from "./svg.ts";

let made = 0;

/** Return a pattern of oblique lines, and what fills a shape with it; `slope` 1 rises to the right, -1 falls. */
export function hatch(kind: string, slope: 1 | -1, spacing = 6): { defs: SVGElement; fill: string } {
  made += 1;
  const id = `hatch-${made}`;
  const s = spacing;
  const d =
    slope > 0
      ? `M-1,1L1,-1M0,${s}L${s},0M${s - 1},${s + 1}L${s + 1},${s - 1}`
      : `M-1,${s - 1}L1,${s + 1}M0,0L${s},${s}M${s - 1},-1L${s + 1},1`;
  const pattern = svg(
    "pattern",
    { id, width: s, height: s, patternUnits: "userSpaceOnUse" },
    svg("path", { class: kind, d }),
  );
  return { defs: svg("defs", {}, pattern), fill: `url(#${id})` };
}
