// Numbers that were saved as what they differ by from a prediction (wilks.workspace.packing, wilks.model.export).

import { eachBlock } from "./changed.js";

/** @typedef {import("./container.js").Content} Content */

// What a list of numbers is: any, the yields of a sample, yields at -1 and +1 standard deviations.
const [NOMINAL, LOW, HIGH] = [1, 2, 3];

/**
 * Put differences in the place of predicted numbers: the numbers themselves, with all their bits.
 * @param {Float64Array} differences 64-bit integers, the sign as the lowest bit, in the place of numbers
 * @param {Float64Array} predicted
 * @param {number} first
 * @param {number} end
 */
function add(differences, predicted, first, end) {
  const steps = new Uint32Array(differences.buffer, differences.byteOffset, 2 * differences.length);
  const words = new Uint32Array(predicted.buffer, predicted.byteOffset, 2 * predicted.length);
  for (let i = first; i < end; ++i) {
    if (!Number.isFinite(predicted[i])) predicted[i] = 0;
    const [low, high] = [steps[2 * i], steps[2 * i + 1]];
    const sign = -(low & 1);
    const below = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
    const sum = words[2 * i] + below;
    words[2 * i] = sum;
    words[2 * i + 1] += ((high >>> 1) ^ sign) + (sum > 0xffffffff ? 1 : 0);
  }
}

/**
 * The numbers of a packed workspace, one list after the other.
 * @param {Content} content
 * @returns {{values: Float64Array, lengths: Int32Array}}
 */
export function workspaceNumbers({ arrays }) {
  const { lengths, kinds, slopes, numbers } = arrays;
  const values = new Float64Array(numbers.length);
  let [at, nominal, template] = [0, 0, 0];
  for (let k = 0; k < kinds.length; at += lengths[k], ++k) {
    const [kind, bins] = [kinds[k], lengths[k]];
    if (kind === NOMINAL) nominal = at;
    if (kind === LOW) for (let b = 0; b < bins; ++b) values[at + b] = values[nominal + b];
    if (kind === HIGH) {
      const slope = slopes[template++];
      for (let b = 0; b < bins; ++b) {
        const yields = values[nominal + b];
        values[at + b] = yields + slope * (yields - values[at - bins + b]);
      }
    }
    add(numbers, values, at, at + bins);
  }
  return { values, lengths };
}

/**
 * The templates of a model whose workspace is at hand.
 * @param {Record<string, any>} arrays
 * @param {Float64Array} values
 * @returns {Float64Array}
 */
export function templatesFrom(arrays, values) {
  const { channel_bins: channels, shape_start: shapes, even, block_place: blocks, shape_place: places } = arrays;
  const found = new Float64Array(arrays.templates.length);
  eachBlock(arrays, (k, c, _, rows) => {
    const nominal = blocks[k];
    if (nominal < 0) return;
    const bins = channels[c];
    for (let b = 0; b < bins; ++b) found[rows[0] + b] = values[nominal + b];
    for (let e = shapes[k], row = 1; e < shapes[k + 1]; row += 1 + even[e], ++e) {
      if (places[e] < 0) continue;
      for (let b = 0; b < bins; ++b) {
        const [yields, low, high] = [values[nominal + b], values[places[e] + b], values[places[e] + bins + b]];
        found[rows[row] + b] = 0.5 * (high - low);
        if (even[e]) found[rows[row + 1] + b] = (high - yields - (yields - low)) / 16;
      }
    }
  });
  add(arrays.templates, found, 0, found.length);
  return found;
}

/**
 * A number as JSON has it, spelled as a floating-point one.
 * @param {number} value
 * @returns {string}
 */
function spelled(value) {
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/**
 * The JSON text of a packed workspace.
 * @param {string[]} parts what stands between its lists
 * @param {{values: Float64Array, lengths: Int32Array}} numbers
 * @returns {string}
 */
export function workspaceText(parts, { values, lengths }) {
  const text = [parts[0]];
  let at = 0;
  for (const [k, length] of lengths.entries()) {
    text.push(`[${[...values.subarray(at, at + length)].map(spelled).join(",")}]`, parts[k + 1]);
    at += length;
  }
  return text.join("");
}
