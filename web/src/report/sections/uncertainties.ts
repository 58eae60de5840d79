import { type Bar, bars } from "../../drawing/bars.ts";
import { real, significant, withSides } from "../../drawing/numbers.ts";
import { html } from "../../drawing/svg.ts";
import { drawn, remarks, tablesOf } from "../drawn.ts";
import { payload, resultsOf, type Section } from "../page.ts";
import type { Breakdown, Num } from "../types.ts";

const methods: Record<string, string> = {
  frozen: "Each group is held alone; correlations between groups are not in the quadratic sum.",
  sequential: "The groups are held one after the other in this order; the quadratic sum is exact.",
  "global observables": "Parts of the auxiliary data; the quadratic sum is exact where the rates are linear.",
};

/** Return the variance of a part, up and down averaged, in percent of the total; of the sides that have both. */
export function shareOf(part: Num[], total: Num[]): number {
  const sides = [0, 1].filter((i) => Number.isFinite(real(part[i])) && Number.isFinite(real(total[i])));
  const sum = (sizes: Num[]) => sides.reduce((all, i) => all + real(sizes[i]) ** 2, 0);
  return sides.length ? (100 * sum(part)) / sum(total) : NaN;
}

/** Return the bars of one parameter of interest: groups, the statistical part, and what the sum leaves. */
export function breakdownBars(found: Breakdown, k: number): Bar[] {
  const size = (part: Num[]) => {
    const [up, down] = part.map(real);
    return up === down ? significant(up, 2) : `+${significant(up, 2)} −${significant(down, 2)}`;
  };
  const bar = (name: string, part: Num[], kind: string): Bar => {
    const share = shareOf(part, found.total[k]);
    return {
      name,
      value: share,
      kind,
      text: Number.isFinite(share) ? `${share.toFixed(1)} %  (${size(part)})` : "none",
    };
  };
  const groups = found.groups.map((name, i) => bar(name, found.contributions[k][i], "share"));
  if (found.method !== "sequential") groups.sort((a, b) => (b.value || 0) - (a.value || 0));
  const all = [...groups, bar("statistical", found.statistical[k], "share statistical")];
  const left = 100 - all.reduce((sum, one) => sum + (one.value || 0), 0);
  if (Math.abs(left) >= 0.05)
    all.push({
      name: "not in the quadratic sum",
      value: left,
      kind: "share rest",
      text: `${left.toFixed(1)} %`.replace("-", "−"),
    });
  return all;
}

function titleOf(found: Breakdown, k: number): string {
  const poi = found.pois[k];
  const value = real(found.poi_values[k]);
  const [up, down] = found.total[k].map(real);
  if (payload.hidden.includes(poi)) return `Uncertainty of ${poi}: ${significant((up + down) / 2, 2)}`;
  return `Uncertainty of ${poi} = ${withSides(value, up, down)}`;
}

function answer(found: Breakdown): HTMLElement {
  const failed = found.statuses.flat().filter((text) => text !== "converged");
  const made = html("article", { class: "answer" }, ...remarks(failed));
  found.pois.forEach((poi, k) => {
    const draw = (width: number) =>
      bars(breakdownBars(found, k), {
        width,
        label: "percent of the variance",
        about: `Uncertainty of ${poi} by group`,
      });
    made.append(
      html("h3", {}, titleOf(found, k), html("small", {}, `${found.method}, ${found.file}`)),
      drawn(draw).element,
    );
  });
  made.append(html("p", { class: "count" }, methods[found.method] ?? ""), tablesOf(found, true) ?? "");
  return made;
}

/** What the uncertainty of the parameters of interest is made of. */
export const uncertainties: Section = {
  id: "uncertainties",
  title: "Uncertainties by group",
  draw(body) {
    const found = resultsOf<Breakdown>("breakdown");
    body.append(...found.map(answer));
    return found.length > 0;
  },
};
