/** The page of a ROOT file: what is chosen, its address, and the keys. */

import { written } from "../drawing/numbers.ts";
import { addressOf, partsOf, plain, type Settings, type Switch } from "./address.ts";
import { Maker } from "./made.ts";
import { byPath, plant, type TreeNode, viewOf } from "./nodes.ts";
import { Panel, warning } from "./panel.ts";
import { splitter } from "./splitter.ts";
import { Tree } from "./tree.ts";
import type { Payload } from "./types.ts";

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

const payload: Payload = JSON.parse(element("payload").textContent ?? "");
const root = plant(payload.objects);
const nodes = byPath(root);
const objects = payload.objects.filter(({ folder }) => !folder).length;
const search = element<HTMLInputElement>("search");
let chosen: TreeNode[] = [];
let settings: Settings = plain;

const tree = new Tree(element("tree"), element("rows"), root, { choose, overlay, found });
const panel = new Panel(
  element("panel"),
  new Maker(payload),
  { show, overlay, toggle, set },
  nodes.size ? "Choose an object on the left." : "This file contains no objects.",
);

function found(count: number | null): void {
  const all = `${written(objects)} object${objects === 1 ? "" : "s"}`;
  element("found").textContent = count === null ? all : `${written(count)} found`;
}

function choose(node: TreeNode): void {
  if (node.object || node.tree) update([node]);
}

function show(node: TreeNode): void {
  tree.reveal(node);
  choose(node);
}

/** What is a map in the view that is chosen is drawn alone, and so is what can't be drawn. */
const overlays = (node: TreeNode): boolean => node.drawable && !viewOf(node, settings.view)?.plane;

function overlay(node: TreeNode): void {
  const kept = chosen.filter(overlays);
  if (!overlays(node)) choose(node);
  else update(kept.includes(node) ? kept.filter((one) => one !== node) : [...kept, node]);
}

function update(next: TreeNode[]): void {
  chosen = next;
  tree.select(next);
  remember();
  panel.render(chosen, settings);
}

function set(change: Partial<Settings>): void {
  settings = { ...settings, ...change };
  remember();
  panel.render(chosen, settings);
}

function toggle(key: Switch): void {
  if (chosen[0]?.drawable) set({ [key]: !settings[key] });
}

/** The address names what is shown, so that a view can be kept or sent. */
function remember(): void {
  const address = addressOf(
    chosen.map(({ path }) => path),
    settings,
  );
  try {
    if (address !== location.hash) history.replaceState(null, "", address);
  } catch {
    // A page opened from some file viewers may not change its address.
  }
}

/** Return which of the named nodes are shown: those that can be drawn over each other, else the first. */
function shown(paths: string[]): TreeNode[] {
  const known = paths.flatMap((path) => nodes.get(path) ?? []);
  const drawable = known.length > 1 ? known.filter(overlays) : known.filter((node) => node.drawable);
  if (drawable.length) return [...new Set(drawable)];
  if (known.length) return [known[0]];
  const all = [...nodes.values()];
  const fallback = all.find((node) => node.drawable) ?? all[0];
  return fallback && !paths.length ? [fallback] : [];
}

function recall(): void {
  const { paths, settings: said } = partsOf(location.hash);
  settings = said;
  chosen = shown(paths);
  if (chosen.length) tree.reveal(chosen[0]);
  tree.select(chosen);
  panel.render(chosen, settings);
  const lost = paths.filter((path) => !nodes.has(path));
  if (lost.length) panel.element.prepend(warning(`Not in this file: ${lost.join(", ")}`));
}

search.addEventListener("input", () => tree.search(search.value));
search.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    search.value = "";
    tree.search("");
    if (chosen.length) tree.reveal(chosen[0]);
  } else if (event.key === "ArrowDown") tree.box.focus();
  else if (event.key === "Enter") {
    const first = tree.first();
    if (first) {
      tree.moveTo(first);
      choose(first);
    }
  } else return;
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if ((event.target as Element).matches("select, input")) return;
  const acts: Record<string, () => void> = {
    "/": () => search.focus(),
    l: () => toggle("log"),
    r: () => chosen.length > 1 && toggle("ratio"),
    n: () => toggle("normalise"),
    s: () => panel.save("svg"),
    p: () => panel.save("png"),
  };
  const act = Object.hasOwn(acts, event.key) ? acts[event.key] : null;
  if (!act) return;
  act();
  event.preventDefault();
});

element("file").textContent = payload.file;
element("summary").textContent = payload.summary;
found(null);
splitter(element("splitter"), element("side"));
window.addEventListener("hashchange", recall);
recall();
