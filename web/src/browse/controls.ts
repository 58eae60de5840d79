/** Switches, choices and buttons above the picture. */

import { button, chooser } from "../drawing/svg.ts";
import type { Settings, Switch } from "./address.ts";
import { type Item, isSteps } from "./items.ts";
import { type TreeNode, viewOf } from "./nodes.ts";

export interface Choices {
  toggle: (key: Switch) => void;
  set: (change: Partial<Settings>) => void;
}

/** Return the switches, of which some have no meaning for what is shown. */
export function switches(items: Item[], settings: Settings, { toggle }: Choices): HTMLElement[] {
  const steps = items.filter(isSteps);
  const stacked = steps.some(({ own }) => own);
  const made = (key: Switch, text: string, letter: string, possible: boolean) =>
    button(text, () => toggle(key), {
      "aria-pressed": String(settings[key] && possible),
      title: `${text} (key ${letter})`,
      "data-key": key,
      disabled: !possible,
    });
  return [
    made("log", items[0].kind === "plane" ? "Log z" : "Log y", "l", true),
    made("ratio", "Ratio", "r", steps.length > 1 && !stacked),
    made("normalise", "Normalise", "n", steps.length > 0 && !stacked),
  ];
}

/** Return the ways to see histograms of several axes, and the number of bins of branches. */
export function choices(chosen: TreeNode[], settings: Settings, { set }: Choices): HTMLElement[] {
  const found: HTMLElement[] = [];
  const viewed = chosen.find(({ object }) => object?.views);
  if (viewed) {
    const views = viewed.object!.views!.filter(({ plane }) => chosen.length === 1 || !plane);
    const now = views.findIndex(({ key }) => key === viewOf(viewed, settings.view)?.key);
    const names = views.map(({ name }) => name);
    found.push(choice("view", "View", names, now, (i) => set({ view: views[i].key })));
  }
  if (chosen.some(({ tree }) => tree)) {
    const counts = [...new Set([null, 20, 50, 100, 200, ...(settings.bins ? [settings.bins] : [])])];
    const names = counts.map((count) => (count === null ? "auto" : String(count)));
    found.push(choice("bins", "Bins", names, counts.indexOf(settings.bins), (i) => set({ bins: counts[i] })));
  }
  return found;
}

function choice(key: string, label: string, names: string[], now: number, act: (i: number) => void): HTMLElement {
  const made = chooser(label, names, act, now);
  made.classList.add("choice");
  made.querySelector("select")!.dataset.key = key;
  return made;
}

/** Return the buttons that save the picture. */
export function saveButtons(save: (kind: "svg" | "png") => void): HTMLElement[] {
  const made = (kind: "svg" | "png", letter: string) => {
    const name = kind.toUpperCase();
    const title = `Save the picture as ${name} (key ${letter})`;
    return button(`↓ ${name}`, () => save(kind), { title, "data-key": name });
  };
  return [made("svg", "s"), made("png", "p")];
}
