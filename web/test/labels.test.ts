import assert from "node:assert/strict";
import { test } from "node:test";
import { type Run, words } from "../src/drawing/labels.ts";

test("what is raised or lowered is marked in plain text", () => {
  const runs: Run[] = [
    ["p", 0],
    ["T", -1],
    ["Z", 1],
    [" [GeV]", 0],
  ];
  assert.equal(words(runs), "p_T^Z [GeV]");
  assert.equal(
    words([
      ["m", 0],
      ["tt\u0304", -1],
    ]),
    "m_tt\u0304",
  );
  assert.equal(
    words([
      ["x", 0],
      ["a, b", 1],
    ]),
    "x^(a, b)",
  );
  assert.equal(words("jet_pt"), "jet_pt");
});
