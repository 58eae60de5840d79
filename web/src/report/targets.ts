/** Links to a parameter, region, sample or template: what is folded away opens, and the place is marked. */

import { html } from "../drawing/svg.ts";
import { decoded } from "../drawing/text.ts";
import { goTo, partsOf } from "./address.ts";

/** Open what hides a place with this name; a section says so for its kind of places. */
type Opener = (name: string) => void;

const openers = new Map<string, Opener>();

/** Say how places of a kind ("parameter", "region", ...) are brought to light before they are shown. */
export function onTarget(kind: string, open: Opener): void {
  openers.set(kind, open);
}

/** Return the address of a place on the page. */
export function address(kind: string, name: string): string {
  return `#${kind}=${encodeURIComponent(name)}`;
}

/** The place that was shown last, as it stands in an address. */
let last = "";

/** Bring a place into view and mark it; false where there is none of this address. */
export function show(hash: string): boolean {
  const place = hash.replace(/^#/, "");
  const id = decoded(place);
  if (!id) return false;
  const [, kind, name] = /^(\w+)=(.*)$/su.exec(id) ?? [];
  if (kind !== undefined) openers.get(kind)?.(name);
  const element = document.getElementById(id);
  if (!element) return false;
  last = place;
  for (let above = element.parentElement; above; above = above.parentElement)
    if (above instanceof HTMLDetailsElement) above.open = true;
  if (kind !== undefined) {
    for (const one of document.querySelectorAll(".marked")) one.classList.remove("marked");
    element.classList.add("marked");
  }
  // Whoever goes on with the keyboard goes on from here.
  if (!element.hasAttribute("tabindex")) element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: kind === undefined ? "start" : "center" });
  return true;
}

/** Return a link to the first of some places that is on the page when it is followed. */
export function linkTo(places: [string, string][], text: string): HTMLAnchorElement {
  const [kind, name] = places[0];
  const link = html("a", { href: address(kind, name) }, text);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const [one, at] of places)
      if (show(address(one, at))) {
        event.preventDefault();
        goTo({ place: address(one, at).slice(1) });
        return;
      }
  });
  return link;
}

/** Follow links within the page: the setting of the model stays in the address. */
function followLinks(): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    const place = link?.getAttribute("href")?.slice(1);
    if (!place || !show(place)) return;
    event.preventDefault();
    goTo({ place });
  });
}

/** Follow links and the address of the page from now on. */
export function followAddress(): void {
  const follow = () => {
    const { place } = partsOf(location.hash);
    // Where only the setting of the model is another, the reader stays where he is.
    if (place !== last) show(place);
    last = place;
  };
  window.addEventListener("hashchange", follow);
  window.addEventListener("popstate", follow);
  followLinks();
  follow();
}
