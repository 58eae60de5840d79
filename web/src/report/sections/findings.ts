import { html } from "../../drawing/svg.ts";
import { payload, type Section } from "../page.ts";
import type { Finding } from "../types.ts";

const titles = { error: "Errors", warning: "Warnings", note: "Notes" } as const;

function card(finding: Finding): HTMLElement {
  const places = finding.cases.flatMap(({ systematic, region }) => [
    ...(systematic !== "*" && systematic in payload.acts ? [`parameter=${systematic}`] : []),
    ...(region !== "*" ? [`region=${region}`] : []),
  ]);
  const links = [...new Set(places)]
    .slice(0, 12)
    .map((place) => html("a", { href: `#${encodeURI(place)}` }, place.replace(/^.*?=/, "")));
  return html(
    "article",
    { class: `finding ${finding.severity}` },
    html("h4", {}, finding.place, html("code", {}, finding.rule)),
    html("p", {}, finding.message),
    html("p", { class: "advice" }, finding.advice),
    links.length ? html("p", { class: "places" }, ...links) : null,
  );
}

/** What the checks found, by severity; each finding leads to what it is about. */
export const findings: Section = {
  id: "findings",
  title: "Findings",
  draw(body) {
    if (!payload.findings.length) {
      body.append(html("p", {}, "The checks found nothing."));
      return true;
    }
    for (const severity of ["error", "warning", "note"] as const) {
      const found = payload.findings.filter((one) => one.severity === severity);
      if (!found.length) continue;
      const details = html(
        "details",
        { open: severity !== "note" },
        html("summary", {}, `${titles[severity]} (${found.length})`),
      );
      details.append(...found.map(card));
      body.append(details);
    }
    return true;
  },
};
