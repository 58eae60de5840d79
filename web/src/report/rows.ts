/** Parameters as rows: what fits, rankings and the workspace say about each. */

import { real } from "../drawing/numbers.ts";
import type { PullPoint } from "../drawing/pulls.ts";
import type { Acts, Breakdown, Fit, Ranking } from "./types.ts";

export interface ParameterRow {
  name: string;
  /** Its position in the fit. */
  index: number;
  value: number;
  uncertainty: number;
  pull: number;
  /** Post-fit over pre-fit uncertainty. */
  constraint: number;
  /** "normal", "poisson" or "none". */
  term: string;
  kind: string;
  group: string;
  remark: string;
  hidden: boolean;
  where: [string, string, string][];
  points: PullPoint[];
}

/** Return the name of the modifiers that a parameter belongs to: `stat_SR[3]` is one of those of `stat_SR`. */
export function modifierOf(name: string, acts: Acts): string {
  return name in acts ? name : name.replace(/\[\d+\]$/, "");
}

function remarkOf(fit: Fit, i: number): string {
  if (fit.idle[i]) return "no effect";
  if (fit.fixed[i]) return "fixed";
  return fit.at_bound[i] ? "at bound" : "";
}

function pointOf(fit: Fit, name: string): PullPoint {
  const i = fit.names.indexOf(name);
  const none: PullPoint = { at: NaN, low: NaN, high: NaN, kind: "pull" };
  if (i < 0) return none;
  const [value, sigma] = [real(fit.values[i]), real(fit.uncertainties[i])];
  const [before, width] = [real(fit.prefit_values[i]), real(fit.prefit_uncertainties[i])];
  const side = fit.fixed[i] || fit.at_bound[i] || !(sigma > 0) ? NaN : sigma;
  if (fit.constraints[i] === "normal" && width > 0) {
    const at = (value - before) / width;
    return { at, low: at - side / width, high: at + side / width, kind: "pull" };
  }
  return { at: value, low: value - side, high: value + side, kind: "value" };
}

function groupsOf(breakdown: Breakdown | undefined): Map<string, string> {
  const found = new Map<string, string>();
  breakdown?.groups.forEach((group, i) => {
    for (const name of breakdown.members[i]) if (!found.has(name)) found.set(name, group);
  });
  return found;
}

/** Return a row for each parameter of the first fit; the points of other fits are drawn below its own. */
export function rowsOf(fits: Fit[], acts: Acts, hidden: string[] = [], breakdown?: Breakdown): ParameterRow[] {
  const [fit] = fits;
  const groups = groupsOf(breakdown);
  return fit.names.map((name, i) => {
    const width = real(fit.prefit_uncertainties[i]);
    const [value, uncertainty] = [real(fit.values[i]), real(fit.uncertainties[i])];
    const free = !fit.fixed[i] && !fit.at_bound[i];
    return {
      name,
      index: i,
      value,
      uncertainty: free ? uncertainty : NaN,
      pull: width > 0 ? (value - real(fit.prefit_values[i])) / width : NaN,
      constraint: width > 0 && free ? uncertainty / width : NaN,
      term: fit.constraints[i],
      kind: fit.modifier_types[i].join(", ") || "none",
      group: groups.get(name) ?? "",
      remark: remarkOf(fit, i),
      hidden: hidden.includes(name) || (fit.values[i] === null && hiddenBy(fit, name)),
      where: acts[modifierOf(name, acts)] ?? [],
      points: fits.map((one) => pointOf(one, name)),
    };
  });
}

const hiddenBy = (fit: Fit, name: string): boolean =>
  Array.isArray(fit.settings.hidden) && (fit.settings.hidden as string[]).includes(name);

/** The impacts of parameters on one parameter of interest: pre-fit up and down, post-fit up and down. */
export interface Impacts {
  poi: string;
  of: (name: string) => number[];
  largest: (name: string) => number;
  most: number;
}

/** Return the impacts of every parameter of interest that a ranking has. */
export function impactsOf(rankings: Ranking[]): Impacts[] {
  const seen = new Set<string>();
  const found: Impacts[] = [];
  for (const ranking of rankings)
    ranking.pois.forEach((poi, k) => {
      if (seen.has(poi)) return;
      seen.add(poi);
      const places = new Map(ranking.names.map((name, i) => [name, i]));
      const of = (name: string) => {
        const i = places.get(name);
        return i === undefined ? [NaN, NaN, NaN, NaN] : ranking.impacts[k][i].map(real);
      };
      const largest = (name: string) => Math.max(...of(name).slice(2).map(Math.abs).filter(Number.isFinite), -Infinity);
      const sizes = ranking.names.flatMap((name) => of(name).map(Math.abs));
      const most = sizes.reduce((top, size) => (size > top ? size : top), 0);
      found.push({ poi, of, largest, most });
    });
  return found;
}

/** Return where a parameter acts, in a few words. */
export function whereText(row: ParameterRow): string {
  if (!row.where.length) return "";
  const [regions, samples] = [distinct(row, 0), distinct(row, 1)];
  const few = (names: string[], what: string) => (names.length <= 1 ? (names[0] ?? "") : `${names.length} ${what}`);
  return `${few(samples, "samples")} in ${few(regions, "regions")}`;
}

const distinct = (row: ParameterRow, part: 0 | 1): string[] => [...new Set(row.where.map((one) => one[part]))];

export type Grouping = "" | "kind" | "group" | "region" | "sample";

/** Return the name of the group that a row belongs to. */
export function groupName(row: ParameterRow, by: Grouping): string {
  if (by === "kind") return row.kind;
  if (by === "group") return row.group || "no group";
  if (by === "") return "";
  const names = distinct(row, by === "region" ? 0 : 1);
  if (!names.length) return "nowhere";
  return names.length === 1 ? `only in ${names[0]}` : names.length === 2 ? names.join(" and ") : `several ${by}s`;
}

/** Return rows in groups: in the order in which their first row comes, and the rows of each in theirs. */
export function grouped(rows: ParameterRow[], by: Grouping): [string, ParameterRow[]][] {
  const found = new Map<string, ParameterRow[]>();
  for (const row of rows) {
    const name = groupName(row, by);
    const members = found.get(name);
    if (members) members.push(row);
    else found.set(name, [row]);
  }
  return [...found];
}

/** Return rows sorted by a number (or text); rows without a number come last, whichever way. */
export function sortedRows(
  rows: ParameterRow[],
  key: (row: ParameterRow) => number | string,
  ascending: boolean,
): ParameterRow[] {
  const way = ascending ? 1 : -1;
  return rows
    .map((row, i) => ({ row, i, key: key(row) }))
    .sort((a, b) => {
      if (typeof a.key === "string" || typeof b.key === "string")
        return way * String(a.key).localeCompare(String(b.key), undefined, { numeric: true }) || a.i - b.i;
      const [known, other] = [Number.isFinite(a.key), Number.isFinite(b.key)];
      if (!known || !other) return Number(other) - Number(known) || a.i - b.i;
      return way * (a.key - b.key) || a.i - b.i;
    })
    .map(({ row }) => row);
}
