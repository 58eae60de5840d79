// A best fit, and the conditional fits that all questions to it are made of (wilks.infer.study and profiles).

import { fit, fitProblem, Ladder, OPTIONS, pose } from "./fit.js";
import { searchMinima } from "./search.js";
import { CONVERGED, INTERRUPTED, minimised } from "./status.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./fit.js").Asked} Asked */
/** @typedef {import("./fit.js").FitResult} FitResult */
/**
 * One of many fits; `uncertainties` where they were asked for.
 * @typedef {{values: Float64Array, twiceNll: number, edm: number, code: number, iterations: number,
 *   uncertainties: Float64Array | null}} Row
 */

// A conditional fit below the best one by more than this (in 2NLL) is a better minimum, not rounding.
export const BETTER = 1e-6;
// Other minima of the free fit are followed if they are not higher than this, in 2NLL, and so many of them.
const FOLLOWED = 50,
  MINIMA = 2;
// A neighbour lies elsewhere if a parameter differs by more than this, in standard deviations of its constraint.
const ELSEWHERE = 0.3,
  NEARLY = 1,
  SWEEPS = 20;
// Which parts of a way that leads too high are tried instead.
const PARTS = [0.5, 0.25, 0.125, 0];

/** @param {Row} row */
export const known = (row) => minimised(row.code, row.edm);

/** Rows of equal length as one array. @param {ArrayLike<number>[]} rows @returns {Float64Array} */
function stacked(rows) {
  const out = new Float64Array(rows.length * rows[0].length);
  for (const [i, row] of rows.entries()) out.set(row, i * rows[0].length);
  return out;
}

export class Study {
  /**
   * @param {Model} model
   * @param {Asked} asked
   * @param {FitResult} best
   */
  constructor(model, asked, best) {
    this.model = model;
    this.data = best.data;
    this.options = { ...OPTIONS, ...asked.options };
    this.problem = best.problem;
    this.best = best;
  }

  /**
   * @param {Model} model
   * @param {Asked} asked
   * @param {FitResult} [best] of the same question, if it is at hand
   * @returns {Study}
   */
  static of(model, asked = {}, best) {
    return new Study(model, asked, best ?? fit(model, asked));
  }

  /**
   * A study without a best fit: fits start at a point.
   * @param {Model} model
   * @param {Float64Array} theta
   * @param {Asked} asked
   * @returns {Study}
   */
  static at(model, theta, asked) {
    const problem = pose(model, { ...asked, start: theta });
    const none = /** @type {any} */ ({
      problem,
      data: model.dataset(asked.data),
      values: theta,
      minimised: false,
      minima: [],
    });
    return new Study(model, asked, none);
  }

  /**
   * Fits from the rows of `starts`, with the parameters marked in `held` kept. With several `turns` the rows are all
   * problems, then the same from another start, and so on. What does not converge is tried again in other ways.
   * @param {Float64Array[]} starts
   * @param {Uint8Array[]} held
   * @param {{turns?: number, data?: Float64Array[], variances?: boolean}} [how]
   * @returns {Row[]}
   */
  fits(starts, held, { turns = 1, data, variances = false } = {}) {
    if (!starts.length) return [];
    const { model } = this;
    const P = model.size;
    const marks = Uint8Array.from(stacked(held));
    const raw = model.rawFits(
      data ? stacked(data) : this.data.values,
      { ...this.problem, start: stacked(starts), held: marks },
      {
        ...this.options,
        variances,
        starts: turns,
        anchor: this.best.minimised ? this.best.values : null,
      },
    );
    return starts.map((start, i) => {
      /** @type {Row} */
      let row = {
        values: raw.theta.slice(i * P, (i + 1) * P),
        twiceNll: 2 * raw.nll[i],
        edm: raw.edm[i],
        code: raw.code[i],
        iterations: raw.iterations[i],
        uncertainties: null,
      };
      let variance = raw.variance?.slice(i * P, (i + 1) * P);
      if (!known(row) && row.code !== INTERRUPTED) {
        const ladder = new Ladder(
          model,
          data ? model.dataset(data[i]) : this.data,
          { ...this.problem, start, held: held[i] },
          this.options,
        );
        const first = ladder.first();
        const { raw: last } = ladder.final(first) ? first : ladder.climb(first, true);
        row = {
          ...row,
          values: last.theta,
          twiceNll: 2 * last.nll,
          edm: last.edm,
          code: last.code,
          iterations: last.iterations,
        };
        const { covariance, atBound } = last;
        variance = Float64Array.from({ length: P }, (_, p) =>
          covariance && !atBound[p] ? covariance[p * P + p] : NaN,
        );
      }
      if (variances && variance)
        row.uncertainties = variance.map((x, p) => (held[i][p] ? 0 : row.code === CONVERGED ? Math.sqrt(x) : NaN));
      return row;
    });
  }

  /**
   * Where a conditional fit is expected, to first order and inside the bounds.
   * @param {number} p
   * @param {number} value
   * @returns {Float64Array}
   */
  predicted(p, value) {
    const { values, covariance } = this.best;
    const P = this.model.size;
    const variance = covariance ? covariance[p * P + p] : NaN;
    if (!covariance || !(variance > 0)) return values.with(p, value);
    const step = value - values[p];
    const { lower, upper, held } = this.problem;
    return values.map((x, i) => {
      if (i === p) return value;
      return held[i] ? x : Math.min(Math.max(x + step * (covariance[p * P + i] / variance), lower[i]), upper[i]);
    });
  }

  /**
   * Conditional fits, each the lowest of several: from `start`, from the initial values, and from where `start` would be
   * if it had been foreseen from another minimum of the free fit.
   * @param {Float64Array[]} start
   * @param {Uint8Array[]} held
   * @returns {Row[]}
   */
  lowest(start, held) {
    if (!start.length) return [];
    const { lower, upper } = this.problem;
    const clipped = (/** @type {number} */ x, /** @type {number} */ i) => Math.min(Math.max(x, lower[i]), upper[i]);
    const initial = start.map((point, k) =>
      point.map((x, i) => (held[k][i] ? x : clipped(this.model.parameters.initial[i], i))),
    );
    const first = this.#shortened(start, initial, held);
    const others = this.best.minima
      .slice(1)
      .filter((one) => one.twiceNll < this.best.twiceNll + FOLLOWED)
      .slice(0, MINIMA);
    const starts = [
      first,
      initial,
      ...others.map(({ values }) =>
        first.map((point) => point.map((x, i) => clipped(x + values[i] - this.best.values[i], i))),
      ),
    ];
    const all = starts.flatMap((rows) => rows.map((point, k) => point.map((x, i) => (held[k][i] ? first[k][i] : x))));
    const fits = this.fits(
      all,
      starts.flatMap(() => held),
      { turns: starts.length },
    );
    const count = start.length;
    return start.map((_, k) => {
      const each = starts.map((_, turn) => fits[k + turn * count]);
      return { ...each.reduce(lowerOf), iterations: Math.min(...each.map((row) => row.iterations)) };
    });
  }

  /**
   * The starts, or, for those higher than the initial values, the lowest of some points on the way from the best fit.
   * @param {Float64Array[]} start
   * @param {Float64Array[]} initial
   * @param {Uint8Array[]} held
   * @returns {Float64Array[]}
   */
  #shortened(start, initial, held) {
    const height = (/** @type {Float64Array[]} */ points) =>
      this.model.nllRows(points, this.data).map((nll) => (Number.isNaN(nll) ? Infinity : nll));
    const lowest = height(start),
      level = height(initial);
    return start.map((point, k) => {
      if (lowest[k] <= level[k]) return point;
      let found = point;
      for (const part of PARTS) {
        const there = point.map((x, i) => (held[k][i] ? x : this.best.values[i] + part * (x - this.best.values[i])));
        const [nll] = height([there]);
        if (nll < lowest[k]) [found, lowest[k]] = [there, nll];
      }
      return found;
    });
  }

  /**
   * The study with a better best fit, where a conditional fit lies below it; null where none does.
   * @param {Row[]} fits
   * @returns {Study | null}
   */
  improved(fits) {
    const lowest = fits
      .filter((row) => known(row) && Number.isFinite(row.twiceNll))
      .reduce((/** @type {Row | null} */ one, row) => (one && one.twiceNll <= row.twiceNll ? one : row), null);
    if (!lowest || !(lowest.twiceNll < this.best.twiceNll - BETTER)) return null;
    const better = fitProblem(this.model, this.data, { ...this.problem, start: lowest.values }, this.options);
    if (!(better.twiceNll < this.best.twiceNll - BETTER)) return null;
    return new Study(this.model, { options: this.options }, { ...better, problem: this.problem });
  }

  /**
   * Conditional fits with a parameter kept at values, as wilks.scan: the lowest minimum is searched for at the ends and in
   * the middle, then neighbours exchange their solutions.
   * @param {number} p
   * @param {ArrayLike<number>} values
   * @returns {Row[]}
   */
  profile(p, values) {
    const foreseen = Array.from(values, (value) => this.predicted(p, value));
    const held = foreseen.map(() => this.problem.held.with(p, 1));
    const fits = this.lowest(foreseen, held);
    const n = fits.length;
    const landmarks = [...new Set([0, n - 1, Math.floor(n / 2)])].sort((a, b) => a - b);
    if (this.options.search !== "none")
      for (const k of landmarks) fits[k] = this.#searched(fits[k], held[k], landmarks.length);
    return this.#exchanged(fits, foreseen, held);
  }

  /** @param {Row} row @param {Uint8Array} held @param {number} among @returns {Row} */
  #searched(row, held, among) {
    if (!Number.isFinite(row.twiceNll) || row.code === INTERRUPTED) return row;
    const problem = { ...this.problem, start: row.values, held };
    const here = { twiceNll: row.twiceNll, values: row.values };
    const { minima } = searchMinima(
      this.model,
      this.data,
      problem,
      here,
      true,
      false,
      null,
      row.iterations,
      this.options,
      among,
    );
    if (!(minima[0].twiceNll < row.twiceNll - BETTER)) return row;
    return lowerOf(row, this.fits([minima[0].values], [held])[0]);
  }

  /** @param {Row[]} fits @param {Float64Array[]} foreseen @param {Uint8Array[]} held @returns {Row[]} */
  #exchanged(fits, foreseen, held) {
    for (let sweep = 0; sweep < SWEEPS; ++sweep) {
      const tried = fits.flatMap((_, k) => {
        const start = this.#promising(fits, k, foreseen, held[k], sweep === 0);
        return start ? [{ k, start }] : [];
      });
      if (!tried.length) break;
      const again = this.fits(
        tried.map(({ start }) => start),
        tried.map(({ k }) => held[k]),
      );
      let gained = 0;
      fits = fits.slice();
      for (const [j, { k }] of tried.entries()) {
        const better = lowerOf(fits[k], again[j]);
        gained += better === fits[k] ? 0 : 1;
        fits[k] = better;
      }
      if (!gained) break;
    }
    return fits;
  }

  /**
   * The start that the best neighbour suggests, where it may lead lower.
   * @param {Row[]} fits @param {number} k @param {Float64Array[]} foreseen @param {Uint8Array} held @param {boolean} first
   * @returns {Float64Array | null}
   */
  #promising(fits, k, foreseen, held, first) {
    const { lower, upper } = this.problem;
    const { sigma } = this.model.parameters;
    let best = Infinity,
      start = foreseen[k];
    for (const side of [k - 1, k + 1]) {
      if (!fits[side] || !known(fits[side])) continue;
      for (const moves of [1, 0]) {
        const there = fits[side].values.map((x, i) =>
          held[i]
            ? foreseen[k][i]
            : Math.min(Math.max(x + moves * (foreseen[k][i] - foreseen[side][i]), lower[i]), upper[i]),
        );
        const level = there.every(Number.isFinite) ? 2 * this.model.nll(there, this.data) : Infinity;
        if (level < best) [best, start] = [level, there];
      }
    }
    if (fits[k].code === INTERRUPTED) return null;
    const own = Number.isFinite(fits[k].twiceNll) ? fits[k].twiceNll : Infinity;
    const elsewhere =
      best < own + NEARLY &&
      start.some((x, i) => sigma[i] > 0 && Math.abs(x - fits[k].values[i]) > ELSEWHERE * sigma[i]);
    return best < own - BETTER || (first && ((!known(fits[k]) && Number.isFinite(best)) || elsewhere)) ? start : null;
  }
}

/**
 * A fit, or the same one made again, where that succeeded and led lower.
 * @param {Row} one
 * @param {Row} again
 */
function lowerOf(one, again) {
  return known(again) && again.twiceNll < (known(one) ? one.twiceNll : Infinity) - BETTER ? again : one;
}
