import { download } from "../../drawing/files.ts";
import { change, decimalsOf, fixed, measured, significant } from "../../drawing/numbers.ts";
import { impactAxis, impactDrawing, pullAxis, pullDrawing } from "../../drawing/pulls.ts";
import { button, chooser, html } from "../../drawing/svg.ts";
import { Correlations } from "../correlation_values.ts";

import { fit, missing, payload, resultsOf, type Section, unpacked } from "../page.ts";
import { type ParameterColumn, type ParameterTable, parameterTable } from "../parameter_table.ts";
import { type Grouping, type Impacts, impactsOf, type ParameterRow, rowsOf, whereText } from "../rows.ts";
import { csv } from "../table.ts";
import { onTarget } from "../targets.ts";
import type { Breakdown, Fit, Ranking } from "../types.ts";

/** More fits than these are not drawn beside each other. */
const DRAWN = 4;

export const isGamma = (row: ParameterRow): boolean => row.kind === "staterror";

function nameCell(row: ParameterRow, poi: string | null): Node {
  const remark = row.remark ? html("small", { class: "remark" }, row.remark) : null;
  return html("span", { class: row.name === poi ? "poi-name" : "" }, ...breakable(row.name), remark && " ", remark);
}

/** Return a name that may end a line after an underscore, a stroke or a full stop. */
function breakable(name: string): (Node | string)[] {
  return name.split(/(?<=[_/.])(?=.)/u).flatMap((part, i) => (i ? [html("wbr"), part] : [part]));
}

function valueText(row: ParameterRow): string {
  if (row.hidden) return `hidden${row.uncertainty > 0 ? ` ± ${significant(row.uncertainty, 2)}` : ""}`;
  return measured(row.value, Number.isFinite(row.uncertainty) ? row.uncertainty : null);
}

function whereCell(row: ParameterRow): Node {
  const all = row.where.slice(0, 60).map((one) => one.join(" / "));
  if (row.where.length > all.length) all.push(`and ${row.where.length - all.length} more`);
  return html("span", { title: all.join("\n") }, whereText(row), html("small", {}, row.kind));
}

function impactColumns(impacts: Impacts, correlation: ((row: ParameterRow) => number) | null): ParameterColumn[] {
  const decimals = decimalsOf(impacts.most) + 1;
  const of = (row: ParameterRow, i: number) => impacts.of(row.name)[i];
  const made: ParameterColumn[] = [
    {
      key: "impact",
      title: `impact on ${impacts.poi}`,
      drawing: (row) => impactDrawing(impacts.of(row.name), impacts.most),
      axis: () => impactAxis(impacts.most),
      sort: (row) => impacts.largest(row.name),
    },
    {
      key: "shifts",
      title: "up, down",
      class: "right",
      text: (row) =>
        Number.isFinite(impacts.largest(row.name))
          ? `${change(of(row, 2), decimals)}, ${change(of(row, 3), decimals)}`
          : "",
      sort: (row) => of(row, 2),
    },
  ];
  if (correlation)
    made.push({
      key: "correlation",
      title: `ρ with ${impacts.poi}`,
      class: "right",
      text: (row) => (row.name === impacts.poi ? "" : percent(correlation(row))),
      sort: (row) => Math.abs(row.name === impacts.poi ? NaN : correlation(row)),
    });
  return made;
}

const percent = (value: number): string => (Number.isFinite(value) ? `${fixed(100 * value, 0)} %` : "");

function columnsFor(found: Fit, impacts: Impacts | null, table: Correlations | null): ParameterColumn[] {
  const poi = impacts ? found.names.indexOf(impacts.poi) : -1;
  const correlation = table && poi >= 0 ? (row: ParameterRow) => table.at(row.index, poi) : null;
  return [
    { key: "name", title: "parameter", text: (row) => nameCell(row, found.poi), sort: (row) => row.name },
    { key: "value", title: "value", class: "right", text: valueText, sort: (row) => row.value },
    {
      key: "pulls",
      title: "pull",
      drawing: (row) => pullDrawing(row.points),
      axis: pullAxis,
      sort: (row) => Math.abs(row.pull),
    },
    {
      key: "constraint",
      title: "constraint",
      class: "right",
      text: (row) => (Number.isFinite(row.constraint) ? fixed(row.constraint, 2) : ""),
      sort: (row) => row.constraint,
    },
    ...(impacts && impacts.most > 0 ? impactColumns(impacts, correlation) : []),
    { key: "where", title: "acts on", text: whereCell, sort: (row) => row.where.length },
  ];
}

/** Return the rows as a table of text, for a file. */
function asText(rows: ParameterRow[], impacts: Impacts | null): string {
  const number = (value: number) => (Number.isFinite(value) ? String(value) : "");
  const header = ["parameter", "value", "uncertainty", "pull", "constraint", "kind", "group", "remark"];
  if (impacts) header.push(...["pre-fit up", "pre-fit down", "up", "down"].map((one) => `${impacts.poi} ${one}`));
  const lines = rows.map((row) => [
    row.name,
    row.hidden ? "hidden" : number(row.value),
    ...[row.uncertainty, row.pull, row.constraint].map(number),
    row.kind,
    row.group,
    row.remark,
    ...(impacts ? impacts.of(row.name).map(number) : []),
  ]);
  return csv({ title: "", header, align: "", rows: lines });
}

function groupings(rows: ParameterRow[]): [Grouping, string][] {
  const all: [Grouping, string][] = [
    ["", "nothing"],
    ["kind", "kind"],
  ];
  if (rows.some((row) => row.group)) all.push(["group", "group of the breakdown"]);
  all.push(["region", "region"], ["sample", "sample"]);
  return all;
}

function legend(fits: Fit[]): HTMLElement | null {
  if (fits.length < 2) return null;
  const entries = fits.map((one, i) => html("span", { class: `key fit-${i}` }, "● ", one.file.replace(/\.json$/, "")));
  return html("p", { class: "keys" }, "Pulls: ", ...entries);
}

/** The rows in the order in which they are shown at first: parameter of interest, then the largest impacts. */
function orderedRows(found: Fit, fits: Fit[], impacts: Impacts | null): ParameterRow[] {
  const rows = rowsOf(fits, payload.acts, payload.hidden, resultsOf<Breakdown>("breakdown")[0]);
  const isPoi = (row: ParameterRow) => Number(row.name === found.poi);
  const size = (row: ParameterRow) => impacts?.largest(row.name) ?? 0;
  return rows.sort((a, b) => isPoi(b) - isPoi(a) || (size(b) === size(a) ? 0 : size(b) - size(a)));
}

/** Everything that a row is found by. */
const wordsOf = (row: ParameterRow): string =>
  [row.name, row.kind, row.group, row.remark, ...row.where.flat()].join("\n").toLowerCase();

/** The table with what stands above it: search, groups, the parameter of interest that impacts are on. */
class ParameterPanel {
  private readonly fits = payload.fits.slice(0, DRAWN);
  private readonly choices = impactsOf(resultsOf<Ranking>("ranking"));
  private impacts = this.choices[0] ?? null;
  private by: Grouping = "";
  private correlations: Correlations | null = null;
  private readonly rows: ParameterRow[];
  private readonly words: Map<ParameterRow, string>;
  private readonly table: ParameterTable;
  private readonly count = html("span", { class: "count", role: "status" });
  private readonly search = html("input", {
    type: "search",
    placeholder: "Search name, kind, region, sample",
    "aria-label": "Search parameters",
  });
  private readonly gammas: HTMLInputElement;

  constructor(private readonly found: Fit) {
    this.rows = orderedRows(found, this.fits, this.impacts);
    this.words = new Map(this.rows.map((row) => [row, wordsOf(row)]));
    this.table = parameterTable(columnsFor(found, this.impacts, null));
    this.gammas = html("input", { type: "checkbox", checked: this.rows.every(isGamma) });
    this.search.addEventListener("input", () => this.refresh());
    this.gammas.addEventListener("change", () => this.refresh());
  }

  elements(): Node[] {
    const none = "There is no ranking among what this report was made of: impacts are not shown.";
    const parts = [this.choices.length ? null : missing(none), this.bar(), legend(this.fits), this.table.element];
    this.refresh();
    return parts.filter((part) => part !== null);
  }

  /** Show correlations too, once they are unpacked. */
  correlate(table: Correlations): void {
    this.correlations = table;
    this.again();
  }

  /** Show a parameter, whatever was searched for or folded away. */
  reveal(name: string): void {
    const row = this.rows.find((one) => one.name === name);
    if (!row) return;
    if (isGamma(row)) this.gammas.checked = true;
    this.search.value = "";
    this.refresh();
    this.table.reveal(name);
  }

  private bar(): HTMLElement {
    const ways = groupings(this.rows);
    const names = ways.map(([, text]) => text);
    const bar = html("div", { class: "bar" }, this.search);
    const group = (i: number) => {
      this.by = ways[i][0];
      this.refresh();
    };
    bar.append(chooser("group by ", names, group));
    const choose = (i: number) => {
      this.impacts = this.choices[i];
      this.again();
    };
    const pois = this.choices.map((one) => one.poi);
    if (pois.length > 1) bar.append(chooser("impact on ", pois, choose));
    const folded = this.rows.filter(isGamma).length;
    if (folded) bar.append(html("label", {}, this.gammas, `${folded} staterror parameters`));
    const save = () => download("parameters.csv", asText(this.table.rows(), this.impacts), "text/csv");
    bar.append(button("CSV", save), this.count);
    return bar;
  }

  private refresh(): void {
    const text = this.search.value.trim().toLowerCase();
    const wanted = (row: ParameterRow) => (this.gammas.checked || !isGamma(row)) && this.words.get(row)?.includes(text);
    const list = this.rows.filter(wanted);
    this.count.textContent = `${list.length} of ${this.rows.length}`;
    this.table.show(list, this.by);
  }

  private again(): void {
    this.table.columns(columnsFor(this.found, this.impacts, this.correlations));
    this.refresh();
  }
}

/** All parameters in one table: sorted, searched, grouped, with pulls and impacts drawn beside them. */
export const parameters: Section = {
  id: "parameters",
  title: "Parameters",
  draw(body) {
    if (!fit) {
      if (payload.results.length) body.append(missing("There is no fit among what this report was made of."));
      return payload.results.length > 0;
    }
    const panel = new ParameterPanel(fit);
    body.append(...panel.elements());
    onTarget("parameter", (name) => panel.reveal(name));
    const size = fit.names.length;
    unpacked("correlation").then((bytes) => {
      if (bytes) panel.correlate(new Correlations(size, new Float32Array(bytes.buffer)));
    });
    return true;
  },
};
