/** The answers to questions about a model: what the worker does, without a worker. */

import { Engine } from "../engine/engine.js";
import { type FitResult, fit } from "../engine/fit.js";
import { Model } from "../engine/model.js";
import { goodnessOfFit, toys } from "../engine/questions.js";
import { CONVERGED } from "../engine/status.js";
import type { Answer, Fitted, Opened, Predicted, Question, Ranked, Scanned, Toys } from "./questions.ts";
import type { Setting } from "./setting.ts";

type Progress = (done: number, of: number) => void;

// Fits near one whose lowest minimum was searched for, and those of toys, start once.
const WITHOUT_SEARCH = { search: "none" } as const;

/** A model as changed by a setting, its data, and what fits are told. */
interface Posed {
  model: Model;
  data: Float64Array;
  fixed: Record<string, number>;
  free: string[];
}

/** Everything that can be asked of one model. */
export class Work {
  private changed: { key: string; model: Model } | null = null;

  private readonly model: Model;

  private constructor(model: Model) {
    this.model = model;
  }

  /** Open a model: the engine, the model and the numbers of its workspace as compressed base64 text. */
  static async open(engine: string, model: string, numbers?: string): Promise<Work> {
    return new Work(await Model.read(await Engine.load(engine), model, numbers));
  }

  answer(question: Question, progress: Progress): Answer {
    switch (question.kind) {
      case "predict":
        return this.predict(question.setting, question.base);
      case "fit":
        return this.fit(question.setting);
      case "scan":
        return this.scan(question.setting, question.parameter, question.points, progress);
      case "ranking":
        return this.ranking(question.setting, progress);
      case "toys":
        return this.toys(question.setting, question.count, question.seed, progress);
      default:
        throw new Error(`the worker does not know the question "${question.kind}"`);
    }
  }

  opened(): Opened {
    const { names, poi, parameters, marks, channels } = this.model;
    const { initial, lower, upper, nominal, sigma } = parameters;
    const arrays = { initial, lower, upper, nominal, sigma };
    const plain = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, [...array]]));
    return {
      ...(plain as Record<keyof typeof arrays, number[]>),
      names,
      poi,
      fixed: [...marks.fixed].map(Boolean),
      channels: channels.map(({ name, bins }) => ({ name, bins })),
    };
  }

  /** Return which bins a setting leaves out: 1 for each. */
  private removed(setting: Setting): Uint8Array {
    const marks = new Uint8Array(this.model.bins);
    for (const { name, bins, first } of this.model.channels) {
      if (setting.channels.includes(name)) marks.fill(1, first, first + bins);
      for (const bin of setting.bins[name] ?? []) marks[first + bin] = 1;
    }
    return marks;
  }

  private modelOf(setting: Setting): Model {
    const key = JSON.stringify([setting.channels, setting.bins, setting.widths, setting.luminosity]);
    if (this.changed?.key === key) return this.changed.model;
    this.changed?.model !== this.model && this.changed?.model.release();
    let model = this.model;
    const next = (made: Model) => {
      if (model !== this.model) model.release();
      model = made;
    };
    if (setting.luminosity !== 1) next(model.withYields(setting.luminosity));
    const widths = Object.entries(setting.widths).filter(([name]) => model.parameters.sigma[model.index(name)] > 0);
    if (widths.length) next(model.withWidths(new Map(widths.map(([name, factor]) => [model.index(name), factor]))));
    const removed = this.removed(setting);
    if (removed.some(Boolean)) next(model.withoutBins(removed));
    this.changed = { key, model };
    return model;
  }

  private posed(setting: Setting): Posed {
    const model = this.modelOf(setting);
    const fixed: Record<string, number> = {};
    for (const name of setting.fixed) fixed[name] = setting.values[name] ?? model.parameters.initial[model.index(name)];
    for (const name of setting.dropped) fixed[name] = model.parameters.nominal[model.index(name)];
    const data = setting.asimov === null ? model.observed : model.expectedData(this.truth(model, setting));
    return { model, data, fixed, free: setting.freed.filter((name) => !(name in fixed)) };
  }

  /** Return the point at which Asimov data and toys are made: before the fit, the parameter of interest as asked. */
  private truth(model: Model, setting: Setting): Float64Array {
    const { fixed } = model.marks;
    const { initial, nominal } = model.parameters;
    const theta = Float64Array.from(nominal, (value, i) => (fixed[i] ? initial[i] : value));
    if (model.poi !== null && setting.asimov !== null) theta[model.index(model.poi)] = setting.asimov;
    return theta;
  }

  /** Return where parameters are: moved ones where the reader put them, the others before the fit. */
  private point(model: Model, setting: Setting, base: number[] | null): Float64Array {
    const { nominal } = model.parameters;
    const theta = base ? Float64Array.from(base) : this.truth(model, { ...setting, asimov: null });
    for (const [name, value] of Object.entries(setting.values)) theta[model.index(name)] = value;
    for (const name of setting.dropped) theta[model.index(name)] = nominal[model.index(name)];
    return theta;
  }

  private predict(setting: Setting, base: number[] | null): Predicted {
    const { model, data } = this.posed(setting);
    return this.predicted(model, data, this.point(model, setting, base), setting, null);
  }

  private predicted(
    model: Model,
    data: Float64Array,
    theta: Float64Array,
    setting: Setting,
    covariance: Float64Array | null,
  ): Predicted {
    const flat = model.expectedByBlock(theta);
    const removed = this.removed(setting);
    const spread = covariance ? uncertainties(model, theta, covariance) : null;
    const channels = this.model.channels.map(({ name, bins, first }) => {
      const here = model.channels.findIndex((one) => one.name === name);
      const kept = [...Array(bins).keys()].filter((bin) => !removed[first + bin]);
      const at = (source: (i: number) => number): number[] => {
        const whole = Array<number>(bins).fill(NaN);
        kept.forEach((bin, i) => {
          whole[bin] = source(i);
        });
        return whole;
      };
      const blocks = model.blocks.map((block, k) => ({ block, k })).filter(({ block }) => block.channel === here);
      const start = here < 0 ? 0 : model.channels[here].first;
      return {
        name,
        samples: blocks.map(({ block }) => block.sample),
        yields: blocks.map(({ k }) => at((i) => flat[k][i])),
        total_uncertainty: at((i) => (spread ? spread[start + i] : 0)),
        data: at((i) => data[start + i]),
      };
    });
    return { channels, twiceNll: 2 * model.nll(theta, data), constraints: constraintsOf(model, data, theta) };
  }

  private fit(setting: Setting): Fitted {
    const started = performance.now();
    const { model, data, fixed, free } = this.posed(setting);
    const found = fit(model, { data, fixed, free });
    return {
      names: model.names,
      values: [...found.values],
      uncertainties: [...found.uncertainties],
      pulls: model.names.map(
        (_, i) => (found.values[i] - model.parameters.nominal[i]) / (model.parameters.sigma[i] || NaN),
      ),
      fixed: [...found.fixed].map(Boolean),
      atBound: [...found.atBound].map(Boolean),
      twiceNll: found.twiceNll,
      converged: found.converged,
      status: found.status,
      iterations: found.iterations,
      goodness: goodness(model, found),
      seconds: (performance.now() - started) / 1000,
      prediction: this.predicted(model, data, found.values, setting, found.covariance),
    };
  }

  private scan(setting: Setting, parameter: string, points: number, progress: Progress): Scanned {
    const { model, data, fixed, free } = this.posed(setting);
    const best = fit(model, { data, fixed, free });
    const i = model.index(parameter);
    const width = best.uncertainties[i] > 0 ? best.uncertainties[i] : model.parameters.sigma[i] || 1;
    const low = Math.max(best.values[i] - 2.6 * width, model.parameters.lower[i]);
    const high = Math.min(best.values[i] + 2.6 * width, model.parameters.upper[i]);
    const values = [...Array(points).keys()].map((k) => low + ((high - low) * k) / (points - 1));
    let done = 0;
    const delta = values.map((value) => {
      const there = fit(model, { data, fixed: { ...fixed, [parameter]: value }, free, start: best.values });
      progress(++done, points);
      return there.minimised ? there.twiceNll - best.twiceNll : NaN;
    });
    return { parameter, values, delta };
  }

  private ranking(setting: Setting, progress: Progress): Ranked {
    const { model, data, fixed, free } = this.posed(setting);
    const { poi } = model;
    if (poi === null) throw new Error("the model has no parameter of interest");
    const best = fit(model, { data, fixed, free });
    const k = model.index(poi);
    const names = model.names.filter((name, i) => name !== poi && !best.fixed[i] && best.uncertainties[i] > 0);
    const impacts = names.map((name, done) => {
      const i = model.index(name);
      const at = (shift: number): number => {
        if (!(shift > 0 || shift < 0)) return NaN;
        const value = Math.min(Math.max(best.values[i] + shift, model.parameters.lower[i]), model.parameters.upper[i]);
        const there = fit(model, {
          data,
          fixed: { ...fixed, [name]: value },
          free,
          start: best.values,
          options: WITHOUT_SEARCH,
        });
        return there.minimised ? there.values[k] - best.values[k] : NaN;
      };
      progress(done + 1, names.length);
      const [before, after] = [model.parameters.sigma[i], best.uncertainties[i]];
      return [at(before), at(-before), at(after), at(-after)];
    });
    return { names, impacts };
  }

  private toys(setting: Setting, count: number, seed: number, progress: Progress): Toys {
    const { model, fixed, free } = this.posed(setting);
    const { poi } = model;
    if (poi === null) throw new Error("the model has no parameter of interest");
    const k = model.index(poi);
    const truth = this.truth(model, setting);
    const made: Toys = { pulls: [], values: [], truth: truth[k], failed: 0 };
    const asked = { fixed, free, options: WITHOUT_SEARCH };
    for (const { first, fits } of toys(model, truth, { count, seed, asked })) {
      for (const { code, values, uncertainties } of fits) {
        const pull = (values[k] - truth[k]) / (uncertainties?.[k] ?? NaN);
        if (code === CONVERGED && Number.isFinite(pull)) {
          made.pulls.push(pull);
          made.values.push(values[k]);
        } else made.failed += 1;
      }
      progress(first + fits.length, count);
    }
    return made;
  }
}

/** The uncertainty of the total in every bin, to first order: the square root of the diagonal of J C J^T. */
function uncertainties(model: Model, theta: Float64Array, covariance: Float64Array): Float64Array {
  const P = model.size;
  const total = new Float64Array(model.bins * P);
  model.blocks.forEach((block, k) => {
    const first = model.channels[block.channel].first * P;
    model.jacobian(theta, k).forEach((slope, j) => {
      total[first + j] += slope;
    });
  });
  return Float64Array.from({ length: model.bins }, (_, bin) => {
    const row = total.subarray(bin * P, (bin + 1) * P);
    const acting = [...row.keys()].filter((i) => row[i] !== 0);
    let sum = 0;
    for (const i of acting) for (const j of acting) sum += row[i] * covariance[i * P + j] * row[j];
    return Math.sqrt(Math.max(sum, 0));
  });
}

function goodness(model: Model, found: FitResult): Fitted["goodness"] {
  const { statistic, ndof, pValue } = goodnessOfFit(model, found);
  return { statistic, ndof, p: pValue };
}

/** What a constraint term adds to 2NLL above its least: entry `i` of the auxiliary data. */
function constraintTerm(model: Model, data: Float64Array, theta: Float64Array, i: number): number {
  const { constraint_kind: kind, constraint_parameter: parameter, constraint_scale: scale } = model.content.arrays;
  const [x, measured] = [theta[parameter[i]], data[model.bins + i]];
  if (kind[i] !== 2) return ((x - measured) / scale[i]) ** 2;
  return poissonTerm(measured, scale[i] * x);
}

/** 2NLL of a Poisson count above its least. */
function poissonTerm(count: number, rate: number): number {
  return 2 * (rate - count + (count > 0 ? count * Math.log(count / rate) : 0));
}

function constraintsOf(model: Model, data: Float64Array, theta: Float64Array): Record<string, number> {
  const parameters = model.content.arrays.constraint_parameter as Int32Array;
  return Object.fromEntries([...parameters].map((p, i) => [model.names[p], constraintTerm(model, data, theta, i)]));
}
