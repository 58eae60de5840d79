/** The prediction that regions show beside those of before and after the fit: that of the model as the reader set it. */

import type { Prediction } from "./types.ts";

let current: Prediction | null = null;
const listeners: (() => void)[] = [];

/** The prediction of the model as the reader set it; null while nobody does. */
export const livePrediction = (): Prediction | null => current;

/** Show this prediction wherever regions are drawn; null: those of the results again. */
export function showLive(prediction: Prediction | null): void {
  current = prediction;
  for (const listener of listeners) listener();
}

/** Call `act` whenever `livePrediction` has changed. */
export function onLive(act: () => void): void {
  listeners.push(act);
}
