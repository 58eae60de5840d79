/** The line between tree and picture, which the pointer and the arrow keys move. */

const NARROWEST = 180;
const WIDEST = 700;
/** What is left for the picture. */
const PICTURE = 320;
const STEP = 20;

/** Let a line change the width of what is at its left. */
export function splitter(line: HTMLElement, side: HTMLElement): void {
  const resize = (width: number) => {
    const size = Math.round(Math.max(NARROWEST, Math.min(width, WIDEST, window.innerWidth - PICTURE)));
    side.style.setProperty("width", `${size}px`);
    line.setAttribute("aria-valuenow", String(size));
  };
  line.addEventListener("pointerdown", (event) => {
    line.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  line.addEventListener("pointermove", (event) => {
    if (line.hasPointerCapture(event.pointerId)) resize(event.clientX);
  });
  line.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (step) resize(side.offsetWidth + step);
  });
}
