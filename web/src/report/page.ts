/** What all sections share: the payload, what is unpacked of it, and the frame of a section. */

import type { Label } from "../drawing/labels.ts";
import { html } from "../drawing/svg.ts";
import { unpack } from "../engine/container.js";
import { workspaceNumbers, workspaceText } from "../engine/packed.js";
import type { Acts, Fit, IndexedActs, Payload, Result } from "./types.ts";

const read = (id: string) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

/** Return where parameters act, from what says it in few words; parameters that act alike share the list. */
function actsOf({ names, sets, of }: IndexedActs): Acts {
  const places = sets.map((flat) =>
    Array.from({ length: flat.length / 3 }, (_, i): [string, string, string] => [
      names[flat[3 * i]],
      names[flat[3 * i + 1]],
      names[flat[3 * i + 2]],
    ]),
  );
  return Object.fromEntries(Object.entries(of).map(([parameter, set]) => [parameter, places[set]]));
}

const told = read("payload");
export const payload: Payload = { ...told, acts: actsOf(told.acts) };
const bulk: Record<string, string> = read("bulk") ?? {};

/** The fit that the page is about. */
export const fit: Fit | undefined = payload.fits[0];

/** Return the JSON text of the workspace; null where the page does not have it. */
export async function workspaceBytes(): Promise<Uint8Array<ArrayBuffer> | null> {
  const [text, numbers] = await Promise.all([unpacked("workspace"), unpacked("numbers")]);
  if (!text || !numbers) return null;
  const parts = JSON.parse(new TextDecoder().decode(text));
  return new TextEncoder().encode(workspaceText(parts, workspaceNumbers(unpack(numbers))));
}

/** Return the bytes that stand compressed in the page; null where there are none of this name. */
export async function unpacked(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!has(name)) return null;
  const letters = atob(bulk[name]);
  const packed = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) packed[i] = letters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return what stands compressed in the page, as base64 text; null where there is nothing of this name. */
export const packed = (name: string): string | null => bulk[name] ?? null;

/** Return whether there are bytes of this name. */
export const has = (name: string): boolean => Object.hasOwn(bulk, name);

/** Return the results of a kind. */
export function resultsOf<R extends Result>(kind: string): R[] {
  return payload.results.filter((one) => one.kind === kind) as R[];
}

export interface Section {
  id: string;
  title: string;
  /** Fill the section's body; false where there is nothing to show. */
  draw(body: HTMLElement): boolean;
}

/** Return the frame of a section, with a heading that links to itself. */
export function framed(section: Section): HTMLElement | null {
  const body = html("div", { class: "body" });
  if (!section.draw(body)) return null;
  const link = html("a", { class: "self", href: `#${section.id}`, "aria-label": `Link to ${section.title}` }, "#");
  return html("section", { id: section.id }, html("h2", {}, section.title, link), body);
}

/** Return an element that says that something is missing, and why. */
export function missing(text: string): HTMLElement {
  return html("p", { class: "missing" }, text);
}

const colours = [
  "#3f90da",
  "#ffa90e",
  "#bd1f01",
  "#94a4a2",
  "#832db6",
  "#a96b59",
  "#e76300",
  "#b9ac70",
  "#717581",
  "#92dadd",
];
const samples = [...new Set((payload.postfit ?? payload.prefit)?.channels.flatMap((one) => one.samples) ?? [])];

/** Return the colour of a sample: M. A. Petroff's, arXiv:2107.02270; lighter in each further round, as in figures. */
export function colourOf(sample: string): string {
  const i = Math.max(samples.indexOf(sample), 0);
  // Lighter than this nothing is told from the page.
  const keep = 0.55 ** Math.min(Math.floor(i / colours.length), 3);
  const parts = [1, 3, 5].map((at) => Number.parseInt(colours[i % colours.length].slice(at, at + 2), 16));
  return `rgb(${parts.map((part) => Math.round(255 - keep * (255 - part))).join(",")})`;
}

/** Return the title of a name: with what is raised or lowered in it. */
export function titled(name: string): Label {
  return Object.hasOwn(payload.titles, name) ? payload.titles[name] : name;
}

/** The samples of all channels, in the order of the workspace. */
export const sampleNames = samples;

/** Return the colour of a value in an SVG: a property, since the page allows no styles of elements. */
export function paint(element: SVGElement | HTMLElement, property: string, value: string): void {
  element.style.setProperty(property, value);
}
