/** Tables: as Python made them, with their CSV; and one that sorts and searches. */

import { download } from "../drawing/files.ts";
import { button, html } from "../drawing/svg.ts";
import { latex } from "./latex.ts";
import type { TableData } from "./types.ts";

const quoted = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Return a table as comma-separated values. */
export function csv({ header, rows }: TableData): string {
  return [header, ...rows]
    .map((row) => row.map(quoted).join(","))
    .join("\n")
    .concat("\n");
}

const sides: Record<string, string> = { l: "left", r: "right", c: "centre" };

type Made = TableData | Promise<TableData>;

/** All tables of the page, by the name of their file; some are only unpacked when they are asked for. */
export const tables = new Map<string, () => Made>();

/** Return the buttons that save a table, which is one of the page's from now on: `whole` is it without any search. */
export function savingTable(file: string, make: () => Made, whole = make): HTMLElement {
  tables.set(file, whole);
  const save = async (ending: string, write: (data: TableData) => string, type: string) =>
    download(`${file}.${ending}`, write(await make()), type);
  return html(
    "span",
    { class: "saving" },
    button("CSV", () => void save("csv", csv, "text/csv"), { class: "small", "aria-label": `Save ${file} as CSV` }),
    button("LaTeX", () => void save("tex", latex, "text/x-tex"), {
      class: "small",
      "aria-label": `Save ${file} as LaTeX`,
    }),
  );
}

/** Return a table with its caption, and buttons for its CSV and its LaTeX. */
export function tableOf(data: TableData, file: string): HTMLElement {
  const align = (i: number) => sides[data.align[i]] ?? "left";
  const head = html("tr", {}, ...data.header.map((cell, i) => html("th", { class: align(i), scope: "col" }, cell)));
  const rows = data.rows.map((row) => html("tr", {}, ...row.map((cell, i) => html("td", { class: align(i) }, cell))));
  const save = savingTable(file, () => data);
  return html(
    "figure",
    { class: "table" },
    html("figcaption", {}, html("span", {}, data.title), save),
    html("div", { class: "scroll" }, html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows))),
  );
}

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => Node | string;
  /** What rows are sorted by; without it the column does not sort. Largest first where it is a number. */
  sort?: (row: T) => number | string;
  class?: string;
}

export interface SortedTable<T> {
  element: HTMLElement;
  /** Show these rows, in the order that is chosen. */
  show(rows: T[]): void;
}

/** Return a table whose columns sort at a click. */
export function sortedTable<T>(
  columns: Column<T>[],
  rowOf: (row: T, cells: HTMLElement[]) => HTMLElement,
): SortedTable<T> {
  let by: Column<T> | null = null;
  let ascending = false;
  let shown: T[] = [];
  const body = html("tbody");
  const heads = columns.map((column) => {
    const head = html("th", { scope: "col", class: column.class });
    const { sort } = column;
    if (!sort) head.append(column.title);
    else
      head.append(
        button(column.title, () => {
          ascending = by === column ? !ascending : typeof sort(shown[0]) === "string";
          by = column;
          fill();
        }),
      );
    return head;
  });
  function fill(): void {
    const rows = [...shown];
    const sort = by?.sort;
    if (sort)
      rows.sort((a, b) => {
        const [u, v] = [sort(a), sort(b)];
        if (typeof u === "string" || typeof v === "string")
          return String(u).localeCompare(String(v)) * (ascending ? 1 : -1);
        return ((Number.isNaN(u) ? -Infinity : u) - (Number.isNaN(v) ? -Infinity : v)) * (ascending ? 1 : -1);
      });
    heads.forEach((head, i) => {
      if (columns[i] === by) head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    body.replaceChildren(
      ...rows.map((row) =>
        rowOf(
          row,
          columns.map((column) => html("td", { class: column.class }, column.cell(row))),
        ),
      ),
    );
  }
  const element = html(
    "div",
    { class: "scroll" },
    html("table", { class: "sorted" }, html("thead", {}, html("tr", {}, ...heads)), body),
  );
  return {
    element,
    show(rows) {
      shown = rows;
      fill();
    },
  };
}
