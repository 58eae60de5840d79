import assert from "node:assert/strict";
import { test } from "node:test";
import { toAddress, UNCHANGED } from "../src/live/setting.ts";
import { partsOf, withPart } from "../src/report/address.ts";

const setting = toAddress({ ...UNCHANGED, dropped: ["a & model=b", "#c"] });

test("a place and a setting stand side by side", () => {
  const place = `parameter=${encodeURIComponent("jes & model=x")}`;
  const both = withPart(`#${place}`, { setting });
  assert.deepEqual(partsOf(both), { place, setting });
  assert.deepEqual(partsOf(withPart(both, { place: "ranking" })), { place: "ranking", setting });
  assert.equal(withPart(both, { setting: "" }), `#${place}`);
});

test("one of them alone, and none", () => {
  assert.deepEqual(partsOf(`#${setting}`), { place: "", setting });
  assert.deepEqual(partsOf("#ranking"), { place: "ranking", setting: "" });
  assert.deepEqual(partsOf(""), { place: "", setting: "" });
  assert.equal(withPart("", {}), "#");
});
