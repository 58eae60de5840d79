import { decimalsOf, fixed, measured, real, significant, withSides } from "../../drawing/numbers.ts";
import { html } from "../../drawing/svg.ts";
import { fit, missing, payload, resultsOf, type Section } from "../page.ts";
import { limitFacts, significanceFacts } from "../questions/facts.ts";
import type { Breakdown, Condition, Finding, Fit, Goodness, Intervals, Ranking } from "../types.ts";
import { counted, findingCard } from "./findings.ts";

/** Return one fact of a list: what it is, its value, and what else is to be said. */
export function fact(title: string, value: Node | string, more: Node | string = ""): HTMLElement {
  return html(
    "div",
    { class: "fact" },
    html("dt", {}, title),
    html("dd", {}, value, more ? html("small", {}, more) : null),
  );
}

/** Return the statistical part of an uncertainty and what the total has beyond it, each up and down; null without. */
export function partsOf(found: Breakdown, poi: string): { up: [number, number]; down: [number, number] } | null {
  const k = found.pois.indexOf(poi);
  if (k < 0) return null;
  const [statistical, total] = [found.statistical[k].map(real), found.total[k].map(real)];
  if (![...statistical, ...total].every(Number.isFinite)) return null;
  const rest = (i: number) => Math.sqrt(Math.max((total[i] - statistical[i]) * (total[i] + statistical[i]), 0));
  return { up: [statistical[0], rest(0)], down: [statistical[1], rest(1)] };
}

function partsText(poi: string): HTMLElement | null {
  for (const found of resultsOf<Breakdown>("breakdown")) {
    const parts = partsOf(found, poi);
    if (!parts) continue;
    const { up, down } = parts;
    const decimals = decimalsOf(Math.min(Math.hypot(...up), Math.hypot(...down)));
    const part = (i: 0 | 1, name: string) => {
      const [high, low] = [fixed(up[i], decimals), fixed(down[i], decimals)];
      return `${high === low ? `± ${high}` : `+${high} −${low}`} (${name})`;
    };
    return html("p", { class: "parts" }, `${part(0, "stat.")} ${part(1, "syst.")}`);
  }
  return null;
}

interface Ends {
  level: number;
  low: number;
  high: number;
  remarks: string[];
}

/** Return the profile likelihood intervals of a parameter, one for each level. */
export function intervalsOf(found: Intervals, name: string): Ends[] {
  const i = found.names.indexOf(name);
  if (i < 0) return [];
  return found.levels.map((level, k) => ({
    level,
    low: real(found.lower[k][i]),
    high: real(found.upper[k][i]),
    remarks: [
      ["lower end", found.lower_status[k][i]],
      ["upper end", found.upper_status[k][i]],
    ]
      .filter(([, status]) => status !== "converged")
      .map(([end, status]) => `${end}: ${status}`),
  }));
}

function intervalTexts(value: number, ends: Ends[]): HTMLElement[] {
  return ends.map(({ level, low, high, remarks }) => {
    const decimals = decimalsOf(Math.min(...[value - low, high - value].filter((side) => side > 0)));
    const text = `[${fixed(low, decimals)}, ${fixed(high, decimals)}] at ${significant(100 * level, 3)} % (profile likelihood)`;
    return html("p", { class: "parts" }, [text, ...remarks].join("; "));
  });
}

const isOne = (level: number) => Math.abs(level - 0.6827) < 1e-3;

function poiCard(found: Fit, poi: string): HTMLElement {
  const i = found.names.indexOf(poi);
  const [value, sigma] = [real(found.values[i]), real(found.uncertainties[i])];
  const card = html("div", { class: "poi" }, html("h3", {}, poi));
  const remark = found.idle[i] ? "no effect on any rate" : found.fixed[i] ? "held fixed" : "";
  if (payload.hidden.includes(poi) && Number.isNaN(value)) {
    const width = sigma > 0 ? `uncertainty ${significant(sigma, 2)}` : "";
    card.append(html("p", { class: "value" }, "blinded"), html("p", { class: "parts" }, width));
    return card;
  }
  const ends = resultsOf<Intervals>("intervals").flatMap((one) => intervalsOf(one, poi));
  const profiled = ends.find(({ level, remarks }) => isOne(level) && !remarks.length);
  const asymmetric = profiled && withSides(value, profiled.high - value, value - profiled.low);
  const text = asymmetric?.includes("+") ? asymmetric : measured(value, found.fixed[i] || !(sigma > 0) ? null : sigma);
  card.append(html("p", { class: "value" }, text));
  if (asymmetric?.includes("+") && sigma > 0)
    card.append(html("p", { class: "parts" }, `${measured(value, sigma)} from the covariance`));
  if (Number.isNaN(value)) card.append(html("p", { class: "parts bad" }, "The fit gives no value."));
  else if (!(sigma > 0) && !remark && !found.at_bound[i])
    card.append(html("p", { class: "parts bad" }, "The fit gives no uncertainty."));
  const parts = partsText(poi);
  if (parts) card.append(parts);
  card.append(...intervalTexts(value, ends));
  const bound = found.at_bound[i]
    ? `at its bound: no symmetric uncertainty${ends.length ? "" : ", and no interval is here"}`
    : "";
  for (const note of [remark, bound]) if (note) card.append(html("p", { class: "parts" }, note));
  return card;
}

function goodnessFacts(): HTMLElement[] {
  const made = resultsOf<Goodness>("gof").map((found) => {
    const toys = real(found.toys_p_value);
    const p = Number.isNaN(toys) ? real(found.p_value) : toys;
    const title = found.at === "best fit" ? "Goodness of fit" : `Goodness of fit, ${found.at}`;
    const how = `${found.test}, ${Number.isNaN(toys) ? "asymptotic" : "toys"}`;
    const failed = found.converged ? "" : ` — NOT CONVERGED: ${found.status}`;
    const ratio = `${significant(real(found.statistic), 4)} / ${found.ndof} degrees of freedom (${how})${failed}`;
    return fact(title, found.ndof > 0 ? `p = ${significant(p, 3)}` : "no degree of freedom", ratio);
  });
  return made.length ? made : [fact("Goodness of fit", "–", "not among what this report was made of")];
}

/** Return the finding that a condition of a fit is. */
function conditionCard(condition: Condition): HTMLElement {
  const cases = condition.parameters.map((systematic) => ({
    systematic,
    region: "*",
    sample: "*",
    value_u: null,
    value_d: null,
    value: null,
    bins: [],
  }));
  const text = [condition.text, condition.effect].filter(Boolean).join(" ");
  const severity = condition.severity as Finding["severity"];
  return findingCard({ severity, title: condition.brief, rule: condition.rule, text, advice: condition.advice, cases });
}

function fitFacts(found: Fit): HTMLElement[] {
  const free = found.fixed.filter((held) => !held).length;
  const status = found.converged ? "converged" : html("span", { class: "bad" }, "✖ NOT CONVERGED");
  const why =
    found.converged && found.status === "converged"
      ? `distance to the minimum ${significant(real(found.edm), 2)}`
      : found.status;
  const likelihood =
    found.twice_nll === null && payload.hidden.length ? "hidden" : significant(real(found.twice_nll), 8);
  return [
    fact("Fit", status, why),
    fact("2NLL", likelihood, `${found.names.length} parameters, ${free} free`),
    fact("Data", found.dataset, found.measurement ? `measurement ${found.measurement}` : ""),
  ];
}

const stem = (file: string): string => file.replace(/\.json$/, "");

/** Several fits beside each other: parameters of interest, how they ended, 2NLL above the first. */
function comparison(pois: string[]): HTMLElement | null {
  const { fits } = payload;
  if (fits.length < 2) return null;
  const header = ["fit", "data", ...pois, "status", "2NLL", "change of 2NLL"];
  const [first] = fits;
  const rows = fits.map((one) => {
    const values = pois.map((poi) => {
      const i = one.names.indexOf(poi);
      if (i < 0) return "not in this fit";
      if (one.fixed[i]) return `${significant(real(one.values[i]))} (fixed)`;
      if (one.values[i] === null && payload.hidden.includes(poi)) return "blinded";
      return measured(real(one.values[i]), one.uncertainties[i]);
    });
    const same = one.workspace_digest === first.workspace_digest && one.dataset === first.dataset;
    const above = same && one !== first ? significant(real(one.twice_nll) - real(first.twice_nll), 4) : "";
    return [
      stem(one.file),
      one.dataset,
      ...values,
      one.converged ? "converged" : `NOT CONVERGED: ${one.status}`,
      significant(real(one.twice_nll), 8),
      above,
    ];
  });
  const cells = (row: string[]) =>
    html("tr", {}, html("th", { scope: "row" }, row[0]), ...row.slice(1).map((text) => html("td", {}, text)));
  const head = html("tr", {}, ...header.map((text) => html("th", { scope: "col" }, text)));
  return html(
    "div",
    { class: "scroll" },
    html(
      "table",
      { class: "fits" },
      html("caption", {}, "Fits"),
      html("thead", {}, head),
      html("tbody", {}, ...rows.map(cells)),
    ),
  );
}

/** Sentences about results that belong to another workspace than the page. */
function foreign(): HTMLElement[] {
  const digests: [string, string][] = [
    ...payload.fits.map((one): [string, string] => [one.file, one.workspace_digest]),
    ...[payload.prefit, payload.postfit].flatMap((one): [string, string][] =>
      one ? [[`the ${one.label} prediction`, one.workspace_digest]] : [],
    ),
    // Each point of a grid has a workspace of its own.
    ...payload.results
      .filter((one) => one.kind !== "grid")
      .map((one): [string, string] => [one.file, one.origin?.workspace_digest ?? ""]),
  ];
  const others = digests.filter(([, digest]) => digest && digest !== payload.digest).map(([file]) => file);
  if (!others.length) return [];
  const verb = others.length === 1 ? "belongs" : "belong";
  const sentence = `${others.join(", ")} ${verb} to another workspace than this report (${payload.digest.slice(0, 12)}).`;
  return [missing(sentence)];
}

function blindedNote(): HTMLElement[] {
  const names = payload.hidden.join(", ");
  if (!names) return [];
  return [
    missing(`This report is blinded: the value of ${names} is nowhere in it, nor are the data that would tell it.`),
  ];
}

function notes(): HTMLElement[] {
  const { notes: found } = payload;
  if (found.length < 3) return found.map(missing);
  const list = html("ul", {}, ...found.map((note) => html("li", {}, note)));
  return [
    html("details", { class: "missing" }, html("summary", {}, `${found.length} things are left out or missing`), list),
  ];
}

/** The result: parameters of interest, whether the fit can be trusted, how well the model describes the data. */
export const headline: Section = {
  id: "headline",
  title: "Result",
  draw(body) {
    body.append(...blindedNote(), ...foreign(), ...notes());
    const checks = payload.checked.length ? counted(payload.findings) : "nothing was checked";
    const about = fact("Findings", html("a", { href: "#findings" }, checks));
    const searches = [...limitFacts(), ...significanceFacts()];
    if (!fit) {
      body.append(missing("There is no fit among what this report was made of."));
      body.append(html("dl", { class: "facts" }, ...searches, about));
      return true;
    }
    const found = fit;
    const ranked = resultsOf<Ranking>("ranking").flatMap((one) => one.pois);
    const pois = [...new Set([...(found.poi ? [found.poi] : []), ...ranked])].filter((name) =>
      found.names.includes(name),
    );
    if (!pois.length) body.append(missing("The fit has no parameter of interest."));
    body.append(html("div", { class: "pois" }, ...pois.map((poi) => poiCard(found, poi))));
    body.append(html("dl", { class: "facts" }, ...fitFacts(found), ...goodnessFacts(), ...searches, about));
    const fits = comparison(pois);
    if (fits) body.append(fits);
    body.append(...found.conditions.map(conditionCard));
    return true;
  },
};
