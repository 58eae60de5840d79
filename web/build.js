/** Bundle the pages: `node build.js FOLDER`, that of the Python package. The result is committed, and checked. */

import { copyFile, readFile } from "node:fs/promises";
import { argv } from "node:process";
import { build } from "esbuild";

const folder = argv[2] ?? "../src/wilks";
const options = { bundle: true, minify: true, format: "esm", target: "es2022", charset: "utf8", legalComments: "none" };

async function page(name, source, target) {
  await build({ ...options, entryPoints: [`src/${source}.ts`], outfile: `${target}/${name}.js` });
  await build({
    bundle: true,
    minify: true,
    entryPoints: [`src/${source}.css`],
    outfile: `${target}/${name}.css`,
  });
  await copyFile(`src/${source.replace(/[^/]*$/, name)}.html`, `${target}/${name}.html`);
  const script = await readFile(`${target}/${name}.js`, "utf8");
  if (script.includes("</script")) throw new Error(`${name}.js would end its own element`);
}

await build({ ...options, entryPoints: ["src/live/worker.ts"], outfile: `${folder}/reporting/assets/worker.js` });
await page("report", "report/main", `${folder}/reporting/assets`);
await page("browse", "browse/main", `${folder}/browse/assets`);
