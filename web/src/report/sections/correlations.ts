import { fixed } from "../../drawing/numbers.ts";
import { html, onWidth } from "../../drawing/svg.ts";
import { fit, missing, type Section, unpacked } from "../page.ts";
import type { Fit } from "../types.ts";

/** Correlations above the diagonal, row by row. */
export class Correlations {
  constructor(
    private readonly size: number,
    private readonly values: Float32Array,
  ) {}

  at(i: number, j: number): number {
    if (i === j) return 1;
    const [a, b] = i < j ? [i, j] : [j, i];
    return this.values[a * this.size - (a * (a + 1)) / 2 + b - a - 1];
  }
}

function colour(value: number): string {
  if (!Number.isFinite(value)) return "#8883";
  const [r, g, b] = value > 0 ? [178, 24, 43] : [33, 102, 172];
  const part = Math.abs(value);
  return `rgb(${Math.round(255 + (r - 255) * part)},${Math.round(255 + (g - 255) * part)},${Math.round(255 + (b - 255) * part)})`;
}

function chosen(found: Fit, table: Correlations, threshold: number): number[] {
  const free = found.names
    .map((_, i) => i)
    .filter((i) => !found.fixed[i] && !found.modifier_types[i].includes("staterror"));
  const linked = free.filter((i) => free.some((j) => i !== j && Math.abs(table.at(i, j)) >= threshold));
  const poi = found.names.indexOf(found.poi ?? "");
  return linked.sort((a, b) => Number(b === poi) - Number(a === poi) || a - b);
}

function matrix(
  found: Fit,
  table: Correlations,
  list: number[],
  width: number,
  tell: (text: string) => void,
): HTMLCanvasElement {
  const names = list.map((i) => found.names[i]);
  const room = Math.min(8 * Math.max(...names.map((name) => name.length), 4), 0.35 * width);
  const cell = Math.max(Math.min((width - room) / Math.max(list.length, 1), 40), 2);
  const side = cell * list.length;
  const canvas = html("canvas", { role: "img", "aria-label": `Correlations of ${list.length} parameters` });
  const ratio = window.devicePixelRatio || 1;
  const height = side + (cell >= 9 ? room : 0);
  canvas.width = (room + side) * ratio;
  canvas.height = height * ratio;
  canvas.style.setProperty("width", `${room + side}px`);
  canvas.style.setProperty("height", `${height}px`);
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  pen.scale(ratio, ratio);
  const ink = getComputedStyle(document.body).color;
  pen.font = `${Math.min(Math.max(cell * 0.6, 8), 12)}px system-ui, sans-serif`;
  list.forEach((i, row) => {
    list.forEach((j, column) => {
      const value = table.at(i, j);
      pen.fillStyle = colour(value);
      pen.fillRect(room + column * cell, row * cell, cell, cell);
      if (cell >= 26 && Math.abs(value) >= 0.005) {
        pen.fillStyle = Math.abs(value) > 0.6 ? "#fff" : "#222";
        pen.textAlign = "center";
        pen.fillText(fixed(100 * value, 0), room + (column + 0.5) * cell, (row + 0.62) * cell);
      }
    });
    if (cell < 9) return;
    pen.fillStyle = ink;
    pen.textAlign = "right";
    pen.fillText(names[row], room - 5, (row + 0.65) * cell, room - 8);
    pen.save();
    pen.translate(room + (row + 0.65) * cell, side + 5);
    pen.rotate(-Math.PI / 2);
    pen.fillText(names[row], 0, 0, room - 8);
    pen.restore();
  });
  canvas.addEventListener("pointermove", (event) => {
    const [column, row] = [Math.floor((event.offsetX - room) / cell), Math.floor(event.offsetY / cell)];
    const [i, j] = [list[row], list[column]];
    tell(
      i === undefined || j === undefined
        ? ""
        : `${found.names[i]}, ${found.names[j]}: ${fixed(100 * table.at(i, j), 1)} %`,
    );
  });
  return canvas;
}

/** The correlation matrix of the parameters that are correlated with any other. */
export const correlations: Section = {
  id: "correlations",
  title: "Correlations",
  draw(body) {
    if (!fit) return false;
    const found = fit;
    const place = html("div", { class: "drawing scroll" });
    const text = html("p", { class: "under", role: "status" });
    const threshold = html("input", {
      type: "range",
      min: "0",
      max: "0.9",
      step: "0.05",
      value: "0.2",
      id: "threshold",
    });
    const said = html("span");
    body.append(
      html(
        "div",
        { class: "bar" },
        html("label", { for: "threshold" }, "at least one correlation of "),
        threshold,
        said,
      ),
      place,
      text,
    );
    unpacked("correlation").then((bytes) => {
      if (!bytes) {
        place.append(missing("This fit has no covariance that can be used."));
        return;
      }
      const table = new Correlations(found.names.length, new Float32Array(bytes.buffer));
      let width = 0;
      const draw = () => {
        const list = chosen(found, table, Number(threshold.value));
        said.textContent = `${fixed(100 * Number(threshold.value), 0)} %: ${list.length} parameters`;
        place.replaceChildren(
          matrix(found, table, list, width, (told) => {
            text.textContent = told;
          }),
        );
      };
      threshold.addEventListener("input", draw);
      onWidth(place, (now) => {
        width = now;
        draw();
      });
    });
    return true;
  },
};
