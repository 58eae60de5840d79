/** What limits and significances say in one line each: for the top of the page, and above their drawings. */

import { change, decimalsOf, fixed, probability, real, significant } from "../../drawing/numbers.ts";
import { html } from "../../drawing/svg.ts";
import { resultsOf } from "../page.ts";
import type { Limit, Significance } from "../types.ts";

function line(title: string, value: string, more: string): HTMLElement {
  return html("div", { class: "fact" }, html("dt", {}, title), html("dd", {}, value, html("small", {}, more)));
}

const asimov = (dataset: string): string => (dataset === "observed" ? "" : `, ${dataset}`);

/** Return the upper limits, with what was expected. */
export function limitFacts(): HTMLElement[] {
  return resultsOf<Limit>("limit").map((one) => {
    const [, low, median, high] = one.expected.map(real);
    const observed = real(one.observed);
    const half = (high - low) / 2;
    const decimals = decimalsOf(half > 0 ? half : Math.abs(observed) / 10);
    const sides = `${change(high - median, decimals)} ${change(low - median, decimals)}`;
    const why = one.statuses[0] === "converged" ? "" : `; ${one.statuses[0]}`;
    const title = `Upper limit on ${one.poi}, ${significant(100 * one.level, 3)} % CL (CLs${asimov(one.origin.dataset)})`;
    return line(
      title,
      Number.isNaN(observed) ? "none" : fixed(observed, decimals),
      `expected ${fixed(median, decimals)} ${sides}${why}`,
    );
  });
}

/** Return the significances. */
export function significanceFacts(): HTMLElement[] {
  return resultsOf<Significance>("significance").map((one) => {
    const z = real(one.significance);
    const p = `p₀ = ${probability(real(one.p_value), real(one.log10_p_value))}`;
    const expected = one.injected.map(
      (size, i) =>
        `; expected for ${one.poi} = ${significant(real(size), 3)}: ${significant(real(one.expected_significance[i]), 3)} σ`,
    );
    const toys = Number.isNaN(real(one.toy_p_value))
      ? ""
      : `; toys: ${significant(real(one.toy_p_value), 3)} ± ${significant(real(one.toy_error), 2)}`;
    const why = one.status === "converged" ? "" : `; ${one.status}`;
    return line(
      `Significance of ${one.poi}${asimov(one.origin.dataset)}`,
      Number.isNaN(z) ? "none" : `${significant(z, 3)} σ`,
      `${p}${expected.join("")}${toys}${why}`,
    );
  });
}
