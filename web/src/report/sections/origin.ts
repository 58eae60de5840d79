import { button, html } from "../../drawing/svg.ts";
import { fit, payload, type Section, unpacked } from "../page.ts";
import { download } from "../table.ts";

/** Where the numbers come from, and the files to go on with. */
export const origin: Section = {
  id: "origin",
  title: "Where it comes from",
  draw(body) {
    const rows: [string, string][] = [
      ["workspace", payload.digest],
      ["wilks", payload.version],
    ];
    if (fit) {
      rows.push(
        ["measurement", fit.measurement],
        ["data", fit.dataset],
        ["minimiser", `${fit.minimizer}, ${fit.iterations} iterations`],
      );
      for (const [name, value] of Object.entries(fit.settings))
        rows.push([name, typeof value === "string" ? value : JSON.stringify(value)]);
    }
    body.append(
      html(
        "table",
        { class: "plain" },
        ...rows.map(([a, b]) => html("tr", {}, html("th", { scope: "row" }, a), html("td", {}, b))),
      ),
    );
    const save = button("workspace.json", async () => {
      const bytes = await unpacked("workspace");
      if (bytes) download("workspace.json", bytes, "application/json");
    });
    const files = html("p", { class: "bar" }, "Download: ", save);
    body.append(files);
    if (payload.steering) {
      files.append(button("steering file", () => download("config.yml", payload.steering, "text/yaml")));
      body.append(html("details", {}, html("summary", {}, "Steering file"), html("pre", {}, payload.steering)));
    }
    return true;
  },
};
