/** The map of systematics (rows), regions (blocks of columns) and samples (columns): what is left of each. */

import { type Label, marked, words as plain, tspans } from "../../drawing/labels.ts";
import { html, svg } from "../../drawing/svg.ts";
import { titled } from "../page.ts";
import { type Cell, words } from "./words.ts";

const SIDE = 15;
const GAP = 7;
const LETTER = 7;
const LONGEST = 44;

interface Column {
  region: string;
  sample: string;
  x: number;
}

interface Layout {
  rows: string[];
  columns: Column[];
  /** Cells by row and column. */
  cells: Map<string, Cell>;
  left: number;
  head: number;
  foot: number;
  width: number;
  height: number;
}

const shortened = (label: Label): Label => {
  const text = plain(label);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : label;
};
let pen: CanvasRenderingContext2D | null = null;

/** Return how long a name is in pixels, as the style of drawings writes it; with some room for bold letters. */
function length(name: string): number {
  pen ??= html("canvas").getContext("2d");
  if (pen) pen.font = "11px system-ui, sans-serif";
  const text = plain(shortened(titled(name)));
  return pen ? 1.08 * pen.measureText(text).width : LETTER * text.length;
}

const key = (row: string, { region, sample }: { region: string; sample: string }) => `${row}\n${region}\n${sample}`;

function layoutOf(cells: Cell[]): Layout {
  const rows = [...new Set(cells.map((cell) => cell.systematic))];
  const regions = [...new Set(cells.map((cell) => cell.region))];
  const left = Math.max(...rows.map(length), 40) + 10;
  const columns: Column[] = [];
  let x = left;
  for (const region of regions) {
    const samples = new Set(cells.filter((cell) => cell.region === region).map((cell) => cell.sample));
    for (const sample of samples) {
      columns.push({ region, sample, x });
      x += SIDE;
    }
    x += GAP;
  }
  const head = Math.max(...regions.map(length), 0) * 0.75 + 16;
  const foot = Math.max(...columns.map(({ sample }) => length(sample)), 0) * 0.75 + 14;
  const right = Math.max(...regions.map(length), 0) * 0.7;
  const height = head + rows.length * SIDE + foot;
  return {
    rows,
    columns,
    cells: new Map(cells.map((cell) => [key(cell.systematic, cell), cell])),
    left,
    head,
    foot,
    width: x + right,
    height,
  };
}

function add(lists: Map<string, string[]>, word: string, part: string): void {
  const list = lists.get(word);
  if (list) list.push(part);
  else lists.set(word, [part]);
}

/** One path for all cells of a word: thousands of them are few elements. */
function shapes(layout: Layout): SVGElement[] {
  const boxes = new Map<string, string[]>();
  const marks = new Map<string, string[]>();
  const empty: string[] = [];
  const inner = SIDE - 1;
  layout.rows.forEach((row, r) => {
    for (const column of layout.columns) {
      const at: [number, number] = [column.x, layout.head + r * SIDE];
      const cell = layout.cells.get(key(row, column));
      const box = `M${at[0]},${at[1]}h${inner}v${inner}h-${inner}Z`;
      if (!cell) empty.push(box);
      else {
        add(boxes, cell.word, box);
        const { mark } = words[cell.word];
        if (mark) add(marks, cell.word, placed(mark, at, inner));
      }
    }
  });
  const made: SVGElement[] = [svg("path", { class: "absent", d: empty.join("") })];
  for (const [word, parts] of boxes) made.push(svg("path", { d: parts.join(""), fill: words[word].colour }));
  for (const parts of marks.values()) made.push(svg("path", { class: "map-mark", d: parts.join("") }));
  return made;
}

/** Return a mark of a unit square in its cell. */
function placed(mark: string, [x, y]: [number, number], side: number): string {
  const point = (_: string, command: string, u: string, v: string) =>
    `${command}${(x + Number(u) * side).toFixed(1)},${(y + Number(v) * side).toFixed(1)}`;
  return mark
    .replace(/([ML])([\d.]+),([\d.]+)/g, point)
    .replace(/H([\d.]+)/g, (_, u) => `H${(x + Number(u) * side).toFixed(1)}`)
    .replace(/V([\d.]+)/g, (_, v) => `V${(y + Number(v) * side).toFixed(1)}`);
}

function texts(layout: Layout): SVGElement[] {
  const { rows, columns, left, head } = layout;
  const bottom = head + rows.length * SIDE;
  const made: SVGElement[] = rows.map((row, r) =>
    svg("text", { x: left - 6, y: head + r * SIDE + 11, "text-anchor": "end" }, ...tspans(shortened(titled(row)))),
  );
  let before = "";
  for (const { region, sample, x } of columns) {
    const place = `translate(${x + 10},${bottom + 6}) rotate(-45)`;
    made.push(svg("text", { transform: place, "text-anchor": "end" }, ...tspans(shortened(titled(sample)))));
    if (region !== before) {
      const above = `translate(${x + 8},${head - 6}) rotate(-45)`;
      made.push(svg("text", { class: "map-region", transform: above }, ...tspans(shortened(titled(region)))));
    }
    before = region;
  }
  return made;
}

export interface CellMap {
  element: HTMLElement;
  image: SVGSVGElement;
}

type Position = [row: number, column: number];

/** Return the cell under the pointer. */
function under(
  { rows, columns, head, width, height }: Layout,
  image: SVGSVGElement,
  event: MouseEvent,
): Position | null {
  const frame = image.getBoundingClientRect();
  const x = ((event.clientX - frame.left) * width) / frame.width;
  const y = ((event.clientY - frame.top) * height) / frame.height;
  const row = Math.floor((y - head) / SIDE);
  const column = columns.findIndex((one) => x >= one.x && x < one.x + SIDE);
  return row >= 0 && row < rows.length && column >= 0 ? [row, column] : null;
}

/** Return the cell to which an arrow key leads. */
function next({ rows, columns }: Layout, here: Position | null, pressed: string): Position | null {
  const steps: Record<string, Position> = {
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0],
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
  };
  if (!Object.hasOwn(steps, pressed)) return null;
  if (!here) return [0, 0];
  const within = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1);
  return [within(here[0] + steps[pressed][0], rows.length), within(here[1] + steps[pressed][1], columns.length)];
}

function drawn(layout: Layout): SVGSVGElement {
  const { width, height, rows, columns } = layout;
  const image = svg("svg", {
    class: "map",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    tabindex: 0,
    role: "application",
    "aria-roledescription": "map",
    "aria-label": `${rows.length} systematics in ${columns.length} columns of regions and samples; arrow keys move, Enter draws`,
  });
  image.append(...shapes(layout), ...texts(layout));
  return image;
}

/** Return the map; `choose` is told which cell was pressed. Arrow keys move from cell to cell, Enter presses one. */
export function cellMap(cells: Cell[], choose: (cell: Cell) => void): CellMap {
  const layout = layoutOf(cells);
  const image = drawn(layout);
  const mark = svg("rect", { class: "map-here", width: SIDE, height: SIDE, visibility: "hidden" });
  image.append(mark);
  const said = html("p", { class: "under", role: "status" });
  let here: Position | null = null;
  const go = (place: Position) => {
    here = place;
    const [name, at] = [layout.rows[place[0]], layout.columns[place[1]]];
    mark.setAttribute("visibility", "visible");
    mark.setAttribute("x", String(at.x - 0.5));
    mark.setAttribute("y", String(layout.head + place[0] * SIDE - 0.5));
    const word = layout.cells.get(key(name, at))?.word ?? "does not act";
    const [systematic, sample, region] = [name, at.sample, at.region].map((one) => marked(titled(one)));
    said.replaceChildren(...systematic, ", ", ...sample, " in ", ...region, `: ${word}`);
  };
  const press = () => {
    const cell = here && layout.cells.get(key(layout.rows[here[0]], layout.columns[here[1]]));
    if (cell) choose(cell);
  };
  for (const kind of ["pointermove", "click"] as const)
    image.addEventListener(kind, (event) => {
      const place = under(layout, image, event);
      if (place) go(place);
      if (place && kind === "click") press();
    });
  image.addEventListener("keydown", (event) => {
    const place = next(layout, here, event.key);
    if (place) {
      go(place);
      mark.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else if (event.key === "Enter" || event.key === " ") press();
    else return;
    event.preventDefault();
  });
  return { element: html("div", {}, html("div", { class: "scroll" }, image), said), image };
}

/** Return what the colours and marks of a map say. */
export function mapKey(cells: Cell[]): HTMLElement {
  const said = new Set(cells.map((cell) => cell.word));
  const entries = Object.entries(words).filter(([word]) => said.has(word));
  return html(
    "div",
    { class: "legend" },
    ...entries.map(([word, { colour, mark }]) => {
      const image = svg("svg", { width: 15, height: 15, viewBox: "0 0 15 15", "aria-hidden": true });
      image.append(svg("rect", { width: 14, height: 14, fill: colour }));
      if (mark) image.append(svg("path", { class: "map-mark", d: placed(mark, [0, 0], 14) }));
      return html("span", { class: "key" }, image, word);
    }),
  );
}
