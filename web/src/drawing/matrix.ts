/** A matrix of correlations on a canvas: its colours, its place on the screen, and what is drawn where. */

import { strip } from "./colours.ts";
import { fixed } from "./numbers.ts";
import { pixels } from "./pixels.ts";
import { html, svg } from "./svg.ts";
import { textWidth } from "./text.ts";

const WARM = [178, 24, 43];
const COLD = [33, 102, 172];
const UNKNOWN = [154, 160, 168];
const NAMED = 10;

function mixed(value: number): number[] {
  if (!Number.isFinite(value)) return UNKNOWN;
  const part = Math.min(Math.abs(value), 1);
  return (value > 0 ? WARM : COLD).map((end) => Math.round(255 + (end - 255) * part));
}

/** Return the colour of a correlation: white at 0, red above, blue below, as in the field. */
export function correlationColour(value: number): string {
  return `rgb(${mixed(value).join(",")})`;
}

/** Where the cells of a matrix are on its canvas. */
export interface Layout {
  /** Pixels left of the cells, for names. */
  room: number;
  /** Pixels of one cell. */
  cell: number;
  width: number;
  height: number;
  named: boolean;
}

/** Return the layout of a matrix of parameters with these names, on a screen of some width.
 *
 * Names are never cut: where they leave no room for cells that can be read, the canvas is wider than the screen.
 */
export function layoutOf(names: string[], width: number, tallest = 900): Layout {
  const longest = Math.ceil(Math.max(...names.map((name) => textWidth(name)), 20)) + 12;
  const n = Math.max(names.length, 1);
  const named = Math.min((width - Math.min(longest, 0.4 * width)) / n, 44) >= NAMED;
  const room = named ? longest : 2;
  const cell = Math.max(Math.min((width - room) / n, tallest / n, 44), named ? NAMED + 2 : 1);
  return { room, cell, width: room + cell * n, height: cell * n + (named ? room : 2), named };
}

/** Return the row and column under a point of the canvas; null where there is no cell. */
export function cellAt(layout: Layout, n: number, x: number, y: number): [number, number] | null {
  const [column, row] = [Math.floor((x - layout.room) / layout.cell), Math.floor(y / layout.cell)];
  return row >= 0 && column >= 0 && row < n && column < n ? [row, column] : null;
}

export interface Matrix {
  /** Names of the rows, and those below the columns. */
  names: string[];
  below: string[];
  at: (row: number, column: number) => number;
}

/** Draw a matrix; `cursor` is the cell that is framed, `chosen` the square that is being dragged open. */
export function drawMatrix(
  canvas: HTMLCanvasElement,
  matrix: Matrix,
  layout: Layout,
  cursor: [number, number] | null,
  chosen: [[number, number], [number, number]] | null,
): void {
  const ratio = window.devicePixelRatio || 1;
  const { room, cell, width, height, named } = layout;
  canvas.width = Math.ceil(width * ratio);
  canvas.height = Math.ceil(height * ratio);
  canvas.style.setProperty("width", `${width}px`);
  canvas.style.setProperty("height", `${height}px`);
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  pen.scale(ratio, ratio);
  const n = matrix.names.length;
  pen.imageSmoothingEnabled = false;
  if (n) pen.drawImage(cells(matrix), room, 0, n * cell, n * cell);
  if (cell >= 27) writeNumbers(pen, matrix, layout);
  const ink = getComputedStyle(canvas).color;
  pen.strokeStyle = ink;
  pen.strokeRect(room + 0.5, 0.5, n * cell - 1, n * cell - 1);
  if (named) writeNames(pen, matrix, layout, ink);
  frames(pen, layout, cursor, chosen, ink);
}

/** Return a picture with one pixel for each cell: hundreds of thousands of rectangles would take seconds. */
const cells = ({ names, at }: Matrix): HTMLCanvasElement =>
  pixels(names.length, names.length, (column, row) => mixed(at(row, column)));

function writeNumbers(pen: CanvasRenderingContext2D, { names, at }: Matrix, { room, cell }: Layout): void {
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "center";
  for (let row = 0; row < names.length; row++)
    for (let column = 0; column < names.length; column++) {
      const value = at(row, column);
      if (!(Math.abs(value) >= 0.005)) continue;
      pen.fillStyle = Math.abs(value) > 0.6 ? "#fff" : "#1b2230";
      pen.fillText(fixed(100 * value, 0), room + (column + 0.5) * cell, (row + 0.5) * cell + 4);
    }
}

function writeNames(
  pen: CanvasRenderingContext2D,
  { names, below }: Matrix,
  { room, cell }: Layout,
  ink: string,
): void {
  pen.fillStyle = ink;
  pen.font = "12px system-ui, sans-serif";
  pen.textAlign = "right";
  const bottom = names.length * cell;
  names.forEach((name, i) => {
    pen.fillText(name, room - 6, (i + 0.5) * cell + 4);
    pen.save();
    pen.translate(room + (i + 0.5) * cell + 4, bottom + 6);
    pen.rotate(-Math.PI / 2);
    pen.fillText(below[i], 0, 0);
    pen.restore();
  });
}

function frames(
  pen: CanvasRenderingContext2D,
  { room, cell }: Layout,
  cursor: [number, number] | null,
  chosen: [[number, number], [number, number]] | null,
  ink: string,
): void {
  if (cursor) {
    pen.strokeStyle = "#fff";
    pen.lineWidth = 4;
    pen.strokeRect(room + cursor[1] * cell, cursor[0] * cell, cell, cell);
    pen.strokeStyle = "#1b2230";
    pen.lineWidth = 2;
    pen.strokeRect(room + cursor[1] * cell, cursor[0] * cell, cell, cell);
  }
  if (!chosen) return;
  const [top, bottom] = [chosen[0][0], chosen[1][0]].sort((a, b) => a - b);
  const [left, right] = [chosen[0][1], chosen[1][1]].sort((a, b) => a - b);
  pen.strokeStyle = ink;
  pen.lineWidth = 2;
  pen.setLineDash([5, 3]);
  pen.strokeRect(room + left * cell, top * cell, (right - left + 1) * cell, (bottom - top + 1) * cell);
}

/** Return the bar that says which colour is which correlation. */
export function colourBar(): SVGSVGElement {
  const width = 240;
  const box = { x: 10, y: 2, width: 220, height: 12 };
  const image = svg(
    "svg",
    {
      class: "colour-bar",
      width,
      height: 34,
      viewBox: `0 0 ${width} 34`,
      role: "img",
      "aria-label": "Colours: blue is −100 %, white 0, red 100 %",
    },
    ...strip(box, (share) => correlationColour(2 * share - 1)),
    svg("rect", { class: "frame", ...box }),
  );
  for (const [value, text] of [
    [-1, "−100 %"],
    [-0.5, "−50"],
    [0, "0"],
    [0.5, "50"],
    [1, "100 %"],
  ] as const)
    image.append(svg("text", { x: 120 + 110 * value * 0.9, y: 28, "text-anchor": "middle" }, text));
  return image;
}

/** Return a canvas that the keyboard reaches. */
export function matrixCanvas(about: string): HTMLCanvasElement {
  return html("canvas", {
    class: "matrix",
    tabindex: 0,
    role: "application",
    "aria-roledescription": "matrix",
    "aria-label": about,
  });
}
