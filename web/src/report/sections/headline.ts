import { change, decimalsOf, fixed, measured, significant } from "../../drawing/numbers.ts";
import { html } from "../../drawing/svg.ts";
import { fit, missing, payload, resultsOf, type Section } from "../page.ts";
import type { Breakdown, Fit, Goodness, Intervals, Ranking, Result } from "../types.ts";

function fact(title: string, value: string, more = ""): HTMLElement {
  return html(
    "div",
    { class: "fact" },
    html("dt", {}, title),
    html("dd", {}, value, more ? html("small", {}, more) : null),
  );
}

/** Statistical and systematic parts of the uncertainty, from the breakdown. */
function parts(poi: string): HTMLElement | null {
  for (const found of resultsOf<Breakdown>("breakdown")) {
    const k = found.pois.indexOf(poi);
    if (k < 0) continue;
    const [up, down] = found.statistical[k];
    const [all, least] = found.total[k];
    if (up === null || down === null || all === null || least === null) continue;
    const rest = [Math.sqrt(Math.max(all ** 2 - up ** 2, 0)), Math.sqrt(Math.max(least ** 2 - down ** 2, 0))];
    const decimals = decimalsOf(Math.max(all, least));
    const pair = (a: number, b: number, name: string) => `+${fixed(a, decimals)} ${fixed(-b, decimals)} (${name})`;
    return html("p", { class: "parts" }, `${pair(up, down, "stat.")}  ${pair(rest[0], rest[1], "syst.")}`);
  }
  return null;
}

function intervalOf(poi: string): HTMLElement | null {
  for (const found of resultsOf<Intervals>("intervals")) {
    const i = found.names.indexOf(poi);
    if (i < 0) continue;
    const texts = found.levels.map((level, k) => {
      const [low, high] = [found.lower[i][k], found.upper[i][k]];
      const decimals = decimalsOf(((high ?? 0) - (low ?? 0)) / 2);
      return `[${fixed(low, decimals)}, ${fixed(high, decimals)}] at ${significant(100 * level, 3)} %`;
    });
    return html("p", { class: "parts" }, `profile likelihood: ${texts.join(", ")}`);
  }
  return null;
}

function poiCard(found: Fit, poi: string): HTMLElement {
  const i = found.names.indexOf(poi);
  const value = found.values[i];
  const text = value === null ? "blinded" : measured(value, found.uncertainties[i]);
  const bound = found.at_bound[i] ? html("p", { class: "parts" }, "at its bound: see the profile interval") : null;
  return html(
    "div",
    { class: "poi" },
    html("h3", {}, poi),
    html("p", { class: "value" }, text),
    parts(poi),
    intervalOf(poi),
    bound,
  );
}

function goodness(): HTMLElement | null {
  const found = resultsOf<Goodness>("gof").find((one) => one.at === "best fit") ?? resultsOf<Goodness>("gof")[0];
  if (!found) return null;
  const p = found.toys_p_value ?? found.p_value;
  return fact(
    "Goodness of fit",
    `p = ${significant(p, 3)}`,
    `${significant(found.statistic, 4)} / ${found.ndof} degrees of freedom`,
  );
}

interface Limit extends Result {
  poi: string;
  level: number;
  observed: number | null;
  expected: (number | null)[];
}

interface Significance extends Result {
  poi: string;
  significance: number | null;
  p_value: number | null;
}

function searches(): HTMLElement[] {
  const limits = resultsOf<Limit>("limit").map((one) => {
    const [, low, median, high] = one.expected;
    const decimals = decimalsOf(((high ?? 0) - (low ?? 0)) / 2);
    const band = `expected ${fixed(median, decimals)} ${change((high ?? NaN) - (median ?? NaN), decimals)} ${change((low ?? NaN) - (median ?? NaN), decimals)}`;
    return fact(
      `Upper limit on ${one.poi}, ${significant(100 * one.level, 3)} % CL`,
      fixed(one.observed, decimals),
      band,
    );
  });
  const peaks = resultsOf<Significance>("significance").map((one) =>
    fact(`Significance of ${one.poi}`, `${significant(one.significance, 3)} σ`, `p = ${significant(one.p_value, 3)}`),
  );
  return [...limits, ...peaks];
}

function count(severity: string): number {
  return payload.findings.filter((one) => one.severity === severity).length;
}

/** The result: parameters of interest, whether the fit can be trusted, how well the model describes the data. */
export const headline: Section = {
  id: "headline",
  title: "Result",
  draw(body) {
    for (const note of payload.notes) body.append(missing(note));
    if (!fit) {
      body.append(missing("There is no fit among what this report was made of."));
      return true;
    }
    const ranked = resultsOf<Ranking>("ranking").flatMap((one) => one.pois);
    const pois = [...new Set([...(fit.poi ? [fit.poi] : []), ...ranked])].filter((name) => fit?.names.includes(name));
    body.append(html("div", { class: "pois" }, ...pois.map((poi) => poiCard(fit as Fit, poi))));
    const free = fit.fixed.filter((held) => !held).length;
    const [errors, warnings] = [count("error"), count("warning")];
    body.append(
      html(
        "dl",
        { class: "facts" },
        fact("Fit", fit.converged ? "converged" : "NOT CONVERGED", fit.status),
        fact("2NLL", significant(fit.twice_nll, 8), `${fit.names.length} parameters, ${free} free`),
        goodness(),
        ...searches(),
        fact("Data", fit.dataset, `measurement ${fit.measurement}`),
        fact("Findings", `${errors} errors, ${warnings} warnings`),
      ),
    );
    for (const condition of fit.conditions)
      body.append(
        html(
          "article",
          { class: `finding ${condition.severity}` },
          html("h4", {}, condition.brief),
          html("p", {}, condition.text),
          html("p", { class: "advice" }, condition.advice),
        ),
      );
    return true;
  },
};
