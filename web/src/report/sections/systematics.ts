import { change } from "../../drawing/numbers.ts";
import { html } from "../../drawing/svg.ts";
import { payload, type Section } from "../page.ts";
import { sortedTable } from "../table.ts";
import type { Effect } from "../types.ts";

/** What each systematic does to each sample in each region. */
export const systematics: Section = {
  id: "systematics",
  title: "Systematics",
  draw(body) {
    const { effects } = payload;
    if (!effects.length) return false;
    const percent = (value: number) => change(100 * value, 2);
    const table = sortedTable<Effect>(
      [
        { key: "systematic", title: "systematic", cell: (row) => row.systematic, sort: (row) => row.systematic },
        { key: "region", title: "region", cell: (row) => row.region, sort: (row) => row.region },
        { key: "sample", title: "sample", cell: (row) => row.sample, sort: (row) => row.sample },
        {
          key: "norm",
          title: "yield up / down [%]",
          class: "right",
          cell: (row) => `${percent(row.norm[0])} / ${percent(row.norm[1])}`,
          sort: (row) => Math.max(...row.norm.map(Math.abs)),
        },
        {
          key: "shape",
          title: "shape up / down [%]",
          class: "right",
          cell: (row) => (row.shape ? `${percent(row.shape[0])} / ${percent(row.shape[1])}` : ""),
          sort: (row) => Math.max(...(row.shape ?? [0]).map(Math.abs)),
        },
        {
          key: "flags",
          title: "",
          cell: (row) =>
            [
              ...(row.keep_norm ? [] : ["norm dropped"]),
              ...(row.keep_shape ? [] : ["shape dropped"]),
              ...row.flags,
            ].join(", "),
        },
      ],
      (_, cells) => html("tr", {}, ...cells),
    );
    body.append(table.element);
    table.show(effects);
    return true;
  },
};
