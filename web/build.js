/** Bundle the pages into the Python package; `node build.js`. The result is committed, and checked byte by byte. */

import { copyFile, readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const packages = new URL("../src/wilks/", import.meta.url).pathname;
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
  await writeFile(`${target}/${name}.js`, script);
}

await page("report", "report/main", `${packages}reporting/assets`);
