/* Labels of bins: histograms over each other have their bins in one order. */

/* True where every bin has a label of its own, which says which bin it is. */
const identify = (labels) => labels !== null && labels.every(Boolean) && new Set(labels).size === labels.length;

const listLabels = (labels) => (labels ? labels.map((label) => label || "(none)").join(", ") : "without labels");

/* Bins of categories in the order of the first histogram that has some; what has other bins is `unlike` that one. */
function aligned(all) {
  const first = all.find((one) => identify(one.labels));
  if (!first) return all;
  return all.map((one) => {
    const { edges, labels } = first;
    if (!one.labels && one.values.every((v) => v === 0) && one.errors.every((v) => v === 0)) {
      const nothing = labels.map(() => 0);
      return { ...one, edges, labels, values: nothing, errors: nothing };
    }
    const places = labels.map((label) => (one.labels ? one.labels.indexOf(label) : -1));
    if (!one.labels || one.labels.length !== labels.length || places.includes(-1))
      return { ...one, unlike: first };
    const moved = (numbers) => places.map((place) => numbers[place]);
    return { ...one, edges, labels, values: moved(one.values), errors: moved(one.errors) };
  });
}
