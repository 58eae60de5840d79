import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalsOf, fixed, measured, probability, real, significant, withSides } from "../src/drawing/numbers.ts";

test("numbers of saved results", () => {
  assert.deepEqual([real(1.5), real("inf"), real("-inf")], [1.5, Infinity, -Infinity]);
  for (const none of [null, undefined, "?"]) assert.ok(Number.isNaN(real(none)));
});

test("two digits of the uncertainty", () => {
  assert.equal(measured(0.95213, 0.0432), "0.952 ± 0.043");
  assert.equal(measured(830.2, 39.1), "830 ± 39");
  assert.equal(measured(-0.0003, 1.04), "0.0 ± 1.0");
  assert.equal(measured(0.5, null), "0.5");
  assert.equal(measured(NaN, 0.2), "– ± 0.20");
  assert.deepEqual([decimalsOf(0.0996), decimalsOf(0), decimalsOf(NaN), decimalsOf(1234)], [2, 4, 4, 0]);
});

test("sides that differ", () => {
  assert.equal(withSides(1.3, 0.32, 0.27), "1.30 +0.32 −0.27");
  assert.equal(withSides(1.3, 0.3, 0.3), "1.30 ± 0.30");
  assert.equal(withSides(1.3, 0.32, NaN), "1.30 +0.32 −?");
  assert.equal(withSides(0, 0.32, 0), "0.00 +0.32");
  assert.equal(withSides(1.3, NaN, NaN), "1.3");
});

test("what is none, infinite or small", () => {
  assert.deepEqual([fixed(null, 2), fixed(NaN, 2), fixed(Infinity, 2), fixed(-Infinity, 2)], ["–", "–", "∞", "−∞"]);
  assert.equal(fixed(-0.001, 2), "0.00");
  assert.equal(significant(-1.23456e-9, 3), "−1.23e−9");
  assert.deepEqual([probability(0.0358), probability(0, -349.437), probability(NaN)], ["0.0358", "3.66e−350", "–"]);
});
