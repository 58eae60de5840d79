/** Items made of what the page knows of an object, when they are needed. */

import { sum } from "d3-array";
import type { Settings } from "./address.ts";
import type { Item, PlaneAxis, Points, Steps } from "./items.ts";
import { identify } from "./labels.ts";
import { type TreeNode, viewOf } from "./nodes.ts";
import { sampleEdges, sampleSteps } from "./samples.ts";
import type {
  BinsRecord,
  DrawableRecord,
  HistogramRecord,
  PartsRecord,
  Payload,
  PlaneRecord,
  PointsRecord,
  Value,
} from "./types.ts";

const numbers = (values: Value[]): number[] => values.map(Number);
const optional = (value: Value | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

/** What makes items; edges and labels are in the payload. */
export class Maker {
  private readonly made = new Map<object, unknown>();

  constructor(private readonly payload: Payload) {}

  /** Return all that is drawn of the chosen nodes. */
  items(nodes: TreeNode[], settings: Settings): Item[] {
    const branches = nodes.filter((node) => node.tree);
    const edges = branches.length ? sampleEdges(branches, settings.bins) : [];
    const items = nodes.flatMap((node) =>
      (node.tree ? [sampleSteps(node, edges)] : this.ofObject(node, settings.view)).map((item) => ({ ...item, node })),
    );
    return items.map((item, index) => ({ ...item, index }));
  }

  private ofObject(node: TreeNode, key: string | null): Item[] {
    const object = node.object!;
    if (object.parts) return this.parts(object.parts, node.path);
    const view = viewOf(node, key);
    if (!view) return [this.item(object, node.path)];
    return [this.item(view, view.key === "map" ? node.path : `${node.path}, ${view.name}`)];
  }

  private item(record: DrawableRecord, name: string): Item {
    if (record.histogram) return this.steps(record.histogram, name, record.entries);
    if (record.points) return this.points(record.points, name);
    return this.plane(record.plane!, name);
  }

  /** Text that is numbers is read once. */
  private once<T>(record: object, make: () => T): T {
    if (!this.made.has(record)) this.made.set(record, make());
    return this.made.get(record) as T;
  }

  private bins<E>({ edges, labels }: BinsRecord, none: E): { edges: number[] | E; labels: string[] | null } {
    return {
      edges: edges === undefined ? none : this.payload.edges[edges],
      labels: labels === undefined ? null : this.payload.labels[labels],
    };
  }

  private steps(record: HistogramRecord, name: string, entries: Value | null | undefined): Steps {
    const found = this.once(record, () => ({
      kind: "steps" as const,
      ...this.bins(record, [0]),
      values: numbers(record.values),
      errors: numbers(record.errors),
      integral: Number(record.integral),
      mean: optional(record.mean),
      stdev: optional(record.stdev),
      underflow: Number(record.underflow),
      overflow: Number(record.overflow),
      label: record.label,
      outside: record.outside,
    }));
    const alone = { yLabel: "", index: 0, node: null, own: null, sum: false, unlike: null };
    return { ...found, ...alone, name, entries: optional(entries) };
  }

  private points(record: PointsRecord, name: string): Points {
    const found = this.once(record, () => ({
      kind: "points" as const,
      ...this.bins(record, null),
      x: numbers(record.x),
      xLow: numbers(record.xLow),
      xHigh: numbers(record.xHigh),
      values: numbers(record.y),
      yLow: numbers(record.yLow),
      yHigh: numbers(record.yHigh),
      label: record.label,
      yLabel: record.yLabel,
      note: record.note,
    }));
    return { ...found, name, index: 0, node: null, unlike: null };
  }

  private plane(record: PlaneRecord, name: string): Item {
    const found = this.once(record, () => ({
      kind: "plane" as const,
      axes: record.axes.map((axis) => ({ ...this.bins(axis, [0]), title: axis.label })) as [PlaneAxis, PlaneAxis],
      values: numbers(record.values),
      box: Object.entries(record.box).map(([key, value]): [string, number] => [key, Number(value)]),
      label: record.label,
      averaged: record.averaged,
    }));
    return { ...found, name, yLabel: "", index: 0, node: null };
  }

  private parts(parts: PartsRecord, name: string): Item[] {
    const { yLabel } = parts;
    const items = parts.of.map((part) => ({ ...this.item(part, `${name}: ${part.name}`), yLabel }));
    if (parts.stacked && items.length) return stacked(items as Steps[], name);
    return items.map((item) => ({ ...item, label: item.label || parts.label }));
  }
}

/** Return parts that stand on each other, the highest first, and their sum, which is drawn as a line. */
function stacked(parts: Steps[], name: string): Steps[] {
  let below = parts[0].values.map(() => 0);
  const layers = parts.map((part): Steps => {
    below = part.values.map((value, i) => value + below[i]);
    return { ...part, own: part.values, values: below };
  });
  const total = (key: "integral" | "underflow" | "overflow") => sum(parts, (part) => part[key]);
  const squares = parts[0].errors.map((_, i) => sum(parts, ({ errors }) => errors[i] ** 2));
  const whole: Steps = {
    ...parts[0],
    name: `${name}: sum`,
    values: below,
    errors: squares.map(Math.sqrt),
    entries: sum(parts, ({ entries }) => entries ?? 0),
    integral: total("integral"),
    underflow: total("underflow"),
    overflow: total("overflow"),
    ...(identify(parts[0].labels) ? { mean: null, stdev: null } : moments(parts[0].edges, below)),
    outside: "",
    sum: true,
  };
  return [...layers.reverse(), whole];
}

/** Return mean and standard deviation of binned yields; null where they have none. */
function moments(edges: number[], values: number[]): { mean: number | null; stdev: number | null } {
  const middle = (i: number) => (edges[i] + edges[i + 1]) / 2;
  const weighted = (of: (i: number) => number) => values.reduce((all, value, i) => all + value * of(i), 0);
  const yields = weighted(() => 1);
  if (!yields) return { mean: null, stdev: null };
  const mean = weighted(middle) / yields;
  const variance = weighted((i) => (middle(i) - mean) ** 2) / yields;
  return { mean, stdev: variance >= 0 ? Math.sqrt(variance) : null };
}
