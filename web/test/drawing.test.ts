import assert from "node:assert/strict";
import { test } from "node:test";
import { logarithmicOf, scale, ticksOf, within } from "../src/drawing/axes.ts";
import { viridis } from "../src/drawing/colours.ts";
import { fileName } from "../src/drawing/files.ts";
import { naming, namingBeside } from "../src/drawing/naming.ts";
import { onAxis, written } from "../src/drawing/numbers.ts";
import { outline } from "../src/drawing/panels.ts";
import { endOf } from "../src/drawing/text.ts";

test("numbers as a reader writes them", () => {
  assert.deepEqual(
    [0, 1234, 12345.678, -0.5, 1e-5].map((value) => written(value)),
    ["0", "1234", "12\u202f345.7", "−0.5", "10⁻⁵"],
  );
  assert.deepEqual(
    [2.5e9, -1e12].map((value) => written(value, 3)),
    ["2.5×10⁹", "−10¹²"],
  );
  assert.deepEqual(
    [null, NaN, Infinity, -Infinity].map((value) => written(value)),
    ["–", "NaN", "∞", "−∞"],
  );
  assert.deepEqual([written(2e7), onAxis(2e7), onAxis(999_999)], ["20\u202f000\u202f000", "2×10⁷", "999\u202f999"]);
});

test("ticks are those that can be written", () => {
  assert.deepEqual(ticksOf(scale([0, 23_800], [400, 0]), 5), [0, 5000, 10_000, 15_000, 20_000]);
  assert.deepEqual(ticksOf(scale([3, 24_000], [400, 0], true), 5), [10, 100, 1000, 10_000]);
  // Within a decade there are some between the powers of ten.
  assert.deepEqual(ticksOf(scale([15, 80], [400, 0], true), 5).slice(0, 3), [20, 30, 40]);
});

test("a logarithmic axis within one decade has numbers, too", () => {
  const texts = (domain: [number, number]) =>
    ticksOf(scale(domain, [400, 0], true), 5).map(logarithmicOf(scale(domain, [400, 0], true)));
  assert.deepEqual(texts([15, 80]).filter(Boolean), ["20", "50"]);
  assert.deepEqual(texts([3, 24_000]).filter(Boolean), ["10", "100", "1000", "10000"]);
});

test("places are cut a little beyond the frame", () => {
  const y = within(scale([1, 100], [200, 0], true), 4, true);
  assert.deepEqual([y(1), y(10), y(0), y(-5), y(1e-9), y(1e9)], [200, 100, 200, 200, 200, -4]);
  const linear = within(scale([0, 10], [200, 0]), 4, false);
  assert.deepEqual([linear(5), linear(-100), linear(100)], [100, 204, -4]);
});

test("an outline stands on its base, and falls beside what is missing", () => {
  const same = (value: number) => value;
  assert.equal(outline([0, 1, 2], [5, 7], same, same, 9), "M0,9V5H1V7H2V9");
  assert.equal(outline([0, 1, 2, 3], [5, NaN, 7], same, same, 9), "M0,9V5H1V9M2,9V7H3V9");
  assert.equal(outline([0, 1], [NaN], same, same, 9), "");
});

test("names of bins stand upright, and not all of them, where bins are narrow", () => {
  const [edges, texts] = [
    [0, 1, 2, 3],
    ["one", "two", "three"],
  ];
  assert.deepEqual(naming(edges, [], 50, { letter: 6, angle: 90 }), { upright: 0, room: 0 });
  const wide = naming(edges, texts, 50, { letter: 6, angle: 90 });
  assert.deepEqual(wide, { names: texts, values: [0.5, 1.5, 2.5], upright: 0, room: 0 });
  const narrow = naming(edges, texts, 8, { letter: 6, angle: 90 });
  assert.deepEqual(narrow, { names: ["one", "three"], values: [0.5, 2.5], upright: 90, room: 30 });
  assert.equal(naming(edges, texts, 20, { letter: 6, angle: 40 }).room, 19);
  assert.equal(naming(edges, texts, 20, { letter: 6, angle: 0 }).upright, 0);
  assert.deepEqual(namingBeside(edges, texts, 7, 6), {
    names: ["one", "three"],
    values: [0.5, 2.5],
    upright: 0,
    room: 30,
  });
});

test("colours of a map go from dark to bright", () => {
  assert.deepEqual(
    [viridis(0), viridis(1), viridis(-1), viridis(2)],
    [
      [68, 1, 84],
      [253, 231, 37],
      [68, 1, 84],
      [253, 231, 37],
    ],
  );
  const light = [0, 0.25, 0.5, 0.75, 1]
    .map((share) => viridis(share))
    .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
  assert.deepEqual(
    light,
    [...light].sort((a, b) => a - b),
  );
});

test("names of files are safe", () => {
  assert.equal(fileName("folder/../<b> & 'µ'"), "folder_.._b_µ_");
  assert.equal(fileName("../.."), "drawing");
});

test("of long texts the end is shown", () => {
  const widthOf = (text: string, size = 12) => 0.5 * size * text.length;
  assert.equal(endOf("short", 30, 12, widthOf), "short");
  assert.equal(endOf("a_long_name_up", 48, 12, widthOf), "…name_up");
  assert.equal(endOf("a_long_name_up", 1, 12, widthOf), "…e_up");
});
