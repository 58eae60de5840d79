/** Bundle the tests of the pages, and run them with Node's own runner: `node test.js`. */

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath, exit } from "node:process";
import { build } from "esbuild";

const folder = await mkdtemp(join(tmpdir(), "wilks-web-"));
const names = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
await build({
  entryPoints: names.map((name) => `test/${name}`),
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "node",
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  logLevel: "error",
});
const { status } = spawnSync(
  execPath,
  ["--test", "--test-reporter=dot", ...names.map((name) => join(folder, name.replace(/ts$/, "mjs")))],
  {
    stdio: "inherit",
  },
);
await rm(folder, { recursive: true });
exit(status ?? 1);
