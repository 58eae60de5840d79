/** Branches of trees: the entries that the page has of them, filled into bins. */

import { range } from "d3-array";
import { written } from "../drawing/numbers.ts";
import type { Steps } from "./items.ts";
import { binAt } from "./labels.ts";
import { branchOf, type TreeNode } from "./nodes.ts";
import type { BranchRecord, SampleRecord } from "./types.ts";

const AUTOMATIC = 60;
/** Whole numbers over a smaller range have a bin each. */
const MOST_WHOLE = 120;

const unpacked = new Map<BranchRecord, Float32Array | Float64Array>();

function valuesOf(node: TreeNode): Float32Array | Float64Array {
  const branch = branchOf(node)!;
  const known = unpacked.get(branch);
  if (known) return known;
  const { buffer } = Uint8Array.from(atob(branch.values!), (c) => c.charCodeAt(0));
  const values = branch.type === "f4" ? new Float32Array(buffer) : new Float64Array(buffer);
  unpacked.set(branch, values);
  return values;
}

/** Return the next round number: 1, 2, 2.5 or 5 times a power of ten, as in the terminal. */
export function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 2.5, 5, 10].find((nice) => nice * power >= raw * (1 - 1e-12))!;
}

const even = (first: number, step: number, bins: number): number[] =>
  range(bins + 1).map((i) => Number((first + i * step).toPrecision(15)));

/** Return common bins for values: so many, or round ones (`bins` null), or one per whole number. */
export function edgesOf(columns: ArrayLike<number>[], whole: boolean, bins: number | null): number[] {
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns)
    for (let i = 0; i < column.length; i++) {
      if (!Number.isFinite(column[i])) continue;
      if (column[i] < low) low = column[i];
      if (column[i] > high) high = column[i];
    }
  if (low > high) return [0, 1];
  if (!bins && whole && high - low < MOST_WHOLE) return even(low - 0.5, 1, high - low + 1);
  if (low === high) [low, high] = [low - Math.max(Math.abs(low), 1) / 2, high + Math.max(Math.abs(high), 1) / 2];
  if (bins) return range(bins + 1).map((i) => low + ((high - low) * (1 + 1e-6) * i) / bins);
  const step = roundStep((high - low) / AUTOMATIC);
  const first = Math.floor(low / step);
  return range(first, Math.floor(high / step) + 2).map((i) => Number((i * step).toPrecision(15)));
}

/** Return common bins for all chosen branches. */
export function sampleEdges(nodes: TreeNode[], bins: number | null): number[] {
  return edgesOf(
    nodes.map(valuesOf),
    nodes.every((node) => branchOf(node)!.whole),
    bins,
  );
}

/** Return values in bins: contents, what lies outside, and moments of what lies inside. */
export function filled(values: ArrayLike<number>, edges: number[]) {
  const contents = new Array<number>(edges.length - 1).fill(0);
  let [underflow, overflow, lost, inside, total, squares] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const bin = binAt(edges, value);
    if (bin !== null) {
      contents[bin] += 1;
      inside += 1;
      total += value;
      squares += value * value;
    } else if (Number.isNaN(value)) lost += 1;
    else if (value < edges[0]) underflow += 1;
    else overflow += 1;
  }
  const mean = inside ? total / inside : null;
  const stdev = mean === null ? null : Math.sqrt(Math.max(squares / inside - mean * mean, 0));
  return { contents, underflow, overflow, lost, inside, mean, stdev };
}

/** Return the histogram of a branch. */
export function sampleSteps(node: TreeNode, edges: number[]): Steps {
  const { entries, of } = node.tree!.sample!;
  const { contents, underflow, overflow, lost, inside, mean, stdev } = filled(valuesOf(node), edges);
  return {
    kind: "steps",
    name: node.path + (of > entries ? ` (sample: ${written(entries)} of ${written(of)} entries)` : ""),
    label: node.name,
    yLabel: "",
    index: 0,
    node,
    edges,
    labels: null,
    values: contents,
    errors: contents.map(Math.sqrt),
    entries: inside + underflow + overflow,
    integral: inside,
    mean,
    stdev,
    underflow,
    overflow,
    outside: lost ? `${written(lost)} values are NaN, not drawn` : "",
    own: null,
    sum: false,
    unlike: null,
  };
}

function partOf({ entries, of, blocks }: SampleRecord): string {
  if (entries === of) return `all ${written(of)} entries`;
  const some = `${written(entries)} of ${written(of)} entries`;
  if (blocks === 1) return `a sample: the first ${some}`;
  return `a sample: ${some}, in ${blocks} blocks spread evenly over the tree`;
}

/** Return how much of a tree was read for the page, in words. */
export function sampleSentence(node: TreeNode): string {
  const note = branchOf(node)?.note;
  return `${node.path}: ${partOf(node.tree!.sample!)}.${note ? ` ${note}` : ""}`;
}
