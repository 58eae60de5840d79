// What parameters do to the rates: nothing at all, or straight lines.

/** @typedef {import("./model.js").Model} Model */

// A change of a rate below this part of it, by a parameter that moves by one, is rounding.
const ROUNDING = 1e-14;
// So many parameters are moved one by one; for more, all derivatives are computed.
const FEW = 100;
const GOLDEN = 0.6180339887498949;

/**
 * Which unconstrained parameters act on no rate near a point where others are kept: nothing determines them.
 * @param {Model} model
 * @param {Float64Array} theta
 * @param {Uint8Array} kept
 * @returns {Uint8Array}
 */
export function withoutEffect(model, theta, kept) {
  const found = kept.map((is, i) => (model.marks.unconstrained[i] && !is ? 1 : 0));
  const where = [...found.keys()].filter((i) => found[i]);
  if (!where.length) return found;
  const point = beside(model, theta, kept);
  const rates = model.expected(point);
  const derivatives = where.length > FEW ? allDerivatives(model, point) : null;
  for (const i of where) {
    /** @type {(b: number) => number} */
    let effect;
    if (derivatives) {
      effect = (b) => derivatives[b * model.size + i];
    } else {
      const moved = point.slice();
      moved[i] += 1;
      const there = model.expected(moved);
      effect = (b) => there[b] - rates[b];
    }
    found[i] = rates.every((rate, b) => Math.abs(effect(b)) <= ROUNDING * Math.abs(rate)) ? 1 : 0;
  }
  return found;
}

/**
 * A point near another one, at which nothing is as it is by chance.
 * @param {Model} model
 * @param {Float64Array} theta
 * @param {Uint8Array} kept
 */
function beside(model, theta, kept) {
  const { sigma } = model.parameters;
  return theta.map((x, i) =>
    kept[i] ? x : x + (0.05 + 0.1 * ((GOLDEN * (i + 1)) % 1)) * (sigma[i] > 0 ? sigma[i] : Math.abs(x) + 1),
  );
}

/**
 * The derivatives of all rates, bins x parameters.
 * @param {Model} model
 * @param {Float64Array} theta
 * @returns {Float64Array}
 */
export function allDerivatives(model, theta) {
  const total = new Float64Array(model.bins * model.size);
  for (const [k, block] of model.blocks.entries()) {
    const first = model.channels[block.channel].first * model.size;
    const part = model.jacobian(theta, k);
    for (let j = 0; j < part.length; ++j) total[first + j] += part[j];
  }
  return total;
}

/**
 * Which parameters are left without effect by what is held.
 * @param {Model} model
 * @param {Float64Array} theta
 * @param {Uint8Array} held
 * @returns {Uint8Array}
 */
export function idleOf(model, theta, held) {
  const idle = model.marks.idle.map((is, i) => (is && !held[i] ? 1 : 0));
  const removes = held.some((is, i) => is && !model.marks.fixed[i] && !model.marks.curved[i] && theta[i] === 0);
  if (!removes) return idle;
  const more = withoutEffect(
    model,
    theta,
    held.map((is, i) => is | idle[i]),
  );
  return idle.map((is, i) => is | more[i]);
}

/**
 * Whether every rate is a straight line in all free parameters together: the likelihood then has one minimum.
 * @param {Model} model
 * @param {Uint8Array} held
 */
export function oneMinimum(model, held) {
  if (model.marks.curved.some((is, i) => is && !held[i])) return false;
  const {
    factor_start: factors,
    factor_parameter: scalar,
    bin_start: start,
    bin_parameter: parameter,
  } = model.content.arrays;
  let first = 0;
  for (const [k, { bins }] of model.blocks.entries()) {
    let scalars = 0;
    for (let e = factors[k]; e < factors[k + 1]; ++e) scalars += held[scalar[e]] ? 0 : 1;
    const count = start[k + 1] - start[k];
    for (let b = 0; b < bins; ++b) {
      let free = scalars;
      for (let e = 0; e < count; ++e) free += held[parameter[first + e * bins + b]] ? 0 : 1;
      if (free > 1) return false;
    }
    first += count * bins;
  }
  return true;
}
