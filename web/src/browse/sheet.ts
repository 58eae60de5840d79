/** The sheet that is drawn on: the same for curves and maps. */

import { svg } from "../drawing/svg.ts";

/** What is left free beside a frame; at the left also where the legend begins. */
export const margin = { left: 74, right: 18 };

/** Room below a frame for numbers and the label of the axis. */
export const BELOW = 48;

/** The mean width of a letter beside an axis. */
export const LETTER = 6.8;

/** Return an empty sheet that the keyboard reaches; its ground is that of the card, and white in a saved picture. */
export function sheet(width: number, height: number, about: string): SVGSVGElement {
  const size = { width, height };
  const made = svg("svg", {
    class: "curves",
    viewBox: `0 0 ${width} ${height}`,
    ...size,
    tabindex: 0,
    role: "img",
    "aria-label": `${about}; arrow keys go through the bins`,
  });
  made.append(svg("rect", { class: "ground", ...size }));
  return made;
}
