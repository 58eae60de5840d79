// Models made of others: without bins, with other widths of constraints, with other yields.

/** @typedef {import("./container.js").Content} Content */

/**
 * Visit the template rows of every block: its position, its channel, the first bin of that, and where its rows start.
 * @param {Record<string, any>} arrays
 * @param {(block: number, channel: number, bin: number, rows: number[]) => void} visit
 */
export function eachBlock(arrays, visit) {
  const { channel_bins: bins, block_channel: channel, shape_start: shapes, even } = arrays;
  let at = 0;
  for (let k = 0; k < channel.length; ++k) {
    const c = channel[k];
    const stride = 4 * Math.ceil(bins[c] / 4);
    const rows = [];
    let count = 1;
    for (let e = shapes[k]; e < shapes[k + 1]; ++e) count += 1 + even[e];
    for (let r = 0; r < count; ++r, at += stride) rows.push(at);
    visit(
      k,
      c,
      bins.subarray(0, c).reduce((/** @type {number} */ sum, /** @type {number} */ n) => sum + n, 0),
      rows,
    );
  }
}

/**
 * @param {Content} content
 * @param {Record<string, any>} changes
 * @returns {Content}
 */
function changed(content, changes) {
  return { header: content.header, arrays: { ...content.arrays, ...changes } };
}

/**
 * As wilks.mask_bins: bins keep their place, with no yield and no data, and what acts in them alone is constant.
 * @param {Content} content
 * @param {Uint8Array} removed main bins, 1 where they are to go
 * @returns {Content}
 */
export function withoutBins(content, removed) {
  const { arrays } = content;
  const { channel_bins: bins, bin_start: start, bin_parameter: parameter, factor_start: factors } = arrays;
  const templates = arrays.templates.slice();
  const P = arrays.initial.length;
  const [perBin, alive, inside] = [new Uint8Array(P), new Uint8Array(P), new Uint8Array(P)];
  let at = 0;
  eachBlock(arrays, (k, c, first, rows) => {
    let any = false;
    const left = Array.from({ length: bins[c] }, (_, b) => !removed[first + b]);
    const filled = left.map((is, b) => is && rows.some((row) => templates[row + b] !== 0));
    for (let b = 0; b < bins[c]; ++b) {
      if (!left[b]) for (const row of rows) templates[row + b] = 0;
      any ||= filled[b];
    }
    for (let e = start[k]; e < start[k + 1]; ++e, at += bins[c])
      for (let b = 0; b < bins[c]; ++b) {
        const p = parameter[at + b];
        perBin[p] = 1;
        inside[p] |= left[b] ? 1 : 0;
        alive[p] |= filled[b] ? 1 : 0;
      }
    if (any) for (let e = factors[k]; e < factors[k + 1]; ++e) alive[arrays.factor_parameter[e]] = 1;
  });
  const [fixed, idle, scale, sigma, observed] = ["fixed", "idle", "constraint_scale", "sigma", "observed"].map((name) =>
    arrays[name].slice(),
  );
  const main = removed.length;
  for (let b = 0; b < main; ++b) if (removed[b]) observed[b] = 0;
  for (const [i, p] of arrays.constraint_parameter.entries()) {
    if (!perBin[p] || inside[p]) continue;
    fixed[p] = 1;
    sigma[p] = 0;
    scale[i] = observed[main + i] = 1;
  }
  for (let p = 0; p < P; ++p) if (arrays.unconstrained[p] && !fixed[p] && !alive[p]) idle[p] = 1;
  return changed(content, { templates, fixed, idle, sigma, observed, constraint_scale: scale });
}

/**
 * Normal constraints get so many times their standard deviation, Poisson ones fewer auxiliary events; centres stay.
 * @param {Content} content
 * @param {Map<number, number>} factors by the position of the parameter
 * @returns {Content}
 */
export function withWidths(content, factors) {
  const { arrays } = content;
  const [scale, sigma, observed] = ["constraint_scale", "sigma", "observed"].map((name) => arrays[name].slice());
  const main = observed.length - scale.length;
  for (const [i, p] of arrays.constraint_parameter.entries()) {
    const factor = factors.get(p);
    if (factor === undefined) continue;
    if (!(factor > 0 && Number.isFinite(factor))) throw new Error(`a constraint can't be ${factor} times as wide`);
    sigma[p] *= factor;
    if (arrays.constraint_kind[i] === 2) {
      scale[i] /= factor * factor;
      observed[main + i] /= factor * factor;
    } else {
      scale[i] *= factor;
    }
  }
  return changed(content, { sigma, observed, constraint_scale: scale });
}

/**
 * @param {Content} content
 * @param {number} factor
 * @param {string[]} [samples] default: all
 * @returns {Content}
 */
export function withYields(content, factor, samples) {
  if (!Number.isFinite(factor)) throw new Error(`yields can't be multiplied by ${factor}`);
  const { header, arrays } = content;
  const templates = arrays.templates.slice();
  eachBlock(arrays, (k, c, _, rows) => {
    if (samples && !samples.includes(header.blocks[k][1])) return;
    for (const row of rows) for (let b = 0; b < arrays.channel_bins[c]; ++b) templates[row + b] *= factor;
  });
  return changed(content, { templates });
}
