/** What is shown, as the address says it: `page.html#name&other&!log&!bins=50`. */

import { decoded } from "../drawing/text.ts";

export const SWITCHES = ["log", "ratio", "normalise"] as const;
export type Switch = (typeof SWITCHES)[number];

export interface Settings extends Record<Switch, boolean> {
  /** How histograms of several axes are seen; null: the first way. */
  view: string | null;
  /** The number of bins of branches; null: round edges. */
  bins: number | null;
}

export const plain: Settings = { log: false, ratio: false, normalise: false, view: null, bins: null };
const MOST_BINS = 5000;

/** Return what stands after the name of the page. */
export function addressOf(paths: string[], settings: Settings): string {
  const words = paths.map((path) => encodeURIComponent(path).replaceAll("!", "%21").replaceAll("%2F", "/"));
  for (const key of SWITCHES) if (settings[key]) words.push(`!${key}`);
  if (settings.view) words.push(`!view=${settings.view}`);
  if (settings.bins) words.push(`!bins=${settings.bins}`);
  return `#${words.join("&")}`;
}

/** Return the paths and settings of an address; what it says wrongly is left out. */
export function partsOf(address: string): { paths: string[]; settings: Settings } {
  const words = address.replace(/^#/, "").split("&").filter(Boolean);
  const settings = { ...plain };
  for (const key of SWITCHES) settings[key] = words.includes(`!${key}`);
  for (const word of words) {
    const [, key, value] = word.match(/^!(view|bins)=([\w-]+)$/) ?? [];
    if (key === "view") settings.view = value;
    if (key === "bins") settings.bins = Math.max(1, Math.min(Math.round(Number(value)), MOST_BINS)) || null;
  }
  return { paths: words.filter((word) => !word.startsWith("!")).map(decoded), settings };
}
