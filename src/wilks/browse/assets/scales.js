/* Axes: their ranges, their ticks, and where a value stands. */

function linearTicks(low, high, wanted) {
  const raw = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((nice) => nice * power >= raw * (1 - 1e-12));
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/* Decades, thinned where there are many; 2 and 5 between them where there are few. */
function logTicks(low, high) {
  const first = Math.floor(Math.log10(low)),
    last = Math.ceil(Math.log10(high));
  const every = Math.ceil((last - first) / 8);
  const between = high / low < 300 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = first; power <= last; power += every)
    for (const factor of between) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  return ticks;
}

/* From zero, as yields are; points that are all far from it have a range of their own. */
function linearRange(all) {
  let low = Infinity,
    high = -Infinity;
  for (const one of all)
    one.values.forEach((v, i) => {
      if (!Number.isFinite(v)) return;
      const [down, up] = barOf(one, i);
      low = Math.min(low, one.kind === "steps" && down < 0 && v >= 0 ? v : down);
      high = Math.max(high, up);
    });
  if (low > high) return [0, 1];
  const far = all.every((one) => one.kind === "points") && (low > 0.4 * high || high < 0.4 * low);
  if (!far) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const span = high - low || Math.abs(high) || 1;
  return [low < 0 || far ? low - 0.06 * span : 0, high + 0.08 * span];
}

/* At most ten decades below the largest value, so that one tiny yield does not flatten everything else. */
function logRange(all) {
  let low = Infinity,
    high = 0;
  for (const one of all)
    one.values.forEach((v, i) => {
      if (!(v > 0 && Number.isFinite(v))) return;
      low = Math.min(low, v);
      high = Math.max(high, barOf(one, i)[1]);
    });
  if (high === 0) return null;
  low = Math.max(low, high * 1e-10);
  return [low / 2, high * Math.max(1.5, (high / low) ** 0.06)];
}

/* Places on the page of values from `low` to `high`, and back. */
function scale(low, high, first, last) {
  const to = (value) => first + ((value - low) / (high - low)) * (last - first);
  return Object.assign(to, { low, high, from: (px) => low + ((px - first) / (last - first)) * (high - low) });
}

const textAt = (text, x, y, anchor, kind = "") => shape("text", { class: kind, x, y, "text-anchor": anchor }, text);

function xRange(one) {
  if (one.edges) return [one.edges[0], one.edges[one.edges.length - 1]];
  const good = one.x.map((_, i) => i).filter((i) => Number.isFinite(one.x[i]) && Number.isFinite(one.y[i]));
  if (!good.length) return [0, 1];
  const low = Math.min(...good.map((i) => one.x[i] - one.xLow[i]));
  const high = Math.max(...good.map((i) => one.x[i] + one.xHigh[i]));
  const margin = 0.03 * (high - low) || Math.abs(low) / 2 || 0.5;
  return [low - margin, high + margin];
}

function ratioRange(all) {
  let reach = 0.05;
  for (const { values } of all)
    for (const v of values) if (Number.isFinite(v)) reach = Math.max(reach, Math.abs(v - 1));
  reach = Math.min(reach * 1.2, 1);
  return [1 - reach, 1 + reach];
}
