/** The tables below the picture: statistics, contents of bins, branches of a tree. */

import { written } from "../drawing/numbers.ts";
import { button, html } from "../drawing/svg.ts";
import { contentOf } from "./hover.ts";
import { type Curve, isSteps, type Plane, type Points, sameEdges } from "./items.ts";
import { pointName } from "./labels.ts";
import { boxOf, swatch } from "./legend.ts";
import type { TreeNode } from "./nodes.ts";

type Cell = Node | string | null;

const cell = (value: number | null): HTMLElement => html("td", {}, written(value));
const line = (cells: Cell[]): HTMLElement => html("tr", {}, ...cells);

function table(head: HTMLElement[], rows: HTMLElement[], id?: string): HTMLElement {
  const made = html("table", { id }, html("thead", {}, line(head)), html("tbody", {}, ...rows));
  return html("div", { class: "card scroll" }, made);
}

const heads = (texts: string[]): HTMLElement[] =>
  texts.map((text, i) => html("th", { class: i ? undefined : "text", scope: "col" }, text));

/** Return the statistics of curves; where there are several, each can be taken away. */
export function statisticsTable(items: Curve[], remove: ((item: Curve) => void) | null): HTMLElement {
  const steps = items.some(isSteps);
  const names = steps ? ["entries", "integral", "mean", "std dev", "underflow", "overflow"] : ["points"];
  const rows = items.map((item) =>
    line([
      html("th", { scope: "row", title: item.name }, swatch(item), ` ${item.name}`),
      ...(steps ? moments(item) : [cell((item as Points).x.length)]),
      remove && html("td", {}, removing(item, remove)),
    ]),
  );
  return table(heads(["statistics", ...names, ...(remove ? [""] : [])]), rows, "statistics");
}

const removing = (item: Curve, remove: (item: Curve) => void): HTMLElement =>
  button("×", () => remove(item), { "aria-label": `Remove ${item.name}`, title: "Remove" });

/** Cells of the statistics of a histogram, with what lies outside marked where that is much. */
function moments(item: Curve): HTMLElement[] {
  if (!isSteps(item)) return [item.x.length, null, null, null, null, null].map(cell);
  const { entries, integral, mean, stdev, underflow, overflow, outside } = item;
  const much = (value: number) => outside && Math.abs(value) > 0.01 * Math.abs(integral);
  const beyond = (value: number) => html("td", { class: much(value) ? "warn" : undefined }, written(value));
  return [...[entries, integral, mean, stdev].map(cell), ...[underflow, overflow].map(beyond)];
}

/** Return the statistics of a map. */
export function planeTable(item: Plane): HTMLElement {
  const box = boxOf(item);
  const row = line([html("th", { scope: "row" }, item.name), ...box.map(([, value]) => cell(value))]);
  return table(heads(["statistics", ...box.map(([key]) => key)]), [row], "statistics");
}

/** Return the numbers behind the picture, made only when somebody opens them. */
export function contentsTable(items: Curve[]): HTMLElement {
  const [first] = items;
  const points = first.kind === "points";
  const details = html(
    "details",
    {},
    html("summary", {}, points ? "Coordinates of the points" : "Contents of the bins"),
  );
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(contents(items));
  });
  return details;
}

function contents(items: Curve[]): HTMLElement {
  const [first] = items;
  const same = items.filter((one) =>
    isSteps(one) && isSteps(first) ? sameEdges(one.edges, first.edges) : one === first,
  );
  const rows = first.values.map((_, i) =>
    line([cell(i + 1), ...placeCells(first, i), ...same.map((one) => html("td", {}, contentOf(one, i)))]),
  );
  const points = first.kind === "points";
  const where = first.labels ? ["label"] : points ? ["x"] : ["low edge", "high edge"];
  const head = [points ? "point" : "bin", ...where, ...same.map(({ name }) => name)];
  return table(
    head.map((text) => html("th", { scope: "col" }, text)),
    rows,
  );
}

function placeCells(item: Curve, i: number): HTMLElement[] {
  if (item.labels) return [html("td", { class: "text" }, isSteps(item) ? item.labels[i] : pointName(item, i))];
  return isSteps(item) ? [cell(item.edges[i]), cell(item.edges[i + 1])] : [cell(item.x[i])];
}

/** Return the branches of a tree; those that can be drawn are buttons. */
export function branchTable(node: TreeNode, show: (branch: TreeNode) => void, marked?: TreeNode): HTMLElement {
  const rows = node.children.map((branch) => {
    const name = branch.drawable ? button(branch.name, () => show(branch), { class: "link" }) : branch.name;
    const cells = [html("th", { scope: "row" }, name), html("td", { class: "text" }, branch.type)];
    return html("tr", { class: branch === marked ? "marked" : undefined }, ...cells);
  });
  const count = `${written(node.children.length)} branches`;
  const head = [count, "type"].map((text) => html("th", { class: "text", scope: "col" }, text));
  const made = table(head, rows);
  if (marked) requestAnimationFrame(() => made.querySelector(".marked")?.scrollIntoView({ block: "center" }));
  return made;
}
