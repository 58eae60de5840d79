/** Drawings of variations: small ones beside each other, made when they come near the screen. */

import { marked } from "../../drawing/labels.ts";
import { captioned, type LegendEntry } from "../../drawing/legend.ts";
import { change, significant } from "../../drawing/numbers.ts";
import { html, onWidth, svg } from "../../drawing/svg.ts";
import { variation } from "../../drawing/variation.ts";
import { saving } from "../export.ts";
import { payload, titled } from "../page.ts";
import { whenNear } from "../regions/lazy.ts";
import { binName, plainName } from "../regions/words.ts";
import type { Channel, Effect } from "../types.ts";
import type { Variation } from "./packed.ts";
import { wordOf } from "./words.ts";
import { effectOf } from "./workspace.ts";

/** The channel of a variation; bin numbers where its bins are not those of the workspace. */
function axisOf({ region, up }: Variation): Channel {
  const found = payload.channels.find((one) => one.name === region);
  if (found && found.edges.length === up.length + 1) return found;
  const edges = [...up.keys(), up.length];
  return { name: region, label: "bin", unit: "", edges, binLabels: [], numbered: true, logX: false };
}

const percent = (value: number): string => (Number.isFinite(value) ? `${change(100 * value, 2)} %` : "no change known");

function sentence(found: Variation, axis: Channel, i: number): string {
  const before = found.upBefore || found.downBefore;
  const was = before
    ? ` (before processing ${percent((found.upBefore ?? found.up)[i])} / ${percent((found.downBefore ?? found.down)[i])})`
    : "";
  const band = Number.isFinite(found.band[i])
    ? `, statistical uncertainty ${significant(100 * found.band[i], 3)} %`
    : "";
  return `${binName(axis, i)}: up ${percent(found.up[i])}, down ${percent(found.down[i])}${was}; nominal ${significant(found.nominal[i], 4)}${band}`;
}

function caption(found: Variation, effect: Effect | undefined): string {
  const { norm } = effect ?? effectOf(found);
  const word = effect ? wordOf(effect) : "kept";
  return `yield ${percent(norm[0])} / ${percent(norm[1])}${word === "kept" ? "" : `, ${word}`}`;
}

/** What the lines of a variation are. */
export function variationKeys(): [text: string, kind: string][] {
  const before: [string, string][] = payload.processed ? [["before processing", "varied up before-steps"]] : [];
  return [["+1σ", "varied up"], ["−1σ", "varied down"], ...before];
}

function variationLegend(): LegendEntry[] {
  return variationKeys().map(([label, kind]) => ({ label, key: () => [svg("path", { class: kind, d: "M0,6H22" })] }));
}

/** Return the card of one variation. */
export function panel(found: Variation, effect: Effect | undefined): HTMLElement {
  const axis = axisOf(found);
  const place = html("div", { class: "drawing waiting small-drawing" });
  const under = html("p", { class: "under" }, caption(found, effect));
  const name = `${plainName(found.systematic)}, ${plainName(found.sample)} in ${plainName(found.region)}`;
  let width = 0;
  const drawing = (across: number) =>
    variation(found, {
      width: across,
      edges: axis.edges,
      label: titled(axis.label),
      binLabels: axis.binLabels,
      numbered: axis.numbered,
      logX: axis.logX,
      name,
      hover: (bin) => {
        under.textContent = bin === null ? caption(found, effect) : sentence(found, axis, bin);
      },
      read: (bin) => sentence(found, axis, bin),
    });
  whenNear(place, () => {
    onWidth(place, (now) => {
      width = now;
      place.classList.remove("waiting");
      place.replaceChildren(drawing(width));
    });
  });
  const title = html("span", {}, ...marked(titled(found.sample)), " in ", ...marked(titled(found.region)));
  const head = html(
    "h4",
    {},
    title,
    saving(`variation ${name}`, () => captioned(drawing(width || 420), name, variationLegend())),
  );
  return html("article", { class: "panel" }, head, place, under);
}
