/** Pictures made pixel by pixel, where shapes would be too many. */

import { html } from "./svg.ts";

/** Return a picture; `colourAt` gives red, green and blue from 0 to 255, or null where nothing is. */
export function pixels(
  width: number,
  height: number,
  colourAt: (column: number, row: number) => number[] | null,
): HTMLCanvasElement {
  const canvas = html("canvas", { width, height });
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  const image = pen.createImageData(width, height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const colour = colourAt(column, row);
      if (!colour) continue;
      const at = 4 * (row * width + column);
      image.data.set(colour, at);
      image.data[at + 3] = 255;
    }
  pen.putImageData(image, 0, 0);
  return canvas;
}
