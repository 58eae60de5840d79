/** The box of numbers beside the pointer. */

import { html } from "../drawing/svg.ts";

/** What a drawing says of the place at which the reader is. */
export interface Said {
  content: Node[];
  /** What it is of, in the coordinates of the drawing. */
  left: number;
  right: number;
  top: number;
}

export class Tip {
  readonly element = html("div", { class: "tip", hidden: true, role: "status" });

  /** Show it beside what it is of, inside the card that holds drawing and box; null hides it. */
  show(said: Said | null, drawing: SVGSVGElement): void {
    this.element.hidden = !said;
    const card = this.element.parentElement;
    if (!said || !card) return;
    this.element.replaceChildren(...said.content);
    const factor = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
    const { offsetWidth, offsetHeight } = this.element;
    const at = said.right * factor + 16;
    const beyond = at + offsetWidth > card.clientWidth - 8;
    const left = beyond ? Math.max(said.left * factor - offsetWidth, 6) : at;
    this.element.style.setProperty("left", `${left}px`);
    const top = Math.max(8, Math.min(said.top, card.clientHeight - offsetHeight - 8));
    this.element.style.setProperty("top", `${top}px`);
  }
}

/** Return the place of the pointer in the coordinates of a drawing. */
export function pointIn(drawing: SVGSVGElement, event: PointerEvent): [x: number, y: number] {
  const box = drawing.getBoundingClientRect();
  const factor = drawing.viewBox.baseVal.width / box.width;
  return [(event.clientX - box.left) * factor, (event.clientY - box.top) * factor];
}
