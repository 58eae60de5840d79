import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOrder } from "../src/drawing/cluster.ts";

/** Numbers that repeat: a linear congruential generator. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** The leaves of average linkage, found by looking at every pair of clusters again and again. */
function slowly(n: number, distance: (i: number, j: number) => number): Set<string> {
  let clusters = Array.from({ length: n }, (_, i) => [i]);
  const found = new Set<string>();
  const mean = (a: number[], b: number[]) =>
    a.reduce((sum, i) => sum + b.reduce((inner, j) => inner + distance(i, j), 0), 0) / (a.length * b.length);
  while (clusters.length > 1) {
    let best: [number, number] = [0, 1];
    let least = Infinity;
    for (let i = 0; i < clusters.length; i++)
      for (let j = 0; j < i; j++)
        if (mean(clusters[i], clusters[j]) < least) {
          least = mean(clusters[i], clusters[j]);
          best = [j, i];
        }
    const joined = [...clusters[best[0]], ...clusters[best[1]]];
    clusters = [...clusters.filter((_, i) => !best.includes(i)), joined];
    found.add([...joined].sort((a, b) => a - b).join());
  }
  return found;
}

test("every position is there once", () => {
  for (const n of [0, 1, 2, 3, 17, 60]) {
    const next = random(n + 1);
    const table = Array.from({ length: n }, () => Array.from({ length: n }, next));
    const order = clusterOrder(n, (i, j) => table[Math.min(i, j)][Math.max(i, j)]);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      Array.from({ length: n }, (_, i) => i),
    );
  }
});

test("each cluster of average linkage stands together", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const n = 14;
    const next = random(seed);
    const table = Array.from({ length: n }, () => Array.from({ length: n }, next));
    const distance = (i: number, j: number) => (i === j ? 0 : table[Math.min(i, j)][Math.max(i, j)]);
    const order = clusterOrder(n, distance);
    for (const cluster of slowly(n, distance)) {
      const places = cluster.split(",").map((name) => order.indexOf(Number(name)));
      assert.equal(Math.max(...places) - Math.min(...places), places.length - 1, `seed ${seed}: ${cluster}`);
    }
  }
});

test("points on a line come back in their order", () => {
  const at = [5, 0, 9, 1, 8, 4, 20];
  const order = clusterOrder(at.length, (i, j) => Math.abs(at[i] - at[j]));
  const values = order.map((i) => at[i]);
  const sorted = [...at].sort((a, b) => a - b);
  assert.ok(
    JSON.stringify(values) === JSON.stringify(sorted) || JSON.stringify(values.reverse()) === JSON.stringify(sorted),
  );
});

test("what is not a number is far away", () => {
  const table = [
    [0, NaN, 0.1],
    [NaN, 0, NaN],
    [0.1, NaN, 0],
  ];
  const order = clusterOrder(3, (i, j) => table[i][j]);
  assert.equal(Math.abs(order.indexOf(0) - order.indexOf(2)), 1);
});
