import assert from "node:assert/strict";
import { test } from "node:test";
import { change, decimalsOf, fixed, measured, significant } from "../src/drawing/numbers.ts";
import { chiSquareTail } from "../src/engine/questions.js";

const near = (found: number, expected: number, relative = 1e-12) =>
  assert.ok(Math.abs(found - expected) <= relative * Math.abs(expected), `${found} is not ${expected}`);

test("tails of chi-square have their closed forms", () => {
  for (const x of [0.1, 1, 5, 40, 200]) {
    near(chiSquareTail(x, 2), Math.exp(-x / 2));
    near(chiSquareTail(x, 4), Math.exp(-x / 2) * (1 + x / 2));
  }
  near(chiSquareTail(1, 1), 0.3173105078629141, 1e-11);
  near(chiSquareTail(3.841458820694124, 1), 0.05, 1e-11);
  near(chiSquareTail(120, 100), 0.0843, 1e-2);
  assert.equal(chiSquareTail(0, 3), 1);
});

test("the incomplete gamma function of a whole number has its closed form", () => {
  near(chiSquareTail(5, 6), Math.exp(-2.5) * (1 + 2.5 + 3.125));
});

test("numbers have two digits of their uncertainty", () => {
  assert.equal(measured(0.95234, 0.0431), "0.952 ± 0.043");
  assert.equal(measured(123.4, 0.999), "123.4 ± 1.0");
  assert.equal(measured(1, NaN), "1");
  assert.equal(decimalsOf(0.0995), 2);
  assert.equal(fixed(-0.5, 1), "−0.5");
  assert.equal(fixed(null, 1), "–");
  assert.equal(significant(Infinity), "∞");
  assert.equal(change(0.25, 2), "+0.25");
});
