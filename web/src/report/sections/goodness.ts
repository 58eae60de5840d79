import { bars } from "../../drawing/bars.ts";
import { histogram, plot, upright } from "../../drawing/frame.ts";
import { real, significant } from "../../drawing/numbers.ts";
import { html } from "../../drawing/svg.ts";
import { drawn, remarks, tablesOf } from "../drawn.ts";
import { resultsOf, type Section } from "../page.ts";
import type { Goodness, ToyHistogram } from "../types.ts";

/** Return the statistics of toys as a histogram, with a line where that of the data is. */
export function toyHistogram(toys: ToyHistogram, observed: number, width: number): SVGSVGElement {
  const { edges, counts } = toys;
  return plot({
    width,
    height: 260,
    about: `Statistics of ${toys.count} toys; that of the data is ${significant(observed, 4)}`,
    x: { domain: [edges[0], edges[edges.length - 1]], label: "test statistic" },
    y: { domain: [0, 1.15 * Math.max(...counts, 1)], label: "toys" },
    marks: (x, y) => [histogram(edges, counts, x, y, "histogram"), upright(observed, x, y, "marker")],
  });
}

function channelBars(found: Goodness, width: number): SVGSVGElement {
  const rows = found.channels.map((channel) => {
    const [statistic, p] = [real(channel.statistic), real(channel.p_value)];
    const chance = Number.isFinite(p) ? `, p = ${significant(p, 2)}` : "";
    const text = `${significant(statistic, 3)} / ${channel.bins} ${channel.bins === 1 ? "bin" : "bins"}${chance}`;
    return { name: channel.name, value: statistic / channel.bins, kind: "share", text };
  });
  const constraints = real(found.constraints);
  if (found.test === "saturated" && Number.isFinite(constraints))
    rows.push({ name: "constraint terms", value: NaN, kind: "share", text: significant(constraints, 3) });
  return bars(rows, { width, label: "statistic per bin", about: "Goodness of fit per channel", line: 1 });
}

function answer(found: Goodness): HTMLElement {
  const [toys, chi] = [real(found.toys_p_value), real(found.p_value)];
  const p = [
    ...(found.ndof > 0 && Number.isFinite(chi) ? [`p = ${significant(chi, 3)} (asymptotic)`] : []),
    ...(Number.isFinite(toys) ? [`p = ${significant(toys, 3)} (toys)`] : []),
  ];
  const title = `${significant(real(found.statistic), 5)} / ${found.ndof} degrees of freedom: ${p.join(", ") || "no p-value"}`;
  const made = html(
    "article",
    { class: "answer" },
    html("h3", {}, title, html("small", {}, `${found.test}, ${found.at}, ${found.origin.dataset} data, ${found.file}`)),
    ...remarks(found.converged ? [] : [`NOT CONVERGED: ${found.status}`]),
  );
  const sides = html("div", { class: "sides" }, drawn((width) => channelBars(found, width)).element);
  const { toys: sample } = found;
  if (sample) sides.append(drawn((width) => toyHistogram(sample, real(found.statistic), width)).element);
  made.append(sides, tablesOf(found) ?? "");
  return made;
}

/** How well the model describes the data: all of them, and channel by channel. */
export const goodness: Section = {
  id: "goodness",
  title: "Goodness of fit",
  draw(body) {
    const found = resultsOf<Goodness>("gof");
    body.append(...found.map(answer));
    return found.length > 0;
  },
};
