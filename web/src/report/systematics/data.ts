/** Variations of templates: as Python packed those that were handed in, or as the workspace says. */

import { payload, unpacked } from "../page.ts";
import type { Effect } from "../types.ts";
import { fromTemplates, type Variation } from "./packed.ts";
import { effectOf, fromWorkspace, type WorkspaceDocument } from "./workspace.ts";

const json = async <T>(name: string): Promise<T | null> => {
  const bytes = await unpacked(name);
  return bytes && JSON.parse(new TextDecoder().decode(bytes));
};

let variationsFound: Promise<Variation[]> | undefined;
let effectsFound: Promise<Effect[]> | undefined;

/** Return all variations; they are unpacked when they are asked for first. */
export function variations(): Promise<Variation[]> {
  variationsFound ??= (async () => {
    const bytes = payload.processed ? await unpacked("variations") : null;
    if (bytes) return fromTemplates(bytes);
    const document = await json<WorkspaceDocument>("workspace");
    return document ? fromWorkspace(document, payload.fits[0]?.measurement) : [];
  })();
  return variationsFound;
}

/** Return what each systematic does to each sample in each region. */
export function effects(): Promise<Effect[]> {
  effectsFound ??= (async () => {
    const found = payload.processed ? await json<Effect[]>("effects") : null;
    return found ?? (await variations()).map(effectOf);
  })();
  return effectsFound;
}
