// A model with its data: rates, likelihood and its derivatives, as wilks.Model has them; and models made of others.

import { withoutBins, withWidths, withYields } from "./changed.js";
import { read } from "./container.js";
import { templatesFrom, workspaceNumbers } from "./packed.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./container.js").Content} Content */
/** @typedef {{values: Float64Array, constants: number}} Dataset a data set, and the constants of its densities */
/** @typedef {Dataset | Float64Array | null | undefined} Data main bins, then auxiliary data; none: what was observed */
/**
 * What the engine says of a fit; `nll` has all constants, `covariance` is null where there is none.
 * @typedef {{code: number, nll: number, edm: number, smallestEigenvalue: number, positiveDefinite: boolean,
 *   iterations: number, evaluations: number, badBin: number, theta: Float64Array, atBound: Uint8Array,
 *   direction: Float64Array | null, covariance: Float64Array | null}} Raw
 */
/**
 * Starts, bounds and fixed parameters (1), for many fits with one row for each or one for all.
 * @typedef {{start: Float64Array, lower: Float64Array, upper: Float64Array, held: Uint8Array}} Problem
 */
/**
 * Many fits, one row for each.
 * @typedef {{count: number, theta: Float64Array, nll: Float64Array, edm: Float64Array, code: Float64Array,
 *   iterations: Float64Array, variance: Float64Array | null}} RawFits
 */

export class Model {
  /**
   * @param {Engine} engine
   * @param {Content} content
   */
  constructor(engine, content) {
    const { header, arrays } = content;
    this.engine = engine;
    this.content = content;
    /** @type {string[]} */
    this.names = header.names;
    /** @type {string | null} */
    this.poi = header.poi;
    /** @type {{name: string, bins: number, first: number}[]} */
    this.channels = [];
    /** @type {{channel: number, sample: string, bins: number}[]} */
    this.blocks = header.blocks.map((/** @type {[number, string]} */ [channel, sample]) => ({
      channel,
      sample,
      bins: arrays.channel_bins[channel],
    }));
    /** @type {string[]} */
    this.samples = [...new Set(this.blocks.map((block) => block.sample))].sort(byCodePoints);
    for (const [i, name] of header.channels.entries()) {
      const last = this.channels[i - 1];
      this.channels.push({ name, bins: arrays.channel_bins[i], first: last ? last.first + last.bins : 0 });
    }
    this.size = this.names.length;
    this.bins = this.channels.reduce((sum, channel) => sum + channel.bins, 0);
    this.length = this.bins + arrays.constraint_kind.length;
    /** @type {Record<"initial" | "lower" | "upper" | "nominal" | "sigma", Float64Array>} */
    this.parameters = {
      initial: arrays.initial,
      lower: arrays.lower,
      upper: arrays.upper,
      nominal: arrays.nominal,
      sigma: arrays.sigma,
    };
    /** @type {Record<"fixed" | "unconstrained" | "idle" | "mirrors" | "curved", Uint8Array>} */
    this.marks = {
      fixed: arrays.fixed,
      unconstrained: arrays.unconstrained,
      idle: arrays.idle,
      mirrors: arrays.mirrors,
      curved: arrays.curved,
    };
    /** @type {Float64Array} */
    this.observed = arrays.observed;
    this.#compile();
    /** @type {Dataset | null} */
    this.own = null;
  }

  /** @type {number} */
  #pointer = 0;
  /** @type {number | undefined} */
  #generation = 0;

  #compile() {
    const { header, arrays } = this.content;
    const chosen = Object.fromEntries(header.engine.map((/** @type {string} */ name) => [name, arrays[name]]));
    this.#pointer = this.engine.compile(this.size, header.yields, chosen);
    this.#generation = this.engine.generation;
    this.shared = this.engine.call("shared_parameters", this.#pointer);
  }

  /** The model in the engine; made anew where that was started afresh. */
  get pointer() {
    if (this.#generation !== this.engine.generation) this.#compile();
    return this.#pointer;
  }

  /**
   * The model that Python exported (wilks.model.export.export_model), as bytes or base64 text.
   * @param {Engine} engine
   * @param {Uint8Array | string} source
   * @param {Uint8Array | string} [numbers] those of its workspace, where the model was exported with that
   * @returns {Promise<Model>}
   */
  static async read(engine, source, numbers) {
    const { header, arrays } = await read(source);
    if (!arrays.block_place) return new Model(engine, { header, arrays });
    if (!numbers) throw new Error("the model is to be read with the numbers of its workspace");
    const { values } = workspaceNumbers(await read(numbers));
    return new Model(engine, { header, arrays: { ...arrays, templates: templatesFrom(arrays, values) } });
  }

  /** Give its memory back. The model can't be used any more. */
  release() {
    if (this.#generation === this.engine.generation) this.engine.call("release_model", this.#pointer);
    this.#generation = undefined;
  }

  /**
   * The position of a parameter.
   * @param {string} name
   * @returns {number}
   */
  index(name) {
    const found = this.names.indexOf(name);
    if (found < 0) throw new Error(`no parameter "${name}" in this model`);
    return found;
  }

  /**
   * A data set with the constants of its densities, computed once.
   * @param {Data} [data]
   * @returns {Dataset}
   */
  dataset(data) {
    if (!data) {
      this.own ??= this.dataset(this.observed);
      return this.own;
    }
    if (!(data instanceof Float64Array)) return data;
    if (data.length !== this.length) throw new Error(`data have ${data.length} entries, needed are ${this.length}`);
    const wrong = data.findIndex((x, i) => !Number.isFinite(x) || (x < 0 && this.#counts(i)));
    if (wrong >= 0) throw new Error(`entry ${wrong} of the data is ${data[wrong]}: no possible value`);
    return {
      values: data,
      constants: this.#framed((frame, model) => this.engine.call("data_constants", model, frame.copy(data))),
    };
  }

  /** @param {number} entry */
  #counts(entry) {
    return entry < this.bins || this.content.arrays.constraint_kind[entry - this.bins] === 2;
  }

  /**
   * @template T
   * @param {(frame: import("./engine.js").Frame, model: number) => T} work
   * @returns {T}
   */
  #framed(work) {
    const pointer = this.pointer;
    return this.engine.framed((frame) => work(frame, pointer));
  }

  /**
   * What a function of the engine writes for a point.
   * @param {string} name
   * @param {Float64Array} theta
   * @param {number} count
   * @param {...number} more
   * @returns {Float64Array}
   */
  #at(name, theta, count, ...more) {
    if (theta.length !== this.size) throw new Error(`theta has ${theta.length} entries, needed are ${this.size}`);
    return this.#framed((frame, model) => {
      const out = frame.room(8 * count);
      this.engine.call(name, model, frame.copy(theta), ...more, out);
      return frame.numbers(out, count);
    });
  }

  /**
   * The expected rates of all bins.
   * @param {Float64Array} theta
   */
  expected(theta) {
    return this.#at("expected", theta, this.bins);
  }

  /**
   * The expected rates of each block (see `blocks`), in its bins.
   * @param {Float64Array} theta
   * @returns {Float64Array[]}
   */
  expectedByBlock(theta) {
    const flat = this.#at("block_rates", theta, this.engine.call("blocks_size", this.pointer));
    let last = 0;
    return this.blocks.map((block) => {
      last += block.bins;
      return flat.subarray(last - block.bins, last);
    });
  }

  /**
   * The rates of each sample (see `samples`) in all bins, 0 where it is not.
   * @param {Float64Array} theta
   * @returns {Float64Array[]}
   */
  expectedBySample(theta) {
    const rates = this.samples.map(() => new Float64Array(this.bins));
    const flat = this.expectedByBlock(theta);
    for (const [k, block] of this.blocks.entries())
      rates[this.samples.indexOf(block.sample)].set(flat[k], this.channels[block.channel].first);
    return rates;
  }

  /**
   * How much the likelihood bends along each parameter, in standard deviations of the data.
   * @param {Float64Array} theta
   */
  bends(theta) {
    return this.#at("bends", theta, this.size);
  }

  /**
   * The derivatives of a block's rates, bins x parameters.
   * @param {Float64Array} theta
   * @param {number} block
   */
  jacobian(theta, block) {
    return this.#at("jacobian", theta, this.blocks[block].bins * this.size, block);
  }

  /**
   * The negative log likelihood with all constants; infinite outside the domain.
   * @param {Float64Array} theta
   * @param {Data} [data]
   * @returns {number}
   */
  nll(theta, data) {
    return this.nllRows([theta], data)[0];
  }

  /**
   * The negative log likelihood at several points.
   * @param {Float64Array[]} points
   * @param {Data} [data]
   * @returns {Float64Array}
   */
  nllRows(points, data) {
    const { values, constants } = this.dataset(data);
    return this.#framed((frame, model) => {
      const theta = frame.room(8 * this.size);
      const main = frame.copy(values);
      return Float64Array.from(points, (point) => {
        new Float64Array(this.engine.memory.buffer, theta, this.size).set(point);
        return this.engine.call("value", model, theta, main) + constants;
      });
    });
  }

  /**
   * The gradient of the nll; NaN outside the domain.
   * @param {Float64Array} theta
   * @param {Data} [data]
   */
  gradient(theta, data) {
    const { values } = this.dataset(data);
    return this.#framed((frame, model) => {
      const out = frame.room(8 * this.size);
      this.engine.call("gradient", model, frame.copy(theta), frame.copy(values), out);
      return frame.numbers(out, this.size);
    });
  }

  /**
   * The second derivatives of the nll, parameters x parameters.
   * @param {Float64Array} theta
   * @param {Data} [data]
   */
  hessian(theta, data) {
    const { values } = this.dataset(data);
    return this.#framed((frame, model) => {
      const out = frame.room(8 * this.size ** 2);
      this.engine.call("hessian", model, frame.copy(theta), frame.copy(values), out);
      return frame.numbers(out, this.size ** 2);
    });
  }

  /**
   * One fit of the engine, from one start (see `fit` for all that belongs to a fit).
   * @param {Dataset} data
   * @param {Problem} problem
   * @param {{tolerance: number, maxIterations: number, covariance?: boolean, scoring?: boolean}} options
   * @returns {Raw}
   */
  rawFit(data, problem, { tolerance, maxIterations, covariance = true, scoring = false }) {
    const P = this.size;
    return this.#framed((frame, model) => {
      const [numbers, theta, atBound, direction] = [10, P, P, P].map((count) => frame.room(8 * count));
      const matrix = frame.room(covariance ? 8 * P * P : 0);
      const { start, lower, upper, held } = problem;
      this.engine.call(
        "fit",
        model,
        frame.copy(data.values),
        ...[start, lower, upper, held].map((array) => frame.copy(array)),
        tolerance,
        maxIterations,
        covariance ? 1 : 0,
        scoring ? 1 : 0,
        numbers,
        theta,
        atBound,
        direction,
        matrix,
      );
      const [code, nll, edm, smallestEigenvalue, definite, iterations, evaluations, badBin, known, directed] =
        frame.numbers(numbers, 10);
      return {
        code,
        nll: nll + data.constants,
        edm,
        smallestEigenvalue,
        positiveDefinite: definite !== 0,
        iterations,
        evaluations,
        badBin,
        theta: frame.numbers(theta, P),
        atBound: Uint8Array.from(frame.numbers(atBound, P)),
        direction: directed ? frame.numbers(direction, P) : null,
        covariance: known ? frame.numbers(matrix, P * P) : null,
      };
    });
  }

  /**
   * Many fits of the engine: of data sets and of problems with one row for each fit or for all, in that order of rows.
   * @param {Float64Array} values
   * @param {Problem} problem
   * @param {{tolerance: number, maxIterations: number, variances?: boolean, starts?: number, anchor?: Float64Array | null}} options
   * @returns {RawFits}
   */
  rawFits(values, problem, { tolerance, maxIterations, variances = false, starts = 1, anchor = null }) {
    const P = this.size;
    const { start, lower, upper, held } = problem;
    const rows = [values.length / this.length, ...[start, lower, upper, held].map((array) => array.length / P)];
    const count = rows.find((n) => n !== 1) ?? 1;
    if (count === 0 || rows.some((n) => n !== 1 && n !== count))
      throw new Error(`how many fits? found ${rows.join(", ")} rows`);
    const each = rows.reduce((bits, n, i) => bits | (n > 1 ? 1 << i : 0), 0);
    const share = !variances && !this.marks.mirrors.some(Boolean);
    return this.#framed((frame, model) => {
      const theta = frame.room(8 * P * count);
      const [nll, edm, code, iterations] = [0, 1, 2, 3].map(() => frame.room(8 * count));
      const variance = variances ? frame.room(8 * P * count) : 0;
      this.engine.call(
        "fit_many",
        model,
        count,
        each,
        ...[values, start, lower, upper, held].map((array) => frame.copy(array)),
        tolerance,
        maxIterations,
        share ? 1 : 0,
        starts,
        anchor ? frame.copy(anchor) : 0,
        theta,
        nll,
        edm,
        code,
        iterations,
        variance,
      );
      return {
        count,
        theta: frame.numbers(theta, P * count),
        nll: frame.numbers(nll, count),
        edm: frame.numbers(edm, count),
        code: frame.numbers(code, count),
        iterations: frame.numbers(iterations, count),
        variance: variances ? frame.numbers(variance, P * count) : null,
      };
    });
  }

  /**
   * What is expected at a point, main bins and auxiliary data: Asimov data.
   * @param {Float64Array} theta
   * @returns {Float64Array}
   */
  expectedData(theta) {
    const { constraint_kind: kind, constraint_parameter: parameter, constraint_scale: scale } = this.content.arrays;
    const out = new Float64Array(this.length);
    out.set(this.expected(theta));
    for (let i = 0; i < kind.length; ++i) out[this.bins + i] = (kind[i] === 2 ? scale[i] : 1) * theta[parameter[i]];
    return out;
  }

  /**
   * Toys drawn at a point, the same as wilks.toy_data: count x data.
   * @param {Float64Array} theta
   * @param {{seed?: number | bigint, stream?: number, first?: number, count?: number}} options
   * @returns {Float64Array}
   */
  toyData(theta, options) {
    const { constraint_kind: kind, constraint_scale: scale } = this.content.arrays;
    const sigma = new Float64Array(this.length);
    for (let i = 0; i < kind.length; ++i) sigma[this.bins + i] = kind[i] === 2 ? 0 : scale[i];
    return this.engine.sample(this.expectedData(theta), sigma, options);
  }

  /**
   * The model without some of the main bins (marked 1). Parameters stay; channels that lose all bins are gone.
   * @param {Uint8Array} removed
   * @returns {Model}
   */
  withoutBins(removed) {
    return new Model(this.engine, withoutBins(this.content, removed));
  }

  /**
   * The model with the constraints of parameters so many times as wide.
   * @param {Map<number, number>} factors by position
   * @returns {Model}
   */
  withWidths(factors) {
    return new Model(this.engine, withWidths(this.content, factors));
  }

  /**
   * The model with the yields of all samples, or of some, multiplied: another luminosity.
   * @param {number} factor
   * @param {string[]} [samples]
   * @returns {Model}
   */
  withYields(factor, samples) {
    return new Model(this.engine, withYields(this.content, factor, samples));
  }
}

/**
 * Python's order of texts.
 * @param {string} a
 * @param {string} b
 */
function byCodePoints(a, b) {
  const [one, other] = [[...a], [...b]].map((text) => text.map((c) => /** @type {number} */ (c.codePointAt(0))));
  for (let i = 0; i < Math.min(one.length, other.length); ++i) if (one[i] !== other[i]) return one[i] - other[i];
  return one.length - other.length;
}
