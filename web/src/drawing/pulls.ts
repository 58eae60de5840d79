/** Pulls and impacts of one parameter, drawn beside its row, and the axes above them. */

import { bottomAxis, scale } from "./axes.ts";
import { fixed, significant } from "./numbers.ts";
import { svg } from "./svg.ts";

const WIDTH = 184;
const HEIGHT = 20;
const REACH = 3;
const across = scale([-REACH, REACH], [8, WIDTH - 8]);

/** Where a parameter is after a fit: a pull, or the value itself of one whose constraint has no width to count in. */
export interface PullPoint {
  at: number;
  low: number;
  high: number;
  kind: "pull" | "value";
}

const inside = (value: number) => Math.min(Math.max(value, -REACH), REACH);

function line(kind: string, x: number, top = 0, bottom = HEIGHT): SVGLineElement {
  return svg("line", { class: kind, x1: x, x2: x, y1: top, y2: bottom });
}

function mark(point: PullPoint, y: number, size: number): SVGElement {
  const x = across(inside(point.at));
  if (Math.abs(point.at) > REACH) {
    const way = point.at > 0 ? 1 : -1;
    return svg("path", { class: "dot", d: `M${x + way * 5},${y}l${-way * 7},${-size}v${2 * size}Z` });
  }
  if (point.kind === "value")
    return svg("rect", { class: "dot", x: x - size, y: y - size, width: 2 * size, height: 2 * size });
  return svg("circle", { class: "dot", cx: x, cy: y, r: size });
}

function described(point: PullPoint): string {
  const what = point.kind === "pull" ? "pull" : "value";
  const side = (point.high - point.low) / 2;
  return `${what} ${fixed(point.at, 2)}${Number.isFinite(side) ? `, uncertainty ${fixed(side, 2)}` : ""}`;
}

/** Return the drawing of one parameter; further points, below the first, are those of other fits. */
export function pullDrawing(points: PullPoint[]): SVGSVGElement | null {
  const found = points.map((point, i) => ({ point, i })).filter(({ point }) => Number.isFinite(point.at));
  if (!found.length) return null;
  const image = svg("svg", {
    class: "pull",
    width: WIDTH,
    height: HEIGHT,
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": found.map(({ point }) => described(point)).join("; "),
  });
  if (points[0].kind === "pull") {
    for (const [kind, n] of [
      ["two", 2],
      ["one", 1],
    ] as const)
      image.append(svg("rect", { class: kind, x: across(-n), y: 0, width: across(n) - across(-n), height: HEIGHT }));
    image.append(line("zero", across(0)));
  } else image.append(line("zero", across(1)));
  const step = HEIGHT / (points.length + 1);
  for (const { point, i } of found) {
    const y = step * (i + 1);
    const group = svg("g", { class: `fit-${i}` });
    if (Number.isFinite(point.low) && Number.isFinite(point.high))
      group.append(
        svg("line", { class: "bar", x1: across(inside(point.low)), x2: across(inside(point.high)), y1: y, y2: y }),
      );
    group.append(mark(point, y, points.length > 1 ? 2.4 : 3));
    image.append(group);
  }
  return image;
}

function axis(scaled: ReturnType<typeof scale>, values: number[] | undefined, names?: string[]): SVGSVGElement {
  const image = svg("svg", {
    class: "head-axis",
    width: WIDTH,
    height: 22,
    viewBox: `0 0 ${WIDTH} 22`,
    "aria-hidden": "true",
  });
  const group = bottomAxis(scaled, 0, { values, names, ticks: 3 });
  group.setAttribute("transform", "translate(0,20) scale(1,1)");
  // Ticks hang from the row of drawings below, their numbers stand above.
  for (const text of group.querySelectorAll("text")) text.setAttribute("y", "-8");
  for (const text of group.querySelectorAll("text")) text.setAttribute("dy", "0");
  image.append(group);
  return image;
}

/** Return the axis above a column of pulls. */
export function pullAxis(): SVGSVGElement {
  return axis(across, [-3, -2, -1, 0, 1, 2, 3]);
}

const impactScale = (most: number) => scale([-most, most], [4, WIDTH - 4]);

/** Return the axis above a column of impacts whose largest is `most`. */
export function impactAxis(most: number): SVGSVGElement {
  const tick = Number(significant(most / 1.5, 1).replace("−", "-"));
  const ticks = Number.isFinite(tick) && tick > 0 && tick <= most ? [-tick, 0, tick] : [0];
  return axis(
    impactScale(most),
    ticks,
    ticks.map((value) => significant(value, 2)),
  );
}

/** Return impacts (pre-fit up and down, post-fit up and down) as bars around nothing; null where there is none. */
export function impactDrawing(shifts: number[], most: number): SVGSVGElement | null {
  if (!(most > 0) || !shifts.some(Number.isFinite)) return null;
  const x = impactScale(most);
  const [up, down, upAfter, downAfter] = shifts;
  const image = svg("svg", {
    class: "impact",
    width: WIDTH,
    height: HEIGHT,
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `impact ${significant(upAfter, 3)} up, ${significant(downAfter, 3)} down`,
  });
  const bar = (value: number, kind: string) => {
    if (!Number.isFinite(value)) return;
    const [a, b] = [x(0), x(Math.min(Math.max(value, -most), most))];
    image.append(svg("rect", { class: kind, x: Math.min(a, b), y: 3, width: Math.abs(b - a), height: HEIGHT - 6 }));
  };
  bar(upAfter, "up");
  bar(downAfter, "down");
  bar(up, "up open");
  bar(down, "down open");
  image.append(line("zero", x(0)));
  return image;
}
