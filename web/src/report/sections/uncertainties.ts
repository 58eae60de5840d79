import { html } from "../../drawing/svg.ts";
import { resultsOf, type Section } from "../page.ts";
import { tableOf } from "../table.ts";

/** What the uncertainty of the parameters of interest is made of. */
export const uncertainties: Section = {
  id: "uncertainties",
  title: "Uncertainties by group",
  draw(body) {
    const found = resultsOf("breakdown");
    for (const one of found)
      body.append(html("div", {}, ...one.tables.map((table) => tableOf(table, one.file.replace(/\.json$/, "")))));
    return found.length > 0;
  },
};
