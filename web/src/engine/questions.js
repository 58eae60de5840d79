// Questions to a model: scans, rankings, toys, goodness of fit. Each gives the numbers of the verb of the package.

import { known, Study } from "./study.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./fit.js").Asked} Asked */
/** @typedef {import("./fit.js").FitResult} FitResult */
/** @typedef {import("./study.js").Row} Row */

// A conditional fit may find a better minimum; everything then starts again from there, so many times.
const RESTARTS = { ranking: 3, scan: 10 };
const TOYS_AT_A_TIME = 64;

/**
 * The profile likelihood along a parameter: `delta` is 2NLL above the best fit, NaN where a fit failed.
 * @param {Model} model
 * @param {string} parameter
 * @param {ArrayLike<number>} values
 * @param {Asked} [asked]
 * @param {FitResult} [best]
 * @returns {{values: Float64Array, delta: Float64Array, fits: Row[], best: FitResult}}
 */
export function scan(model, parameter, values, asked = {}, best) {
  let study = Study.of(model, asked, best);
  const p = model.index(parameter);
  const where = Float64Array.from(values).sort();
  if (!where.length || where.some((x) => !(x >= study.problem.lower[p] && x <= study.problem.upper[p])))
    throw new Error(
      `a scan of "${parameter}" needs values between ${study.problem.lower[p]} and ${study.problem.upper[p]}`,
    );
  for (let turn = 1; ; ++turn) {
    const fits = study.profile(p, where);
    const better = study.improved(fits);
    if (!better || turn === RESTARTS.scan) {
      const delta = Float64Array.from(fits, (row) =>
        Number.isFinite(row.twiceNll) ? row.twiceNll - study.best.twiceNll : NaN,
      );
      return { values: where, delta, fits, best: study.best };
    }
    study = better;
  }
}

/**
 * The impacts of parameters (positions) on one of interest: of steps up and down by the pre-fit uncertainty, then by the
 * post-fit one, with all others fitted again. NaN where there is none. The method "refit" of wilks.ranking.
 * @param {Model} model
 * @param {string} poi
 * @param {{parameters?: number[], asked?: Asked, best?: FitResult}} [what]
 * @returns {{parameters: number[], impacts: Float64Array[], targets: Float64Array[], best: FitResult}}
 */
export function ranking(model, poi, { parameters, asked = {}, best } = {}) {
  let study = Study.of(model, asked, best);
  const target = model.index(poi);
  const where = (parameters ?? [...model.names.keys()]).filter((p) => p !== target && !study.problem.held[p]);
  for (let turn = 0; ; ++turn) {
    const { values, uncertainties } = study.best;
    const { lower, upper, held } = study.problem;
    const { sigma } = model.parameters;
    const targets = where.map((p) => {
      const width = sigma[p] > 0 ? sigma[p] : NaN;
      const steps = [width, -width, uncertainties[p], -uncertainties[p]];
      return Float64Array.from(steps, (step) => Math.min(Math.max(values[p] + step, lower[p]), upper[p]));
    });
    const rows = where.flatMap((p, k) =>
      [0, 1, 2, 3].filter((c) => Number.isFinite(targets[k][c])).map((c) => ({ p, k, c })),
    );
    const fits = study.best.minimised
      ? study.lowest(
          rows.map(({ p, k, c }) => study.predicted(p, targets[k][c])),
          rows.map(({ p }) => held.with(p, 1)),
        )
      : [];
    const better = study.improved(fits);
    if (!better || turn === RESTARTS.ranking) {
      const impacts = where.map(() => new Float64Array(4).fill(NaN));
      for (const [i, row] of fits.entries())
        if (known(row)) impacts[rows[i].k][rows[i].c] = row.values[target] - values[target];
      return { parameters: where, impacts, targets, best: study.best };
    }
    study = better;
  }
}

/**
 * Fits to toys drawn at a point, a few at a time: yields those of `first`, `first` + 1, ... The page counts and stops. The
 * toys and their fits are those of wilks.toys: they start at the point, and have uncertainties.
 * @param {Model} model
 * @param {Float64Array} theta
 * @param {{count: number, seed?: number | bigint, stream?: number, first?: number, asked?: Asked}} what
 * @returns {Generator<{first: number, fits: Row[]}>}
 */
export function* toys(model, theta, { count, seed = 1, stream = 0, first = 0, asked = {} }) {
  const study = Study.at(model, theta, asked);
  const { lower, upper, held } = study.problem;
  const start = study.problem.start.map((x, i) => (held[i] ? x : Math.min(Math.max(x, lower[i]), upper[i])));
  for (let done = 0; done < count; done += TOYS_AT_A_TIME) {
    const size = Math.min(TOYS_AT_A_TIME, count - done);
    const data = model.toyData(theta, { seed, stream, first: first + done, count: size });
    const sets = Array.from({ length: size }, (_, i) => data.slice(i * model.length, (i + 1) * model.length));
    yield {
      first: first + done,
      fits: study.fits(
        sets.map(() => start),
        sets.map(() => held),
        { data: sets, variances: true },
      ),
    };
  }
}

/**
 * The likelihood ratio of a fit and the saturated model, total, by channel, and that of the constraint terms; with the
 * p-value of a chi-square distribution (wilks.goodness_of_fit).
 * @param {Model} model
 * @param {FitResult} result
 * @returns {{statistic: number, ndof: number, pValue: number, channels: number[], constraints: number}}
 */
export function goodnessOfFit(model, result) {
  const { constraint_kind: kind, constraint_parameter: parameter, constraint_scale: scale } = model.content.arrays;
  const { values: data } = result.data;
  const rates = model.expected(result.values),
    before = model.expected(prefit(model));
  const channels = model.channels.map(({ first, bins }) => {
    let sum = 0;
    for (let b = first; b < first + bins; ++b) sum += deviance(data[b], rates[b]);
    return sum;
  });
  let constraints = 0;
  for (let i = 0; i < kind.length; ++i) {
    const p = parameter[i];
    if (result.fixed[p]) continue;
    const measured = data[model.bins + i];
    constraints +=
      kind[i] === 2 ? deviance(measured, scale[i] * result.values[p]) : ((measured - result.values[p]) / scale[i]) ** 2;
  }
  const statistic = channels.reduce((sum, part) => sum + part, constraints);
  const free = model.names.filter((_, p) => !result.fixed[p] && model.marks.unconstrained[p]).length;
  const ndof = rates.filter((rate, b) => rate > 0 || before[b] > 0).length - free;
  return { statistic, ndof, pValue: ndof > 0 ? chiSquareTail(statistic, ndof) : NaN, channels, constraints };
}

/** @param {Model} model */
function prefit({ parameters, marks }) {
  return parameters.nominal.map((x, p) => (marks.fixed[p] ? parameters.initial[p] : x));
}

/** 2 ln(Poisson(n | n) / Poisson(n | mean)). @param {number} n @param {number} mean */
function deviance(n, mean) {
  return 2 * (n > 0 ? n * Math.log(n / mean) - n + mean : mean);
}

/**
 * The probability of a chi-square of `ndof` degrees of freedom beyond a value: by its series or continued fraction.
 * @param {number} value
 * @param {number} ndof
 * @returns {number}
 */
export function chiSquareTail(value, ndof) {
  const a = ndof / 2,
    x = value / 2;
  if (!(x > 0)) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a,
      sum = term;
    for (let n = 1; n < 10_000 && term > sum * 1e-17; ++n) sum += term *= x / (a + n);
    return Math.max(1 - front * sum, 0);
  }
  let b = x + 1 - a,
    c = 1e300,
    d = 1 / b,
    h = d;
  for (let n = 1; n < 10_000; ++n) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * h;
}

/** By Stirling's series, beyond 15. @param {number} x @returns {number} */
function logGamma(x) {
  if (x < 15) return logGamma(x + 1) - Math.log(x);
  const r = 1 / x,
    r2 = r * r;
  return (
    (x - 0.5) * Math.log(x) -
    x +
    0.5 * Math.log(2 * Math.PI) +
    r * (1 / 12 - r2 * (1 / 360 - r2 * (1 / 1260 - r2 / 1680)))
  );
}
