/** All channels in one drawing, each of them a bin. */

import { payload } from "../page.ts";
import type { Channel, ChannelPrediction, Num, Prediction } from "../types.ts";
import { stackCard } from "./card.ts";
import { predictions, shown, sum } from "./view.ts";
import { plainName } from "./words.ts";

/** Fewer channels are seen at a glance. */
const LEAST = 3;
const ID = "all regions";

/** Return a prediction with a channel in each bin: sums over bins, with the uncertainties that were saved of them. */
export function summed(prediction: Prediction): ChannelPrediction {
  const { channels } = prediction;
  const samples = [...new Set(channels.flatMap((one) => one.samples))];
  const of = (pick: (one: ChannelPrediction, s: number) => Num) =>
    samples.map((name) =>
      channels.map((one) => {
        const s = one.samples.indexOf(name);
        return s < 0 ? 0 : pick(one, s);
      }),
    );
  return {
    name: ID,
    samples,
    yields: of((one, s) => sum(one.yields[s])),
    uncertainties: of((one, s) => one.sample_sums_uncertainty[s]),
    total_uncertainty: channels.map((one) => one.sum_uncertainty),
    sample_sums_uncertainty: samples.map(() => null),
    sum_uncertainty: null,
    data: channels.map((one) => {
      const total = sum(one.data);
      return Number.isNaN(total) ? null : total;
    }),
  };
}

function axis(): Channel {
  const names = payload.channels.map((one) => plainName(one.name));
  return {
    name: ID,
    label: "",
    unit: "",
    edges: [...names.map((_, i) => i), names.length],
    binLabels: names,
    numbered: false,
    logX: false,
  };
}

/** Return the card of all channels; null where they are few. */
export function summary(): HTMLElement | null {
  if (payload.channels.length < LEAST || !predictions.size) return null;
  return stackCard({
    channel: axis(),
    title: "All regions",
    found: () => {
      const prediction = shown();
      return prediction?.channels.length === payload.channels.length ? summed(prediction) : undefined;
    },
    name: ID,
    id: "regions=all",
  });
}
