import { button, html } from "../../drawing/svg.ts";
import { downloads } from "../origin/downloads.ts";
import { templateRecord } from "../origin/record.ts";
import { fit, has, payload, type Section, unpacked } from "../page.ts";
import type { Origin } from "../types.ts";

const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** What was computed where: digests, versions, settings. */
function facts(): [string, string][] {
  const rows: [string, string][] = [
    ["workspace", payload.digest],
    ["this page", `wilks ${payload.version}`],
  ];
  if (!fit) return rows;
  rows.push(
    ["fit", `${fit.file}, by wilks ${fit.version}`],
    ["measurement", fit.measurement],
    ["data", fit.dataset],
    ["minimiser", `${fit.minimizer}, ${fit.iterations} iterations`],
  );
  for (const [name, value] of Object.entries(fit.settings)) rows.push([name.replaceAll("_", " "), written(value)]);
  return rows;
}

const standing = new Set(["normsys", "histosys", "tolerance", "max_iterations", "search"]);

/** Settings of a result that are its own: neither those of the fit nor empty. */
function own(origin: Origin | undefined): string {
  const found = Object.entries(origin?.settings ?? {}).filter(([name, value]) => {
    const empty = value === null || (typeof value === "object" && Object.keys(value as object).length === 0);
    return !empty && !(standing.has(name) && written(value) === written(fit?.settings[name]));
  });
  return found.map(([name, value]) => `${name.replaceAll("_", " ")} ${written(value)}`).join(", ");
}

/** One row for each result: what it is, of which data, and the command that gives it again. */
function results(): HTMLElement {
  const origins = new Map(payload.results.map((one) => [one.file, one.origin as Origin | undefined]));
  if (fit) origins.set(fit.file, { ...fit } as unknown as Origin);
  const files = Object.keys(payload.commands);
  const rows = files.map((file) => {
    const origin = origins.get(file);
    const command = payload.commands[file];
    const copy = button(
      "copy",
      async () => {
        await navigator.clipboard.writeText(command);
        copy.textContent = "copied";
      },
      { class: "small", "aria-label": `Copy the command of ${file}` },
    );
    // A page from the disk may have no clipboard: then the text can be marked and copied by hand.
    copy.hidden = !navigator.clipboard;
    return html(
      "tr",
      {},
      html("th", { scope: "row" }, file),
      html("td", {}, origin?.dataset ?? ""),
      html("td", {}, file === fit?.file ? "" : own(origin)),
      html("td", {}, html("code", { class: "command" }, command), " ", copy),
    );
  });
  const head = ["file", "data", "settings", "command that gives it again"];
  return html(
    "div",
    { class: "scroll" },
    html(
      "table",
      { class: "plain" },
      html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, text)))),
      html("tbody", {}, ...rows),
    ),
  );
}

/** Return the licences of what is linked into the module that fits; they are unpacked when they are opened. */
function licences(): HTMLElement {
  const text = html("pre", { tabindex: 0 });
  const details = html("details", {}, html("summary", {}, "Licences of what the model is fitted with"), text);
  const fill = async () => {
    const bytes = text.textContent ? null : await unpacked("licences");
    if (bytes) text.textContent = new TextDecoder().decode(bytes);
  };
  details.addEventListener("toggle", fill);
  return details;
}

/** Where the numbers come from, and the files to go on with. */
export const origin: Section = {
  id: "origin",
  title: "Where it comes from",
  draw(body) {
    const table = html(
      "table",
      { class: "plain" },
      html("tbody", {}, ...facts().map(([a, b]) => html("tr", {}, html("th", { scope: "row" }, a), html("td", {}, b)))),
    );
    body.append(table);
    if (Object.keys(payload.commands).length) body.append(html("h3", {}, "Results"), results());
    if (payload.steering)
      body.append(
        html("details", {}, html("summary", {}, "Steering file"), html("pre", { tabindex: 0 }, payload.steering)),
      );
    if (has("record")) body.append(templateRecord());
    body.append(html("h3", {}, "Downloads"), downloads(has));
    if (has("licences")) body.append(licences());
    return true;
  },
};
