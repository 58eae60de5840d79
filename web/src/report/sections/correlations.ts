import { clusterOrder } from "../../drawing/cluster.ts";
import { download } from "../../drawing/files.ts";
import { cellAt, colourBar, drawMatrix, type Layout, layoutOf, matrixCanvas } from "../../drawing/matrix.ts";
import { fixed } from "../../drawing/numbers.ts";
import { button, chooser, html, onWidth } from "../../drawing/svg.ts";
import { Correlations } from "../correlation_values.ts";

import { fit, missing, payload, resultsOf, type Section, unpacked } from "../page.ts";
import { grouped, type ParameterRow, rowsOf } from "../rows.ts";
import { csv } from "../table.ts";
import type { Breakdown, Fit } from "../types.ts";
import { isGamma } from "./parameters.ts";

type Order = "model" | "cluster" | "group";
type Cell = [number, number];

/** Zooming in ends at so many rows. */
const SMALLEST = 3;
/** The first threshold that leaves so many parameters is the one to begin with. */
const ENOUGH = 8;

/** Return the parameters that are correlated with any other by at least the threshold: the POI first, in an order. */
export function chosenRows(
  rows: ParameterRow[],
  table: Correlations,
  threshold: number,
  order: Order,
  poi: string | null,
): ParameterRow[] {
  const linked = rows.filter(({ index: i }) =>
    rows.some(({ index: j }) => i !== j && Math.abs(table.at(i, j)) >= threshold),
  );
  if (order === "cluster") {
    const apart = (a: number, b: number) => 1 - Math.abs(table.at(linked[a].index, linked[b].index));
    return clusterOrder(linked.length, apart).map((i) => linked[i]);
  }
  const first = linked.sort((a, b) => Number(b.name === poi) - Number(a.name === poi) || a.index - b.index);
  const by = rows.some((row) => row.group) ? "group" : "kind";
  return order === "group" ? grouped(first, by).flatMap(([, members]) => members) : first;
}

interface View {
  rows: ParameterRow[];
  /** The square that is shown: rows from-to, columns from-to, the last ones not included. */
  from: Cell;
  size: number;
}

/** The canvas with everything that is done on it: pointer, wheel and keyboard. */
class MatrixView {
  readonly canvas = matrixCanvas("Correlation matrix. Arrow keys move, plus and minus zoom, Escape shows everything.");
  private view: View = { rows: [], from: [0, 0], size: 0 };
  private layout: Layout = layoutOf([], 100);
  private cursor: Cell | null = null;
  private drag: { start: Cell; end: Cell } | null = null;
  private width = 0;

  constructor(
    private readonly table: Correlations,
    private readonly tell: (text: string) => void,
  ) {
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    canvas.addEventListener("pointerup", () => this.released());
    canvas.addEventListener("pointerleave", () => this.tell(""));
    canvas.addEventListener("dblclick", () => this.whole());
    canvas.addEventListener("keydown", (event) => this.key(event));
    // The page goes on scrolling, unless the matrix was clicked on, or a key says that zooming is meant.
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && document.activeElement !== canvas) return;
        const cell = this.under(event);
        if (!cell) return;
        event.preventDefault();
        this.zoom(event.deltaY < 0 ? 0.75 : 1 / 0.75, cell);
      },
      { passive: false },
    );
  }

  show(rows: ParameterRow[]): void {
    this.cursor = null;
    this.view = { rows, from: [0, 0], size: rows.length };
    this.draw();
  }

  resize(width: number): void {
    this.width = width;
    this.draw();
  }

  whole(): void {
    this.view = { ...this.view, from: [0, 0], size: this.view.rows.length };
    this.cursor = null;
    this.draw();
  }

  /** Show a part of the matrix around a cell of it, so many times as large. */
  zoom(factor: number, around?: Cell): void {
    const { rows, from, size } = this.view;
    const next = Math.min(Math.max(Math.round(size * factor), SMALLEST), rows.length);
    const at = around ?? this.cursor ?? [size >> 1, size >> 1];
    const start = ([0, 1] as const).map((i) => {
      const place = from[i] + at[i];
      const kept = place - Math.round((at[i] / Math.max(size, 1)) * next);
      return Math.min(Math.max(kept, 0), rows.length - next);
    }) as Cell;
    const kept = around ?? this.cursor;
    this.view = { rows, from: start, size: next };
    this.cursor = kept && this.inside([from[0] + kept[0] - start[0], from[1] + kept[1] - start[1]]);
    this.draw();
  }

  private inside([row, column]: Cell): Cell {
    const last = this.view.size - 1;
    return [Math.min(Math.max(row, 0), last), Math.min(Math.max(column, 0), last)];
  }

  private row(i: number): ParameterRow {
    return this.view.rows[this.view.from[0] + i];
  }

  private column(i: number): ParameterRow {
    return this.view.rows[this.view.from[1] + i];
  }

  private draw(): void {
    const { size } = this.view;
    if (!this.width || !size) return;
    const [rows, columns] = [this.row.bind(this), this.column.bind(this)];
    const names = Array.from({ length: size }, (_, i) => rows(i).name);
    const below = Array.from({ length: size }, (_, i) => columns(i).name);
    const longest = [...names, ...below].reduce((most, name) => (name.length > most.length ? name : most), "");
    this.layout = layoutOf([longest, ...names.slice(1)], this.width);
    const matrix = { names, below, at: (i: number, j: number) => this.table.at(rows(i).index, columns(j).index) };
    drawMatrix(this.canvas, matrix, this.layout, this.cursor, this.drag && [this.drag.start, this.drag.end]);
  }

  private under(event: MouseEvent): Cell | null {
    return cellAt(this.layout, this.view.size, event.offsetX, event.offsetY);
  }

  private say([row, column]: Cell): void {
    const [a, b] = [this.row(row), this.column(column)];
    this.tell(`${a.name}, ${b.name}: ${fixed(100 * this.table.at(a.index, b.index), 1)} %`);
  }

  private moved(event: PointerEvent): void {
    const cell = this.under(event);
    if (cell) this.say(cell);
    else this.tell("");
    if (!cell || !this.drag) return;
    this.drag.end = cell;
    this.draw();
  }

  private pressed(event: PointerEvent): void {
    if (event.pointerType === "touch") return;
    const cell = this.under(event);
    if (cell) this.drag = { start: cell, end: cell };
  }

  private released(): void {
    if (!this.drag) return;
    const { start, end } = this.drag;
    this.drag = null;
    const size = Math.max(Math.abs(start[0] - end[0]), Math.abs(start[1] - end[1])) + 1;
    if (size > 1) {
      const { rows, from } = this.view;
      const place = (i: 0 | 1) => Math.min(from[i] + Math.min(start[i], end[i]), Math.max(rows.length - size, 0));
      this.view = { rows, from: [place(0), place(1)], size: Math.min(Math.max(size, SMALLEST), rows.length) };
      this.view.from = this.view.from.map((at) => Math.max(Math.min(at, rows.length - this.view.size), 0)) as Cell;
      this.cursor = null;
    }
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    const steps: Record<string, Cell> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    if (event.key === "Escape") this.whole();
    else if (event.key === "+" || event.key === "=") this.zoom(0.75);
    else if (event.key === "-") this.zoom(1 / 0.75);
    else if (step) {
      const next: Cell = this.cursor ? [this.cursor[0] + step[0], this.cursor[1] + step[1]] : [0, 0];
      this.follow(next);
      this.cursor = this.inside(next);
      this.draw();
      this.say(this.cursor);
    } else return;
    event.preventDefault();
  }

  /** Move what is shown where the cursor leaves it. */
  private follow(next: Cell): void {
    const { rows, from, size } = this.view;
    const most = rows.length - size;
    this.view.from = from.map((at, i) => {
      const over = next[i] < 0 ? -1 : next[i] >= size ? 1 : 0;
      return Math.min(Math.max(at + over, 0), most);
    }) as Cell;
  }
}

function asCsv(rows: ParameterRow[], table: Correlations): string {
  const names = rows.map((row) => row.name);
  const lines = rows.map((a) => [a.name, ...rows.map((b) => table.at(a.index, b.index).toPrecision(6))]);
  return csv({ title: "", header: ["", ...names], align: "", rows: lines });
}

function orderChoice(act: (order: Order) => void, groups: boolean): HTMLElement {
  const texts: [Order, string][] = [
    ["model", "of the model"],
    ["cluster", "by cluster"],
    ["group", groups ? "by group" : "by kind"],
  ];
  return chooser(
    "order ",
    texts.map(([, text]) => text),
    (i) => act(texts[i][0]),
  );
}

/** Fill the section once the correlations are unpacked. */
function fill(body: HTMLElement, found: Fit, table: Correlations): void {
  const place = html("div", { class: "drawing scroll" });
  const text = html("p", { class: "under", role: "status" });
  const view = new MatrixView(table, (told) => {
    text.textContent = told;
  });
  const all = rowsOf([found], payload.acts, payload.hidden, resultsOf<Breakdown>("breakdown")[0]).filter(
    (row) => Number.isFinite(row.uncertainty) && row.uncertainty > 0,
  );
  const others = all.filter((row) => !isGamma(row));
  const state = { order: "model" as Order, threshold: 0, shown: all };
  const leaves = (threshold: number) => chosenRows([...others], table, threshold, "model", found.poi).length;
  state.threshold = [0.2, 0.1, 0.05].find((threshold) => leaves(threshold) >= ENOUGH) ?? 0;
  const gammas = html("input", { type: "checkbox", checked: !others.length });
  const range = html("input", { type: "range", min: 0, max: 0.9, step: 0.05, value: state.threshold, id: "threshold" });
  const said = html("output", { for: "threshold" });
  const draw = () => {
    state.threshold = Number(range.value);
    const rows = gammas.checked ? [...all] : [...others];
    state.shown = chosenRows(rows, table, state.threshold, state.order, found.poi);
    said.textContent = `${fixed(100 * state.threshold, 0)} %: ${state.shown.length} of ${rows.length} parameters`;
    const none = missing("No two parameters are correlated as much as that.");
    place.replaceChildren(state.shown.length ? view.canvas : none);
    view.show(state.shown);
  };
  range.addEventListener("input", draw);
  gammas.addEventListener("change", draw);
  const groups = others.some((row) => row.group);
  const bar = html(
    "div",
    { class: "bar" },
    html("label", { for: "threshold" }, "largest correlation at least "),
    range,
    said,
  );
  bar.append(
    orderChoice((order) => {
      state.order = order;
      draw();
    }, groups),
  );
  if (all.length > others.length) bar.append(html("label", {}, gammas, "staterror parameters"));
  bar.append(
    button("+", () => view.zoom(0.6), { "aria-label": "Zoom in" }),
    button("−", () => view.zoom(1 / 0.6), { "aria-label": "Zoom out" }),
    button("whole matrix", () => view.whole()),
    button("CSV", () => download("correlations.csv", asCsv(state.shown, table), "text/csv")),
  );
  const how = html("p", { class: "count" }, "Drag a square to zoom in; a double click shows everything again.");
  body.append(bar, colourBar(), text, place, how);
  draw();
  onWidth(place, (width) => view.resize(width));
}

/** The correlation matrix of the parameters that are correlated with any other. */
export const correlations: Section = {
  id: "correlations",
  title: "Correlations",
  draw(body) {
    if (!fit) return false;
    const found = fit;
    unpacked("correlation").then((bytes) => {
      if (bytes) fill(body, found, new Correlations(found.names.length, new Float32Array(bytes.buffer)));
      else body.append(missing("This fit has no covariance that can be used."));
    });
    return true;
  },
};
