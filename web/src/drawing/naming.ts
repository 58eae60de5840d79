/** Names of bins beside an axis: which of them, and how they are written where they are wider than their bins. */

import { max } from "d3-array";

export interface Naming {
  /** Without names, and so without places, the axis has numbers. */
  names?: string[];
  values?: number[];
  /** The angle at which they are written upwards, in degrees; 0: beside each other. */
  upright: number;
  /** What they need away from the axis beyond one line, in pixels. */
  room: number;
}

interface Writing {
  /** The mean width of a letter, in pixels. */
  letter: number;
  /** The angle of upright names; 0: they never are. */
  angle: number;
}

/** The height of a line of text, in pixels. */
const LINE = 13;

const longestOf = (texts: string[]): number => max(texts, (text) => text.length) as number;

/** Every so many of the names, and the places of their bins. */
function some(edges: number[], texts: string[], every: number): { names: string[]; values: number[] } {
  const kept = texts.flatMap((_, i) => (i % every === 0 ? [i] : []));
  return { names: kept.map((i) => texts[i]), values: kept.map((i) => (edges[i] + edges[i + 1]) / 2) };
}

/** Return how bins with these texts are named below an axis where one is `cell` pixels wide. */
export function naming(edges: number[], texts: string[], cell: number, { letter, angle }: Writing): Naming {
  if (!texts.length) return { upright: 0, room: 0 };
  const longest = letter * longestOf(texts);
  const upright = longest > cell - 4 ? angle : 0;
  const every = Math.max(Math.ceil((upright ? LINE + 3 : longest + 4) / cell), 1);
  const room = upright ? Math.round(longest * Math.sin((upright * Math.PI) / 180)) : 0;
  return { ...some(edges, texts, every), upright, room };
}

/** Return how they are named beside an axis where one is `cell` pixels high; `room` is the width that this takes. */
export function namingBeside(edges: number[], texts: string[], cell: number, letter: number): Naming {
  if (!texts.length) return { upright: 0, room: 0 };
  const longest = letter * longestOf(texts);
  return { ...some(edges, texts, Math.max(Math.ceil(LINE / cell), 1)), upright: 0, room: Math.round(longest) };
}
