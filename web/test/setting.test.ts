import assert from "node:assert/strict";
import { test } from "node:test";
import { fromAddress, inWords, type Setting, toAddress, UNCHANGED } from "../src/live/setting.ts";

const names = ["mu", "jes <b>", "ε_b"];
const channels = new Map([["SR 2b", 4]]);

test("a setting comes back from its address", () => {
  const setting: Setting = {
    values: { mu: 1.5, ε_b: -0.25 },
    fixed: ["mu"],
    freed: [],
    dropped: ["jes <b>"],
    channels: [],
    bins: { "SR 2b": [0, 3] },
    widths: { ε_b: 2 },
    luminosity: 3,
    asimov: 0,
  };
  const address = toAddress(setting);
  assert.doesNotMatch(address, /[<>" ]/);
  assert.deepEqual(fromAddress(`#${address}`, names, channels), setting);
});

test("the model as handed in needs no address", () => {
  assert.equal(toAddress(UNCHANGED), "");
  assert.equal(fromAddress("#regions", names, channels), null);
  assert.equal(inWords(UNCHANGED), "as handed in");
});

test("what the model does not know is passed over", () => {
  const told = {
    values: { mu: 2, other: 1, ε_b: "x" },
    fixed: ["other", 3],
    bins: { "SR 2b": [9, 1.5, 2], X: [0] },
    luminosity: -1,
    asimov: null,
  };
  const found = fromAddress(`#model=${encodeURIComponent(JSON.stringify(told))}`, names, channels);
  assert.deepEqual(found, { ...UNCHANGED, values: { mu: 2 }, bins: { "SR 2b": [2] } });
});

test("an address that is damaged is none", () => {
  for (const hash of ["#model=", "#model=%", "#model=%7B", "#model=3", "#model=null"])
    assert.equal(fromAddress(hash, names, channels), null);
});
