/** Limits, tests and grids of signals: p-values and bands of what was expected. */

import type { Scale } from "../../drawing/axes.ts";
import { type Bar, bars } from "../../drawing/bars.ts";
import { between, curve, dots, level, plot, spanOf, upright } from "../../drawing/frame.ts";
import { real, significant } from "../../drawing/numbers.ts";
import { chooser, html, svg } from "../../drawing/svg.ts";
import { drawn, keys, remarks, tablesOf } from "../drawn.ts";
import type { Grid, HypothesisTest, Limit, Num, Significance, Test } from "../types.ts";

const LEGEND: [string, string, string][] = [
  ["", "●", "observed"],
  ["", "╍", "median expected"],
  ["limit-one-key", "■", "68 % expected"],
  ["limit-two-key", "■", "95 % expected"],
];

const column = (rows: Num[][], i: number): number[] => rows.map((row) => real(row[i]));

/** Return the bands of what was expected, the median and the observed points. */
function brazil(at: number[], observed: number[], expected: Num[][], x: Scale, y: Scale): SVGElement[] {
  const [least, low, median, high, most] = [0, 1, 2, 3, 4].map((i) => column(expected, i));
  const line = (values: number[]) => at.map((place, i): [number, number] => [place, values[i]]);
  return [
    between(at, least, most, x, y, "limit-two"),
    between(at, low, high, x, y, "limit-one"),
    curve(line(median), x, y, "line median"),
    curve(line(observed), x, y, "line"),
    dots(line(observed), x, y, "points"),
  ];
}

/** Return the p-values that a test is about: CLs, or CLs+b where CLs has no use. */
export function shownP(test: Test): { name: string; observed: number[]; expected: Num[][] } {
  const plain = ["q0", "t", "t~"].includes(test.statistic);
  const name = test.statistic === "q0" ? "p₀" : plain ? "CLs+b" : "CLs";
  const [observed, expected] = plain
    ? [test.observed.clsb, test.expected.clsb]
    : [test.observed.cls, test.expected.cls];
  return { name, observed: observed.map(real), expected };
}

function sortedTest(test: Test): { values: number[]; name: string; observed: number[]; expected: Num[][] } {
  const { name, observed, expected } = shownP(test);
  const values = test.values.map(real);
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const pick = <T>(list: T[]): T[] => order.map((i) => list[i]);
  return { values: pick(values), name, observed: pick(observed), expected: pick(expected) };
}

function testPlot(test: Test, cut: number, limit: number, width: number): SVGSVGElement {
  const { values, name, observed, expected } = sortedTest(test);
  const most = Math.max(...[...observed, ...expected.flat().map(real)].filter(Number.isFinite), 2 * cut);
  return plot({
    width,
    about: `${name} of ${test.poi} at ${values.length} values`,
    x: { domain: spanOf(values, 0), label: test.poi },
    y: { domain: [0, Math.min(1.05 * most, 1.02)], label: name },
    marks: (x, y) => [
      ...brazil(values, observed, expected, x, y),
      level(cut, significant(cut, 3), x, y, "level cut"),
      upright(limit, x, y, "marker"),
    ],
  });
}

/** Return the tests of values of the parameter of interest. */
export function testAnswer(found: HypothesisTest): HTMLElement {
  const values = found.values.map(real);
  const failed = found.statuses.flatMap((text, i) =>
    text === "converged" ? [] : [`${found.poi} = ${significant(values[i], 4)}: ${text}`],
  );
  const about = `${found.statistic}, ${found.calculator}, ${found.origin.dataset} data; best fit ${found.poi} = ${significant(real(found.best_value))}`;
  const made = html("div", {}, html("p", {}, about), ...remarks(failed));
  if (values.length > 1) made.append(keys(LEGEND), drawn((width) => testPlot(found, 0.05, NaN, width)).element);
  made.append(tablesOf(found, true) ?? "");
  return made;
}

/** Return a significance beside those that were expected. */
export function significanceAnswer(found: Significance): HTMLElement {
  const bar = (name: string, value: number): Bar => ({
    name,
    value,
    kind: name === "observed" ? "share" : "share rest",
    text: Number.isFinite(value) ? `${significant(value, 3)} σ` : "none",
  });
  const expected = found.injected.map((size, i) =>
    bar(`expected for ${found.poi} = ${significant(real(size), 3)}`, real(found.expected_significance[i])),
  );
  const rows = [bar("observed", real(found.significance)), ...expected];
  const draw = (width: number) => bars(rows, { width, label: "standard deviations", about: "Significance" });
  return html(
    "div",
    {},
    ...remarks(found.status === "converged" ? [] : [found.status]),
    drawn(draw).element,
    tablesOf(found, true),
  );
}

/** The limit with its expected bands, as one row. */
function limitPlot(found: Limit, width: number): SVGSVGElement {
  const [least, low, median, high, most] = found.expected.map(real);
  const observed = real(found.observed);
  const [, end] = spanOf([0, observed, most, least], 0.08);
  const known = (a: number, b: number) => Number.isFinite(a) && Number.isFinite(b);
  return plot({
    width,
    height: 130,
    about: `Upper limit on ${found.poi}: observed ${significant(observed)}, expected ${significant(median)}`,
    x: { domain: [0, end], label: `upper limit on ${found.poi}` },
    y: { domain: [0, 1], label: "", values: [] },
    marks: (x, y) => [
      known(least, most) ? between([least, most], [0.2, 0.2], [0.8, 0.8], x, y, "limit-two") : null,
      known(low, high) ? between([low, high], [0.2, 0.2], [0.8, 0.8], x, y, "limit-one") : null,
      Number.isFinite(median)
        ? curve(
            [
              [median, 0.2],
              [median, 0.8],
            ],
            x,
            y,
            "line median",
          )
        : null,
      Number.isFinite(observed)
        ? curve(
            [
              [observed, 0.1],
              [observed, 0.9],
            ],
            x,
            y,
            "line",
          )
        : null,
      dots([[observed, 0.5]], x, y, "points", 4),
    ],
  });
}

/** Return an upper limit, and the curve of CLs that it was read from. */
export function limitAnswer(found: Limit): HTMLElement {
  const names = ["observed", "−2 σ", "−1 σ", "median", "+1 σ", "+2 σ"];
  const failed = found.statuses.flatMap((text, i) => (text === "converged" ? [] : [`${names[i]}: ${text}`]));
  const { curve: test } = found;
  const sides = html("div", { class: "sides" }, drawn((width) => limitPlot(found, width)).element);
  if (test.values.length > 1)
    sides.append(drawn((width) => testPlot(test, 1 - found.level, real(found.observed), width)).element);
  return html("div", {}, ...remarks(failed), keys(LEGEND), sides, tablesOf(found, true));
}

function gridLine(found: Grid, k: number, log: boolean, width: number): SVGSVGElement {
  const places = column(found.coordinates, k);
  const order = places.map((_, i) => i).filter((i) => Number.isFinite(places[i]));
  order.sort((a, b) => places[a] - places[b]);
  const [at, observed] = [order.map((i) => places[i]), order.map((i) => real(found.observed[i]))];
  const expected = order.map((i) => found.expected[i]);
  const all = [...observed, ...expected.flat().map(real)].filter((v) => Number.isFinite(v) && (!log || v > 0));
  const cut = found.question === "limit" ? 1 : 1 - found.level;
  const [low, high] = [Math.min(...all, cut), Math.max(...all, cut)];
  return plot({
    width,
    about: `${found.question} of ${found.poi} at ${at.length} points along ${found.labels[k]}`,
    x: { domain: spanOf(at, 0), label: found.labels[k] },
    y: {
      domain: log ? [low / 1.5, high * 1.5] : [0, 1.1 * high],
      log,
      label: found.question === "limit" ? `upper limit on ${found.poi}` : "CLs",
    },
    marks: (x, y) => [...brazil(at, observed, expected, x, y), level(cut, significant(cut, 2), x, y, "level cut")],
  });
}

function gridMap(found: Grid, width: number): SVGSVGElement {
  const [a, b] = [column(found.coordinates, 0), column(found.coordinates, 1)];
  const cut = found.question === "limit" ? 1 : 1 - found.level;
  return plot({
    width,
    height: Math.min(Math.round(0.8 * width), 480),
    about: `${found.question} of ${found.poi} over ${found.labels[0]} and ${found.labels[1]}`,
    x: { domain: spanOf(a, 0.1), label: found.labels[0] },
    y: { domain: spanOf(b, 0.1), label: found.labels[1] },
    marks: (x, y) =>
      found.names.map((name, i) => {
        if (!Number.isFinite(a[i]) || !Number.isFinite(b[i])) return null;
        const value = real(found.observed[i]);
        const out = Number.isNaN(value) ? "hollow" : value < cut ? "excluded" : "allowed";
        const group = svg("g");
        group.append(svg("title", {}, `${name}: ${significant(value, 3)}`));
        // Excluded points are squares, so that no colour is needed to tell them.
        if (out === "excluded")
          group.append(svg("rect", { class: out, x: x(a[i]) - 6, y: y(b[i]) - 6, width: 12, height: 12 }));
        else group.append(svg("circle", { class: out, cx: x(a[i]), cy: y(b[i]), r: 6 }));
        group.append(svg("text", { x: x(a[i]), y: y(b[i]) - 9, "text-anchor": "middle" }, significant(value, 2)));
        return group;
      }),
  });
}

/** Return limits or CLs of many signals: along one label, or as a map over two. */
export function gridAnswer(found: Grid): HTMLElement {
  const failed = found.statuses.flatMap((text, i) => (text === "converged" ? [] : [`${found.names[i]}: ${text}`]));
  const made = html("div", {}, ...remarks(failed));
  const numeric = found.labels.map((_, k) => k).filter((k) => column(found.coordinates, k).some(Number.isFinite));
  if (!numeric.length) made.append(...remarks(["The points have no coordinates: there is only a table."]));
  else if (found.labels.length >= 2) {
    const excluded = found.question === "limit" ? "limit below 1" : `CLs below ${significant(1 - found.level, 2)}`;
    made.append(
      keys([
        ["warm", "■", `excluded (${excluded})`],
        ["cold", "●", "not excluded"],
        ["", "○", "no answer"],
      ]),
      drawn((width) => gridMap(found, width), 660).element,
    );
  } else {
    const state = { log: found.question === "limit", k: numeric[0] };
    const place = drawn((width) => gridLine(found, state.k, state.log, width));
    const scaled = chooser(
      "scale ",
      ["logarithmic", "linear"],
      (i) => {
        state.log = i === 0;
        place.redraw();
      },
      state.log ? 0 : 1,
    );
    made.append(html("div", { class: "bar" }, scaled), keys(LEGEND), place.element);
  }
  made.append(tablesOf(found, true) ?? "");
  return made;
}
