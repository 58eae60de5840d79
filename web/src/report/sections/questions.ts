import { html } from "../../drawing/svg.ts";
import { payload, type Section } from "../page.ts";
import { tableOf } from "../table.ts";

const elsewhere = new Set(["breakdown"]);

/** Everything else that was asked of the model. */
export const questions: Section = {
  id: "questions",
  title: "Questions asked",
  draw(body) {
    const found = payload.results.filter((one) => !elsewhere.has(one.kind));
    for (const one of found)
      body.append(
        html(
          "details",
          { open: one.kind !== "ranking" },
          html("summary", {}, `${one.kind}: ${one.file}`),
          ...one.tables.map((table) => tableOf(table, one.file.replace(/\.json$/, ""))),
        ),
      );
    return found.length > 0;
  },
};
