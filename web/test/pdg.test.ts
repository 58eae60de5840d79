import assert from "node:assert/strict";
import { test } from "node:test";
import { number, pdgMeasured } from "../src/drawing/pdg.ts";

/** Made by wilks.table.pdg_measured. */
const rounded: [number, number, string][] = [
  [0.827, 0.119, "0.83 ± 0.12"],
  [0.827, 0.367, "0.8 ± 0.4"],
  [0.827, 0.995, "0.8 ± 1.0"],
  [98989.27, 1234.0, "99000 ± 1200"],
  [86400.2, 2612, "86400 ± 2600"],
  [2.675, 0.96, "2.7 ± 1.0"],
  [0.125, 0.02, "0.125 ± 0.020"],
  [0.5, 0.4, "0.5 ± 0.4"],
  [1.5, 0.6, "1.5 ± 0.6"],
  [2.5, 0.6, "2.5 ± 0.6"],
  [-0.04, 0.6, "0.0 ± 0.6"],
  [-12.34, 0.0112, "-12.340 ± 0.011"],
  [10000000.0, 355, "10000000 ± 400"],
  [0, 0.3, "0.00 ± 0.30"],
  [12.5, 0.0, "12.5"],
  [184.53, 8.4, "185 ± 8"],
  [1e-5, 2.3e-7, "0.00001000 ± 0.00000023"],
  [1234.5, 99.9, "1230 ± 100"],
  [0.3, 354.9, "0 ± 350"],
  [7, 950, "0 ± 1000"],
  [3, 94.99, "0 ± 90"],
];

/** Made by wilks.table.number. */
const plain: [number, string][] = [
  [0, "0"],
  [5, "5"],
  [-3, "-3"],
  [76420.7123, "76421"],
  [0.012345, "0.01235"],
  [1.23456e-6, "1.235e-06"],
  [12345678, "12345678"],
  [99.999, "100"],
  [1e16, "1.000e+16"],
  [-0.5, "-0.5"],
];

test("yields are rounded as in the tables of Python", () => {
  for (const [value, uncertainty, text] of rounded) assert.equal(pdgMeasured(value, uncertainty), text);
});

test("numbers without uncertainty have four digits", () => {
  for (const [value, text] of plain) assert.equal(number(value), text);
});
