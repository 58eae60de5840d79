/** Names of bins beside an axis: which of them, and how they are written where they are wider than their bins. */

export interface Naming {
  /** Without names, and so without places, the axis has numbers. */
  names?: string[];
  values?: number[];
  /** The angle at which they are written upwards, in degrees; 0: beside each other. */
  upright: number;
  /** The height that upright names need, in pixels. */
  room: number;
}

interface Writing {
  /** The mean width of a letter, in pixels. */
  letter: number;
  /** The angle of upright names; 0: they never are. */
  angle: number;
}

/** Return how bins with these texts are named where one is `cell` pixels wide: every second, third ... where they are many. */
export function naming(edges: number[], texts: string[], cell: number, { letter, angle }: Writing): Naming {
  if (!texts.length) return { upright: 0, room: 0 };
  const longest = letter * Math.max(...texts.map((text) => text.length));
  const upright = longest > cell - 4 ? angle : 0;
  const every = Math.max(Math.ceil((upright ? 16 : longest + 4) / cell), 1);
  const kept = texts.flatMap((_, i) => (i % every === 0 ? [i] : []));
  return {
    upright,
    names: kept.map((i) => texts[i]),
    values: kept.map((i) => (edges[i] + edges[i + 1]) / 2),
    room: upright ? Math.round(longest * Math.sin((upright * Math.PI) / 180)) : 0,
  };
}
