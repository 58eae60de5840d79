/* What is drawn of the chosen objects: curves (steps or points) and planes, made of the payload when they are needed. */

/* JSON has no infinities and no NaN: they travel as strings. */
const numbers = (list) => list.map(Number);
const numeric = (value) => (value === null || value === undefined ? null : Number(value));

const made = new Map();
function once(key, make) {
  if (!made.has(key)) made.set(key, make());
  return made.get(key);
}

/* Edges and labels of bins, which are stored once for all that share them. */
const binsOf = ({ edges = null, labels = null }) => ({
  edges: edges === null ? null : payload.edges[edges],
  labels: labels === null ? null : payload.labels[labels],
});

function stepsOf(histogram, name, entries) {
  const found = once(histogram, () => {
    const steps = { kind: "steps", ...binsOf(histogram) };
    for (const key of ["values", "errors"]) steps[key] = numbers(histogram[key]);
    for (const key of ["integral", "mean", "stdev", "underflow", "overflow"]) steps[key] = numeric(histogram[key]);
    return steps;
  });
  return { ...histogram, ...found, name, entries: numeric(entries) };
}

function pointsOf(points, name) {
  const found = once(points, () => {
    const item = { kind: "points", ...binsOf(points) };
    for (const key of ["x", "y", "xLow", "xHigh", "yLow", "yHigh"]) item[key] = numbers(points[key]);
    item.values = item.y;
    item.low = item.y.map((y, i) => y - item.yLow[i]);
    item.high = item.y.map((y, i) => y + item.yHigh[i]);
    return item;
  });
  return { ...points, ...found, name, entries: found.x.length };
}

function planeOf(plane, name) {
  const found = once(plane, () => ({
    kind: "plane",
    axes: plane.axes.map((axis) => ({ ...binsOf(axis), title: axis.label })),
    values: numbers(plane.values),
  }));
  return { ...plane, ...found, name };
}

function itemOf(record, name) {
  if (record.histogram) return stepsOf(record.histogram, name, record.entries);
  if (record.points) return pointsOf(record.points, name);
  return planeOf(record.plane, name);
}

/* The parts of a stack stand on each other; the sum is drawn as a line. */
function partsOf(parts, name) {
  const items = parts.of.map((part) => ({ ...itemOf(part, `${name}: ${part.name}`), yLabel: parts.yLabel }));
  if (!parts.stacked || !items.length) return items.map((item) => ({ ...item, label: item.label || parts.label }));
  let below = null;
  const layers = items.map((item) => {
    const base = below || item.values.map(() => 0);
    below = item.values.map((value, i) => value + base[i]);
    return { ...item, layer: true, base, own: item.values, values: below };
  });
  const squares = items[0].errors.map((_, i) => Math.sqrt(items.reduce((sum, item) => sum + item.errors[i] ** 2, 0)));
  const total = (key) => items.reduce((sum, item) => sum + item[key], 0);
  const sum = { ...items[0], name: `${name}: sum`, values: below, errors: squares, outline: true };
  for (const key of ["entries", "integral", "underflow", "overflow"]) sum[key] = total(key);
  const box = identify(sum.labels) ? { mean: null, stdev: null } : moments(sum.edges, sum.values);
  Object.assign(sum, box, { outside: "" });
  return [...layers.reverse(), sum];
}

function moments(edges, values) {
  let sum = 0,
    first = 0,
    second = 0;
  values.forEach((value, i) => {
    const x = (edges[i] + edges[i + 1]) / 2;
    sum += value;
    first += value * x;
  });
  const mean = sum ? first / sum : null;
  if (mean !== null)
    values.forEach((value, i) => {
      second += value * ((edges[i] + edges[i + 1]) / 2 - mean) ** 2;
    });
  return { mean, stdev: mean !== null && second / sum >= 0 ? Math.sqrt(second / sum) : null };
}

function sampleOf(node) {
  return node.parent.object.sample.branches[node.name];
}

function sampledValues(node) {
  const sample = sampleOf(node);
  return once(sample, () => {
    const bytes = Uint8Array.from(atob(sample.values), (c) => c.charCodeAt(0));
    return sample.type === "f4" ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
  });
}

const niceSteps = (raw) => {
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 2.5, 5, 10].find((nice) => nice * power >= raw * (1 - 1e-12));
};

/* Common bins for all chosen branches: round numbers around the values, one per whole number. */
function sampleEdges(nodes, bins) {
  let low = Infinity,
    high = -Infinity;
  for (const node of nodes)
    for (const value of sampledValues(node))
      if (Number.isFinite(value)) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
  if (low > high) return [0, 1];
  const even = (first, step, count) => Array.from({ length: count + 1 }, (_, i) => Number((first + i * step).toPrecision(15)));
  if (!bins && high - low < 120 && nodes.every((node) => sampleOf(node).whole)) return even(low - 0.5, 1, high - low + 1);
  if (low === high) [low, high] = [low - Math.max(Math.abs(low), 1) / 2, high + Math.max(Math.abs(high), 1) / 2];
  if (bins) return Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * (1 + 1e-6) * i) / bins);
  const step = niceSteps((high - low) / 60);
  const first = Math.floor(low / step);
  return Array.from({ length: Math.floor(high / step) + 2 - first }, (_, i) => Number(((first + i) * step).toPrecision(15)));
}

function sampleSteps(node, edges) {
  const { entries: read, of } = node.parent.object.sample;
  const values = new Array(edges.length - 1).fill(0);
  let underflow = 0,
    overflow = 0,
    lost = 0,
    sum = 0,
    squares = 0,
    count = 0;
  for (const value of sampledValues(node)) {
    const bin = find(edges, value);
    if (Number.isNaN(value)) lost += 1;
    else if (bin !== null) {
      values[bin] += 1;
      sum += value;
      squares += value * value;
      count += 1;
    } else if (value < edges[0]) underflow += 1;
    else overflow += 1;
  }
  const mean = count ? sum / count : null;
  return {
    kind: "steps",
    name: node.path + (of > read ? ` (sample: ${format(read)} of ${format(of)} entries)` : ""),
    label: node.name,
    edges,
    labels: null,
    values,
    errors: values.map(Math.sqrt),
    entries: count + underflow + overflow,
    integral: count,
    mean,
    stdev: count ? Math.sqrt(Math.max(squares / count - mean * mean, 0)) : null,
    underflow,
    overflow,
    outside: lost ? `${format(lost)} values are NaN, not drawn` : "",
  };
}

/* How much of a tree was read for the page, in words. */
function sampleSentence(node) {
  const { entries, of, blocks } = node.parent.object.sample;
  const { note } = sampleOf(node);
  const some = `${format(entries)} of ${format(of)} entries`;
  const part =
    entries === of
      ? `all ${format(of)} entries`
      : blocks === 1
        ? `a sample: the first ${some}`
        : `a sample: ${some}, in ${blocks} blocks spread evenly over the tree`;
  return `${node.path}: ${part}.${note ? ` ${note}` : ""}`;
}

const viewsOf = (node) => (node.object && node.object.views) || null;

function viewOf(node, key) {
  const views = viewsOf(node);
  return views.find((view) => view.key === key) || views[0];
}

/* All that is drawn of the chosen nodes, each item with the number of its colour. */
function itemsOf(nodes, state) {
  const branches = nodes.filter((node) => node.branch);
  const edges = branches.length ? sampleEdges(branches, state.bins) : null;
  const items = nodes.flatMap((node) => {
    if (node.branch) return [{ ...sampleSteps(node, edges), node }];
    const { object, path } = node;
    if (object.parts) return partsOf(object.parts, path).map((item) => ({ ...item, node }));
    if (object.views) {
      const view = viewOf(node, state.view);
      return [{ ...itemOf(view, view.key === "map" ? path : `${path}, ${view.name}`), node }];
    }
    return [{ ...itemOf(object, path), node }];
  });
  return items.map((item, index) => ({ ...item, index }));
}

/* Yields and errors divided by the integral, where only shapes are compared. */
function normalised(item) {
  if (item.kind !== "steps" || item.layer || !(item.integral !== 0 && Number.isFinite(item.integral))) return item;
  const scale = 1 / item.integral;
  return { ...item, values: item.values.map((v) => v * scale), errors: item.errors.map((v) => v * Math.abs(scale)) };
}

/* The ends of the error bar of one bin or point. */
function barOf(item, i) {
  if (item.kind === "points") return [item.low[i], item.high[i]];
  const error = item.layer || !Number.isFinite(item.errors[i]) ? 0 : item.errors[i];
  return [item.values[i] - error, item.values[i] + error];
}
