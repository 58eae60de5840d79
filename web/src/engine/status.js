// How fits end.

export const CONVERGED = 0,
  FLAT = 1,
  LIMIT = 2,
  OUTSIDE = 3,
  EDGE = 4,
  STALLED = 5,
  INTERRUPTED = 6;

/** What the codes of the engine mean. */
export const STATUS = [
  "converged",
  "the likelihood is flat along some combination of parameters",
  "no minimum found in the iterations allowed",
  "no possible point was found: a rate is not positive",
  "the minimum lies where a rate vanishes",
  "no step improves the likelihood any more",
  "interrupted",
];

/**
 * Whether a fit that ended so has found the minimum, be it flat, or on the edge of the possible.
 * @param {number} code
 * @param {number} edm
 */
export function minimised(code, edm) {
  return code === CONVERGED || code === FLAT || (code === EDGE && edm < 1e-5);
}
