/** A table of parameters that sorts and folds, with drawings that are made when their row comes into view. */

import { button, html } from "../drawing/svg.ts";
import { type Grouping, grouped, type ParameterRow, sortedRows } from "./rows.ts";

/** So many rows are drawn in no time. */
const FEW = 150;

export interface ParameterColumn {
  key: string;
  title: string;
  /** What stands in a cell: text at once, a drawing when the row is in view. */
  text?: (row: ParameterRow) => Node | string;
  drawing?: (row: ParameterRow) => Node | null;
  /** The axis above the drawings. */
  axis?: () => Node;
  sort?: (row: ParameterRow) => number | string;
  class?: string;
}

export interface ParameterTable {
  element: HTMLElement;
  /** Show these rows, in groups and in the order that was chosen. */
  show(rows: ParameterRow[], by: Grouping): void;
  /** Use other columns from now on: what was drawn is drawn again. */
  columns(list: ParameterColumn[]): void;
  /** Open the group in which a row is. */
  reveal(name: string): void;
  /** The rows as they stand, in their order. */
  rows(): ParameterRow[];
}

/** Return the identity of the row of a parameter, for links. */
export const rowId = (name: string): string => `parameter=${name}`;

/** What draws cells once they are in view, and all of them before the page is printed. */
class Later {
  private readonly waiting = new Map<Element, () => void>();
  private readonly observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) this.now(target);
    },
    { rootMargin: "300px" },
  );

  constructor() {
    window.addEventListener("beforeprint", () => {
      for (const element of [...this.waiting.keys()]) this.now(element);
    });
  }

  /** Draw a row when it is in view; at once where there are few. */
  add(element: Element, draw: () => void, few: boolean): void {
    if (few) {
      draw();
      return;
    }
    this.waiting.set(element, draw);
    this.observer.observe(element);
  }

  clear(): void {
    this.waiting.clear();
    this.observer.disconnect();
  }

  private now(element: Element): void {
    this.observer.unobserve(element);
    this.waiting.get(element)?.();
    this.waiting.delete(element);
  }
}

/** Return the table, empty at first. */
export function parameterTable(first: ParameterColumn[]): ParameterTable {
  let columns = first;
  let by: { key: string; ascending: boolean } | null = null;
  let shown: ParameterRow[] = [];
  let grouping: Grouping = "";
  const closed = new Set<string>();
  const later = new Later();
  const made = new Map<string, HTMLElement>();
  const table = html("table", { class: "parameters", role: "table" });
  const element = html("div", {
    class: "scroll parameters-box",
    tabindex: 0,
    role: "region",
    "aria-label": "Table of parameters",
  });
  element.append(table);

  function rowElement(row: ParameterRow): HTMLElement {
    const known = made.get(row.name);
    if (known) return known;
    const drawn: [HTMLElement, (row: ParameterRow) => Node | null][] = [];
    const cells = columns.map((column, i) => {
      const cell = html(i ? "td" : "th", {
        class: `${column.class ?? ""} ${column.key}`.trim(),
        role: i ? "cell" : "rowheader",
        scope: i ? undefined : "row",
        "data-title": column.title,
      });
      if (column.text) cell.append(column.text(row));
      if (column.drawing) drawn.push([cell, column.drawing]);
      return cell;
    });
    const element = html("tr", { id: rowId(row.name), role: "row", tabindex: -1 }, ...cells);
    if (drawn.length)
      later.add(
        element,
        () => {
          for (const [cell, draw] of drawn) cell.prepend(draw(row) ?? "");
        },
        shown.length <= FEW,
      );
    made.set(row.name, element);
    return element;
  }

  function heads(): HTMLElement {
    const cells = columns.map((column) => {
      const sorted = by?.key === column.key;
      const head = html("th", {
        scope: "col",
        role: "columnheader",
        class: `${column.class ?? ""} ${column.key}`.trim(),
        "aria-sort": sorted ? (by?.ascending ? "ascending" : "descending") : undefined,
      });
      head.append(column.sort ? button(column.title, () => sortBy(column)) : column.title);
      if (column.axis) head.append(column.axis());
      return head;
    });
    return html("thead", { role: "rowgroup" }, html("tr", { role: "row" }, ...cells));
  }

  function sortBy(column: ParameterColumn): void {
    const text = typeof column.sort?.(shown[0] ?? made) === "string";
    by = { key: column.key, ascending: by?.key === column.key ? !by.ascending : text };
    fill();
    // The button that was pressed is a new one: the keyboard stays on it.
    table.querySelector<HTMLElement>(`thead th.${column.key} button`)?.focus();
  }

  function groupElement(name: string, rows: ParameterRow[]): HTMLElement {
    const open = !closed.has(name);
    const body = html("tbody", { role: "rowgroup" });
    if (name) {
      const turn = button(`${name} (${rows.length})`, () => {
        if (!closed.delete(name)) closed.add(name);
        fill();
        [...table.querySelectorAll<HTMLElement>(".group button")].find((one) => one.dataset.group === name)?.focus();
      });
      turn.dataset.group = name;
      turn.setAttribute("aria-expanded", String(open));
      const head = html("th", { colspan: columns.length, scope: "rowgroup", role: "rowheader" }, turn);
      body.append(html("tr", { class: "group", role: "row" }, head));
    }
    if (open) body.append(...rows.map(rowElement));
    return body;
  }

  function ordered(): ParameterRow[] {
    const sort = columns.find((column) => column.key === by?.key)?.sort;
    return sort && by ? sortedRows(shown, sort, by.ascending) : shown;
  }

  function fill(): void {
    table.replaceChildren(heads(), ...grouped(ordered(), grouping).map(([name, rows]) => groupElement(name, rows)));
  }

  return {
    element,
    show(rows, how) {
      shown = rows;
      grouping = how;
      fill();
    },
    columns(list) {
      columns = list;
      made.clear();
      later.clear();
    },
    reveal(name) {
      for (const [group, rows] of grouped(shown, grouping))
        if (rows.some((row) => row.name === name) && closed.delete(group)) fill();
    },
    rows: ordered,
  };
}
