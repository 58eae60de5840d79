/** Exact Poisson intervals: the inverse of the regularised incomplete gamma function. */

/** Probability outside of one standard deviation, on one side. */
const TAIL = (1 - 0.682689492137086) / 2;
/** Beyond this many counts an expansion is more exact than the digits of a number. */
const MANY = 1e6;
const TINY = 1e-300;
const PRECISION = 1e-15;

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** The logarithm of the gamma function of a > 0: C. Lanczos, SIAM J. Numer. Anal. B 1 (1964) 86. */
function logGamma(a: number): number {
  if (a < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * a)) - logGamma(1 - a);
  const x = a - 1;
  const sum = lanczos.slice(1).reduce((total, c, i) => total + c / (x + i + 1), lanczos[0]);
  const t = x + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** x^a e^-x / Gamma(a), in a form in which large terms don't cancel. */
function density(a: number, x: number): number {
  if (a < 30) return Math.exp(a * Math.log(x) - x - logGamma(a));
  const stirling = (1 - (1 / 30 - 2 / (7 * 30 * a * a)) / (a * a)) / (12 * a);
  const u = (x - a) / a;
  return Math.sqrt(a / (2 * Math.PI)) * Math.exp(a * (Math.log1p(u) - u) - stirling);
}

function series(a: number, x: number): number {
  let [term, sum] = [1 / a, 1 / a];
  for (let n = 1; term > PRECISION * sum && n < 100_000; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * density(a, x);
}

/** The upper part as a continued fraction, by Lentz's method. */
function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < 100_000; n++) {
    const step = -n * (n - a);
    b += 2;
    d = 1 / (Math.abs(step * d + b) < TINY ? TINY : step * d + b);
    c = Math.abs(b + step / c) < TINY ? TINY : b + step / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < PRECISION) break;
  }
  return value * density(a, x);
}

/** Return the lower and upper part of the regularised incomplete gamma function of a > 0 at x >= 0. */
function parts(a: number, x: number): [number, number] {
  if (!(x > 0)) return [0, 1];
  if (x < a + 1) {
    const lower = series(a, x);
    return [lower, 1 - lower];
  }
  const upper = fraction(a, x);
  return [1 - upper, upper];
}

/** The quantile for many counts, by E. A. Cornish and R. A. Fisher, Rev. Inst. Int. Stat. 5 (1938) 307; z = -1 or 1. */
function expanded(a: number, z: number): number {
  return a + z * Math.sqrt(a) + (z ** 3 - 7 * z) / (36 * Math.sqrt(a)) - (3 * z ** 4 + 7 * z ** 2 - 16) / (810 * a);
}

/** Return the x below which, or from `upper` above which, lies the `TAIL` of a gamma distribution of shape a. */
function quantile(a: number, upper: boolean): number {
  const z = upper ? 1 : -1;
  if (a > MANY) return expanded(a, z);
  let x = a >= 1 ? Math.max(a * (1 - 1 / (9 * a) + z / (3 * Math.sqrt(a))) ** 3, 1e-3) : 0.5 * a;
  if (a < 1 && !upper) x = Math.exp((Math.log(TAIL) + logGamma(a + 1)) / a);
  for (let n = 0; n < 60; n++) {
    const [lower, rest] = parts(a, x);
    const off = upper ? TAIL - rest : lower - TAIL;
    const slope = density(a, x) / x;
    if (!(slope > 0)) break;
    // Halley's step: the slope of a gamma distribution is known from itself.
    const newton = off / slope;
    const next = x - newton / (1 - 0.5 * Math.min(1, newton * ((a - 1) / x - 1)));
    const last = x;
    x = next > 0 ? next : x / 2;
    if (Math.abs(x - last) <= 1e-14 * x) break;
  }
  return x;
}

const known = new Map<number, [number, number]>();

/** Return the central 68.27 % interval of an observed count: F. Garwood, Biometrika 28 (1936) 437.
 *
 * Counts need not be integers; the lower end of an empty bin is 0, and NaN stays NaN.
 */
export function garwood(n: number): [number, number] {
  if (Number.isNaN(n)) return [NaN, NaN];
  const count = Math.max(n, 0);
  let found = known.get(count);
  if (!found) {
    found = [count > 0 ? quantile(count, false) : 0, quantile(count + 1, true)];
    known.set(count, found);
  }
  return found;
}
