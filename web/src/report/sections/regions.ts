import { fixed, measured, significant } from "../../drawing/numbers.ts";
import { stack } from "../../drawing/stack.ts";
import { button, html, onWidth } from "../../drawing/svg.ts";
import { colourOf, missing, paint, payload, type Section, sampleNames } from "../page.ts";
import type { Channel, ChannelPrediction, Num, Prediction } from "../types.ts";
import { livePrediction, onLive } from "../views.ts";

const number = (value: Num): number => (value === null ? NaN : Number(value));

/** What the reader chose for all regions. */
const chosen = {
  after: payload.postfit !== null,
  log: false,
  panel: "ratio" as "ratio" | "pull",
  off: new Set<string>(),
};
const listeners: (() => void)[] = [];
const redraw = () => {
  for (const listener of listeners) listener();
};

const shown = (): Prediction | null =>
  livePrediction() ?? (chosen.after ? payload.postfit : payload.prefit) ?? payload.prefit ?? payload.postfit;

function binText(channel: Channel, i: number): string {
  if (channel.binLabels.length) return channel.binLabels[i];
  return `${significant(channel.edges[i], 5)} to ${significant(channel.edges[i + 1], 5)} ${channel.unit}`;
}

function tip(channel: Channel, found: ChannelPrediction, i: number): HTMLElement {
  const total = found.yields.reduce((sum, row) => sum + number(row[i]), 0);
  const rows = found.samples.map((sample, s) => [
    sample,
    measured(number(found.yields[s][i]), found.uncertainties[s][i]),
  ]);
  rows.push(["total", measured(total, found.total_uncertainty[i])], ["data", fixed(found.data[i], 0)]);
  return html(
    "div",
    {},
    html("strong", {}, binText(channel, i)),
    html("table", {}, ...rows.map(([a, b]) => html("tr", {}, html("td", {}, a), html("td", {}, b)))),
  );
}

function region(channel: Channel): HTMLElement {
  const place = html("div", { class: "drawing" });
  const pop = html("div", { class: "tip", hidden: true, role: "status" });
  const card = html(
    "article",
    { class: "region", id: `region=${channel.name}` },
    html("h3", {}, channel.name),
    place,
    pop,
  );
  let width = 0;
  const draw = () => {
    const found = shown()?.channels.find((one) => one.name === channel.name);
    if (!found || !width) return;
    const layers = found.samples
      .map((name, s) => ({ name, colour: colourOf(name), yields: found.yields[s].map(number) }))
      .filter(({ name }) => !chosen.off.has(name))
      .reverse();
    const data = {
      edges: channel.edges,
      label: channel.label,
      binLabels: channel.binLabels,
      layers,
      uncertainty: chosen.off.size ? found.total_uncertainty.map(() => 0) : found.total_uncertainty.map(number),
      data: found.data.map(number),
    };
    const hover = (bin: number | null) => {
      pop.hidden = bin === null;
      if (bin !== null) pop.replaceChildren(tip(channel, found, bin));
    };
    place.replaceChildren(stack(data, { width, log: chosen.log, panel: chosen.panel, hover }));
  };
  onWidth(place, (now) => {
    width = now;
    draw();
  });
  listeners.push(draw);
  return card;
}

function toggle(text: string, on: () => boolean, act: () => void): HTMLButtonElement {
  const made = button(text, () => {
    act();
    redraw();
  });
  const tell = () => made.setAttribute("aria-pressed", String(on()));
  listeners.push(tell);
  tell();
  return made;
}

function legend(): HTMLElement {
  const entries = sampleNames.map((sample) => {
    const made = toggle(
      sample,
      () => !chosen.off.has(sample),
      () => {
        if (!chosen.off.delete(sample)) chosen.off.add(sample);
      },
    );
    const swatch = html("span", { class: "swatch" });
    paint(swatch, "background", colourOf(sample));
    made.prepend(swatch);
    return made;
  });
  return html("div", { class: "legend", role: "group", "aria-label": "Samples" }, ...entries);
}

/** Data and prediction of every region. */
export const regions: Section = {
  id: "regions",
  title: "Regions",
  draw(body) {
    onLive(redraw);
    if (!shown()) {
      body.append(missing("There is no prediction among what this report was made of."));
      return true;
    }
    const bar = html("div", { class: "bar" });
    if (payload.prefit && payload.postfit)
      bar.append(
        toggle(
          "pre-fit",
          () => !chosen.after,
          () => {
            chosen.after = false;
          },
        ),
        toggle(
          "post-fit",
          () => chosen.after,
          () => {
            chosen.after = true;
          },
        ),
      );
    bar.append(
      toggle(
        "log",
        () => chosen.log,
        () => {
          chosen.log = !chosen.log;
        },
      ),
      toggle(
        "pulls",
        () => chosen.panel === "pull",
        () => {
          chosen.panel = chosen.panel === "pull" ? "ratio" : "pull";
        },
      ),
    );
    body.append(bar, legend(), html("div", { class: "grid" }, ...payload.channels.map(region)));
    return true;
  },
};
