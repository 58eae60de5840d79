/** Yields as papers give them: rounded as the Particle Data Group does, exactly as Python's tables are. */

/** Return the digits of a number and the power of ten of the first one. */
function decimal(value: number): { digits: string; exponent: number } {
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e");
  return { digits: mantissa.replace(".", ""), exponent: Number(exponent) };
}

/** Return the power of ten of the last digit that is kept of an uncertainty: two digits up to 354, one from 355 on. */
function lastPlace(uncertainty: number): number {
  const { digits, exponent } = decimal(uncertainty);
  return exponent - (Number(digits.slice(0, 3).padEnd(3, "0")) < 355 ? 1 : 0);
}

/** Return a value rounded to a power of ten; halves go to the even digit. */
function quantized(value: number, place: number): string {
  const { digits, exponent } = decimal(value);
  const scaled = exponent - place + 1;
  const whole = BigInt(scaled > 0 ? digits.slice(0, scaled).padEnd(scaled, "0") : "0");
  const rest = scaled >= 0 ? digits.slice(scaled) : `0${digits}`;
  const half = "5".padEnd(rest.length, "0");
  const up = rest.length > 0 && (rest > half || (rest === half && whole % 2n === 1n));
  const steps = (whole + (up ? 1n : 0n)).toString();
  const text = place >= 0 ? steps + (steps === "0" ? "" : "0".repeat(place)) : steps.padStart(1 - place, "0");
  const pointed = place < 0 ? `${text.slice(0, place)}.${text.slice(place)}` : text;
  return (value < 0 && /[1-9]/.test(pointed) ? "-" : "") + pointed;
}

/** Return a number with four significant digits; integers in full. */
export function number(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "n/a";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value === 0 ? 0 : value);
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  if (magnitude <= -5 || magnitude >= 15) return value.toExponential(digits - 1).replace(/e([+-])(\d)$/, "e$10$2");
  const text = value.toFixed(Math.max(digits - 1 - magnitude, 0));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Return `value ± uncertainty`, or the value alone where there is no usable uncertainty. */
export function pdgMeasured(value: number, uncertainty: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(uncertainty) || uncertainty === 0) return number(value);
  const place = lastPlace(uncertainty);
  // Where zeros would fill a line a yield is no yield any more.
  if (Math.abs(place) > 20 || Math.abs(value) >= 1e20)
    return `${value.toExponential(3)} ± ${uncertainty.toExponential(1)}`;
  return `${quantized(value, place)} ± ${quantized(Math.abs(uncertainty), place)}`;
}
