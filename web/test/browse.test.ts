import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, partsOf, plain } from "../src/browse/address.ts";
import { type Curve, normalised, type Points, ratios, type Steps } from "../src/browse/items.ts";
import { aligned, axisNames, binAt } from "../src/browse/labels.ts";
import { Maker } from "../src/browse/made.ts";
import { byPath, plant } from "../src/browse/nodes.ts";
import { notes } from "../src/browse/notes.ts";
import { acrossOf, linearRange, logRange, ratioRange } from "../src/browse/ranges.ts";
import { edgesOf, filled, roundStep } from "../src/browse/samples.ts";
import { search } from "../src/browse/search.ts";
import type { HistogramRecord, ObjectRecord, Payload } from "../src/browse/types.ts";

const steps = (name: string, edges: number[], values: number[], more: Partial<Steps> = {}): Steps => ({
  kind: "steps",
  name,
  label: "",
  yLabel: "",
  index: 0,
  node: null,
  edges,
  labels: null,
  values,
  errors: values.map((value) => Math.sqrt(Math.abs(value))),
  entries: null,
  integral: values.reduce((sum, value) => sum + value, 0),
  mean: null,
  stdev: null,
  underflow: 0,
  overflow: 0,
  outside: "",
  own: null,
  sum: false,
  unlike: null,
  ...more,
});

const points = (x: number[], values: number[], more: Partial<Points> = {}): Points => {
  const none = x.map(() => 0);
  const bars = { xLow: none, xHigh: none, yLow: none, yHigh: none };
  const texts = { name: "points", label: "", yLabel: "", note: "" };
  return {
    kind: "points",
    ...texts,
    index: 0,
    node: null,
    edges: null,
    labels: null,
    x,
    values,
    ...bars,
    unlike: null,
    ...more,
  };
};

test("an address says what is shown, whatever it is called", () => {
  const paths = ["folder/h", "a&b!c#d %", "µ"];
  const settings = { log: true, ratio: false, normalise: true, view: "profile-x", bins: 50 };
  const address = addressOf(paths, settings);
  assert.equal(address, "#folder/h&a%26b%21c%23d%20%25&%C2%B5&!log&!normalise&!view=profile-x&!bins=50");
  assert.deepEqual(partsOf(address), { paths, settings });
  assert.deepEqual(partsOf("#100%&!bins=many&!unknown"), {
    paths: ["100%"],
    settings: { ...plain, bins: null },
  });
  assert.equal(partsOf("#!bins=99999").settings.bins, 5000);
  assert.deepEqual(partsOf(""), { paths: [], settings: plain });
});

const histogram = (values: number[], more: Partial<HistogramRecord> = {}): HistogramRecord => ({
  label: "m [GeV]",
  edges: 0,
  values,
  errors: values.map(Math.sqrt),
  integral: values.reduce((sum, value) => sum + value, 0),
  mean: 1,
  stdev: "NaN",
  underflow: 0,
  overflow: "Infinity",
  outside: "",
  ...more,
});

const object = (path: string, more: Partial<ObjectRecord> = {}): ObjectRecord => ({
  path,
  class: "TH1D",
  title: "",
  ...more,
});

const payload: Payload = {
  file: "f.root",
  summary: "",
  edges: [[0, 1, 3]],
  labels: [],
  objects: [
    object("a", { histogram: histogram([1, 2]), entries: 3, title: "Missing mass" }),
    object("f/g", { folder: true }),
    object("f/g/b", { histogram: histogram([3, 4]) }),
    object("stack", {
      parts: {
        stacked: true,
        label: "",
        yLabel: "events",
        of: [
          { name: "top", histogram: histogram([1, 2]), entries: 5 },
          { name: "z", histogram: histogram([4, 6]), entries: 7 },
        ],
      },
    }),
    object("t", {
      branches: [
        ["pt", "float"],
        ["n", "int"],
      ],
    }),
  ],
};

test("objects are planted by their paths", () => {
  const root = plant(payload.objects);
  assert.deepEqual(
    root.children.map(({ name }) => name),
    ["a", "f", "stack", "t"],
  );
  const nodes = byPath(root);
  assert.deepEqual([...nodes.keys()], ["a", "f/g/b", "stack", "t", "t/pt", "t/n"]);
  assert.deepEqual(
    [nodes.get("f/g/b")!.depth, nodes.get("t/pt")!.drawable, nodes.get("t/pt")!.type],
    [2, false, "float"],
  );
});

test("a search needs all words, and of branches one in their names", () => {
  const root = plant(payload.objects);
  const names = (text: string) => [...(search(root, text)?.kept ?? [])].map(({ path }) => path);
  assert.deepEqual(names("MISSING a"), ["a", ""]);
  assert.deepEqual(names("f b"), ["f/g/b", "f/g", "f", ""]);
  assert.deepEqual(names("t pt"), ["t/pt", "t", ""]);
  // stack, t and t/pt; not t/n, in which only the tree has a t; nor a, whose title has none.
  assert.equal(search(root, "t")!.count, 3);
  assert.equal(search(root, "  "), null);
});

test("parts of a stack stand on each other, below their sum", () => {
  const stack = byPath(plant(payload.objects)).get("stack")!;
  const items = new Maker(payload).items([stack], plain) as Steps[];
  assert.deepEqual(
    items.map(({ name }) => name),
    ["stack: z", "stack: top", "stack: sum"],
  );
  assert.deepEqual(
    items.map(({ values }) => values),
    [
      [5, 8],
      [1, 2],
      [5, 8],
    ],
  );
  assert.deepEqual([items[0].own, items[2].own, items[2].sum], [[4, 6], null, true]);
  assert.deepEqual(items[2].errors.map((error) => error ** 2).map(Math.round), [5, 8]);
  assert.deepEqual([items[2].entries, items[2].integral, items[2].overflow, items[2].index], [12, 13, Infinity, 2]);
  // By hand: middles 0.5 and 2.
  assert.ok(Math.abs(items[2].mean! - (5 * 0.5 + 8 * 2) / 13) < 1e-12);
  assert.ok(Math.abs(items[2].stdev! ** 2 - ((5 * 8) / 13 ** 2) * 1.5 ** 2) < 1e-12);
  assert.ok(Number.isNaN(items[0].stdev));
});

test("bins of branches are round, or one per whole number", () => {
  assert.deepEqual([0.13, 0.2, 2.1, 26, 0.07].map(roundStep), [0.2, 0.2, 2.5, 50, 0.1]);
  assert.deepEqual(edgesOf([[2, 4]], true, null), [1.5, 2.5, 3.5, 4.5]);
  assert.deepEqual(edgesOf([[NaN, Infinity]], false, null), [0, 1]);
  const round = edgesOf([[0.03, 1.17], [0.5]], false, null);
  assert.deepEqual([round[0], round[1], round.at(-1), round.length], [0.02, 0.04, 1.18, 59]);
  const four = edgesOf([[0, 8]], false, 4);
  assert.deepEqual(
    four.map((edge) => Math.round(edge)),
    [0, 2, 4, 6, 8],
  );
  assert.ok(four[4] > 8);
});

test("values are filled as histograms are", () => {
  const found = filled([0, 0.5, 1, 2.9, 3, -1, NaN, Infinity], [0, 1, 3]);
  assert.deepEqual(found.contents, [2, 2]);
  assert.deepEqual([found.underflow, found.overflow, found.lost, found.inside], [1, 2, 1, 4]);
  assert.ok(Math.abs(found.mean! - 1.1) < 1e-12);
  assert.deepEqual(
    [binAt([0, 1, 3], 3), binAt([0, 1, 3], 0), binAt([0, 1, 3], NaN), binAt([0, 1], null)],
    [null, 0, null, null],
  );
});

test("bins of categories come into the order of the first", () => {
  const edges = [0, 1, 2];
  const first = steps("first", edges, [1, 5], { labels: ["ee", "mm"] });
  const turned = steps("turned", edges, [7, 2], { labels: ["mm", "ee"] });
  const other = steps("other", edges, [7, 2], { labels: ["ee", "tt"] });
  const empty = steps("empty", [0, 9], [0]);
  const at = points([1.5], [3], { edges, labels: ["mm", "ee"] });
  const found = aligned([first, turned, other, empty, at]);
  assert.deepEqual(
    found.map(({ values }) => values),
    [[1, 5], [2, 7], [7, 2], [0, 0], [3]],
  );
  assert.deepEqual((found[4] as Points).x, [0.5]);
  assert.deepEqual(
    found.map(({ unlike }) => unlike?.name),
    [undefined, undefined, "first", undefined, undefined],
  );
  const said = notes(
    found,
    found.filter(({ unlike }) => !unlike),
    plain,
  );
  assert.deepEqual(said, ["other is not drawn: its bins (ee, tt) are not those of first (ee, mm)"]);
  assert.deepEqual(axisNames({ edges, labels: ["ee", ""] }), ["ee", "1 – 2"]);
  assert.deepEqual(axisNames({ edges: [0, 1], labels: ["a rather long label of a bin"] }), [
    "a rather long l…of a bin",
  ]);
});

test("ratios are to the first, of what has its bins", () => {
  const [one, two, other] = [steps("1", [0, 1, 2], [2, 0]), steps("2", [0, 1, 2], [3, 1]), steps("3", [0, 2], [1])];
  const found = ratios([one, two, other]);
  assert.deepEqual(
    found.map(({ values }) => values),
    [
      [1, NaN],
      [1.5, NaN],
    ],
  );
  assert.equal(found[1].errors[0], Math.sqrt(3) / 2);
  assert.deepEqual(ratios([one, other]), []);
  assert.deepEqual(ratios([points([1], [1])] as Curve[]), []);
  assert.deepEqual(normalised(steps("n", [0, 1, 2], [3, 1])).values, [0.75, 0.25]);
  assert.deepEqual(normalised(steps("n", [0, 1, 2], [1, -1])).values, [1, -1]);
});

test("ranges hold what is drawn", () => {
  const yields = steps("y", [0, 1, 2], [4, 100]);
  assert.deepEqual(linearRange([yields]), [0, 110 + 0.08 * 110]);
  const low = logRange([steps("y", [0, 1, 2], [1e-30, 100])])!;
  assert.ok(Math.abs(low[0] / (110 * 1e-10) - 0.5) < 1e-9);
  assert.equal(logRange([steps("n", [0, 1], [-1])]), null);
  const far = linearRange([points([1, 2], [100, 110])]);
  assert.ok(far[0] > 90 && far[1] < 120);
  assert.deepEqual(acrossOf(points([NaN], [1])), [0, 1]);
  assert.deepEqual(acrossOf(points([1, 3, 9], [1, 1, NaN])), [0.94, 3.06]);
  assert.deepEqual(
    ratioRange([steps("r", [0, 1, 2], [1.5, NaN])]).map((v) => Math.round(1e9 * v) / 1e9),
    [0.4, 1.6],
  );
});
