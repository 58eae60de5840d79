/** Rows with a bar: shares of a variance, statistics of channels. */

import { bottomAxis, scale } from "./axes.ts";
import { svg } from "./svg.ts";
import { textWidth } from "./text.ts";

export interface Bar {
  name: string;
  value: number;
  /** What stands behind the bar. */
  text: string;
  kind: string;
}

export interface BarOptions {
  width: number;
  label: string;
  about: string;
  /** Where a vertical line stands, if anywhere. */
  line?: number;
}

const ROW = 26;

/** Return horizontal bars, one below the other; names that leave no room stand above their bar. */
export function bars(rows: Bar[], { width, label, about, line }: BarOptions): SVGSVGElement {
  const widest = Math.max(...rows.map((row) => textWidth(row.name)), 40);
  const behind = Math.max(...rows.map((row) => textWidth(row.text, 11)), 10) + 16;
  const above = widest > 0.4 * width;
  const left = above ? 6 : widest + 14;
  const tall = above ? ROW + 15 : ROW;
  const h = rows.length * tall + 4;
  const values = [...rows.map((row) => row.value), line ?? 0].filter(Number.isFinite);
  const [least, most] = [Math.min(0, ...values), Math.max(...values, 1e-9)];
  const x = scale([least, most], [0, Math.max(width - left - behind, 40)]);
  const image = svg("svg", {
    class: "plot bars",
    viewBox: `0 0 ${width} ${h + 46}`,
    width,
    height: h + 46,
    role: "img",
    "aria-label": `${about}: ${rows.map((row) => `${row.name} ${row.text}`).join("; ")}`,
  });
  const inside = svg("g", { transform: `translate(${left},2)` });
  rows.forEach((row, i) => {
    const y = i * tall + (above ? 15 : 0);
    const text = svg("text", { class: "title", x: above ? 0 : -8, y: above ? y - 3 : y + ROW / 2 + 4 }, row.name);
    text.setAttribute("text-anchor", above ? "start" : "end");
    inside.append(text);
    if (Number.isFinite(row.value)) {
      const [a, b] = [x(0), x(row.value)];
      inside.append(
        svg("rect", { class: row.kind, x: Math.min(a, b), y: y + 4, width: Math.abs(b - a), height: ROW - 8 }),
      );
    }
    const end = Number.isFinite(row.value) ? Math.max(x(row.value), x(0)) : x(0);
    inside.append(svg("text", { x: end + 7, y: y + ROW / 2 + 4 }, row.text));
  });
  const end = x.range()[1];
  inside.append(
    svg("line", { class: "reference", x1: x(0), x2: x(0), y1: 0, y2: h }),
    bottomAxis(x, h, { label, ticks: Math.max(Math.floor(end / 80), 2) }),
    svg("line", { class: "axis-line", x1: 0, x2: end, y1: h, y2: h }),
  );
  if (line !== undefined) inside.append(svg("line", { class: "marker", x1: x(line), x2: x(line), y1: 0, y2: h }));
  image.append(inside);
  return image;
}
