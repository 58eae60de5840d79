import { button, html } from "../../drawing/svg.ts";
import { missing, payload, type Section } from "../page.ts";
import { region } from "../regions/card.ts";
import { legend } from "../regions/legend.ts";
import { summary } from "../regions/summary.ts";
import { type Axis, onView, predictions, setView, shown, unequal, view } from "../regions/view.ts";
import { yieldsPerBin, yieldsPerChannel } from "../regions/yields.ts";
import { tableOf, tables } from "../table.ts";
import type { TableData } from "../types.ts";

/** Return buttons of which one is pressed. */
function choice(name: string, options: [string, () => boolean, () => void][]): HTMLElement {
  const made = options.map(([text, on, act]) => {
    const one = button(text, act);
    const tell = () => one.setAttribute("aria-pressed", String(on()));
    onView(tell);
    tell();
    return one;
  });
  return html("span", { class: "choice", role: "group", "aria-label": name }, ...made);
}

/** One button for each prediction; the model that is alive adds its own. */
function which(): HTMLElement {
  const place = html("span", { class: "choice", role: "group", "aria-label": "Prediction" });
  const fill = () => {
    const focused = place.contains(document.activeElement);
    place.replaceChildren(
      ...[...predictions.keys()].map((label) =>
        button(label, () => setView({ label }), { "aria-pressed": String(label === view.label) }),
      ),
    );
    if (focused) place.querySelector<HTMLElement>("[aria-pressed=true]")?.focus();
  };
  onView(fill);
  fill();
  return place;
}

function bar(): HTMLElement {
  const axis = (value: Axis): [string, () => boolean, () => void] => [
    value,
    () => view.axis === value,
    () => setView({ axis: value }),
  ];
  const panel = (value: "ratio" | "pull", text: string): [string, () => boolean, () => void] => [
    text,
    () => view.panel === value,
    () => setView({ panel: value }),
  ];
  const made = [
    which(),
    choice("Vertical axis", [axis("auto"), axis("linear"), axis("log")]),
    choice("Panel below", [panel("ratio", "ratio"), panel("pull", "pulls")]),
  ];
  if (payload.channels.some(unequal))
    made.push(choice("Bins", [["per bin width", () => view.perWidth, () => setView({ perWidth: !view.perWidth })]]));
  return html("div", { class: "bar" }, ...made);
}

/** A label as a part of a file's name: `prefit`. */
const word = (label: string): string => label.replace(/[^\p{L}\p{N}]+/gu, "");

/** Return a table that is made when it is opened, and again when another prediction is shown. */
function folded(title: string, file: string, make: () => TableData | null, kind = ""): HTMLDetailsElement {
  const details = html("details", { class: kind }, html("summary", {}, title));
  const place = html("div");
  details.append(place);
  const fill = () => {
    const data = details.open ? make() : null;
    place.replaceChildren(...(data ? [tableOf(data, `${file}_${word(view.label)}`)] : []));
  };
  details.addEventListener("toggle", fill);
  onView(fill);
  addEventListener("beforeprint", () => fill());
  return details;
}

/** Data and prediction of every region. */
export const regions: Section = {
  id: "regions",
  title: "Regions",
  draw(body) {
    if (!shown()) {
      body.append(missing("There is no prediction among what this report was made of."));
      return true;
    }
    for (const [label, prediction] of predictions) {
      tables.set(`yields_${word(label)}`, () => yieldsPerChannel(prediction));
      tables.set(`yields_per_bin_${word(label)}`, () => yieldsPerBin(prediction, payload.channels));
    }
    const total = summary();
    const sums = folded("Table of yields", "yields", () => {
      const prediction = shown();
      return prediction ? yieldsPerChannel(prediction) : null;
    });
    sums.open = payload.channels.length <= 60;
    body.append(
      bar(),
      legend(),
      ...(total ? [html("div", { class: "wide" }, total)] : []),
      html("div", { class: "grid" }, ...payload.channels.map(region)),
      sums,
      folded(
        "Table of yields, bin by bin",
        "yields_per_bin",
        () => {
          const prediction = shown();
          return prediction ? yieldsPerBin(prediction, payload.channels) : null;
        },
        "as-it-is",
      ),
    );
    return true;
  },
};
