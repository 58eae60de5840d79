/** By how much each systematic changes yields and shapes, as a table. */

import { marked } from "../../drawing/labels.ts";
import { change } from "../../drawing/numbers.ts";
import { button, html } from "../../drawing/svg.ts";
import { titled } from "../page.ts";
import { plainName } from "../regions/words.ts";
import { savingTable, sortedTable } from "../table.ts";
import type { Effect, TableData } from "../types.ts";
import { effects } from "./data.ts";
import { wordOf } from "./words.ts";

/** Rows that are shown at once; all of them are in the files. */
const MOST = 200;

const percent = (value: number): string => change(100 * value, 2);
const sides = (pair: [number, number] | null): string => (pair ? `${percent(pair[0])} / ${percent(pair[1])}` : "");
const largest = (pair: [number, number] | null): number => Math.max(...(pair ?? [0]).map(Math.abs));
const remark = (effect: Effect): string =>
  [...new Set([wordOf(effect), ...effect.flags])].filter((word) => word !== "kept").join(", ");

/** Return the table of all effects as it is saved. */
export function effectsTable(chosen: Effect[]): TableData {
  return {
    title: "Effects on yields and shapes in percent, up / down",
    header: ["systematic", "region", "sample", "yield", "largest change of a bin in shape", "remark"],
    align: "lllrrl",
    rows: chosen.map((one) => [
      ...[one.systematic, one.region, one.sample].map(plainName),
      sides(one.norm),
      sides(one.shape),
      remark(one),
    ]),
  };
}

export interface NormTable {
  element: HTMLElement;
  show(chosen: Effect[]): void;
}

/** Return the table; the first rows of many are shown until all are asked for. */
export function normTable(): NormTable {
  let found: Effect[] = [];
  let all = false;
  const named = (pick: (row: Effect) => string, key: string) => ({
    key,
    title: key,
    cell: (row: Effect) => html("span", {}, ...marked(titled(pick(row)))),
    sort: pick,
  });
  const table = sortedTable<Effect>(
    [
      named((row) => row.systematic, "systematic"),
      named((row) => row.region, "region"),
      named((row) => row.sample, "sample"),
      {
        key: "norm",
        title: "yield up / down [%]",
        class: "right",
        cell: (row) => sides(row.norm),
        sort: (row) => largest(row.norm),
      },
      {
        key: "shape",
        title: "shape up / down [%]",
        class: "right",
        cell: (row) => sides(row.shape),
        sort: (row) => largest(row.shape),
      },
      { key: "remark", title: "remark", cell: remark, sort: remark },
    ],
    (_, cells) => html("tr", {}, ...cells),
  );
  const count = html("span", { class: "count", role: "status" });
  const more = button("show all rows", () => {
    all = true;
    fill();
  });
  const fill = () => {
    const cut = !all && found.length > MOST;
    // The largest ones, so that nothing that matters is behind a button.
    const rows = cut ? [...found].sort((a, b) => largest(b.norm) - largest(a.norm)).slice(0, MOST) : found;
    count.textContent = cut ? `the ${MOST} largest of ${found.length} effects` : `${found.length} effects`;
    more.hidden = !cut;
    table.show(rows);
  };
  const bar = html(
    "div",
    { class: "bar" },
    count,
    more,
    savingTable(
      "systematics",
      () => effectsTable(found),
      () => effects().then(effectsTable),
    ),
  );
  return {
    element: html("div", {}, bar, table.element),
    show(chosen) {
      found = chosen;
      fill();
    },
  };
}
