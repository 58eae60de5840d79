/** What the reader chose for all regions, and which predictions there are to choose from. */

import { payload } from "../page.ts";
import type { Channel, ChannelPrediction, Num, Prediction } from "../types.ts";

/** Return a saved number: null stands for NaN, and text for what is infinite. */
export function number(value: Num): number {
  if (value === null) return NaN;
  const text: unknown = value;
  if (text === "inf" || text === "-inf") return text === "inf" ? Infinity : -Infinity;
  return Number(value);
}

export type Axis = "auto" | "linear" | "log";

interface View {
  /** Label of the prediction that is drawn. */
  label: string;
  axis: Axis;
  panel: "ratio" | "pull";
  perWidth: boolean;
  /** Samples that are switched off. */
  off: Set<string>;
}

/** Predictions by their label, in the order in which they are offered. */
export const predictions = new Map<string, Prediction>();
for (const one of [payload.prefit, payload.postfit]) if (one) predictions.set(one.label, one);

export const view: View = {
  label: (payload.postfit ?? payload.prefit)?.label ?? "",
  axis: "auto",
  panel: "ratio",
  perWidth: false,
  off: new Set(),
};

const listeners: (() => void)[] = [];

/** Call `act` whenever the view has changed. */
export function onView(act: () => void): void {
  listeners.push(act);
}

/** Change the view, and draw all that depends on it. */
export function setView(change: Partial<View>): void {
  Object.assign(view, change);
  for (const listener of listeners) listener();
}

/** The prediction that is shown, its channels in the order of the page. */
export function shown(): Prediction | undefined {
  const found = predictions.get(view.label);
  if (!found) return undefined;
  const channels = payload.channels.flatMap(({ name }) => found.channels.find((one) => one.name === name) ?? []);
  return { ...found, channels };
}

/** Offer a prediction beside those that were saved, under its label, and show it; one of the same label is replaced. */
export function showPrediction(prediction: Prediction): void {
  predictions.set(prediction.label, prediction);
  setView({ label: prediction.label });
}

/** Return a channel of the prediction that is shown. */
export const channelShown = (name: string): ChannelPrediction | undefined =>
  shown()?.channels.find((one) => one.name === name);

/** Return the total of a channel before the fit, where another prediction is shown. */
export function before(name: string): number[] | undefined {
  const prefit = predictions.get("pre-fit");
  if (!prefit || view.label === "pre-fit" || view.off.size) return undefined;
  const found = prefit.channels.find((one) => one.name === name);
  return found && totalOf(found);
}

/** Return the sum of all samples, per bin. */
export const totalOf = (found: ChannelPrediction): number[] =>
  found.data.map((_, i) => found.yields.reduce((sum, row) => sum + number(row[i]), 0));

/** Return the sum of values; NaN where one of them is. */
export const sum = (values: Num[]): number => values.reduce((total: number, value) => total + number(value), 0);

/** Whether any prediction has bins whose data are not shown. */
export const anyBlinded = (): boolean =>
  [...predictions.values()].some(({ channels }) => channels.some(({ data }) => data.some((n) => n === null)));

/** As figures choose: a logarithmic axis where the yields of bins differ by over a factor of 100. */
export function isLog(totals: number[]): boolean {
  if (view.axis !== "auto") return view.axis === "log";
  const positive = totals.filter((value) => value > 0);
  return positive.length > 1 && Math.max(...positive) > 100 * Math.min(...positive);
}

/** Whether bins of a channel have different widths, so that yields by width are something else. */
export function unequal({ edges, binLabels }: Channel): boolean {
  const widths = edges.slice(1).map((edge, i) => edge - edges[i]);
  return !binLabels.length && Math.max(...widths) > (1 + 1e-6) * Math.min(...widths);
}
