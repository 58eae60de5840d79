/** An order in which things that are alike stand side by side. */

/** Return the positions 0 to n - 1 in the order of the leaves of a tree: average linkage over `distance`.
 *
 * The tree is built by chains of nearest neighbours (F. Murtagh, Computer Journal 26 (1983) 354), in n² steps; where two
 * branches meet, they are turned so that their nearest ends touch.
 */
export function clusterOrder(n: number, distance: (i: number, j: number) => number): number[] {
  if (n < 3) return Array.from({ length: n }, (_, i) => i);
  const between = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const found = distance(i, j);
      between[i * n + j] = between[j * n + i] = Number.isFinite(found) ? found : 1;
    }
  const clusters = new Map<number, number[]>(Array.from({ length: n }, (_, i) => [i, [i]]));
  const chain: number[] = [];
  while (clusters.size > 1) {
    if (!chain.length) chain.push(first(clusters));
    const tip = chain[chain.length - 1];
    const before = chain[chain.length - 2];
    const next = nearest(tip, before, clusters, between, n);
    if (next !== before) {
      chain.push(next);
      continue;
    }
    chain.length -= 2;
    merge(tip, next, clusters, between, n, distance);
  }
  return [...clusters.values()][0];
}

const first = (clusters: Map<number, number[]>): number => clusters.keys().next().value as number;

/** Return the cluster nearest to one; the one before it in the chain where others are no nearer. */
function nearest(
  from: number,
  before: number | undefined,
  clusters: Map<number, number[]>,
  between: Float64Array,
  n: number,
): number {
  let best = before ?? -1;
  let least = before === undefined ? Infinity : between[from * n + before];
  for (const other of clusters.keys())
    if (other !== from && between[from * n + other] < least) {
      best = other;
      least = between[from * n + other];
    }
  // Only infinities are left.
  if (best < 0) for (const other of clusters.keys()) if (other !== from) return other;
  return best;
}

function merge(
  a: number,
  b: number,
  clusters: Map<number, number[]>,
  between: Float64Array,
  n: number,
  distance: (i: number, j: number) => number,
): void {
  const [left, right] = [clusters.get(a) as number[], clusters.get(b) as number[]];
  const [p, q] = [left.length, right.length];
  for (const other of clusters.keys()) {
    if (other === a || other === b) continue;
    const mean = (p * between[a * n + other] + q * between[b * n + other]) / (p + q);
    between[a * n + other] = between[other * n + a] = mean;
  }
  clusters.set(a, joined(left, right, distance));
  clusters.delete(b);
}

function joined(left: number[], right: number[], distance: (i: number, j: number) => number): number[] {
  const gap = (one: number[], other: number[]) => distance(one[one.length - 1], other[0]);
  const turned = [...left].reverse();
  const back = [...right].reverse();
  const ways: [number[], number[]][] = [
    [left, right],
    [left, back],
    [turned, right],
    [turned, back],
  ];
  let best = ways[0];
  for (const way of ways) if (gap(...way) < gap(...best)) best = way;
  return [...best[0], ...best[1]];
}
