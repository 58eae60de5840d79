/** Toys: pulls of a parameter as a histogram, beside the normal distribution that they should follow. */

import { curve, histogram, plot } from "../../drawing/frame.ts";
import { fixed, real } from "../../drawing/numbers.ts";
import { chooser, html } from "../../drawing/svg.ts";
import { drawn, remarks, tablesOf } from "../drawn.ts";
import type { Toys } from "../types.ts";

/** Return bins joined so that about forty are left. */
export function joined(edges: number[], counts: number[], most = 40): [number[], number[]] {
  const every = Math.max(Math.ceil(counts.length / most), 1);
  const sums: number[] = [];
  const ends = [edges[0]];
  for (let i = 0; i < counts.length; i += every) {
    sums.push(counts.slice(i, i + every).reduce((sum, n) => sum + n, 0));
    ends.push(edges[Math.min(i + every, counts.length)]);
  }
  return [ends, sums];
}

function pullPlot(found: Toys, i: number, width: number): SVGSVGElement {
  const [edges, counts] = joined(found.edges, found.pulls[i]);
  const all = counts.reduce((sum, n) => sum + n, 0);
  const step = edges[1] - edges[0];
  const normal = Array.from({ length: 121 }, (_, k): [number, number] => {
    const at = edges[0] + ((edges[edges.length - 1] - edges[0]) * k) / 120;
    return [at, (all * step * Math.exp(-(at ** 2) / 2)) / Math.sqrt(2 * Math.PI)];
  });
  const mean = `${fixed(real(found.pull_mean[i]), 3)}, width ${fixed(real(found.pull_width[i]), 3)}`;
  return plot({
    width,
    height: 290,
    about: `Pulls of ${found.names[i]} in ${all} toys: mean ${mean}`,
    x: { domain: [edges[0], edges[edges.length - 1]], label: `pull of ${found.names[i]}` },
    y: { domain: [0, 1.15 * Math.max(...counts, ...normal.map(([, n]) => n), 1)], label: "toys" },
    marks: (x, y) => [histogram(edges, counts, x, y, "histogram"), curve(normal, x, y, "line second")],
  });
}

function numbers(found: Toys, i: number): HTMLElement {
  const cover = (k: number) => (found.usable[i] ? `${fixed((100 * found.covered[i][k]) / found.usable[i], 1)} %` : "–");
  const rows: [string, string][] = [
    ["usable toys", String(found.usable[i])],
    ["bias", fixed(real(found.bias[i]), 4)],
    ["spread", fixed(real(found.spread[i]), 4)],
    ["mean of the pull", fixed(real(found.pull_mean[i]), 3)],
    ["width of the pull", fixed(real(found.pull_width[i]), 3)],
    ["covered, 68.3 %", cover(0)],
    ["covered, 95 %", cover(1)],
  ];
  const lines = rows.map(([name, text]) =>
    html("tr", {}, html("th", { scope: "row" }, name), html("td", { class: "right" }, text)),
  );
  return html("table", { class: "stats" }, html("tbody", {}, ...lines));
}

/** Return what toys say about every parameter; one is drawn at a time. */
export function toysAnswer(found: Toys): HTMLElement {
  const drawable = found.names.map((_, i) => i).filter((i) => !found.fixed[i] && found.usable[i] > 0);
  const lost = found.done - found.converged;
  const notes = [
    ...(found.done < found.count ? [`${found.done} of ${found.count} toys were made.`] : []),
    ...(lost ? [`${lost} of ${found.done} toys did not converge: what they cover is open.`] : []),
  ];
  const made = html(
    "div",
    {},
    html("p", {}, `${found.done} ${found.origin.dataset.replace(/^(?!toys)/, "toys: ")}`),
    ...remarks(notes),
  );
  if (drawable.length) {
    const poi = drawable.findIndex((i) => found.names[i] === found.poi);
    let i = drawable[Math.max(poi, 0)];
    const side = html("div");
    const place = drawn((width) => {
      side.replaceChildren(numbers(found, i));
      return pullPlot(found, i, width);
    });
    const list = drawable.map((at) => found.names[at]);
    const choose = (at: number) => {
      i = drawable[at];
      place.redraw();
    };
    made.append(html("div", { class: "bar" }, chooser("parameter ", list, choose, Math.max(poi, 0))));
    made.append(html("div", { class: "sides" }, place.element, side));
  } else made.append(...remarks(["No toy has an uncertainty for any parameter."]));
  made.append(tablesOf(found) ?? "");
  return made;
}
