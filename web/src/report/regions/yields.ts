/** Yields as tables: sums over the bins of channels, and bin by bin, rounded as papers do. */

import { pdgMeasured, number as written } from "../../drawing/pdg.ts";
import type { Channel, ChannelPrediction, Prediction, TableData } from "../types.ts";
import { number, sum, totalOf } from "./view.ts";
import { binName, plainName } from "./words.ts";

/** Channels in a table whose rows are samples; more of them are rows. */
const COLUMNS = 8;

const samplesOf = (channels: ChannelPrediction[]): string[] => [...new Set(channels.flatMap((one) => one.samples))];
const observed = (value: number): string => (Number.isNaN(value) ? "blinded" : written(value, 6));
const aligned = (left: number, right: number): string => "l".repeat(left) + "r".repeat(right);

/** Return the sums over the bins of channels. */
export function yieldsPerChannel({ label, channels }: Prediction): TableData {
  const samples = samplesOf(channels);
  const cell = (one: ChannelPrediction, sample: string): string => {
    const s = one.samples.indexOf(sample);
    return s < 0 ? "" : pdgMeasured(sum(one.yields[s]), number(one.sample_sums_uncertainty[s]));
  };
  const rows = samples.map((sample) => [plainName(sample), ...channels.map((one) => cell(one, sample))]);
  rows.push(
    ["total", ...channels.map((one) => pdgMeasured(sum(totalOf(one)), number(one.sum_uncertainty)))],
    ["data", ...channels.map((one) => observed(sum(one.data)))],
  );
  const title = `Yields, ${label}`;
  const names = channels.map((one) => plainName(one.name));
  if (channels.length <= COLUMNS) return { title, header: ["sample", ...names], align: aligned(1, names.length), rows };
  const turned = names.map((name, i) => [name, ...rows.map((row) => row[i + 1])]);
  return { title, header: ["region", ...rows.map((row) => row[0])], align: aligned(1, rows.length), rows: turned };
}

/** Return the yields bin by bin: a row for each, a column for each sample. */
export function yieldsPerBin({ label, channels }: Prediction, axes: Channel[]): TableData {
  const samples = samplesOf(channels);
  const rows = channels.flatMap((one) => {
    const axis = axes.find(({ name }) => name === one.name);
    const total = totalOf(one);
    return one.data.map((data, i) => [
      plainName(one.name),
      axis ? binName(axis, i) : `bin ${i + 1}`,
      ...samples.map((sample) => {
        const s = one.samples.indexOf(sample);
        return s < 0 ? "" : pdgMeasured(number(one.yields[s][i]), number(one.uncertainties[s][i]));
      }),
      pdgMeasured(total[i], number(one.total_uncertainty[i])),
      observed(number(data)),
    ]);
  });
  const header = ["region", "bin", ...samples.map(plainName), "total", "data"];
  return { title: `Yields per bin, ${label}`, header, align: aligned(2, samples.length + 2), rows };
}
