/** One row of the tree: a sign for its kind, the name, and a few words on it. */

import { written } from "../drawing/numbers.ts";
import { html, svg } from "../drawing/svg.ts";
import type { TreeNode } from "./nodes.ts";

const icons = {
  histogram: ["M1 13V9h3V4h4v3h3v6z", "--c0"],
  folder: ["M1 12V3h4l2 2h6v7z", "--c4"],
  tree: ["M2 2h10v3H2zM2 6h10v3H2zM2 10h10v3H2z", "--c2"],
  branch: ["M4 5h6v4H4z", "--c2"],
  grid: ["M1 2h5v5H1zM8 2h5v5H8zM1 8h5v5H1zM8 8h5v5H8z", "--c3"],
  points: [
    "M1 10a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M5 5a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M9 9a2 2 0 1 0 4 0a2 2 0 1 0 -4 0",
    "--c1",
  ],
  stack: ["M1 13V9h4v4zM5 13V5h4v8zM9 13V2h4v11z", "--c6"],
  other: ["M3 1h6l3 3v9H3z", "--c7"],
};

function kindOf({ object, tree }: TreeNode): keyof typeof icons {
  if (tree) return "branch";
  if (!object) return "folder";
  if (object.branches) return "tree";
  if (object.points) return "points";
  if (object.parts) return object.parts.stacked ? "stack" : "points";
  if (object.histogram) return "histogram";
  if (object.bins) return object.bins.length > 1 ? "grid" : "histogram";
  return "other";
}

function icon(node: TreeNode): SVGElement {
  const [d, colour] = icons[kindOf(node)];
  const drawing = svg("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" });
  const shape = svg("path", { d });
  shape.style.setProperty("fill", `var(${colour})`);
  drawing.append(shape);
  return drawing;
}

function info({ object, children, tree, type }: TreeNode): string {
  if (tree) return type;
  if (!object) return written(children.length);
  const { class: name, bins, branches, entries, points, parts, histogram } = object;
  if (points && !bins) return `${name} · ${written(points.x.length)}`;
  if (parts) return `${name} · ${written(parts.of.length)}`;
  if (branches) return `${name} · ${written(Number(entries))}`;
  if (!bins) return histogram ? `${written(histogram.values.length)} bins` : name;
  return bins.length > 1 ? `${name} · ${bins.map((n) => written(n)).join("×")}` : `${written(bins[0])} bins`;
}

/** The name with the words that were searched for marked. */
function marked(name: string, words: string[]): (Node | string)[] {
  const lower = name.toLowerCase();
  const hits = words
    .map((word): [number, number] => [lower.indexOf(word), word.length])
    .filter(([at]) => at >= 0)
    .sort((a, b) => a[0] - b[0]);
  const parts: (Node | string)[] = [];
  let done = 0;
  for (const [at, length] of hits) {
    if (at < done) continue;
    parts.push(name.slice(done, at), html("mark", {}, name.slice(at, at + length)));
    done = at + length;
  }
  return [...parts, name.slice(done)];
}

export interface RowState {
  /** Its place among the rows, and its height in pixels. */
  index: number;
  height: number;
  active: boolean;
  chosen: boolean;
  open: boolean;
  /** What was searched for. */
  words: string[];
}

/** Return the row of a node. */
export function rowOf(node: TreeNode, { index, height, active, chosen, open, words }: RowState): HTMLElement {
  const siblings = node.parent?.children ?? [];
  const row = html(
    "div",
    {
      id: `row${index}`,
      class: active ? "row active" : "row",
      role: "treeitem",
      "data-index": index,
      title: [node.path, node.object?.class, node.object?.title].filter(Boolean).join("\n"),
      "aria-level": node.depth + 1,
      "aria-selected": String(chosen),
      "aria-setsize": siblings.length,
      "aria-posinset": siblings.indexOf(node) + 1,
      "aria-expanded": node.children.length ? String(open) : undefined,
    },
    html("span", { class: "twist", "aria-hidden": "true" }, node.children.length ? "›" : ""),
    icon(node),
    html("span", { class: "name" }, ...marked(node.name, words)),
    html("span", { class: "info" }, info(node)),
  );
  row.style.setProperty("top", `${index * height}px`);
  row.style.setProperty("padding-left", `${8 + node.depth * 16}px`);
  if (node.drawable) {
    const box = html("input", { type: "checkbox", tabindex: "-1", "aria-label": `Overlay ${node.path}` });
    box.checked = chosen;
    row.append(box);
  }
  return row;
}
