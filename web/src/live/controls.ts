/** What the reader can change: parameters, regions, data. */

import { significant } from "../drawing/numbers.ts";
import { button, html } from "../drawing/svg.ts";
import type { Opened } from "./questions.ts";
import type { Setting } from "./setting.ts";

/** The setting that controls show, and how they change it. `rest` is told when a change is finished: a slider let go. */
export interface Held {
  model: Opened;
  get(): Setting;
  /** Where parameters are that were not moved: at the last fit; null before the first. */
  base(): number[] | null;
  set(change: Partial<Setting>, rest?: boolean): void;
}

const ROWS = 40;

const without = (list: string[], name: string) => list.filter((one) => one !== name);
const toggled = (list: string[], name: string) => (list.includes(name) ? without(list, name) : [...list, name]);

/** Return where a slider of a parameter begins and ends. */
export function sliderRange(model: Opened, i: number): [number, number] {
  const { sigma, nominal, lower, upper, initial } = model;
  if (sigma[i] > 0)
    return [Math.max(nominal[i] - 5 * sigma[i], lower[i]), Math.min(nominal[i] + 5 * sigma[i], upper[i])];
  const reach = 5 * Math.max(Math.abs(initial[i]), 1);
  return [Math.max(lower[i], initial[i] - reach), Math.min(upper[i], initial[i] + reach)];
}

/** Return where a parameter is: moved, dropped, else as in the last fit, else as before it. */
export function placeOf(held: Held, i: number): number {
  const { model } = held;
  const [name, setting] = [model.names[i], held.get()];
  if (setting.dropped.includes(name)) return model.nominal[i];
  return setting.values[name] ?? held.base()?.[i] ?? (model.fixed[i] ? model.initial[i] : model.nominal[i]);
}

/** Return names that a pattern means: `*` stands for anything; without one, names that contain the text. */
export function matching(names: string[], pattern: string): string[] {
  const text = pattern.trim().toLowerCase();
  if (!text.includes("*")) return names.filter((name) => name.toLowerCase().includes(text));
  const parts = text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const wanted = new RegExp(`^${parts.join(".*")}$`);
  return names.filter((name) => wanted.test(name.toLowerCase()));
}

function row(held: Held, i: number, onShown: (refresh: () => void) => void): HTMLElement {
  const { model } = held;
  const name = model.names[i];
  const [low, high] = sliderRange(model, i);
  const slider = html("input", { type: "range", min: String(low), max: String(high), step: "any", "aria-label": name });
  const entry = html("input", { type: "number", step: "any", "aria-label": `Value of ${name}` });
  const pull = html("span", { class: "pull-text" });
  const move = (value: number, rest: boolean) => {
    if (!Number.isFinite(value)) return;
    const inside = Math.min(Math.max(value, model.lower[i]), model.upper[i]);
    held.set({ values: { ...held.get().values, [name]: inside } }, rest);
  };
  slider.addEventListener("input", () => move(slider.valueAsNumber, false));
  slider.addEventListener("change", () => move(slider.valueAsNumber, true));
  entry.addEventListener("change", () => move(entry.valueAsNumber, true));
  const part = model.fixed[i] ? "freed" : "fixed";
  const turn = () => {
    const values = { ...held.get().values, [name]: placeOf(held, i) };
    held.set({ values, [part]: toggled(held.get()[part], name) }, true);
  };
  const hold = button(model.fixed[i] ? "free" : "hold", turn, {
    class: "small",
    title: model.fixed[i] ? "Let fits move it" : "Keep it at this value in fits",
  });
  const drop = button("drop", () => held.set({ dropped: toggled(held.get().dropped, name) }, true), {
    class: "small",
    title: "Leave the systematic out: held at its nominal value",
  });
  const width = html("select", { "aria-label": `Width of the constraint of ${name}` });
  for (const factor of [0.25, 0.5, 1, 2, 4]) width.append(html("option", { value: String(factor) }, `σ × ${factor}`));
  width.addEventListener("change", () => {
    const { [name]: _, ...others } = held.get().widths;
    const factor = Number(width.value);
    held.set({ widths: factor === 1 ? others : { ...others, [name]: factor } }, true);
  });
  const refresh = () => {
    const setting = held.get();
    const value = placeOf(held, i);
    slider.value = String(value);
    if (document.activeElement !== entry) entry.value = String(Number(value.toPrecision(6)));
    const sigma = model.sigma[i];
    pull.textContent = sigma > 0 ? `${significant((value - model.nominal[i]) / sigma, 3)} σ` : "";
    hold.setAttribute("aria-pressed", String(setting[part].includes(name)));
    drop.setAttribute("aria-pressed", String(setting.dropped.includes(name)));
    width.value = String(setting.widths[name] ?? 1);
  };
  onShown(refresh);
  refresh();
  const constrained = model.sigma[i] > 0 && !model.fixed[i];
  return html(
    "div",
    { class: "control", role: "group", "aria-label": name },
    html("div", { class: "control-name" }, html("span", {}, name), pull),
    html("div", { class: "control-row" }, slider, entry),
    html("div", { class: "control-row" }, hold, constrained ? drop : null, constrained ? width : null),
  );
}

/** Return the list of parameters to move, hold, drop and widen; `first` are names to begin with. */
export function parameterControls(held: Held, first: string[]): { element: HTMLElement; refresh: () => void } {
  const { model } = held;
  let refreshers: (() => void)[] = [];
  const search = html("input", {
    type: "search",
    placeholder: "Name or pattern (jes_*)",
    "aria-label": "Parameters to show",
  });
  const list = html("div", { class: "controls" });
  const said = html("p", { class: "count", role: "status" });
  const order = [...new Set([...first, ...model.names])];
  const chosen = () => matching(order, search.value || "*");
  const all = (part: "fixed" | "dropped", on: boolean) => {
    const names = chosen().filter((name) => name !== model.poi && !model.fixed[model.names.indexOf(name)]);
    const others = held.get()[part].filter((name) => !names.includes(name));
    const places = Object.fromEntries(names.map((name) => [name, placeOf(held, model.names.indexOf(name))]));
    const values = on && part === "fixed" ? { ...held.get().values, ...places } : held.get().values;
    held.set({ values, [part]: on ? [...others, ...names] : others }, true);
  };
  const fill = () => {
    const names = chosen();
    refreshers = [];
    list.replaceChildren(
      ...names
        .slice(0, ROWS)
        .map((name) => row(held, model.names.indexOf(name), (refresh) => refreshers.push(refresh))),
    );
    said.textContent =
      names.length > ROWS ? `the first ${ROWS} of ${names.length} parameters` : `${names.length} parameters`;
  };
  search.addEventListener("input", fill);
  fill();
  const many = html(
    "div",
    { class: "bar" },
    "All of these:",
    button("hold", () => all("fixed", true), { class: "small" }),
    button("release", () => all("fixed", false), { class: "small" }),
    button("drop", () => all("dropped", true), { class: "small" }),
    button("take back", () => all("dropped", false), { class: "small" }),
  );
  return {
    element: html("div", {}, html("div", { class: "bar" }, search), many, said, list),
    refresh: () => {
      for (const refresh of refreshers) refresh();
    },
  };
}

/** Return the list of regions, and of their bins, to leave out. */
export function regionControls(held: Held): { element: HTMLElement; refresh: () => void } {
  const refreshers: (() => void)[] = [];
  const lines = held.model.channels.map(({ name, bins }) => {
    const whole = html("input", { type: "checkbox" });
    whole.addEventListener("change", () => held.set({ channels: toggled(held.get().channels, name) }, true));
    const boxes = [...Array(bins).keys()].map((bin) => {
      const box = button(String(bin + 1), () => {
        const { [name]: left = [], ...others } = held.get().bins;
        const next = left.includes(bin) ? left.filter((one) => one !== bin) : [...left, bin].sort((a, b) => a - b);
        held.set({ bins: next.length ? { ...others, [name]: next } : others }, true);
      });
      box.className = "small bin";
      box.setAttribute("aria-label", `Bin ${bin + 1} of ${name}`);
      return box;
    });
    refreshers.push(() => {
      const { channels, bins: left } = held.get();
      whole.checked = !channels.includes(name);
      boxes.forEach((box, bin) => {
        box.setAttribute("aria-pressed", String(!(left[name] ?? []).includes(bin)));
      });
    });
    return html(
      "div",
      { class: "control", role: "group", "aria-label": name },
      html("label", {}, whole, name),
      bins > 1 ? html("div", { class: "bins" }, ...boxes) : null,
    );
  });
  const refresh = () => {
    for (const one of refreshers) one();
  };
  refresh();
  return { element: html("div", { class: "controls" }, ...lines), refresh };
}

/** Return the choice of data, observed or Asimov, and of the luminosity. */
export function dataControls(held: Held): { element: HTMLElement; refresh: () => void } {
  const asimov = html("input", { type: "checkbox", id: "live-asimov" });
  const value = html("input", { type: "number", step: "any", "aria-label": "Parameter of interest in Asimov data" });
  const luminosity = html("input", {
    type: "number",
    step: "any",
    min: "0",
    "aria-label": "Luminosity, times that of the model",
  });
  const apply = () => {
    const at = Number.isFinite(value.valueAsNumber) ? value.valueAsNumber : 1;
    held.set({ asimov: asimov.checked ? at : null }, true);
  };
  asimov.addEventListener("change", apply);
  value.addEventListener("change", apply);
  luminosity.addEventListener("change", () => {
    if (luminosity.valueAsNumber > 0) held.set({ luminosity: luminosity.valueAsNumber }, true);
  });
  const refresh = () => {
    const setting = held.get();
    asimov.checked = setting.asimov !== null;
    value.value = String(setting.asimov ?? 1);
    luminosity.value = String(setting.luminosity);
  };
  refresh();
  const poi = held.model.poi;
  return {
    element: html(
      "div",
      { class: "controls" },
      poi === null
        ? null
        : html("div", { class: "control-row" }, html("label", {}, asimov, `Asimov data, ${poi} =`), value),
      html("div", { class: "control-row" }, html("label", {}, "Luminosity ×", luminosity)),
    ),
    refresh,
  };
}
