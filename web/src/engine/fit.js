// `fit`: the best fit, by everything that wilks.fit tries but Minuit, with its uncertainties.

import { idleOf, withoutEffect } from "./effects.js";
import { searchMinima } from "./search.js";
import { CONVERGED, FLAT, INTERRUPTED, LIMIT, minimised, OUTSIDE, STATUS } from "./status.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Dataset} Dataset */
/** @typedef {import("./model.js").Data} Data */
/** @typedef {import("./model.js").Problem} Problem */
/** @typedef {import("./model.js").Raw} Raw */
/**
 * How far a fit goes, as wilks.fitting.problem.FitOptions.
 * @typedef {{tolerance: number, maxIterations: number, search: "none" | "default" | "thorough"}} Options
 */
/**
 * What is asked: data (none: observed), and by name: starting values, fixed values, bounds. `start` may be all values.
 * @typedef {{data?: Data, start?: Record<string, number> | Float64Array, fixed?: Record<string, number>,
 *   bounds?: Record<string, [number, number]>, free?: string[], options?: Partial<Options>}} Asked
 */
/** @typedef {Problem & {idle: Uint8Array}} Posed */
/** @typedef {{raw: Raw, minimizer: string}} Answer */
/** @typedef {{twiceNll: number, values: Float64Array}} Minimum */
/**
 * A best fit. `uncertainties` are 0 where parameters are fixed, NaN where there are none: at a bound, or without effect.
 * `doubtful`: Python would look closer, because hardly anything determines some free factor.
 * @typedef {{values: Float64Array, uncertainties: Float64Array, covariance: Float64Array | null, twiceNll: number, edm: number,
 *   converged: boolean, minimised: boolean, status: string, code: number, badBin: number, fixed: Uint8Array, idle: Uint8Array,
 *   atBound: Uint8Array, smallestEigenvalue: number, iterations: number, evaluations: number, minimizer: string, starts: number,
 *   minima: Minimum[], mirrored: [string, number][], doubtful: boolean, problem: Posed, data: Dataset}} FitResult
 */

/** @type {Options} */
export const OPTIONS = { tolerance: 1e-8, maxIterations: 3000, search: "default" };

const NEWTON = "trust-region Newton",
  ANOTHER_START = "trust-region Newton, from another start",
  SCORING = "Fisher scoring";
// Differences of the nll below this don't decide between answers, and below that are none.
const LEVEL = 1e-7,
  SAME = 5e-7;
// An uncertainty, in units of the range that bounds leave, and a squared slope, in units of the effect, that say nothing.
const FAR = 10,
  SLOPE = 1e-8;

/** @param {Answer} answer */
const settled = (answer) => answer.raw.code === CONVERGED || answer.raw.code === FLAT;

/**
 * The problem that is meant. Throws where a name is not that of a parameter.
 * @param {Model} model
 * @param {Asked} asked
 * @returns {Posed}
 */
export function pose(model, { start, fixed = {}, bounds = {}, free = [] }) {
  const whole = start instanceof Float64Array;
  const theta = (whole ? start : model.parameters.initial).slice();
  if (theta.length !== model.size) throw new Error(`a start needs ${model.size} numbers, found ${theta.length}`);
  const [lower, upper, held] = [
    model.parameters.lower.slice(),
    model.parameters.upper.slice(),
    model.marks.fixed.slice(),
  ];
  for (const name of free) held[model.index(name)] = 0;
  for (const [name, [low, high]] of Object.entries(bounds)) {
    if (!(low < high))
      throw new Error(`the bounds of "${name}" are ${low} and ${high}: the first must be below the second`);
    lower[model.index(name)] = low;
    upper[model.index(name)] = high;
  }
  if (start && !whole) for (const [name, value] of Object.entries(start)) theta[model.index(name)] = value;
  for (const [name, value] of Object.entries(fixed)) {
    theta[model.index(name)] = value;
    held[model.index(name)] = 1;
  }
  if (!theta.every(Number.isFinite)) throw new Error("a start and fixed values must be finite numbers");
  const idle = idleOf(model, theta, held);
  return { start: theta, lower, upper, held: held.map((is, i) => is | idle[i]), idle };
}

/**
 * The best fit, as wilks.fit.
 * @param {Model} model
 * @param {Asked} [asked]
 * @returns {FitResult}
 */
export function fit(model, asked = {}) {
  return fitProblem(model, model.dataset(asked.data), pose(model, asked), { ...OPTIONS, ...asked.options });
}

/**
 * The best fit of a problem that is posed.
 * @param {Model} model
 * @param {Dataset} data
 * @param {Posed} problem
 * @param {Options} options
 * @returns {FitResult}
 */
export function fitProblem(model, data, problem, options) {
  const ladder = new Ladder(model, data, problem, options);
  let found = resolved(ladder, ladder.answer());
  if (options.search === "none" || options.maxIterations < OPTIONS.maxIterations) return result(ladder, found, [], 0);
  const { raw } = found.answer;
  const here = { twiceNll: 2 * raw.nll, values: raw.theta };
  const flat = found.idle.some(Boolean) || raw.code === FLAT;
  const { minima, starts } = searchMinima(
    model,
    data,
    problem,
    here,
    settled(found.answer),
    flat,
    raw.covariance,
    raw.iterations,
    options,
  );
  const lowest = ladder.lowest(found.answer, minima);
  if (lowest !== found.answer) found = resolved(ladder, lowest);
  return result(ladder, found, minima, starts);
}

/** A problem, and the ways to fit it one after the other. */
export class Ladder {
  /**
   * @param {Model} model
   * @param {Dataset} data
   * @param {Problem} problem
   * @param {Options} options
   */
  constructor(model, data, problem, options) {
    this.model = model;
    this.data = data;
    this.problem = problem;
    this.options = options;
  }

  /** @param {Float64Array} start @param {{held?: Uint8Array, scoring?: boolean}} [how] */
  fit(start, { held = this.problem.held, scoring = false } = {}) {
    return this.model.rawFit(this.data, { ...this.problem, start, held }, { ...this.options, scoring });
  }

  /** The fit from the start of the problem, or the best one of the climb where that is not final. */
  answer() {
    const first = this.first();
    return this.final(first) ? first : this.climb(first);
  }

  /** The fit from the start of the problem. @returns {Answer} */
  first() {
    return { raw: this.fit(this.problem.start), minimizer: NEWTON };
  }

  /**
   * Whether nothing more is to be tried.
   * @param {Answer} answer
   */
  final({ raw: { code } }) {
    return (
      [CONVERGED, FLAT, INTERRUPTED].includes(code) ||
      (code === LIMIT && this.options.maxIterations < OPTIONS.maxIterations)
    );
  }

  /**
   * The best answer of the rungs above the first. The climb ends at the first minimum that is as low as anything seen.
   * @param {Answer} first
   * @param {boolean} [likelihood] whether nothing but the likelihood is asked for
   * @returns {Answer}
   */
  climb(first, likelihood = false) {
    const answers = [first];
    for (const answer of this.#rungs(first)) {
      answers.push(answer);
      if (answer.raw.code === INTERRUPTED) break;
      if ((likelihood ? minimised(answer.raw.code, answer.raw.edm) : settled(answer)) && answer === best(answers))
        break;
    }
    return together(best(answers), answers);
  }

  /** @param {Answer} first @returns {Generator<Answer>} */
  *#rungs(first) {
    for (const start of this.#starts(first)) yield { raw: this.fit(start), minimizer: ANOTHER_START };
    yield { raw: this.fit(this.problem.start, { scoring: true }), minimizer: SCORING };
  }

  /** @param {Answer} first @returns {Generator<Float64Array>} */
  *#starts(first) {
    const { start, held } = this.problem;
    const { unconstrained } = this.model.marks;
    const { nominal: centre, initial } = this.model.parameters;
    let nominal = this.#inside(
      start.map((x, i) => (held[i] ? x : this.#clipped(unconstrained[i] ? initial[i] : centre[i], i))),
    );
    if (nominal.some((x, i) => x !== start[i])) yield nominal;
    if (first.raw.code === OUTSIDE) {
      nominal = this.#inside(nominal.map((x, i) => (unconstrained[i] && !held[i] ? 1 : x)));
      yield nominal;
    }
    const movable = [...held.keys()].filter((i) => !held[i]);
    if (movable.some((i) => unconstrained[i]) && movable.some((i) => !unconstrained[i]))
      yield this.fit(nominal, { held: held.map((is, i) => is | (unconstrained[i] ? 0 : 1)) }).theta;
    const { theta } = first.raw;
    const mirrored = this.#inside(theta.map((x, i) => (unconstrained[i] || held[i] ? x : 2 * nominal[i] - x)));
    if (mirrored.some((x, i) => x !== theta[i])) yield mirrored;
  }

  /** @param {number} value @param {number} i */
  #clipped(value, i) {
    return Math.min(Math.max(value, this.problem.lower[i]), this.problem.upper[i]);
  }

  /** @param {Float64Array} theta */
  #inside(theta) {
    return theta.map((x, i) => (this.problem.held[i] ? x : this.#clipped(x, i)));
  }

  /**
   * The answer, or, if one of the minima is lower, the fit that starts there.
   * @param {Answer} answer
   * @param {Minimum[]} minima
   * @returns {Answer}
   */
  lowest(answer, minima) {
    if (!minima.length || !(2 * answer.raw.nll - minima[0].twiceNll > 2 * LEVEL)) return answer;
    const other = { raw: this.fit(minima[0].values), minimizer: ANOTHER_START };
    return best([answer, other]) === answer ? answer : together(other, [answer, other]);
  }
}

/**
 * An answer with the iterations of several.
 * @param {Answer} chosen
 * @param {Answer[]} answers
 * @returns {Answer}
 */
function together(chosen, answers) {
  const sum = (/** @type {"iterations" | "evaluations"} */ name) =>
    answers.reduce((all, { raw }) => all + raw[name], 0);
  return { ...chosen, raw: { ...chosen.raw, iterations: sum("iterations"), evaluations: sum("evaluations") } };
}

/**
 * The lowest; among equals a settled one, else one that is known to be a minimum, and the earlier.
 * @param {Answer[]} answers
 * @returns {Answer}
 */
function best(answers) {
  const lowest = Math.min(...answers.map((a) => a.raw.nll));
  const level = answers.filter((a) => a.raw.nll <= lowest + LEVEL);
  const known = level.find(settled) ?? level.find((a) => minimised(a.raw.code, a.raw.edm));
  return known ?? level.reduce((one, other) => (other.raw.nll < one.raw.nll ? other : one), level[0] ?? answers[0]);
}

/** @typedef {{answer: Answer, idle: Uint8Array, doubtful: boolean}} Resolved */

/**
 * The answer of a fit with what acts on nothing there held; other answers as they are.
 * @param {Ladder} ladder
 * @param {Answer} answer
 * @returns {Resolved}
 */
function resolved(ladder, answer) {
  const none = new Uint8Array(ladder.model.size);
  if (answer.raw.code === CONVERGED) return { answer, idle: none, doubtful: loose(ladder, answer) };
  if (answer.raw.code !== FLAT) return { answer, idle: none, doubtful: false };
  const { model, problem } = ladder;
  const idle = withoutEffect(
    model,
    answer.raw.theta,
    problem.held.map((is, i) => is | answer.raw.atBound[i]),
  );
  if (!idle.some(Boolean)) return { answer, idle: none, doubtful: false };
  const start = answer.raw.theta.map((x, i) => (idle[i] ? problem.start[i] : x));
  const raw = ladder.fit(start, { held: problem.held.map((is, i) => is | idle[i]) });
  const still = withoutEffect(
    model,
    raw.theta,
    problem.held.map((is, i) => is | raw.atBound[i]),
  );
  const other = { ...answer, raw };
  if (!settled(other) || raw.nll > answer.raw.nll + SAME || idle.some((is, i) => is && !still[i]))
    return { answer, idle: none, doubtful: false };
  return { answer: together(other, [answer, other]), idle, doubtful: false };
}

/**
 * Whether hardly anything determines a free factor: it is at a bound without being pushed there, or its uncertainty is
 * far beyond its range.
 * @param {Ladder} ladder
 * @param {Answer} answer
 */
function loose({ model, data, problem }, { raw }) {
  const P = model.size;
  const free = [...problem.held.keys()].filter((i) => !problem.held[i] && model.marks.unconstrained[i]);
  const { covariance } = raw;
  if (
    covariance &&
    free.some(
      (i) =>
        !raw.atBound[i] && Math.sqrt(Math.max(covariance[i * P + i], 0)) > FAR * (problem.upper[i] - problem.lower[i]),
    )
  )
    return true;
  const there = free.filter((i) => raw.atBound[i]);
  if (!there.length) return false;
  const [slope, rates] = [model.gradient(raw.theta, data), model.expected(raw.theta)];
  return there.some((i) => {
    const moved = raw.theta.slice();
    moved[i] += 1;
    const effect = model
      .expected(moved)
      .reduce((sum, rate, b) => sum + (rate - rates[b]) ** 2 / Math.max(rates[b], 0.1), 0);
    return slope[i] ** 2 <= SLOPE * effect;
  });
}

/**
 * @param {Ladder} ladder
 * @param {Resolved} found
 * @param {Minimum[]} minima
 * @param {number} starts
 * @returns {FitResult}
 */
function result({ model, data, problem }, { answer, idle: alone, doubtful }, minima, starts) {
  const { raw } = answer;
  const P = model.size;
  const posed = /** @type {Posed} */ (problem);
  const converged = raw.code === CONVERGED;
  const covariance = converged ? raw.covariance : null;
  const idle = posed.idle.map((is, i) => is | alone[i]);
  const fixed = posed.held.map((is, i) => is | idle[i]);
  const uncertainties = Float64Array.from({ length: P }, (_, i) =>
    fixed[i] ? (idle[i] ? NaN : 0) : covariance && !raw.atBound[i] ? Math.sqrt(covariance[i * P + i]) : NaN,
  );
  return {
    values: raw.theta,
    uncertainties,
    covariance,
    twiceNll: 2 * raw.nll,
    edm: raw.edm,
    converged,
    minimised: minimised(raw.code, raw.edm),
    status: STATUS[raw.code],
    code: raw.code,
    badBin: raw.badBin,
    fixed,
    idle,
    atBound: raw.atBound,
    smallestEigenvalue: raw.smallestEigenvalue,
    iterations: raw.iterations,
    evaluations: raw.evaluations,
    minimizer: answer.minimizer,
    starts,
    minima,
    mirrored: mirrored(model, data, raw, fixed),
    doubtful,
    problem: posed,
    data,
  };
}

/**
 * Parameters whose sign the data can't tell, with the value at the other minimum.
 * @param {Model} model
 * @param {Dataset} data
 * @param {Raw} raw
 * @param {Uint8Array} fixed
 * @returns {[string, number][]}
 */
function mirrored(model, data, { theta, nll }, fixed) {
  /** @type {[string, number][]} */
  const found = [];
  for (let i = 0; i < model.size; ++i) {
    if (!model.marks.mirrors[i] || fixed[i] || !(Math.abs(theta[i]) > 1e-3)) continue;
    const other = theta.slice();
    other[i] = -theta[i];
    if (Math.abs(model.nll(other, data) - model.nll(theta, data)) < 1e-9 * Math.max(1, Math.abs(nll)))
      found.push([model.names[i], -theta[i]]);
  }
  return found;
}
