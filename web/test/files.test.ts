import assert from "node:assert/strict";
import { test } from "node:test";
import { escaped, latex } from "../src/report/latex.ts";
import { zip } from "../src/report/zip.ts";

test("LaTeX shows every character as it is", () => {
  assert.equal(
    escaped("p_T^Z & 5 % of {a} \\input"),
    "p\\_T\\textasciicircum{}Z \\& 5 \\% of \\{a\\} \\textbackslash{}input",
  );
  assert.equal(escaped("1 ± 2"), "1 $\\pm$ 2");
  assert.equal(escaped("-3 / -0.5, a-3"), "$-$3 / $-$0.5, a-3");
});

test("a table in LaTeX has its lines", () => {
  const text = latex({ title: "Yields", header: ["sample", "SR"], align: "lr", rows: [["top", "1 ± 2"]] });
  assert.deepEqual(text.split("\n"), [
    "% Yields",
    "\\begin{tabular}{lr}",
    "\\hline",
    "sample & SR \\\\",
    "\\hline",
    "top & 1 $\\pm$ 2 \\\\",
    "\\hline",
    "\\end{tabular}",
    "",
  ]);
});

test("an archive holds files where its directory says", async () => {
  const content = new TextEncoder().encode("täble") as Uint8Array<ArrayBuffer>;
  const files = new Map([
    ["a.csv", content],
    ["ü.tex", new Uint8Array(0)],
  ]);
  const bytes = new Uint8Array(await zip(files).arrayBuffer());
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  assert.equal(view.getUint32(end, true), 0x06054b50);
  assert.equal(view.getUint16(end + 10, true), 2);
  const directory = view.getUint32(end + 16, true);
  assert.equal(view.getUint32(directory, true), 0x02014b50);
  assert.equal(directory + view.getUint32(end + 12, true), end);
  assert.equal(view.getUint32(0, true), 0x04034b50);
  assert.deepEqual(bytes.slice(35, 35 + content.length), content);
});

test("checksums are those of the standard", async () => {
  const digits = new TextEncoder().encode("123456789") as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(await zip(new Map([["n", digits]])).arrayBuffer());
  assert.equal(new DataView(bytes.buffer).getUint32(14, true), 0xcbf43926);
});
