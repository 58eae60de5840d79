/** Colours of a map, and the strip that says what they mean. */

import { range } from "d3-array";
import { scaleLinear } from "d3-scale";
import { type Box, svg } from "./svg.ts";

const VIRIDIS = "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725".split(" ");
const parts = (colour: string): number[] => [0, 2, 4].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
const through = scaleLinear<number[]>()
  .domain(VIRIDIS.map((_, i) => i / (VIRIDIS.length - 1)))
  .range(VIRIDIS.map(parts))
  .clamp(true);

/** Return red, green and blue from 0 to 255 of a share from 0, dark, to 1, bright: equal steps look equal, to all eyes. */
export function viridis(share: number): number[] {
  return through(share).map(Math.round);
}

const STEPS = 60;

/** Return a strip of colours, from left to right or, where it is higher than wide, upwards; `colourAt` of 0 to 1. */
export function strip(box: Box, colourAt: (share: number) => string): SVGElement[] {
  const { x, y, width, height } = box;
  const [wide, high] = [width / STEPS, height / STEPS];
  return range(STEPS).map((i) => {
    const place =
      height > width
        ? { x, y: y + height - high * (i + 1), width, height: high + 0.5 }
        : { x: x + wide * i, y, width: wide + 0.5, height };
    const part = svg("rect", { class: "t", ...place });
    part.style.setProperty("fill", colourAt((i + 0.5) / STEPS));
    return part;
  });
}
