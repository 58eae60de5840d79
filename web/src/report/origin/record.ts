/** The record of templates: of which files, trees and selections each was made, and what was done to it. */

import { html } from "../../drawing/svg.ts";
import { unpacked } from "../page.ts";
import { savingTable, sortedTable, tables } from "../table.ts";
import type { TableData } from "../types.ts";

interface Part {
  files: number;
  path: string;
  variable?: string;
  filter?: string;
  weight?: string;
}

interface Step {
  name: string;
  from?: string;
  function?: string;
  parts?: Part[];
  [number: string]: unknown;
}

interface TemplateRecord {
  region: string;
  sample: string;
  systematic: string | null;
  side: string | null;
  yield: number | null;
  entries: number | null;
  effective_entries: number | null;
  steps: Step[];
}

interface Events {
  files: number;
  entries: number;
  bytes_read: number;
  notes: string[];
  skipped: string[];
}

interface RecordDocument {
  events: Events | null;
  inputs: string[][];
  templates: TemplateRecord[];
}

/** Rows that are shown at once; the others are found by searching, and are in the files. */
const MOST = 200;

interface Row {
  place: string;
  template: TemplateRecord;
  input: string;
  expressions: string;
  done: string;
}

const number = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(6))));
const short = (value: unknown): string => {
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  if (Array.isArray(value)) return `[${value.map(short).join(", ")}]`;
  return String(value);
};

function words({ name, ...numbers }: Step): string {
  const said = Object.entries(numbers).map(([key, value]) => `${key.replaceAll("_", " ")} ${short(value)}`);
  return said.length ? `${name} (${said.join(", ")})` : name;
}

/** Return the folder that all files have in common, and so need not be said of each. */
export function commonFolder(files: string[]): string {
  const [first = "", ...others] = files;
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  while (folder && !others.every((file) => file.startsWith(folder)))
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  return folder;
}

function rowOf(template: TemplateRecord, inputs: string[][]): Row {
  const read = template.steps.find((step) => step.name === "read");
  const parts = read?.parts ?? [];
  const input = parts.map((part) => `${inputs[part.files].join(", ")}: ${part.path}`);
  const expressions = parts.map((part) =>
    (["variable", "filter", "weight"] as const).flatMap((key) => (part[key] ? [`${key} ${part[key]}`] : [])).join("; "),
  );
  const varied = template.systematic === null ? "nominal" : `${template.systematic} ${template.side}`;
  return {
    template,
    place: `${template.region} / ${template.sample} / ${varied}`,
    input: input.join("\n") || [read?.from, read?.function].filter(Boolean).join(" "),
    expressions: [...new Set(expressions)].filter(Boolean).join("\n"),
    done: template.steps
      .filter((step) => step.name !== "read")
      .map(words)
      .join(", "),
  };
}

function tableData(rows: Row[]): TableData {
  return {
    title: "Templates",
    header: ["template", "yield", "entries", "effective entries", "read from", "expressions", "done"],
    align: "lrrrlll",
    rows: rows.map((row) => [
      row.place,
      number(row.template.yield),
      number(row.template.entries),
      number(row.template.effective_entries),
      row.input,
      row.expressions,
      row.done,
    ]),
  };
}

function summary(record: RecordDocument, folder: string): HTMLElement[] {
  const files = [...new Set(record.inputs.flat())];
  const { events } = record;
  const lines = [`${record.templates.length} templates of ${files.length} files`];
  if (events)
    lines.push(`${events.entries} entries of ${events.files} files read, ${(events.bytes_read / 1e6).toFixed(1)} MB`);
  lines.push(...(events?.notes ?? []), ...(events?.skipped ?? []).map((file) => `left out, unreadable: ${file}`));
  if (folder) lines.push(`all in ${folder}`);
  const list = html(
    "details",
    {},
    html("summary", {}, "Files"),
    html("ul", { class: "files" }, ...files.map((file) => html("li", {}, file))),
  );
  return [...lines.map((line) => html("p", {}, line)), ...(files.length ? [list] : [])];
}

function searched(rows: Row[]): HTMLElement {
  const table = sortedTable<Row>(
    [
      { key: "template", title: "template", cell: (row) => row.place, sort: (row) => row.place },
      {
        key: "yield",
        title: "yield",
        class: "right",
        cell: (row) => number(row.template.yield),
        sort: (row) => row.template.yield ?? NaN,
      },
      {
        key: "entries",
        title: "entries",
        class: "right",
        cell: (row) => number(row.template.entries),
        sort: (row) => row.template.entries ?? NaN,
      },
      { key: "input", title: "read from", class: "many", cell: (row) => row.input },
      { key: "expressions", title: "expressions", class: "many", cell: (row) => row.expressions },
      { key: "done", title: "what was done", class: "many", cell: (row) => row.done },
    ],
    (_, cells) => html("tr", {}, ...cells),
  );
  const search = html("input", { type: "search", placeholder: "Search templates", "aria-label": "Search templates" });
  const count = html("span", { class: "count", role: "status" });
  const show = () => {
    const text = search.value.toLowerCase();
    const found = rows.filter((row) => `${row.place}\n${row.input}\n${row.expressions}`.toLowerCase().includes(text));
    const cut = found.length > MOST ? `the first ${MOST} of ` : "";
    count.textContent = `${cut}${found.length} templates`;
    table.show(found.slice(0, MOST));
  };
  search.addEventListener("input", show);
  show();
  return html(
    "div",
    {},
    html(
      "div",
      { class: "bar" },
      search,
      count,
      savingTable("templates", () => tableData(rows)),
    ),
    table.element,
  );
}

interface Unpacked {
  record: RecordDocument;
  folder: string;
  rows: Row[];
}

async function unpack(): Promise<Unpacked> {
  const bytes = await unpacked("record");
  const record: RecordDocument = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
  const folder = commonFolder(record.inputs.flat());
  const inputs = record.inputs.map((files) => files.map((file) => file.slice(folder.length)));
  const rows = record.templates.map((one) => rowOf(one, inputs));
  return { record: { ...record, inputs }, folder, rows };
}

/** Return the record, unpacked when it is opened. */
export function templateRecord(): HTMLElement {
  const place = html("div");
  const title = "Templates: files, trees and selections";
  const details = html("details", { class: "as-it-is" }, html("summary", {}, title), place);
  tables.set("templates", async () => tableData((await unpack()).rows));
  let asked = false;
  details.addEventListener("toggle", async () => {
    if (asked || !details.open) return;
    asked = true;
    const { record, folder, rows } = await unpack();
    place.append(...summary(record, folder), searched(rows));
  });
  return details;
}
