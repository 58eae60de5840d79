/** Scans, contours and compatibility: where the likelihood puts a parameter. */

import type { Scale } from "../../drawing/axes.ts";
import { curve, dots, level, plot, spanOf, upright } from "../../drawing/frame.ts";
import { fixed, measured, probability, real, significant, withSides } from "../../drawing/numbers.ts";
import { html, svg } from "../../drawing/svg.ts";
import { drawn, keys, remarks, tablesOf } from "../drawn.ts";
import { toyHistogram } from "../sections/goodness.ts";
import type { Compatibility, Contour, Scan } from "../types.ts";

const KINDS = ["first", "second", "third", "fourth"];
const SIGNS = ["━", "╍", "┅", "┉"];
const kindOf = (i: number): string => KINDS[i % KINDS.length];

/** Return the points of a curve where it is known, and where it is within a few times what is shown. */
const pairs = (x: (number | null)[], y: (number | null)[]): [number, number][] =>
  x.map((value, i) => [real(value), real(y[i])]);

function scanPlot(found: Scan, width: number): SVGSVGElement {
  const heights = found.curves.flatMap((one) => one.delta.map(real)).filter(Number.isFinite);
  const top = Math.min(Math.max(...heights, 4.4), 12);
  const values = found.values.map(real);
  return plot({
    width,
    about: `Profile likelihood of ${found.parameter}, lowest at ${significant(real(found.value))}`,
    x: { domain: spanOf(values, 0), label: found.parameter },
    y: { domain: [0, 1.05 * top], label: "2NLL above its minimum" },
    marks: (x, y) => [
      level(1, "68.3 %", x, y, "level", 0.62),
      level(3.84, "95 %", x, y, "level", 0.62),
      ...found.curves.map((one, i) => curve(pairs(found.values, one.delta), x, y, `line ${kindOf(i)}`)),
      ...found.curves.map((one, i) => dots(pairs(found.values, one.delta), x, y, `points ${kindOf(i)}`, 2)),
      upright(real(found.value), x, y, "reference"),
    ],
  });
}

/** Return the scan of a parameter. */
export function scanAnswer(found: Scan): HTMLElement {
  const failed = found.curves.flatMap((one) =>
    one.statuses.flatMap((status, i) =>
      one.delta[i] === null
        ? [`${one.label}, ${significant(real(found.values[i]), 4)}: ${status === "converged" ? "no value" : status}`]
        : [],
    ),
  );
  const legend = found.curves.map((one, i): [string, string, string] => {
    const { lower, upper } = one.interval;
    const value = real(one.interval.value);
    return [kindOf(i), SIGNS[i % 4], `${one.label}: ${withSides(value, real(upper) - value, value - real(lower))}`];
  });
  const most =
    failed.length > 4 ? [...failed.slice(0, 4), `and ${failed.length - 4} more points without a minimum`] : failed;
  return html(
    "div",
    {},
    keys(legend),
    drawn((width) => scanPlot(found, width)).element,
    ...remarks([...most, ...found.notes]),
    tablesOf(found),
  );
}

/** The colour of a height of 2NLL: dark at the minimum, the page's own at the highest contour and beyond. */
function heightMap(found: Contour, x: Scale, y: Scale): SVGElement {
  const top = Math.max(...found.levels.map((one) => -2 * Math.log1p(-one)), 6) * 1.5;
  const edges = (values: number[]) => {
    const middles = values.slice(1).map((value, i) => (value + values[i]) / 2);
    return [values[0], ...middles, values[values.length - 1]];
  };
  const [across, upwards] = [edges(found.x_values), edges(found.y_values)];
  const group = svg("g", { class: "map" });
  found.delta.forEach((row, i) => {
    row.forEach((height, j) => {
      const value = real(height);
      if (!(value < top)) return;
      const [left, right] = [x(across[j]), x(across[j + 1])];
      const [low, high] = [y(upwards[i]), y(upwards[i + 1])];
      const cell = svg("rect", {
        class: "height",
        x: left,
        y: high,
        width: right - left + 0.4,
        height: low - high + 0.4,
      });
      cell.style.setProperty("fill-opacity", String(0.5 * (1 - Math.max(value, 0) / top)));
      group.append(cell);
    });
  });
  return group;
}

function contourPlot(found: Contour, width: number): SVGSVGElement {
  const [a, b] = found.parameters;
  const best: [number, number] = [real(found.best[0]), real(found.best[1])];
  const cross = (x: Scale, y: Scale) =>
    best.every(Number.isFinite)
      ? svg("path", { class: "best", d: `M${x(best[0]) - 6},${y(best[1])}h12M${x(best[0])},${y(best[1]) - 6}v12` })
      : null;
  const ordered = [...new Set(found.levels)];
  return plot({
    width,
    height: Math.min(Math.round(0.85 * width), 480),
    about: `Contours of ${a} and ${b}, best fit at ${significant(best[0])}, ${significant(best[1])}`,
    x: { domain: spanOf(found.x_values, 0), label: a },
    y: { domain: spanOf(found.y_values, 0), label: b },
    marks: (x, y) => [
      heightMap(found, x, y),
      ...found.lines.map((line) => curve(line.points, x, y, `line ${kindOf(ordered.indexOf(line.level))}`)),
      cross(x, y),
    ],
  });
}

/** Return the contours of two parameters. */
export function contourAnswer(found: Contour): HTMLElement {
  const lost = found.delta.flat().filter((one) => one === null).length;
  const notes = lost ? [`${lost} of ${found.delta.flat().length} points have no minimum.`] : [];
  const legend = found.levels.map((one, i): [string, string, string] => {
    const height = fixed(-2 * Math.log1p(-one), 2);
    return [kindOf(i), SIGNS[i % 4], `${significant(100 * one, 3)} % (2NLL + ${height})`];
  });
  return html(
    "div",
    {},
    keys([...legend, ["", "+", "best fit"]]),
    drawn((width) => contourPlot(found, width), 620).element,
    ...remarks([...notes, ...found.notes]),
    tablesOf(found, true),
  );
}

/** A point with its bar, a row of a plot; the name stands above the bar. */
function row(name: string, value: number, side: number, at: number, x: Scale, y: Scale): SVGElement {
  const group = svg("g", { class: "errorbar" });
  group.append(svg("text", { x: 10, y: y(at) + 14 }, `${name}: ${measured(value, side > 0 ? side : null)}`));
  if (!Number.isFinite(value)) return group;
  const middle = y(at + 0.68);
  if (side > 0) group.append(svg("line", { x1: x(value - side), x2: x(value + side), y1: middle, y2: middle }));
  group.append(svg("circle", { class: "dot", cx: x(value), cy: middle, r: 3.5 }));
  return group;
}

function compatibilityPlot(found: Compatibility, width: number): SVGSVGElement {
  const names = [...found.groups, "all"];
  const values = [...found.values, found.value].map(real);
  const sides = [...found.uncertainties, found.uncertainty].map(real).map((side) => (side > 0 ? side : 0));
  const [all, sigma] = [values[values.length - 1], sides[sides.length - 1]];
  const tall = 38 * names.length;
  return plot({
    width,
    height: tall + 58,
    about: `${found.poi} of each group: ${names.map((name, i) => `${name} ${measured(values[i], sides[i])}`).join("; ")}`,
    x: {
      domain: spanOf(
        values.flatMap((value, i) => [value - sides[i], value + sides[i]]),
        0.08,
      ),
      label: found.poi,
    },
    y: { domain: [names.length, 0], label: "", values: [] },
    marks: (x, y) => [
      svg("rect", {
        class: "whole-band",
        x: x(all - sigma) || 0,
        y: 0,
        width: x(all + sigma) - x(all - sigma) || 0,
        height: tall,
      }),
      upright(all, x, y, "reference"),
      ...names.map((name, i) => row(name, values[i], sides[i], i, x, y)),
    ],
  });
}

/** Return whether one parameter of interest serves all channels. */
export function compatibilityAnswer(found: Compatibility): HTMLElement {
  const toys = real(found.toys_p_value);
  const p = `p = ${probability(real(found.p_value))} (asymptotic)${Number.isFinite(toys) ? `, ${significant(toys, 3)} (toys)` : ""}`;
  const { toys: sample } = found;
  const sides = html("div", { class: "sides" }, drawn((width) => compatibilityPlot(found, width)).element);
  if (sample) sides.append(drawn((width) => toyHistogram(sample, real(found.statistic), width)).element);
  return html(
    "div",
    {},
    html(
      "p",
      {},
      `${significant(real(found.statistic), 4)} / ${found.ndof} degrees of freedom, ${p}; band: one ${found.poi} for all`,
    ),
    ...remarks(found.converged ? [] : [`NOT CONVERGED: ${found.status}`]),
    sides,
    tablesOf(found),
  );
}
