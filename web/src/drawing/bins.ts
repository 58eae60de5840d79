/** Bins of a drawing under the pointer, and by the arrow keys, which move from one to the next. */

import type { Scale } from "./axes.ts";
import { svg } from "./svg.ts";

export interface Listeners {
  /** Told which bin the pointer or the arrow keys are in. */
  hover: (bin: number | null, place: DOMRect | null) => void;
  /** What is read aloud of a bin. */
  read?: (bin: number) => string;
}

interface Bins {
  edges: number[];
  x: Scale;
  top: number;
  bottom: number;
}

/** Let a drawing tell which bin the reader is at; to a screen reader it is something with one value for each bin. */
export function listenToBins(image: SVGSVGElement, { edges, x, top, bottom }: Bins, { hover, read }: Listeners): void {
  const cells = edges
    .slice(1)
    .map((edge, i) =>
      svg("rect", { class: "cell", x: x(edges[i]), y: top, width: x(edge) - x(edges[i]), height: bottom - top }),
    );
  const text = (bin: number) => read?.(bin) ?? `bin ${bin + 1}`;
  const attributes = {
    tabindex: 0,
    role: "slider",
    "aria-roledescription": "drawing",
    "aria-valuemin": 1,
    "aria-valuemax": cells.length,
    "aria-valuenow": 1,
    "aria-valuetext": text(0),
  };
  for (const [name, value] of Object.entries(attributes)) image.setAttribute(name, String(value));
  let now: number | null = null;
  const go = (bin: number | null) => {
    if (now !== null) cells[now].classList.remove("current");
    now = bin;
    if (bin === null) return hover(null, null);
    cells[bin].classList.add("current");
    image.setAttribute("aria-valuenow", String(bin + 1));
    image.setAttribute("aria-valuetext", text(bin));
    hover(bin, cells[bin].getBoundingClientRect());
  };
  cells.forEach((cell, i) => {
    cell.addEventListener("pointerenter", () => go(i));
    cell.addEventListener("pointerleave", () => go(null));
  });
  image.addEventListener("keydown", (event) => {
    const last = cells.length - 1;
    const next: Record<string, number | null> = {
      ArrowRight: Math.min((now ?? -1) + 1, last),
      ArrowLeft: Math.max((now ?? cells.length) - 1, 0),
      Home: 0,
      End: last,
      Escape: null,
    };
    if (!(event.key in next)) return;
    event.preventDefault();
    go(next[event.key]);
  });
  image.addEventListener("focus", () => {
    if (image.matches(":focus-visible") && now === null) go(0);
  });
  image.addEventListener("blur", () => go(null));
  image.append(...cells);
}
