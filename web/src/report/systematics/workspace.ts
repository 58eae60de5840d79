/** Variations as a workspace has them: what its modifiers do at one standard deviation. */

import type { Effect } from "../types.ts";
import type { Variation } from "./packed.ts";

interface Modifier {
  name: string;
  type: string;
  data: unknown;
}

export interface WorkspaceDocument {
  channels: { name: string; samples: { name: string; data: number[]; modifiers: Modifier[] }[] }[];
  measurements: { name: string; config: { parameters: { name: string; sigmas?: number[] }[] } }[];
}

type Sides = [up: number[], down: number[]];

/** Return the factors of a modifier for each bin, up and down; null for one that is no systematic. */
function factors({ type, name, data }: Modifier, nominal: number[], widths: Map<string, number>): Sides | null {
  const all = (value: number) => nominal.map(() => value);
  const over = (values: number[]) => values.map((value, i) => (nominal[i] === 0 ? NaN : value / nominal[i]));
  if (type === "normsys") {
    const { hi, lo } = data as { hi: number; lo: number };
    return [all(hi), all(lo)];
  }
  if (type === "histosys") {
    const { hi_data, lo_data } = data as { hi_data: number[]; lo_data: number[] };
    return [over(hi_data), over(lo_data)];
  }
  if (type === "shapesys") {
    const relative = over(data as number[]);
    return [relative.map((r) => 1 + r), relative.map((r) => 1 - r)];
  }
  const width = type === "lumi" ? widths.get(name) : undefined;
  return width === undefined ? null : [all(1 + width), all(1 - width)];
}

/** Return the variations of a workspace, all or those of one systematic: of its modifiers of a sample together. */
export function fromWorkspace(document: WorkspaceDocument, measurement?: string, only?: string): Variation[] {
  const chosen = document.measurements.find((one) => one.name === measurement) ?? document.measurements[0];
  const widths = new Map(
    chosen?.config.parameters.flatMap(({ name, sigmas }): [string, number][] => (sigmas ? [[name, sigmas[0]]] : [])),
  );
  return document.channels.flatMap((channel) =>
    channel.samples.flatMap((sample) => {
      const nominal = sample.data;
      const staterror = sample.modifiers.find(({ type }) => type === "staterror")?.data as number[] | undefined;
      const band = nominal.map((n, i) => (staterror && n !== 0 ? staterror[i] / Math.abs(n) : NaN));
      const found = new Map<string, Sides>();
      for (const modifier of sample.modifiers) {
        if (only !== undefined && modifier.name !== only) continue;
        const sides = factors(modifier, nominal, widths);
        if (!sides) continue;
        const before = found.get(modifier.name);
        const product = (k: 0 | 1) => sides[k].map((f, i) => f * (before?.[k][i] ?? 1));
        found.set(modifier.name, [product(0), product(1)]);
      }
      return [...found].map(([systematic, [up, down]]) => ({
        region: channel.name,
        sample: sample.name,
        systematic,
        nominal,
        band,
        up: up.map((f) => f - 1),
        down: down.map((f) => f - 1),
      }));
    }),
  );
}

/** Return what a variation does to the yield, and at most to a bin once the yield is that of the nominal template. */
export function effectOf({ region, sample, systematic, nominal, up, down }: Variation): Effect {
  const total = nominal.reduce((sum, n) => sum + n, 0);
  const norm = (side: number[]) =>
    total ? nominal.reduce((sum, n, i) => sum + (n === 0 ? 0 : n * side[i]), 0) / total : 0;
  const norms: [number, number] = [norm(up), norm(down)];
  const shape = (side: number[], change: number) =>
    side
      .filter((value, i) => nominal[i] !== 0 && Number.isFinite(value))
      .map((value) => (1 + value) / (1 + change) - 1)
      .reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  const shapes: [number, number] = [shape(up, norms[0]), shape(down, norms[1])];
  const flat = shapes.every((value) => Math.abs(value) < 1e-9);
  return {
    region,
    sample,
    systematic,
    norm: norms,
    shape: flat ? null : shapes,
    judged: [0, 0],
    keep_norm: true,
    keep_shape: true,
    flags: [],
  };
}
