import { html } from "../../drawing/svg.ts";
import { payload, type Section } from "../page.ts";
import { modifierOf } from "../rows.ts";
import { linkTo } from "../targets.ts";
import type { Case, Finding } from "../types.ts";

/** More places than these are folded away. */
const FEW = 12;

type Severity = Finding["severity"];

const titles: Record<Severity, [string, string, string]> = {
  error: ["✖", "error", "errors"],
  warning: ["▲", "warning", "warnings"],
  note: ["●", "note", "notes"],
};
const severities = Object.keys(titles) as Severity[];

/** Return the word for a severity, with its sign: neither needs a colour to be told apart. */
export function severityMark(severity: Severity): HTMLElement {
  const [sign, word] = titles[severity] ?? titles.note;
  return html("span", { class: `severity ${severity}` }, html("span", { "aria-hidden": "true" }, `${sign} `), word);
}

/** Return how many there are: `2 errors, 1 warning`. */
export function counted(found: { severity: Severity }[]): string {
  const texts = severities.flatMap((severity) => {
    const n = found.filter((one) => one.severity === severity).length;
    const [, one, many] = titles[severity];
    return n ? [`${n} ${n === 1 ? one : many}`] : [];
  });
  return texts.join(", ") || "none";
}

const names = new Set(payload.fits.flatMap((one) => one.names));
for (const name of names) names.add(modifierOf(name, payload.acts));

/** The first region of each sample. */
const homes = new Map<string, string>();
for (const [region, sample] of Object.values(payload.acts).flat()) if (!homes.has(sample)) homes.set(sample, region);

/** Return the places that one case is about, the most special one first, and what they are called. */
function placesOf({ systematic, region, sample }: Case): [[string, string][], string] | null {
  const places: [string, string][] = [];
  const known = [region, sample, systematic].filter((name) => name !== "*");
  if (!known.length) return null;
  if (known.length === 3) places.push(["template", `${region}/${sample}/${systematic}`]);
  if (systematic !== "*" && names.has(systematic)) places.push(["parameter", systematic]);
  if (region !== "*") places.push(["region", region]);
  if (sample !== "*") places.push(["sample", sample]);
  // A sample without a place of its own is seen in the first region that has it.
  const home = region === "*" ? homes.get(sample) : undefined;
  if (home !== undefined) places.push(["region", home]);
  if (!places.length) return null;
  const text = [systematic, region, sample].filter((name) => name !== "*").join(" / ");
  return [places, text];
}

function links(cases: Case[]): HTMLElement[] {
  const seen = new Set<string>();
  return cases.flatMap((one) => {
    const found = placesOf(one);
    if (!found || seen.has(found[1])) return [];
    seen.add(found[1]);
    return [linkTo(...found)];
  });
}

function places(cases: Case[]): HTMLElement[] {
  const made = links(cases);
  if (!made.length) return [];
  const first = html("p", { class: "places" }, "Look at ", ...made.slice(0, FEW));
  if (made.length <= FEW) return [first];
  const rest = made.slice(FEW);
  return [
    first,
    html("details", {}, html("summary", {}, `${rest.length} more places`), html("p", { class: "places" }, ...rest)),
  ];
}

interface Told {
  severity: Severity;
  title: string;
  rule: string;
  text: string;
  advice: string;
  cases: Case[];
}

/** Return one finding, or one condition of a fit. */
export function findingCard({ severity, title, rule, text, advice, cases }: Told): HTMLElement {
  return html(
    "article",
    { class: `finding ${severity}` },
    html("h4", {}, severityMark(severity), html("span", {}, title), html("code", {}, rule)),
    html("p", {}, text),
    advice ? html("p", { class: "advice" }, advice) : null,
    ...places(cases),
  );
}

const told = (one: Finding): Told => ({ ...one, title: one.place, text: one.message });

function group(severity: Severity, found: Finding[]): HTMLElement {
  const [sign, one, many] = titles[severity];
  const mark = html("span", { class: `severity ${severity}`, "aria-hidden": "true" }, sign);
  return html(
    "details",
    { open: severity !== "note" },
    html("summary", {}, mark, ` ${found.length} ${found.length === 1 ? one : many}`),
    ...found.map((each) => findingCard(told(each))),
  );
}

/** What the checks found, by severity; each finding leads to what it is about. */
export const findings: Section = {
  id: "findings",
  title: "Findings",
  draw(body) {
    const files = payload.checked;
    if (!files.length) {
      body.append(html("p", {}, "Nothing was checked: there are no findings among what this report was made of."));
      return true;
    }
    for (const { file, after } of files) {
      const found = payload.findings.filter((one) => one.file === file);
      const about = after ? "After the fit" : "Before the fit";
      const heading = html("h3", {}, about, html("small", {}, ` ${file}: ${counted(found)}`));
      body.append(
        html("div", { class: "checked" }, heading, found.length ? null : html("p", {}, "Nothing was found.")),
      );
      for (const severity of severities) {
        const some = found.filter((one) => one.severity === severity);
        if (some.length) body.append(group(severity, some));
      }
    }
    return true;
  },
};
