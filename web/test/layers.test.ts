import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** What the modules of a folder of `src` import from other folders of it. */
function imported(folder: string): Set<string> {
  const files = readdirSync(join("src", folder), { recursive: true, encoding: "utf8" });
  const scripts = files.filter((name) => /\.[jt]s$/.test(name));
  assert.ok(scripts.length > 5);
  const found = scripts.flatMap((name) => {
    const text = readFileSync(join("src", folder, name), "utf8");
    return [...text.matchAll(/(?:from|import) "(\.[^"]+)"/g)].map(([, path]) => join(folder, name, "..", path));
  });
  return new Set(found.map((path) => path.split("/")[0]));
}

test("pages import what draws, and not each other", () => {
  assert.deepEqual(imported("drawing"), new Set(["drawing"]));
  assert.deepEqual([...imported("browse")].sort(), ["browse", "drawing"]);
  assert.ok(!imported("report").has("browse"));
  assert.ok(!imported("live").has("browse"));
  assert.deepEqual(imported("engine"), new Set(["engine"]));
});
