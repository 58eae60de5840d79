/** Sentences below the picture: what is not drawn, and why. */

import { written } from "../drawing/numbers.ts";
import type { Settings } from "./address.ts";
import { type Curve, type Item, isSteps, lacksIntegral, sameEdges } from "./items.ts";
import { listed } from "./labels.ts";

/** Return sentences on what was chosen, `every`, of which `items` are drawn. */
export function notes(every: Item[], items: Item[], settings: Settings): string[] {
  const named = (item: Item, text: string) => (items.length > 1 ? `${item.name}: ${text}` : text);
  const outside = items.filter(isSteps).filter((item) => item.outside);
  return [
    ...outside.map((item) => named(item, item.outside)),
    ...items.flatMap((item) => [...unknown(item), ...(settings.normalise ? unnormalised(item) : [])]),
    ...(settings.ratio ? withoutRatio(items) : []),
    ...every.flatMap(unlike),
    ...(settings.ratio && items.filter(isSteps).length > 1 && items.some(({ kind }) => kind === "points")
      ? ["Points have no ratio."]
      : []),
  ];
}

function unknown(item: Item): string[] {
  const bad = item.values.filter((value) => !Number.isFinite(value)).length;
  if (!bad || (item.kind === "plane" && item.averaged)) return [];
  const what = item.kind === "points" ? "points" : "bins";
  return [`${item.name}: ${bad} of ${item.values.length} ${what} not finite, not drawn`];
}

function unnormalised(item: Item): string[] {
  if (!isSteps(item) || !lacksIntegral(item)) return [];
  return [`${item.name}: an integral of ${written(item.integral)} can't be normalised`];
}

function withoutRatio(items: Item[]): string[] {
  const steps = items.filter(isSteps).filter(({ own }) => !own);
  const different = steps.filter(({ edges }) => !sameEdges(edges, steps[0].edges));
  if (!different.length) return [];
  return [`No ratio for ${different.map(({ name }) => name).join(", ")}: other bin edges than ${steps[0].name}`];
}

function unlike(item: Item): string[] {
  const first = item.kind === "plane" ? null : item.unlike;
  if (!first) return [];
  const { name, labels } = item as Curve;
  return [
    `${name} is not drawn: its bins (${listed(labels)}) are not those of ${first.name} (${listed(first.labels)})`,
  ];
}
