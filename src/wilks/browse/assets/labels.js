/* Labels of bins: how they stand at an axis; histograms over each other have their bins in one order. */

/* True where every bin has a label of its own, which says which bin it is. */
const identify = (labels) => Boolean(labels) && labels.every(Boolean) && new Set(labels).size === labels.length;

const listLabels = (labels) => (labels ? labels.map((label) => label || "(none)").join(", ") : "without labels");

/* Bins of categories in the order of the first item that has some; what has other bins is `unlike` that one. */
function aligned(all) {
  const first = all.find((one) => identify(one.labels));
  return first ? all.map((one) => inOrderOf(first, one)) : all;
}

function inOrderOf(first, one) {
  const { edges, labels } = first;
  if (one.kind === "points" && !one.labels) return one;
  const columns = ["values", "errors", "base", "own"].filter((key) => one.kind === "steps" && one[key]);
  if (!one.labels && columns.every((key) => one[key].every((v) => v === 0))) {
    const nothing = labels.map(() => 0);
    return { ...one, edges, labels, ...Object.fromEntries(columns.map((key) => [key, nothing])) };
  }
  const places = labels.map((label) => (one.labels ? one.labels.indexOf(label) : -1));
  if (!one.labels || one.labels.length !== labels.length || places.includes(-1)) return { ...one, unlike: first };
  if (one.kind === "points") {
    const at = one.x.map((x) => places.indexOf(find(one.edges, x)));
    const half = at.map((bin) => (edges[bin + 1] - edges[bin]) / 2);
    return { ...one, edges, labels, x: at.map((bin, i) => edges[bin] + half[i]), xLow: half, xHigh: half };
  }
  const moved = columns.map((key) => [key, places.map((place) => one[key][place])]);
  return { ...one, edges, labels, ...Object.fromEntries(moved) };
}

/* What a bin is called: its label, else its range. */
const binName = (edges, labels, bin) => (labels && labels[bin]) || `${format(edges[bin])} – ${format(edges[bin + 1])}`;

const LETTER = 7;
const LINE = 13;
const shortLabel = (text) => (text.length > 24 ? `${text.slice(0, 15)}…${text.slice(-8)}` : text);
const namesOf = ({ edges, labels }) => labels.map((_, bin) => shortLabel(binName(edges, labels, bin)));

/* The room that labels of bins need at an axis of `pixels` for `span` of its unit: upright, or in every which bin. */
function labelRoom(axis, span, pixels) {
  const { edges } = axis;
  const room = (Math.min(...edges.slice(1).map((edge, i) => edge - edges[i])) / span) * pixels;
  const size = LETTER * Math.max(...namesOf(axis).map((name) => name.length));
  return { size, upright: size > room, every: Math.max(1, Math.ceil(LINE / room)) };
}

/* Labels below the bins of an axis whose places are `x`; upright where they are wider than their bins. */
function labelsBelow(axis, x, bottom, { upright, every }) {
  return namesOf(axis).flatMap((name, bin) => {
    if (bin % every) return [];
    const at = x((axis.edges[bin] + axis.edges[bin + 1]) / 2);
    if (!upright) return [textAt(name, at, bottom + 19, "middle")];
    const place = { transform: `translate(${at + 4} ${bottom + 8}) rotate(-90)`, "text-anchor": "end" };
    return [shape("text", place, name)];
  });
}

/* Labels on the left of the bins of an axis whose places are `y`. */
const labelsBeside = (axis, y, left, { every }) =>
  namesOf(axis).flatMap((name, bin) =>
    bin % every ? [] : [textAt(name, left - 9, y((axis.edges[bin] + axis.edges[bin + 1]) / 2) + 4, "end")],
  );
