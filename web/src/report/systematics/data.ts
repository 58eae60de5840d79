/** Variations of templates: as Python packed those that were handed in, or as the workspace says. */

import { payload, unpacked, workspaceBytes } from "../page.ts";
import type { Effect } from "../types.ts";
import { fromTemplates, type Variation } from "./packed.ts";
import { effectOf, fromWorkspace, type WorkspaceDocument } from "./workspace.ts";

const json = async <T>(packed: Promise<Uint8Array | null>): Promise<T | null> => {
  const bytes = await packed;
  return bytes && JSON.parse(new TextDecoder().decode(bytes));
};

let variationsFound: Promise<Variation[]> | undefined;
let documentFound: Promise<WorkspaceDocument | null> | undefined;
let effectsFound: Promise<Effect[]> | undefined;

/** Return the variations of one systematic, or all; they are unpacked when they are asked for first. */
export async function variations(systematic?: string): Promise<Variation[]> {
  if (payload.processed) {
    variationsFound ??= unpacked("variations").then((bytes) => (bytes ? fromTemplates(bytes) : []));
    return (await variationsFound).filter((one) => systematic === undefined || one.systematic === systematic);
  }
  documentFound ??= json<WorkspaceDocument>(workspaceBytes());
  const document = await documentFound;
  return document ? fromWorkspace(document, payload.fits[0]?.measurement, systematic) : [];
}

/** Return what each systematic does to each sample in each region. */
export function effects(): Promise<Effect[]> {
  effectsFound ??= payload.processed
    ? json<Effect[]>(unpacked("effects")).then((found) => found ?? [])
    : variations().then((found) => found.map(effectOf));
  return effectsFound;
}

/** Return what pruning said of the variations of one systematic; nothing where there was none. */
export async function judged(systematic: string): Promise<Effect[]> {
  return payload.processed ? (await effects()).filter((one) => one.systematic === systematic) : [];
}
