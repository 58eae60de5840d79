// The search for the lowest minimum: where else a fit should start (wilks.fitting.search).

import { oneMinimum } from "./effects.js";
import { minimised } from "./status.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Dataset} Dataset */
/** @typedef {import("./model.js").Problem} Problem */
/** @typedef {import("./fit.js").Minimum} Minimum */
/** @typedef {import("./fit.js").Options} Options */
/** @typedef {{suggested: number, random: number, rounds: number, moves: number, iterations: number, most: number}} Effort */

// Those of wilks.fitting.search, by the same names.
const BENT = 0.1,
  GRID = [-3, -2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 3],
  CLOSE = 0.3,
  SAME = 1e-4,
  NEAR = 0.05,
  LOWER = 1e-6;
const SEED = 1,
  SECONDS = 0.014,
  MOVES = 0.03,
  ITERATIONS = 30,
  TIMES = 2,
  PART = 6,
  LEAST = 4;

const clip = (/** @type {number} */ x, /** @type {number} */ low, /** @type {number} */ high) =>
  Math.min(Math.max(x, low), high);
const finite = (/** @type {number} */ x, /** @type {number} */ spare) => (Number.isNaN(x) ? spare : x);

/**
 * What a search tries, where the fit itself took so many iterations.
 * @param {Options["search"]} search
 * @param {Model} model
 * @param {number} iterations
 * @param {number} among
 * @returns {Effort}
 */
function effort(search, model, iterations, among) {
  if (search === "thorough")
    return { suggested: 60, random: 400, rounds: 5, moves: 100_000, iterations: Infinity, most: Infinity };
  const long = Math.max(ITERATIONS, TIMES * iterations);
  if (model.size > 500) return { suggested: 1, random: 0, rounds: 1, moves: 44, iterations: long, most: long };
  const seconds = 10e-6 + 0.25e-6 * model.bins + 15e-9 * model.shared ** 2;
  let total = SECONDS / seconds / among;
  const moves = Math.trunc(clip(MOVES / seconds / among, 110, 2200));
  if (model.size > 200) return { suggested: 3, random: 1, rounds: 2, moves, iterations: 4 * long, most: long };
  const most = Math.min(long, Math.max(total / PART, TIMES * iterations));
  total = Math.max(total, LEAST * most);
  return { suggested: Math.trunc(clip(total / most - 1, 3, 6)), random: 48, rounds: 3, moves, iterations: total, most };
}

/**
 * The minima of a problem, the lowest first, `first` among them if it is one (`settled`); and from how many starts.
 * @param {Model} model
 * @param {Dataset} data
 * @param {Problem} problem
 * @param {Minimum} first
 * @param {boolean} settled
 * @param {boolean} flat
 * @param {Float64Array | null} along the covariance at `first`
 * @param {number} iterations
 * @param {Options} options
 * @param {number} [among]
 * @returns {{minima: Minimum[], starts: number}}
 */
export function searchMinima(model, data, problem, first, settled, flat, along, iterations, options, among = 1) {
  if (settled && oneMinimum(model, problem.held)) return { minima: [first], starts: 0 };
  const tried = effort(options.search, model, iterations, among);
  let minima = settled ? [first] : [];
  let [starts, left, lowest] = [0, tried.iterations, first];
  for (let turn = 0; turn < tried.rounds; ++turn) {
    const suggested = suggestions(model, data, problem, lowest, turn === 0 ? along : null, tried);
    let points = [...suggested, ...random(model, problem, lowest.values, tried.random, turn)];
    while (points.length && left > 0) {
      const count = Number.isFinite(left)
        ? Math.trunc(Math.min(Math.max(left / tried.most, 1), points.length))
        : points.length;
      const fits = ends(
        model,
        data,
        problem,
        points.slice(0, count),
        options,
        tried.most,
        minima[0]?.twiceNll ?? Infinity,
      );
      points = points.slice(count);
      starts += count;
      left -= fits.reduce((sum, fit) => sum + fit.iterations, 0);
      minima = distinct(
        model,
        [
          ...minima,
          ...fits.filter((fit) => minimised(fit.code, fit.edm)).map(({ twiceNll, values }) => ({ twiceNll, values })),
        ],
        flat,
      );
    }
    if (!minima.length || !(minima[0].twiceNll < lowest.twiceNll - LOWER)) break;
    lowest = minima[0];
    left = Math.max(left, tried.most);
  }
  return { minima, starts };
}

/**
 * Fits from many starts; after `most` iterations only those below a `level` of 2NLL go on.
 * @param {Model} model
 * @param {Dataset} data
 * @param {Problem} problem
 * @param {Float64Array[]} points
 * @param {Options} options
 * @param {number} most
 * @param {number} level
 */
function ends(model, data, problem, points, options, most, level) {
  const fits = fromPoints(model, data, problem, points, {
    ...options,
    maxIterations: Math.trunc(Math.min(most, options.maxIterations)),
  });
  const rows = [...fits.keys()].filter((i) => !minimised(fits[i].code, fits[i].edm) && fits[i].twiceNll < level);
  if (!rows.length || most >= options.maxIterations) return fits;
  const onwards = fromPoints(
    model,
    data,
    problem,
    rows.map((i) => fits[i].values),
    options,
  );
  for (const [j, i] of rows.entries())
    fits[i] = { ...onwards[j], iterations: fits[i].iterations + onwards[j].iterations };
  return fits;
}

/**
 * @param {Model} model
 * @param {Dataset} data
 * @param {Problem} problem
 * @param {Float64Array[]} points
 * @param {Options} options
 */
function fromPoints(model, data, problem, points, options) {
  const P = model.size;
  const start = new Float64Array(points.length * P);
  for (const [i, point] of points.entries()) start.set(point, i * P);
  const fits = model.rawFits(data.values, { ...problem, start }, options);
  return points.map((_, i) => ({
    values: fits.theta.slice(i * P, (i + 1) * P),
    twiceNll: 2 * fits.nll[i],
    edm: fits.edm[i],
    code: fits.code[i],
    iterations: fits.iterations[i],
  }));
}

/**
 * The minima without repetition, lowest first; those of one height are one if they may lie anywhere.
 * @param {Model} model
 * @param {Minimum[]} minima
 * @param {boolean} anywhere
 */
function distinct(model, minima, anywhere) {
  const { sigma } = model.parameters;
  /** @type {Minimum[]} */
  const kept = [];
  for (const one of [...minima].sort((a, b) => a.twiceNll - b.twiceNll)) {
    const same = (/** @type {Minimum} */ other) =>
      Math.abs(one.twiceNll - other.twiceNll) < SAME &&
      (anywhere ||
        one.values.every(
          (x, i) =>
            Math.abs(x - other.values[i]) <
            NEAR * Math.max(sigma[i] > 0 ? sigma[i] : 1, NEAR * Math.abs(other.values[i])),
        ));
    if (!kept.some(same)) kept.push(one);
  }
  return kept;
}

/**
 * The most promising starts that the model suggests.
 * @param {Model} model
 * @param {Dataset} data
 * @param {Problem} problem
 * @param {Minimum} lowest
 * @param {Float64Array | null} covariance
 * @param {Effort} tried
 * @returns {Float64Array[]}
 */
function suggestions(model, data, problem, lowest, covariance, tried) {
  const theta = lowest.values;
  const P = model.size;
  const { sigma } = model.parameters;
  const moves = possibleMoves(model, problem, theta, tried.moves);
  const wholes = whole(model, problem, theta).filter((point) => point.some((x, i) => x !== theta[i]));
  const alone = moves.map(([p, value]) => theta.with(p, value));
  const pairs = alone.map((one, k) => [one, alongWith(problem, theta, covariance, ...moves[k])]);
  const [first, second] = [0, 1].map((side) =>
    model.nllRows(
      pairs.map((pair) => pair[side]),
      data,
    ),
  );
  const rows = pairs.map(([one, other], k) => (second[k] < first[k] ? other : one));
  const base = Number.isFinite(lowest.twiceNll) ? lowest.twiceNll : 0;
  const share = moves.map(([p, value], k) => {
    const width = covariance ? Math.sqrt(finite(Math.max(covariance[p * P + p], 0), 0)) : sigma[p];
    const distance = Math.abs(value - theta[p]) / (width > 0 ? width : 1);
    const nll = second[k] < first[k] ? second[k] : first[k];
    return distance > CLOSE ? finite((2 * nll - base) / (distance * distance), Infinity) : Infinity;
  });
  /** @type {Map<string, number>} */
  const best = new Map();
  for (const k of [...share.keys()].sort((a, b) => (share[a] < share[b] ? -1 : share[a] > share[b] ? 1 : 0))) {
    const key = `${moves[k][0]} ${moves[k][1] > theta[moves[k][0]]}`;
    if (Number.isFinite(share[k]) && !best.has(key)) best.set(key, k);
  }
  const count = tried.suggested;
  const single = [...best.values()].map((k) => rows[k]);
  return [...single.slice(0, Math.max(count - wholes.length, Math.floor((count + 1) / 2))), ...wholes].slice(0, count);
}

/**
 * Which parameter is moved, and whereto.
 * @param {Model} model
 * @param {Problem} problem
 * @param {Float64Array} theta
 * @param {number} most
 * @returns {[number, number][]}
 */
function possibleMoves(model, { lower, upper, held }, theta, most) {
  const { sigma, nominal } = model.parameters;
  const bends = model.bends(theta);
  const every = [...held.keys()].filter((p) => !held[p]);
  const bent = every.filter((p) => bends[p] > BENT && sigma[p] > 0).sort((a, b) => bends[b] - bends[a]);
  /** @type {[number, number][]} */
  const moves = [];
  for (const p of bent.slice(0, Math.floor(most / (GRID.length + 1))).sort((a, b) => a - b)) {
    for (const step of GRID) moves.push([p, clip(nominal[p] + step * sigma[p], lower[p], upper[p])]);
    moves.push([p, clip(2 * nominal[p] - theta[p], lower[p], upper[p])]);
  }
  const loose = every.filter((p) => model.marks.unconstrained[p]).slice(0, Math.floor(most / 2));
  for (const side of [lower, upper]) for (const p of loose) moves.push([p, side[p]]);
  return moves.filter(
    ([p, value]) => Number.isFinite(value) && Math.abs(value - theta[p]) > 1e-6 * Math.max(1, Math.abs(theta[p])),
  );
}

/**
 * Where all parameters are expected when one is moved, to first order, inside the bounds.
 * @param {Problem} problem
 * @param {Float64Array} theta
 * @param {Float64Array | null} covariance
 * @param {number} p
 * @param {number} value
 * @returns {Float64Array}
 */
function alongWith({ lower, upper, held }, theta, covariance, p, value) {
  if (!covariance) return theta.with(p, value);
  const P = theta.length;
  const variance = covariance[p * P + p];
  const step = Number.isFinite(variance) && variance > 0 ? (value - theta[p]) / variance : null;
  const moved = step === null ? theta : theta.map((x, i) => x + step * covariance[p * P + i]);
  return theta.map((x, i) => (i === p ? value : held[i] ? x : clip(moved[i], lower[i], upper[i])));
}

/**
 * Starts that move many parameters: constrained ones mirrored at their centres, and put there.
 * @param {Model} model
 * @param {Problem} problem
 * @param {Float64Array} theta
 */
function whole(model, { lower, upper, held }, theta) {
  const { nominal } = model.parameters;
  const put = (/** @type {(i: number) => number} */ where) =>
    theta.map((x, i) => (held[i] ? x : clip(model.marks.unconstrained[i] ? x : where(i), lower[i], upper[i])));
  return [put((i) => 2 * nominal[i] - theta[i]), put((i) => nominal[i])];
}

/**
 * Starts with the constrained parameters drawn from their constraints, once, twice and three times as wide in turn.
 * @param {Model} model
 * @param {Problem} problem
 * @param {Float64Array} theta
 * @param {number} count
 * @param {number} turn
 * @returns {Float64Array[]}
 */
function random(model, { lower, upper, held }, theta, count, turn) {
  const P = model.size;
  const { sigma, nominal, initial } = model.parameters;
  const ones = new Float64Array(P).fill(1);
  const normal = model.engine.sample(ones, ones, { seed: SEED, stream: turn, count }).map((x) => x - 1);
  return Array.from({ length: count }, (_, k) =>
    theta.map((x, i) => {
      if (held[i]) return x;
      const drawn = normal[k * P + i];
      const loose = k % 2 === 1 ? initial[i] * Math.exp(drawn) : x;
      return clip(sigma[i] > 0 ? nominal[i] + sigma[i] * (1 + (k % 3)) * drawn : loose, lower[i], upper[i]);
    }),
  );
}
