import assert from "node:assert/strict";
import { test } from "node:test";
import { reach } from "../src/drawing/variation.ts";
import { fromTemplates } from "../src/report/systematics/packed.ts";
import { effectOf, fromWorkspace, type WorkspaceDocument } from "../src/report/systematics/workspace.ts";

function packed(header: object, numbers: number[]): Uint8Array<ArrayBuffer> {
  let text = JSON.stringify(header);
  text += " ".repeat((4 - (text.length % 4)) % 4);
  const bytes = new Uint8Array(4 + text.length + 4 * numbers.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  bytes.set(new TextEncoder().encode(text), 4);
  numbers.forEach((value, i) => {
    view.setFloat32(4 + text.length + 4 * i, value, true);
  });
  return bytes;
}

test("packed variations are found again, with what they were before processing", () => {
  const header = {
    names: { regions: ["SR"], samples: ["top"], systematics: ["JES", "JER"] },
    blocks: [[0, 0, 2]],
    rows: [
      [0, 0, 2],
      [0, 1, 0],
    ],
  };
  const found = fromTemplates(packed(header, [8, 16, 0.5, 0.25, 1, 2, 3, 4, 5, 6, 7, NaN, 9, 10]));
  assert.deepEqual(found[0].nominal, [8, 16]);
  assert.deepEqual(found[0].band, [0.5, 0.25]);
  assert.deepEqual(
    [found[0].up, found[0].down],
    [
      [1, 2],
      [3, 4],
    ],
  );
  assert.deepEqual([found[0].upBefore, found[0].downBefore], [undefined, [5, 6]]);
  assert.deepEqual([found[1].systematic, found[1].up, found[1].down], ["JER", [7, NaN], [9, 10]]);
});

const workspace: WorkspaceDocument = {
  channels: [
    {
      name: "SR",
      samples: [
        {
          name: "top",
          data: [10, 30, 0],
          modifiers: [
            { name: "JES", type: "histosys", data: { hi_data: [12, 33, 0], lo_data: [9, 24, 0] } },
            { name: "JES", type: "normsys", data: { hi: 1.1, lo: 0.9 } },
            { name: "lumi", type: "lumi", data: null },
            { name: "mu", type: "normfactor", data: null },
            { name: "stat", type: "staterror", data: [1, 6, 0] },
          ],
        },
      ],
    },
  ],
  measurements: [{ name: "m", config: { parameters: [{ name: "lumi", sigmas: [0.02] }] } }],
};

const near = (found: number[], expected: number[]) =>
  found.forEach((value, i) => {
    assert.ok(Number.isNaN(expected[i]) ? Number.isNaN(value) : Math.abs(value - expected[i]) < 1e-12);
  });

test("modifiers of one name are one variation", () => {
  const found = fromWorkspace(workspace);
  assert.deepEqual(
    found.map((one) => one.systematic),
    ["JES", "lumi"],
  );
  near(found[0].up, [1.2 * 1.1 - 1, 1.1 * 1.1 - 1, NaN]);
  near(found[0].down, [0.9 * 0.9 - 1, 0.8 * 0.9 - 1, NaN]);
  near(found[0].band, [0.1, 0.2, NaN]);
  near(found[1].up, [0.02, 0.02, 0.02]);
});

test("the effect on the yield is that of all bins", () => {
  const [jes, lumi] = fromWorkspace(workspace);
  near(effectOf(jes).norm, [(45 * 1.1) / 40 - 1, (33 * 0.9) / 40 - 1]);
  const largest = (13.2 * 40) / 49.5 / 10 - 1;
  near(effectOf(jes).shape!.slice(0, 1), [largest]);
  assert.equal(effectOf(lumi).shape, null);
});

test("a drawing holds all changes, and a wide band does not hide them", () => {
  const changes = { up: [0.1, NaN], down: [-0.2, 0], band: [5, 0.1] };
  assert.equal(reach(changes).toFixed(6), (1.15 * 60).toFixed(6));
  assert.equal(reach({ up: [0], down: [0], band: [NaN] }), 1.15);
});
