/** The address of the page after #: a place on it, and the setting of the model, side by side. */

/** What begins a setting. */
export const MARK = "model=";

export interface Address {
  /** Name of an element, as it is encoded in the address; empty: the head of the page. */
  place: string;
  /** The setting with its mark; empty: the model as handed in. */
  setting: string;
}

/** Return the parts of what stands after #: `place`, `model=...`, or `place&model=...`. */
export function partsOf(hash: string): Address {
  const text = hash.replace(/^#/, "");
  if (text.startsWith(MARK)) return { place: "", setting: text };
  const at = text.lastIndexOf(`&${MARK}`);
  return at < 0 ? { place: text, setting: "" } : { place: text.slice(0, at), setting: text.slice(at + 1) };
}

/** Return an address with a part of the one that the page has now replaced. */
export function withPart(hash: string, part: Partial<Address>): string {
  const { place, setting } = { ...partsOf(hash), ...part };
  return `#${[place, setting].filter(Boolean).join("&")}`;
}

/** Go to an address that differs in one part; the page stays as it is, and "back" leads to where it was. */
export function goTo(part: Partial<Address>): void {
  const next = withPart(location.hash, part);
  if (next !== (location.hash || "#"))
    history.pushState(null, "", next === "#" ? `${location.pathname}${location.search}` : next);
}
