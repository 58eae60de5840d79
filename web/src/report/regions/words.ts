/** What is written of bins: their names, titles of axes, and what stands beside the pointer or is read aloud. */

import { marked, words } from "../../drawing/labels.ts";
import { fixed, measured, significant } from "../../drawing/numbers.ts";
import { html } from "../../drawing/svg.ts";
import { colourOf, paint, titled } from "../page.ts";
import type { Channel, ChannelPrediction } from "../types.ts";
import { number, totalOf, view } from "./view.ts";

/** Samples beside the pointer; the rest are counted. */
const MOST = 12;

/** Return what a bin is called: its label, its number or its range. */
export function binName(channel: Channel, i: number): string {
  if (channel.binLabels[i]) return channel.binLabels[i];
  if (channel.numbered) return `bin ${i + 1}`;
  const unit = channel.unit ? ` ${channel.unit}` : "";
  return `${significant(channel.edges[i], 5)} to ${significant(channel.edges[i + 1], 5)}${unit}`;
}

/** Return the title of the vertical axis. */
export function yTitle(channel: Channel, perWidth: boolean): string {
  if (channel.binLabels.length || channel.numbered) return "events";
  if (perWidth) return `events / ${channel.unit || "bin width"}`;
  const [low, high] = channel.edges;
  const alike = channel.edges.every((edge, i) => Math.abs(edge - low - i * (high - low)) < 1e-6 * (high - low));
  if (!alike || (!channel.unit && high - low === 1)) return "events";
  return `events / ${significant(high - low, 4)} ${channel.unit}`.trim();
}

const observed = (value: number): string =>
  Number.isNaN(value) ? "not shown" : fixed(value, Number.isInteger(value) ? 0 : 2);

/** Return what is read aloud of a bin. */
export function binSentence(channel: Channel, found: ChannelPrediction, i: number): string {
  const total = measured(totalOf(found)[i], number(found.total_uncertainty[i]));
  return `${binName(channel, i)}: prediction ${total}, data ${observed(number(found.data[i]))}`;
}

/** Return the yields of a bin, for the place beside the pointer: the largest first. */
export function binTip(channel: Channel, found: ChannelPrediction, i: number): HTMLElement {
  const total = totalOf(found)[i];
  const order = found.samples
    .map((_, s) => s)
    .sort((a, b) => Math.abs(number(found.yields[b][i])) - Math.abs(number(found.yields[a][i])));
  const row = (name: Node | string, value: string, kind = "") =>
    html("tr", { class: kind }, html("td", {}, name), html("td", {}, value));
  const rows = order.slice(0, MOST).map((s) => {
    const name = found.samples[s];
    const swatch = html("span", { class: "swatch" });
    paint(swatch, "background", colourOf(name));
    const title = html("span", { class: "sample" }, swatch, ...marked(titled(name)));
    const value = measured(number(found.yields[s][i]), number(found.uncertainties[s][i]));
    return row(title, value, view.off.has(name) ? "off" : "");
  });
  const left = order.slice(MOST).reduce((sum, s) => sum + number(found.yields[s][i]), 0);
  if (order.length > MOST) rows.push(row(`${order.length - MOST} smaller ones`, significant(left, 4)));
  const data = number(found.data[i]);
  rows.push(
    row("prediction", measured(total, number(found.total_uncertainty[i])), "sum"),
    row("data", observed(data), "sum"),
  );
  if (data >= 0 && total > 0) rows.push(row("data / prediction", fixed(data / total, 3)));
  return html("div", {}, html("strong", {}, binName(channel, i)), html("table", {}, html("tbody", {}, ...rows)));
}

/** Return the name of a channel as plain text. */
export const plainName = (name: string): string => words(titled(name));
