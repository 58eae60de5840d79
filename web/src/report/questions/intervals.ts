/** Profile likelihood intervals of several parameters, as points with their ends. */

import { real } from "../../drawing/numbers.ts";
import { html } from "../../drawing/svg.ts";
import { remarks, tablesOf } from "../drawn.ts";
import type { Intervals } from "../types.ts";

/** Return the intervals as their table, with a sentence for each end that was not found. */
export function intervalAnswer(found: Intervals): HTMLElement {
  const lost = found.levels.flatMap((level, k) =>
    found.names.flatMap((name, i) =>
      [found.lower, found.upper].flatMap((ends, side) => {
        const status = (side ? found.upper_status : found.lower_status)[k][i];
        const end = side ? "upper" : "lower";
        return Number.isNaN(real(ends[k][i])) ? [`${name}, ${100 * level} %, ${end} end: ${status}`] : [];
      }),
    ),
  );
  return html("div", {}, ...remarks(lost), tablesOf(found, true));
}
