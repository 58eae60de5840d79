import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, groupName, impactsOf, modifierOf, rowsOf, sortedRows, whereText } from "../src/report/rows.ts";
import type { Acts, Breakdown, Fit, Ranking } from "../src/report/types.ts";

const acts: Acts = {
  mu: [["SR", "signal", "normfactor"]],
  jes: [
    ["SR", "signal", "normsys"],
    ["SR", "signal", "histosys"],
    ["CR", "background", "normsys"],
  ],
  stat: [["CR", "background", "shapesys"]],
};

const fit = {
  names: ["mu", "jes", "stat[0]", "stat[1]"],
  values: [1.2, -0.5, 1.01, null],
  uncertainties: [0.1, 0.8, 0.02, null],
  prefit_values: [1, 0, 1, 1],
  prefit_uncertainties: [0, 1, 0.1, 0.1],
  constraints: ["none", "normal", "poisson", "poisson"],
  modifier_types: [["normfactor"], ["normsys", "histosys"], ["shapesys"], ["shapesys"]],
  fixed: [false, false, false, true],
  at_bound: [true, false, false, false],
  idle: [false, false, false, true],
  settings: {},
} as unknown as Fit;

const breakdown = { groups: ["jets"], members: [["jes"]] } as unknown as Breakdown;
const rows = rowsOf([fit], acts, [], breakdown);

test("pulls, constraints and remarks", () => {
  const [mu, jes, first, second] = rows;
  assert.deepEqual([mu.remark, jes.remark, second.remark], ["at bound", "", "no effect"]);
  assert.equal(jes.pull, -0.5);
  assert.equal(jes.constraint, 0.8);
  assert.ok(Number.isNaN(mu.pull) && Number.isNaN(mu.constraint));
  // At a bound there is no symmetric uncertainty, and none is shown.
  assert.ok(Number.isNaN(mu.uncertainty) && Number.isNaN(second.uncertainty));
  assert.deepEqual(jes.points[0], { at: -0.5, low: -1.3, high: 0.30000000000000004, kind: "pull" });
  assert.deepEqual([mu.points[0].kind, mu.points[0].at], ["value", 1.2]);
  assert.deepEqual([first.points[0].kind, first.points[0].at, first.points[0].high], ["value", 1.01, 1.03]);
  assert.ok(Number.isNaN(second.points[0].at));
});

test("points of a fit that lacks a parameter", () => {
  const other = { ...fit, names: ["jes", "mu", "a", "b"] } as unknown as Fit;
  const [mu, , first] = rowsOf([fit, other], acts);
  assert.equal(mu.points[1].at, -0.5);
  assert.ok(Number.isNaN(first.points[1].at));
});

test("where a parameter acts", () => {
  assert.equal(modifierOf("stat[1]", acts), "stat");
  assert.equal(whereText(rows[0]), "signal in SR");
  assert.equal(whereText(rows[1]), "2 samples in 2 regions");
  assert.deepEqual(rows[3].where, acts.stat);
});

test("groups with their rows", () => {
  assert.deepEqual(
    rows.map((row) => groupName(row, "region")),
    ["only in SR", "SR and CR", "only in CR", "only in CR"],
  );
  const counts = (by: "kind" | "group" | "") => grouped(rows, by).map(([name, members]) => [name, members.length]);
  assert.deepEqual(counts("group"), [
    ["no group", 3],
    ["jets", 1],
  ]);
  assert.deepEqual(counts("kind"), [
    ["normfactor", 1],
    ["normsys, histosys", 1],
    ["shapesys", 2],
  ]);
  assert.deepEqual(counts(""), [["", 4]]);
});

test("what has no number comes last, whichever way", () => {
  const names = (ascending: boolean) => sortedRows(rows, (row) => row.pull, ascending).map((row) => row.name);
  assert.deepEqual(names(true).slice(0, 2), ["jes", "stat[0]"]);
  assert.deepEqual(names(false).slice(0, 2), ["stat[0]", "jes"]);
  assert.deepEqual(names(true).slice(2), ["mu", "stat[1]"]);
  assert.deepEqual(names(false).slice(2), ["mu", "stat[1]"]);
});

test("texts in their natural order", () => {
  const named = (name: string) => ({ ...rows[0], name });
  const found = sortedRows([named("np10"), named("np9"), named("a")], (row) => row.name, true);
  assert.deepEqual(
    found.map((row) => row.name),
    ["a", "np9", "np10"],
  );
});

test("a hidden value is hidden, also where only the file says so", () => {
  assert.ok(rowsOf([fit], acts, ["mu"])[0].hidden);
  const saved = { ...fit, values: [null, 0, 1, 1], settings: { hidden: ["mu"] } } as unknown as Fit;
  assert.ok(rowsOf([saved], acts)[0].hidden);
  assert.ok(!rowsOf([saved], acts)[1].hidden);
});

test("impacts by parameter of interest", () => {
  const one = {
    pois: ["mu", "nu"],
    names: ["jes", "stat[0]"],
    impacts: [
      [
        [0.3, -0.3, 0.1, -0.2],
        [null, null, null, null],
      ],
      [
        [null, null, 0.5, -0.4],
        [0, 0, 0, 0],
      ],
    ],
  } as unknown as Ranking;
  const [mu, nu] = impactsOf([one, one]);
  assert.deepEqual([mu.poi, nu.poi], ["mu", "nu"]);
  assert.deepEqual([mu.largest("jes"), mu.most, nu.most], [0.2, 0.3, 0.5]);
  assert.ok(!Number.isFinite(mu.largest("stat[0]")) && !Number.isFinite(mu.largest("unknown")));
});
