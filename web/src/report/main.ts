/** The report: its sections, one after the other, and a table of contents that follows the reader. */

import { button, html } from "../drawing/svg.ts";
import { Client } from "../live/client.ts";
import { openPanel } from "../live/panel.ts";
import { partsOf } from "./address.ts";
import { framed, packed, payload, type Section } from "./page.ts";
import { setView } from "./regions/view.ts";
import { correlations } from "./sections/correlations.ts";
import { findings } from "./sections/findings.ts";
import { goodness } from "./sections/goodness.ts";
import { headline } from "./sections/headline.ts";
import { origin } from "./sections/origin.ts";
import { parameters } from "./sections/parameters.ts";
import { questions } from "./sections/questions.ts";
import { ranking } from "./sections/ranking.ts";
import { regions } from "./sections/regions.ts";
import { systematics } from "./sections/systematics.ts";
import { uncertainties } from "./sections/uncertainties.ts";
import { followAddress } from "./targets.ts";

const sections: Section[] = [
  headline,
  findings,
  regions,
  parameters,
  ranking,
  correlations,
  uncertainties,
  goodness,
  systematics,
  questions,
  origin,
];

function contents(made: [Section, HTMLElement][]): void {
  const links = new Map<string, HTMLElement>();
  const list = html("ol");
  for (const [{ id, title }] of made) {
    const link = html("a", { href: `#${id}` }, title);
    links.set(id, link);
    list.append(html("li", {}, link));
  }
  document.getElementById("contents")?.append(list);
  const seen = new Set<string>();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) entry.isIntersecting ? seen.add(entry.target.id) : seen.delete(entry.target.id);
      const first = made.find(([{ id }]) => seen.has(id));
      for (const [id, link] of links) link.toggleAttribute("aria-current", id === first?.[0].id);
    },
    { rootMargin: "-20% 0px -60% 0px" },
  );
  for (const [, element] of made) observer.observe(element);
}

/** Put a button at the head of the page that opens the panel of the model. */
function offerModel(): void {
  const [engine, model, numbers] = ["engine", "model", "numbers"].map(packed);
  const script = document.getElementById("worker")?.textContent;
  const place = document.getElementById("live");
  if (!engine || !model || !numbers || !script || !place) return;
  let opened = false;
  const show = () => {
    place.hidden = !place.hidden;
    document.body.classList.toggle("with-model", !place.hidden);
    tool.setAttribute("aria-pressed", String(!place.hidden));
    if (place.hidden) setView({ label: (payload.postfit ?? payload.prefit)?.label ?? "" });
    if (!opened) void openPanel(new Client(script, engine, model, numbers), place);
    opened = true;
    if (!place.hidden) place.focus({ preventScroll: true });
  };
  const tool = button("Explore the model", show, { id: "open-model", "aria-controls": "live" });
  place.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    show();
    tool.focus();
  });
  document.getElementById("tools")?.append(tool);
  const asked = () => place.hidden && partsOf(location.hash).setting && show();
  window.addEventListener("popstate", asked);
  asked();
}

function open(): void {
  const place = document.getElementById("sections");
  const made: [Section, HTMLElement][] = [];
  for (const section of sections) {
    const element = framed(section);
    if (!element) continue;
    place?.append(element);
    made.push([section, element]);
  }
  contents(made);
  offerModel();
  const about = document.getElementById("about");
  about?.append(`workspace ${payload.digest.slice(0, 12)} · wilks ${payload.version}`);
  followAddress();
}

open();
