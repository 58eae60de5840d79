import assert from "node:assert/strict";
import { test } from "node:test";
import { garwood } from "../src/drawing/poisson.ts";

/** Counts with the ends of their intervals: scipy.special.gammaincinv. */
const expected: [number, number, number][] = [
  [0, 0.0, 1.841021645009264],
  [0.001, 0.0, 1.8425938894733507],
  [0.05, 5.968240919695163e-17, 1.9192221286028912],
  [0.5, 0.020034752316820465, 2.5931312621022293],
  [1, 0.1727537790234499, 3.2995265591158565],
  [2, 0.7081854398189712, 4.637859623455246],
  [3.7, 1.86563067956467, 6.792367192302326],
  [10, 6.891305560638356, 14.266949761009393],
  [99, 89.06695558561836, 109.98340327991627],
  [1234.5, 1199.3692974663168, 1270.6449442118467],
  [50000.0, 49776.39394775455, 50224.608288605996],
  [990000.0, 989005.0127304072, 990995.9877721267],
  [3000000.0, 2998267.949288659, 3001733.0510000214],
  [1000000000.0, 999968377.2234036, 1000031623.7766123],
];

test("exact Poisson intervals are those of scipy", () => {
  for (const [count, low, high] of expected) {
    const found = garwood(count);
    assert.ok(Math.abs(found[0] - low) <= 1e-11 * low, `lower end of ${count}: ${found[0]}, not ${low}`);
    assert.ok(Math.abs(found[1] - high) <= 1e-11 * high, `upper end of ${count}: ${found[1]}, not ${high}`);
  }
});

test("what is no count has no interval, and a negative one that of an empty bin", () => {
  assert.deepEqual(garwood(NaN), [NaN, NaN]);
  assert.deepEqual(garwood(-2), garwood(0));
});
