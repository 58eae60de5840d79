import { real, withSides } from "../../drawing/numbers.ts";
import { type RankedRow, rankingFigure } from "../../drawing/ranking.ts";
import { chooser, html, onWidth } from "../../drawing/svg.ts";

import { payload, resultsOf, type Section } from "../page.ts";
import { tableOf } from "../table.ts";
import type { Ranking } from "../types.ts";

const COUNTS = [10, 20, 30, 50];
const DONE = new Set(["", "converged"]);

/** Return the rows of a ranking as they are drawn, the largest post-fit impact first. */
export function rankedRows(found: Ranking, k: number): RankedRow[] {
  const largest = (i: number) =>
    Math.max(...found.impacts[k][i].slice(2).map(real).map(Math.abs).filter(Number.isFinite), -1);
  const order = found.names.map((_, i) => i).sort((a, b) => largest(b) - largest(a) || a - b);
  return order.map((i) => {
    const [value, before, width] = [found.values[i], found.prefit_values[i], found.prefit_uncertainties[i]].map(real);
    const [up, down] = found.uncertainties[i].map(real);
    const pull = found.constraints[i] === "normal" && width > 0;
    const at = pull ? (value - before) / width : value;
    const unit = pull ? width : 1;
    const free = found.constraints[i] === "none";
    return {
      name: found.names[i],
      at,
      low: at - down / unit,
      high: at + up / unit,
      kind: pull ? "pull" : "value",
      impacts: found.impacts[k][i].map(real),
      clipped: found.clipped[i],
      failure: found.statuses[i].find((text) => !DONE.has(text)) ?? "",
      text: free && Number.isFinite(value) ? withSides(value, up, down) : "",
    };
  });
}

function key(kind: string, text: string): HTMLElement {
  const box = html("span", { class: `ranking-key ${kind}` });
  return html("span", {}, box, text);
}

function legend(found: Ranking): HTMLElement {
  const before = found.impacts.some((rows) => rows.some((row) => row[0] !== null));
  return html(
    "p",
    { class: "keys" },
    key("up", "post-fit, up"),
    key("down", "post-fit, down"),
    before ? key("up open", "pre-fit, up") : null,
    before ? key("down open", "pre-fit, down") : null,
    html("span", {}, "● pull, ■ value around 1 (lower axis)"),
  );
}

/** The parameters with the largest impacts, as the field draws them. */
export const ranking: Section = {
  id: "ranking",
  title: "Ranking",
  draw(body) {
    const choices = resultsOf<Ranking>("ranking").flatMap((found) => found.pois.map((_, k) => ({ found, k })));
    if (!choices.length) return false;
    const state = { choice: choices[0], rows: 20, width: 0 };
    const place = html("div", { class: "drawing" });
    const keys = html("div");
    const draw = () => {
      if (!state.width) return;
      const { found, k } = state.choice;
      keys.replaceChildren(legend(found));
      const rows = rankedRows(found, k).slice(0, state.rows);
      place.replaceChildren(rankingFigure(rows, found.pois[k], Math.min(state.width, 900)));
    };
    const [first] = choices;
    const total = Math.max(...choices.map(({ found }) => found.names.length));
    const counts = [...COUNTS.filter((n) => n < total), total];
    const bar = html("div", { class: "bar" });
    bar.append(
      chooser(
        "show the largest ",
        counts.map((n) => (n === total ? `all ${n}` : String(n))),
        (i) => {
          state.rows = counts[i];
          draw();
        },
        Math.min(1, counts.length - 1),
      ),
    );
    state.rows = counts[Math.min(1, counts.length - 1)];
    const several = new Set(choices.map(({ found }) => found.file)).size > 1;
    if (choices.length > 1)
      bar.append(
        chooser(
          "impact on ",
          choices.map(({ found, k }) => (several ? `${found.pois[k]} (${found.file})` : found.pois[k])),
          (i) => {
            state.choice = choices[i];
            draw();
          },
        ),
      );
    const tables = first.found.tables.map((one) => tableOf(one, first.found.file.replace(/\.json$/, "")));
    const others = choices
      .map(({ found }) => found)
      .filter((one, i, all) => one !== first.found && all.indexOf(one) === i);
    tables.push(...others.flatMap((one) => one.tables.map((table) => tableOf(table, one.file.replace(/\.json$/, "")))));
    if (payload.hidden.length)
      bar.append(html("span", { class: "count" }, `values of ${payload.hidden.join(", ")} are hidden`));
    body.append(bar, keys, place, html("details", {}, html("summary", {}, "Table"), ...tables));
    onWidth(place, (width) => {
      state.width = width;
      draw();
    });
    return true;
  },
};
