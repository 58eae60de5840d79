/** Numbers as text: two significant digits of the uncertainty, everywhere. */

/** Return how many decimals show two significant digits of an uncertainty. */
export function decimalsOf(uncertainty: number): number {
  const size = Math.abs(uncertainty);
  if (!(size > 0) || !Number.isFinite(size)) return 4;
  const rounded = Number(size.toPrecision(2));
  return Math.min(Math.max(1 - Math.floor(Math.log10(rounded)), 0), 12);
}

const raised: Record<string, string> = Object.fromEntries([..."-0123456789"].map((c, i) => [c, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][i]]));

/** Return a power of ten: `10⁻³`. */
export function power(exponent: number): string {
  return `10${[...String(exponent)].map((c) => raised[c]).join("")}`;
}

const signed = (text: string): string => text.replaceAll("-", "\u2212");

/** Return a number with so many decimals; a dash for what is none. */
export function fixed(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "\u2013";
  if (!Number.isFinite(value)) return value > 0 ? "\u221e" : "\u2212\u221e";
  const text = value.toFixed(Math.min(decimals, 12));
  return Number(text) === 0 ? text.replace("-", "") : signed(text);
}

/** Return a number with so many significant digits. */
export function significant(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "\u2013";
  if (!Number.isFinite(value)) return value > 0 ? "\u221e" : "\u2212\u221e";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e7)
      ? value.toExponential(digits - 1)
      : String(Number(value.toPrecision(digits)));
  return signed(text);
}

/** Return value and uncertainty: `0.952 ± 0.043`. */
export function measured(value: number, uncertainty: number | null): string {
  if (uncertainty === null || !(uncertainty > 0)) return significant(value, 4);
  const decimals = decimalsOf(uncertainty);
  return `${fixed(value, decimals)} \u00b1 ${fixed(uncertainty, decimals)}`;
}

/** Return a change with its sign. */
export function change(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "\u2013";
  const text = fixed(value, decimals);
  return value > 0 ? `+${text}` : text;
}

/** Return a number of a saved result: null is NaN, and infinities are texts. */
export function real(value: number | string | null | undefined): number {
  if (value === null || value === undefined) return NaN;
  if (typeof value === "number") return value;
  return value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number.NaN;
}

/** Return value and uncertainties up and down: `1.30 +0.32 −0.27`; one with ± where they are equal as shown. */
export function withSides(value: number, up: number, down: number): string {
  const sides = [up, down].filter((side) => Number.isFinite(side) && side > 0);
  if (!sides.length) return significant(value, 4);
  const decimals = decimalsOf(Math.min(...sides));
  const [high, low] = [fixed(up, decimals), fixed(down, decimals)];
  if (high === low) return `${fixed(value, decimals)} ± ${high}`;
  const side = (length: number, text: string, sign: string) =>
    Number.isFinite(length) ? (length > 0 ? ` ${sign}${text}` : "") : ` ${sign}?`;
  return `${fixed(value, decimals)}${side(up, high, "+")}${side(down, low, "−")}`;
}

/** Return a probability: three digits, as a power of ten where a number can't hold it. */
export function probability(p: number, log10 = NaN): string {
  if (Number.isNaN(p)) return "–";
  if (p > 0 || !Number.isFinite(log10)) return significant(p, 3);
  const power = Math.floor(log10);
  return `${(10 ** (log10 - power)).toFixed(2)}e${power}`.replace("-", "−");
}

/** Return a number as a reader writes it: whole ones in full, thousands apart, large and small ones with a power of ten. */
export function written(value: number | null | undefined, digits = 6, large = 1e9): string {
  if (value === null || value === undefined) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= large || size < 1e-4) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const factor = Number(mantissa);
    const before = factor === 1 ? "" : factor === -1 ? "−" : signed(`${factor}×`);
    return before + power(Number(exponent));
  }
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(digits));
  const text = rounded.toLocaleString("en", { useGrouping: size >= 10_000, maximumFractionDigits: 20 });
  return signed(text.replaceAll(",", "\u202f"));
}

/** Return a number as it stands at an axis, where there is little room. */
export function onAxis(value: number): string {
  return written(value, 6, 1e6);
}
