/** What the reader changed: everything that a question to the model depends on, and its place in the address. */

import { MARK, partsOf } from "../report/address.ts";

export interface Setting {
  /** Values that parameters were moved to, by name. */
  values: Record<string, number>;
  /** Parameters that fits hold, where they are. */
  fixed: string[];
  /** Parameters that the model fixes and fits may move. */
  freed: string[];
  /** Systematics that are left out: held at their nominal value. */
  dropped: string[];
  /** Channels that are left out. */
  channels: string[];
  /** Bins that are left out, by channel. */
  bins: Record<string, number[]>;
  /** What the widths of constraints are multiplied by. */
  widths: Record<string, number>;
  /** What all yields of the prediction are multiplied by. */
  luminosity: number;
  /** The value of the parameter of interest in Asimov data; null: the observed data. */
  asimov: number | null;
}

/** The model as it was handed in. */
export const UNCHANGED: Setting = {
  values: {},
  fixed: [],
  freed: [],
  dropped: [],
  channels: [],
  bins: {},
  widths: {},
  luminosity: 1,
  asimov: null,
};

/** Return what stands after # for a setting: what differs from the model as it was handed in. */
export function toAddress(setting: Setting): string {
  const changed = Object.entries(setting).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(UNCHANGED[name as keyof Setting]),
  );
  return changed.length ? MARK + encodeURIComponent(JSON.stringify(Object.fromEntries(changed))) : "";
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function numbersOf(value: unknown, known: (name: string) => boolean): Record<string, number> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => known(entry[0]) && isNumber(entry[1])),
  );
}

function namesOf(value: unknown, known: (name: string) => boolean): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string" && known(one)) : [];
}

/** Return the setting in an address, null where there is none; what the model does not know is passed over. */
export function fromAddress(hash: string, parameters: string[], channels: Map<string, number>): Setting | null {
  const text = partsOf(hash).setting;
  if (!text) return null;
  let read: unknown;
  try {
    read = JSON.parse(decodeURIComponent(text.slice(MARK.length)));
  } catch {
    return null;
  }
  if (!isRecord(read)) return null;
  const names = new Set(parameters);
  const known = (name: string) => names.has(name);
  const bins = Object.entries(isRecord(read.bins) ? read.bins : {}).flatMap(([channel, list]) => {
    const most = channels.get(channel) ?? 0;
    const kept = Array.isArray(list) ? list.filter((bin) => Number.isInteger(bin) && bin >= 0 && bin < most) : [];
    return kept.length ? [[channel, kept as number[]] as const] : [];
  });
  return {
    values: numbersOf(read.values, known),
    fixed: namesOf(read.fixed, known),
    freed: namesOf(read.freed, known),
    dropped: namesOf(read.dropped, known),
    channels: namesOf(read.channels, (name) => channels.has(name)),
    bins: Object.fromEntries(bins),
    widths: numbersOf(read.widths, known),
    luminosity: isNumber(read.luminosity) && read.luminosity > 0 ? read.luminosity : 1,
    asimov: isNumber(read.asimov) ? read.asimov : null,
  };
}

/** Return what was changed, as words for a heading. */
export function inWords(setting: Setting): string {
  const some = (list: string[], what: string) =>
    list.length > 2 ? `${list.length} ${what}` : list.length ? `${what} ${list.join(", ")}` : "";
  const parts = [
    some(Object.keys(setting.values), "moved"),
    some(setting.fixed, "fixed"),
    some(setting.freed, "freed"),
    some(setting.dropped, "dropped"),
    some(setting.channels, "left out"),
    some(Object.keys(setting.bins), "bins left out of"),
    some(
      Object.entries(setting.widths).map(([name, factor]) => `${name} × ${factor}`),
      "width of",
    ),
    setting.luminosity !== 1 ? `luminosity × ${setting.luminosity}` : "",
    setting.asimov !== null ? `Asimov data at ${setting.asimov}` : "",
  ];
  return parts.filter(Boolean).join("; ") || "as handed in";
}
