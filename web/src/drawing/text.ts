/** Texts: how much room they need, and what they are in an address. */

let pen: CanvasRenderingContext2D | null = null;

/** Return how wide a text is, in the letters of drawings. */
export function textWidth(text: string, size = 12): number {
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return 0.6 * size * text.length;
  pen.font = `${size}px system-ui, sans-serif`;
  return pen.measureText(text).width;
}

/** Return the end of a text, after three dots where it is wider than the room: names in one file mostly differ there. */
export function endOf(text: string, room: number, size = 12, widthOf = textWidth): string {
  if (widthOf(text, size) <= room) return text;
  let start = 1;
  while (start < text.length - 4 && widthOf(`…${text.slice(start)}`, size) > room) start++;
  return `…${text.slice(start)}`;
}

/** Return a part of an address in its own letters; as it is where it is badly encoded. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
