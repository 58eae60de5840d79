/** What a refit, a scan, a ranking or toys gave: tables of two settings side by side, and drawings. */

import { bottomAxis, leftAxis, scale } from "../drawing/axes.ts";
import { change, decimalsOf, fixed, measured, significant } from "../drawing/numbers.ts";
import { html, svg } from "../drawing/svg.ts";
import type { Fitted, Ranked, Scanned, Toys } from "./questions.ts";

const WIDTH = 340;
const margin = { left: 52, right: 10, top: 8, bottom: 40 };

function frame(height: number, label: string): SVGSVGElement {
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, role: "img", "aria-label": label });
}

const valueText = (fit: Fitted, name: string): string => {
  const i = fit.names.indexOf(name);
  if (i < 0) return "\u2013";
  if (fit.fixed[i]) return `${significant(fit.values[i], 4)} (held)`;
  return fit.atBound[i] ? `${significant(fit.values[i], 4)} (at bound)` : measured(fit.values[i], fit.uncertainties[i]);
};

/** How far a parameter has moved between two fits, in units of its uncertainty in the first. */
function shift(before: Fitted, after: Fitted, name: string): number {
  const [i, j] = [before.names.indexOf(name), after.names.indexOf(name)];
  if (i < 0 || j < 0) return NaN;
  return (after.values[j] - before.values[i]) / before.uncertainties[i];
}

/** Return the table of two fits: what was handed in, and the setting. `names` come first, then what moved most. */
export function fitOutcome(before: Fitted, after: Fitted, names: string[], rows = 12): HTMLElement {
  const moved = after.names
    .filter((name) => !names.includes(name) && Number.isFinite(shift(before, after, name)))
    .sort((a, b) => Math.abs(shift(before, after, b)) - Math.abs(shift(before, after, a)));
  const line = (title: string, ...cells: string[]) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, title),
      ...cells.map((cell) => html("td", { class: cell.includes(",") ? "right words" : "right" }, cell)),
    );
  const parameters = [...names, ...moved.slice(0, rows)].map((name) =>
    line(name, valueText(before, name), valueText(after, name), change(shift(before, after, name), 2)),
  );
  const goodness = ({ goodness: { statistic, ndof, p } }: Fitted) =>
    `${fixed(statistic, 2)} / ${ndof}${Number.isFinite(p) ? `, p = ${significant(p, 3)}` : ""}`;
  const head = html(
    "tr",
    {},
    ...["", "as handed in", "this setting", "shift [σ]"].map((text) => html("th", { scope: "col" }, text)),
  );
  return html(
    "div",
    { class: "scroll" },
    html(
      "p",
      { class: "under", id: "live-status" },
      `${after.status} in ${after.iterations} iterations, ${fixed(1000 * after.seconds, 1)} ms`,
    ),
    html(
      "table",
      { class: "outcome" },
      html("thead", {}, head),
      html(
        "tbody",
        {},
        ...parameters,
        line("2NLL", fixed(before.twiceNll, 3), fixed(after.twiceNll, 3), ""),
        line("goodness of fit", goodness(before), goodness(after), ""),
      ),
    ),
  );
}

/** Return the drawing of a profile likelihood. */
export function scanOutcome(found: Scanned): SVGElement {
  const height = 210;
  const image = frame(height, `Profile likelihood of ${found.parameter}`);
  const finite = found.delta.filter(Number.isFinite);
  const top = Math.min(Math.max(...finite, 4.2) * 1.05, 10);
  const x = scale([found.values[0], found.values[found.values.length - 1]], [margin.left, WIDTH - margin.right]);
  const y = scale([0, top], [height - margin.bottom, margin.top]);
  for (const level of [1, 3.84])
    image.append(
      svg("line", { class: "centre", x1: margin.left, x2: WIDTH - margin.right, y1: y(level), y2: y(level) }),
    );
  const points = found.values
    .map((value, i) => [x(value), y(Math.min(found.delta[i], top))])
    .filter(([, b]) => Number.isFinite(b));
  image.append(svg("path", { class: "curve", d: points.map(([a, b], i) => `${i ? "L" : "M"}${a},${b}`).join("") }));
  image.append(bottomAxis(x, height - margin.bottom, { ticks: 5, label: found.parameter }));
  image.append(leftAxis(y, margin.left, { ticks: 5, label: "Δ 2NLL" }));
  return image;
}

/** Return the largest impacts, as bars with numbers. */
export function rankingOutcome(found: Ranked, rows = 15): HTMLElement {
  const size = (i: number) => Math.max(...found.impacts[i].slice(2).map((v) => Math.abs(v) || 0));
  const order = [...found.names.keys()].sort((a, b) => size(b) - size(a)).slice(0, rows);
  const most = Math.max(...order.map(size), 1e-12);
  const decimals = decimalsOf(most);
  const x = scale([-most, most], [2, 118]);
  const lines = order.map((i) => {
    const image = svg("svg", { class: "impact", width: 120, height: 16, viewBox: "0 0 120 16", "aria-hidden": "true" });
    for (const [column, kind] of [
      [2, "up"],
      [3, "down"],
    ] as const) {
      const value = found.impacts[i][column];
      if (Number.isFinite(value))
        image.append(
          svg("rect", { class: kind, x: Math.min(x(0), x(value)), y: 2, width: Math.abs(x(value) - x(0)), height: 12 }),
        );
    }
    const [, , up, down] = found.impacts[i];
    return html(
      "tr",
      {},
      html("th", { scope: "row" }, found.names[i]),
      html("td", {}, image),
      html("td", { class: "right" }, `${change(up, decimals)}, ${change(down, decimals)}`),
    );
  });
  return html("div", { class: "scroll" }, html("table", { class: "outcome" }, html("tbody", {}, ...lines)));
}

/** Return the histogram of pulls of toys, with the normal distribution that they should follow. */
export function toysOutcome(found: Toys, parameter: string): HTMLElement {
  const height = 200;
  const image = frame(height, `Pulls of ${parameter} in ${found.pulls.length} toys`);
  const [low, high, bins] = [-4, 4, 32];
  const counts = Array<number>(bins).fill(0);
  for (const pull of found.pulls) {
    const bin = Math.floor(((pull - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin] += 1;
  }
  const n = found.pulls.length;
  const mean = found.pulls.reduce((a, b) => a + b, 0) / n;
  const width = Math.sqrt(found.pulls.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(n - 1, 1));
  const normal = (z: number) => (((high - low) / bins) * n * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
  const x = scale([low, high], [margin.left, WIDTH - margin.right]);
  const y = scale([0, 1.15 * Math.max(...counts, normal(0))], [height - margin.bottom, margin.top]);
  counts.forEach((count, i) => {
    const left = low + ((high - low) * i) / bins;
    image.append(
      svg("rect", {
        class: "bin-count",
        x: x(left),
        y: y(count),
        width: x(left + (high - low) / bins) - x(left),
        height: y(0) - y(count),
      }),
    );
  });
  const curve = [...Array(81).keys()].map((i) => low + i / 10);
  image.append(
    svg("path", { class: "curve", d: curve.map((z, i) => `${i ? "L" : "M"}${x(z)},${y(normal(z))}`).join("") }),
  );
  image.append(
    bottomAxis(x, height - margin.bottom, { ticks: 8, label: `pull of ${parameter}` }),
    leftAxis(y, margin.left, { ticks: 4, label: "toys" }),
  );
  const text = `mean ${fixed(mean, 3)} ± ${fixed(width / Math.sqrt(n), 3)}, width ${fixed(width, 3)} ± ${fixed(width / Math.sqrt(2 * n), 3)}`;
  return html(
    "div",
    {},
    image,
    html("p", { class: "under" }, `${n} toys at ${significant(found.truth, 4)}, ${found.failed} lost; ${text}`),
  );
}
