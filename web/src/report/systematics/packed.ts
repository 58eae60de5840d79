/** Variations as Python packs those of templates. */

import type { Changes } from "../../drawing/variation.ts";

export interface Variation extends Changes {
  region: string;
  sample: string;
  systematic: string;
  /** Yields of the nominal template. */
  nominal: number[];
}

interface Header {
  names: { regions: string[]; samples: string[]; systematics: string[] };
  blocks: [region: number, sample: number, bins: number][];
  rows: [block: number, systematic: number, changed: number][];
}

/** Return the variations in the bytes that Python packed: a header, then the numbers of blocks and of rows. */
export function fromTemplates(bytes: Uint8Array<ArrayBuffer>): Variation[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header: Header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const numbers = new DataView(bytes.buffer, bytes.byteOffset + 4 + length);
  let at = 0;
  const next = (bins: number): number[] => {
    const found = Array.from({ length: bins }, (_, i) => numbers.getFloat32(4 * (at + i), true));
    at += bins;
    return found;
  };
  // In the order in which they were first met: each block has its numbers before those of all rows.
  const blocks = header.blocks.map(([, , bins]) => ({ nominal: next(bins), band: next(bins) }));
  return header.rows.map(([block, systematic, changed]) => {
    const [region, sample, bins] = header.blocks[block];
    return {
      region: header.names.regions[region],
      sample: header.names.samples[sample],
      systematic: header.names.systematics[systematic],
      ...blocks[block],
      up: next(bins),
      down: next(bins),
      upBefore: changed & 1 ? next(bins) : undefined,
      downBefore: changed & 2 ? next(bins) : undefined,
    };
  });
}
