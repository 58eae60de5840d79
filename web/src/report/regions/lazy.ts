/** What is drawn when it comes near the screen, or at once where all is wanted: for paper, and for files. */

const waiting = new Map<Element, () => void>();

const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) if (entry.isIntersecting) release(entry.target);
  },
  { rootMargin: "600px 0px" },
);

function release(element: Element): void {
  observer.unobserve(element);
  const draw = waiting.get(element);
  waiting.delete(element);
  draw?.();
}

/** Call `draw` once, when an element comes near the screen. */
export function whenNear(element: Element, draw: () => void): void {
  waiting.set(element, draw);
  observer.observe(element);
}

/** Draw everything that waits. */
export function drawAll(): void {
  for (const element of [...waiting.keys()]) release(element);
}

let opened: HTMLDetailsElement[] = [];

// On paper nothing can be opened any more; only what may be endless stays as the reader left it.
addEventListener("beforeprint", () => {
  drawAll();
  opened = [...document.querySelectorAll<HTMLDetailsElement>("#sections details:not([open], .as-it-is)")];
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
  opened = [];
});
