/** Files to go on with: the workspace, the steering file, all tables and all drawings. */

import { download, fileName, png, svgText } from "../../drawing/files.ts";
import { button, html } from "../../drawing/svg.ts";
import { drawings } from "../export.ts";
import { latex } from "../latex.ts";
import { payload, unpacked, workspaceBytes } from "../page.ts";
import { drawAll } from "../regions/lazy.ts";
import { csv, tables } from "../table.ts";
import { zip } from "../zip.ts";

type Files = Map<string, Uint8Array<ArrayBuffer>>;

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

/** Let the page breathe between drawings. */
const pause = () => new Promise((done) => setTimeout(done));

async function allDrawings(tell: (text: string) => void): Promise<Files> {
  drawAll();
  const files: Files = new Map();
  let done = 0;
  for (const [name, drawn] of drawings) {
    tell(`drawing ${++done} of ${drawings.size}`);
    const drawing = drawn();
    if (drawing) {
      files.set(`${fileName(name)}.svg`, bytesOf(svgText(drawing, name)));
      files.set(`${fileName(name)}.png`, new Uint8Array(await (await png(drawing, name)).arrayBuffer()));
    }
    await pause();
  }
  return files;
}

async function allTables(): Promise<Files> {
  const files: Files = new Map();
  for (const [name, make] of tables) {
    const data = await make();
    files.set(`${fileName(name)}.csv`, bytesOf(csv(data)));
    files.set(`${fileName(name)}.tex`, bytesOf(latex(data)));
  }
  return files;
}

/** Return a button for a file that stands packed in the page. */
function packed(name: string, file: string, unpack = () => unpacked(name)): HTMLElement {
  return button(file, async () => {
    const bytes = await unpack();
    if (bytes) download(file, bytes, "application/json");
  });
}

/** Return the buttons; `has` says what stands packed in the page. */
export function downloads(has: (name: string) => boolean): HTMLElement {
  const status = html("span", { class: "count", role: "status" });
  const said = async (act: () => Promise<void>) => {
    try {
      await act();
      status.textContent = "";
    } catch (error) {
      status.textContent = `this did not work: ${error instanceof Error ? error.message : error}`;
    }
  };
  const made: HTMLElement[] = [];
  if (has("workspace")) made.push(packed("workspace", "workspace.json", workspaceBytes));
  if (has("axes")) made.push(packed("axes", "workspace.axes.json"));
  if (has("record")) made.push(packed("record", "templates.json"));
  if (payload.steering) made.push(button("steering file", () => download("config.yml", payload.steering, "text/yaml")));
  made.push(
    button("all tables (CSV and LaTeX)", () =>
      said(async () => download("tables.zip", zip(await allTables()), "application/zip")),
    ),
    button("all drawings (SVG and PNG)", () =>
      said(async () => {
        const files = await allDrawings((text) => {
          status.textContent = text;
        });
        download("drawings.zip", zip(files), "application/zip");
      }),
    ),
  );
  return html("div", { class: "bar downloads" }, ...made, status);
}
