/** One region: its drawing, what stands beside the pointer, and its buttons. */

import { type Label, marked, type Run } from "../../drawing/labels.ts";
import { captioned } from "../../drawing/legend.ts";
import { type StackData, stack } from "../../drawing/stack.ts";
import { html, onWidth } from "../../drawing/svg.ts";
import { saving } from "../export.ts";
import { colourOf, titled } from "../page.ts";
import type { Channel, ChannelPrediction, Num } from "../types.ts";
import { whenNear } from "./lazy.ts";
import { savedLegend } from "./legend.ts";
import { before, channelShown, isLog, number, onView, totalOf, unequal, view } from "./view.ts";
import { binSentence, binTip, plainName, yTitle } from "./words.ts";

/** Return what is drawn of a channel: samples that are switched off are left out, and with them the uncertainty. */
export function stackData(channel: Channel, found: ChannelPrediction): StackData {
  const perWidth = view.perWidth && unequal(channel);
  const layers = found.samples
    .map((name, s) => ({ name, colour: colourOf(name), yields: found.yields[s].map(number) }))
    .filter(({ name }) => !view.off.has(name))
    .reverse();
  // The uncertainty of a part of the samples is not among the results: correlations tell, and these are of all.
  const known = found.samples.every((name) => !view.off.has(name));
  return {
    edges: channel.edges,
    label: titled(channel.label),
    binLabels: channel.binLabels,
    layers,
    uncertainty: found.total_uncertainty.map((value) => (known ? number(value) : NaN)),
    data: found.data.map(number),
    before: before(channel.name),
    numbered: channel.numbered,
    logX: channel.logX,
    yLabel: yTitle(channel, perWidth),
    perWidth,
  };
}

/** Return a sentence on numbers that are missing, if there are any. */
function gaps({ samples, yields, total_uncertainty }: ChannelPrediction): string {
  const missing = (values: Num[]) => values.some((value) => !Number.isFinite(number(value)));
  const without = samples.filter((_, s) => missing(yields[s])).map(plainName);
  const parts = without.length
    ? [`yields of ${without.slice(0, 5).join(", ")}${without.length > 5 ? " and others" : ""}`]
    : [];
  if (missing(total_uncertainty)) parts.push("uncertainties of the total");
  return parts.length ? `Missing in some bins, since they are no finite numbers: ${parts.join("; ")}.` : "";
}

export interface Drawn {
  channel: Channel;
  title: Label;
  found: () => ChannelPrediction | undefined;
  name: string;
  id: string;
}

/** Return the drawing of what is shown now, and the place beside the pointer that it fills; null without prediction. */
function drawing({ channel, found }: Drawn, pop: HTMLElement, width: number): SVGSVGElement | null {
  const one = found();
  if (!one || !width) return null;
  const hover = (bin: number | null) => {
    pop.hidden = bin === null;
    if (bin === null) return;
    pop.replaceChildren(binTip(channel, one, bin));
    pop.classList.toggle("at-left", bin >= channel.edges.length / 2 - 0.5);
  };
  const read = (bin: number) => binSentence(channel, one, bin);
  return stack(stackData(channel, one), { width, log: isLog(totalOf(one)), panel: view.panel, hover, read });
}

/** Return the card of something that is drawn as a stack; it is drawn when it comes near the screen. */
export function stackCard(drawn: Drawn): HTMLElement {
  const { title, found, name, id } = drawn;
  const place = html("div", { class: "drawing waiting" });
  const pop = html("div", { class: "tip", hidden: true, "aria-hidden": true });
  const note = html("p", { class: "count", hidden: true });
  let width = 0;
  const draw = () => {
    const one = found();
    note.textContent = one ? gaps(one) : `There is no such region in the prediction "${view.label}".`;
    note.hidden = note.textContent === "";
    const focused = place.contains(document.activeElement);
    pop.hidden = true;
    place.classList.remove("waiting");
    const made = drawing(drawn, pop, width);
    place.replaceChildren(...(made ? [made] : []));
    if (focused) made?.focus();
  };
  whenNear(place, () => {
    width = Math.round(place.clientWidth) || 600;
    draw();
    onWidth(place, (now) => {
      if (now === width) return;
      width = now;
      draw();
    });
    onView(draw);
  });
  const saved = () => {
    const image = drawing(drawn, pop, width || 600);
    const runs: Run[] = typeof title === "string" ? [[title, 0]] : title;
    return image && captioned(image, [...runs, [`, ${view.label}`, 0]], savedLegend(found()?.samples ?? []));
  };
  const head = html("h3", {}, html("span", {}, ...marked(title)), saving(name, saved));
  return html("article", { class: "region", id }, head, note, place, pop);
}

/** Return the card of a channel. */
export function region(channel: Channel): HTMLElement {
  return stackCard({
    channel,
    title: titled(channel.name),
    found: () => channelShown(channel.name),
    name: `region ${plainName(channel.name)}`,
    id: `region=${channel.name}`,
  });
}
