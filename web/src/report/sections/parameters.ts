import { scale } from "../../drawing/axes.ts";
import { change, decimalsOf, fixed, measured, significant } from "../../drawing/numbers.ts";
import { html, svg } from "../../drawing/svg.ts";
import { fit, payload, resultsOf, type Section } from "../page.ts";
import { type Column, sortedTable } from "../table.ts";
import type { Fit, Num, Ranking } from "../types.ts";

interface Row {
  name: string;
  value: number;
  uncertainty: number;
  pull: number;
  constraint: number;
  kind: string;
  remark: string;
  impacts: Num[] | null;
  where: [string, string, string][];
}

const number = (value: Num): number => (value === null ? NaN : Number(value));
const setOf = (name: string): string => (name in payload.acts ? name : name.replace(/\[\d+\]$/, ""));

function rowsOf(found: Fit): Row[] {
  const ranking = resultsOf<Ranking>("ranking")[0];
  return found.names.map((name, i) => {
    const [value, uncertainty] = [number(found.values[i]), number(found.uncertainties[i])];
    const [before, width] = [number(found.prefit_values[i]), number(found.prefit_uncertainties[i])];
    const k = ranking ? ranking.names.indexOf(name) : -1;
    return {
      name,
      value,
      uncertainty,
      pull: width > 0 ? (value - before) / width : NaN,
      constraint: width > 0 ? uncertainty / width : NaN,
      kind: found.modifier_types[i].join(", "),
      remark: found.fixed[i] ? (found.idle[i] ? "no effect" : "fixed") : found.at_bound[i] ? "at bound" : "",
      impacts: k >= 0 ? ranking.impacts[0][k] : null,
      where: payload.acts[setOf(name)] ?? [],
    };
  });
}

const pullScale = scale([-3, 3], [6, 174]);

function pullCell(row: Row): Node | string {
  if (!Number.isFinite(row.pull)) return "";
  const image = svg("svg", {
    class: "pull",
    width: 180,
    height: 20,
    viewBox: "0 0 180 20",
    role: "img",
    "aria-label": `pull ${fixed(row.pull, 2)}`,
  });
  image.append(svg("rect", { class: "two", x: pullScale(-2), y: 0, width: pullScale(2) - pullScale(-2), height: 20 }));
  image.append(svg("rect", { class: "one", x: pullScale(-1), y: 0, width: pullScale(1) - pullScale(-1), height: 20 }));
  image.append(svg("line", { class: "zero", x1: pullScale(0), x2: pullScale(0), y1: 0, y2: 20 }));
  const at = (v: number) => pullScale(Math.min(Math.max(v, -3), 3));
  if (Number.isFinite(row.constraint))
    image.append(
      svg("line", {
        class: "bar",
        x1: at(row.pull - row.constraint),
        x2: at(row.pull + row.constraint),
        y1: 10,
        y2: 10,
      }),
    );
  image.append(svg("circle", { cx: at(row.pull), cy: 10, r: 3 }));
  return image;
}

const largest = (row: Row): number => Math.max(...[row.impacts?.[2], row.impacts?.[3]].map((v) => Math.abs(v ?? 0)));

function impactCell(row: Row, most: number): Node | string {
  if (!row.impacts || !(most > 0)) return "";
  const x = scale([-most, most], [4, 176]);
  const [up, down, upAfter, downAfter] = row.impacts;
  const image = svg("svg", {
    class: "impact",
    width: 180,
    height: 20,
    viewBox: "0 0 180 20",
    role: "img",
    "aria-label": `impact ${significant(upAfter, 3)}, ${significant(downAfter, 3)}`,
  });
  const bar = (value: number | null, kind: string) => {
    if (value === null) return;
    const [a, b] = [x(0), x(Math.min(Math.max(value, -most), most))];
    image.append(svg("rect", { class: kind, x: Math.min(a, b), y: 3, width: Math.abs(b - a), height: 14 }));
  };
  bar(upAfter, "up");
  bar(downAfter, "down");
  bar(up, "up open");
  bar(down, "down open");
  image.append(svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: 20 }));
  return image;
}

function where(row: Row): Node {
  const channels = new Set(row.where.map(([channel]) => channel));
  const samples = new Set(row.where.map(([, sample]) => sample));
  const text = `${samples.size === 1 ? [...samples][0] : `${samples.size} samples`} in ${channels.size === 1 ? [...channels][0] : `${channels.size} regions`}`;
  return html(
    "span",
    {
      title: row.where
        .slice(0, 60)
        .map((one) => one.join(" / "))
        .join("\n"),
    },
    row.where.length ? text : "",
  );
}

function columns(rows: Row[], found: Fit): Column<Row>[] {
  const most = Math.max(...rows.map(largest), 0);
  const decimals = decimalsOf(most);
  const made: Column<Row>[] = [
    {
      key: "name",
      title: "parameter",
      cell: (row) => html("span", { class: row.name === found.poi ? "poi-name" : "" }, row.name),
      sort: (row) => row.name,
    },
    {
      key: "value",
      title: "value",
      class: "right",
      cell: (row) => measured(row.value, row.remark === "" ? row.uncertainty : null),
      sort: (row) => row.value,
    },
    { key: "pull", title: "pull", cell: pullCell, sort: (row) => Math.abs(row.pull) },
    {
      key: "constraint",
      title: "post-fit / pre-fit",
      class: "right",
      cell: (row) => fixed(row.constraint, 2),
      sort: (row) => row.constraint,
    },
  ];
  if (most > 0)
    made.push(
      {
        key: "impact",
        title: `impact on ${resultsOf<Ranking>("ranking")[0].pois[0]}`,
        cell: (row) => impactCell(row, most),
        sort: largest,
      },
      {
        key: "impacts",
        title: "up, down",
        class: "right",
        cell: (row) => (row.impacts ? `${change(row.impacts[2], decimals)}, ${change(row.impacts[3], decimals)}` : ""),
      },
    );
  made.push(
    { key: "kind", title: "kind", cell: (row) => row.kind, sort: (row) => row.kind },
    { key: "where", title: "acts on", cell: where, sort: (row) => row.where.length },
    { key: "remark", title: "", cell: (row) => row.remark },
  );
  return made;
}

/** All parameters in one table: sorted, searched, with pulls and impacts drawn beside them. */
export const parameters: Section = {
  id: "parameters",
  title: "Parameters",
  draw(body) {
    if (!fit) return false;
    const found = fit;
    const rows = rowsOf(found);
    rows.sort((a, b) => Number(b.name === found.poi) - Number(a.name === found.poi) || largest(b) - largest(a));
    const table = sortedTable(columns(rows, found), (row, cells) =>
      html("tr", { id: `parameter=${row.name}` }, ...cells),
    );
    const search = html("input", {
      type: "search",
      placeholder: "Search parameters",
      "aria-label": "Search parameters",
    });
    const gammas = html("input", { type: "checkbox", id: "gammas" });
    const others = rows.filter((row) => row.kind !== "staterror");
    gammas.checked = others.length === 0;
    const count = html("span", { class: "count", role: "status" });
    const refresh = () => {
      const text = search.value.toLowerCase();
      const list = rows.filter(
        (row) => (gammas.checked || row.kind !== "staterror") && row.name.toLowerCase().includes(text),
      );
      count.textContent = `${list.length} of ${rows.length}`;
      table.show(list);
    };
    search.addEventListener("input", refresh);
    gammas.addEventListener("change", refresh);
    const hidden = rows.length - others.length;
    body.append(
      html(
        "div",
        { class: "bar" },
        search,
        hidden ? html("label", {}, gammas, `${hidden} staterror parameters`) : null,
        count,
      ),
      table.element,
    );
    refresh();
    return true;
  },
};
