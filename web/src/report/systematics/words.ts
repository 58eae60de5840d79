/** What a cell of the map says, its colour and its mark: those of the figure of pruning. */

import { payload } from "../page.ts";
import type { Effect } from "../types.ts";

export interface Word {
  colour: string;
  /** Drawn in the cell of a unit square: what tells words apart without their colour. */
  mark: string;
}

const CROSS = "M.2,.2L.8,.8M.8,.2L.2,.8";
const LEVEL = "M.15,.5H.85";
const UPRIGHT = "M.5,.15V.85";

export const words: Record<string, Word> = {
  kept: { colour: "#9ad59a", mark: "" },
  "shape dropped": { colour: "#ffe866", mark: UPRIGHT },
  "norm dropped": { colour: "#ffb347", mark: LEVEL },
  dropped: { colour: "#e8746c", mark: CROSS },
  "large norm": { colour: "#6f9bd8", mark: "M.5,.15L.85,.8H.15Z" },
  "large shape": { colour: "#a678c8", mark: "M.15,.65L.4,.35L.6,.65L.85,.35" },
  "large norm and shape": { colour: "#4d4d4d", mark: "" },
  yield: { colour: "#9ecae1", mark: LEVEL },
  shape: { colour: "#fdd0a2", mark: "M.15,.65L.4,.35L.6,.65L.85,.35" },
  "yield and shape": { colour: "#9ad59a", mark: "" },
  "each bin": { colour: "#cbb8e0", mark: "M.3,.15V.85M.5,.15V.85M.7,.15V.85" },
};

function status(effect: Effect): string {
  const shapeLeft = effect.keep_shape && effect.shape !== null;
  if (!effect.keep_norm) return shapeLeft ? "norm dropped" : "dropped";
  return shapeLeft || effect.shape === null ? "kept" : "shape dropped";
}

/** Return what is left of a systematic after pruning, and whether it is odd. */
export function wordOf(effect: Effect): string {
  const large = effect.flags.filter((flag) => flag.startsWith("large"));
  if (large.length === 2) return "large norm and shape";
  return large[0] ?? status(effect);
}

/** A cell of the map. */
export interface Cell {
  region: string;
  sample: string;
  systematic: string;
  word: string;
}

const kinds = new Set(["normsys", "histosys", "lumi", "shapesys"]);

/** Return the cells of templates that were processed: what pruning leaves. */
export function cellsOf(effects: Effect[]): Cell[] {
  return effects.map((effect) => ({ ...effect, word: wordOf(effect) }));
}

/** Return the cells of a workspace: what each systematic changes. */
export function cellsOfWorkspace(): Cell[] {
  const found: Cell[] = [];
  for (const [systematic, acts] of Object.entries(payload.acts)) {
    const places = new Map<string, Set<string>>();
    for (const [region, sample, kind] of acts)
      if (kinds.has(kind)) {
        const place = JSON.stringify([region, sample]);
        places.set(place, (places.get(place) ?? new Set()).add(kind));
      }
    for (const [place, types] of places) {
      const [region, sample] = JSON.parse(place) as [string, string];
      const shape = types.has("histosys");
      const norm = types.has("normsys") || types.has("lumi");
      const word = types.has("shapesys") ? "each bin" : shape ? (norm ? "yield and shape" : "shape") : "yield";
      found.push({ region, sample, systematic, word });
    }
  }
  return found;
}

/** Whether there is any systematic. */
export const anySystematic = (): boolean =>
  payload.processed || Object.values(payload.acts).some((acts) => acts.some(([, , kind]) => kinds.has(kind)));
