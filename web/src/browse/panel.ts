/** The panel on the right: the picture of what is chosen, its switches and its numbers. */

import { save } from "../drawing/files.ts";
import { written } from "../drawing/numbers.ts";
import { html, onWidth } from "../drawing/svg.ts";
import type { Settings } from "./address.ts";
import { type Choices, choices, saveButtons, switches } from "./controls.ts";
import type { Picture } from "./hover.ts";
import { type Curve, type Item, isSteps, normalised } from "./items.ts";
import { aligned } from "./labels.ts";
import type { Maker } from "./made.ts";
import { branchOf, type TreeNode } from "./nodes.ts";
import { notes } from "./notes.ts";
import { planePlot } from "./plane.ts";
import { plot } from "./plot.ts";
import { sampleSentence } from "./samples.ts";
import { branchTable, contentsTable, planeTable, statisticsTable } from "./tables.ts";
import { Tip } from "./tip.ts";

export interface PanelActions extends Choices {
  /** Choose a node and show where it is in the tree. */
  show: (node: TreeNode) => void;
  overlay: (node: TreeNode) => void;
}

const texts = (kind: string, sentences: string[]): HTMLElement | null =>
  sentences.length ? html("div", { class: kind }, ...sentences.map((text) => html("p", {}, text))) : null;

/** Return sentences that warn. */
export const warning = (...sentences: string[]): HTMLElement => texts("note", sentences)!;

function heading(name: string, details: (string | false)[], tools: HTMLElement[] = []): HTMLElement {
  const subtitle = html("p", { class: "subtitle" }, details.filter(Boolean).join(" · "));
  return html(
    "div",
    { class: "head" },
    html("div", {}, html("h2", {}, name), subtitle),
    tools.length ? html("div", { class: "tools" }, ...tools) : null,
  );
}

export class Panel {
  /** The drawing that is shown, as it is now, and the names of what is in it. */
  private drawing: SVGSVGElement | null = null;
  private names: string[] = [];

  constructor(
    readonly element: HTMLElement,
    private readonly maker: Maker,
    private readonly actions: PanelActions,
    private readonly empty: string,
  ) {}

  /** Show what is chosen. */
  render(chosen: TreeNode[], settings: Settings): void {
    this.drawing = null;
    const [first] = chosen;
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.key;
    if (!first) this.element.replaceChildren(html("p", { class: "hint" }, this.empty));
    else if (first.drawable) this.items(chosen, settings);
    else if (first.tree) this.branch(first);
    else this.object(first);
    if (focused) this.element.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  }

  private replace(...content: (HTMLElement | null)[]): void {
    this.element.replaceChildren(...content.filter((one) => one !== null));
  }

  private object(node: TreeNode): void {
    const object = node.object!;
    const { title, entries = null, note } = object;
    this.replace(
      heading(node.path, [title, object.class, entries !== null && `${written(Number(entries))} entries`]),
      note ? warning(note) : null,
      object.branches ? branchTable(node, this.actions.show) : null,
    );
  }

  private branch(node: TreeNode): void {
    this.replace(
      heading(node.path, [node.type, node.tree!.class]),
      warning(branchOf(node)?.note ?? "This branch is not in the page."),
      branchTable(node.parent!, this.actions.show, node),
    );
  }

  private items(chosen: TreeNode[], settings: Settings): void {
    const every = this.maker.items(chosen, settings);
    const [{ object, path, type, tree }] = chosen;
    const what = object ? [object.title !== path && object.title, object.class] : [type, `branch of ${tree!.path}`];
    const [first] = every;
    if (!first) {
      this.replace(heading(path, what), warning("This holds nothing that can be drawn."));
      return;
    }
    const several = chosen.length > 1;
    const bins = every.length === 1 && isSteps(first) && `${written(first.values.length)} bins`;
    const tools = [
      ...choices(chosen, settings, this.actions),
      ...switches(every, settings, this.actions),
      ...saveButtons((kind) => this.save(kind)),
    ];
    const head = heading(several ? `${chosen.length} objects` : path, several ? [] : [...what, bins], tools);
    const remarks = texts("note", notes(every, every, settings));
    if (first.kind === "plane") this.drawn(head, [first], settings, remarks, planeTable(first));
    else this.curves(head, chosen, aligned(every as Curve[]), settings);
  }

  private curves(head: HTMLElement, chosen: TreeNode[], every: Curve[], settings: Settings): void {
    const items = every.filter(({ unlike }) => !unlike);
    const shown = settings.normalise ? items.map(normalised) : items;
    const sampled = chosen.filter(({ tree }) => tree).map(sampleSentence);
    const pointNotes = items.flatMap((item) =>
      item.kind === "points" && item.note ? [`${item.name}: ${item.note}`] : [],
    );
    const remove = chosen.length > 1 ? (item: Curve) => this.actions.overlay(item.node!) : null;
    this.drawn(
      head,
      shown,
      settings,
      texts("said", [...sampled, ...pointNotes]),
      texts("note", notes(every, items, settings)),
      statisticsTable(every, remove),
      contentsTable(shown),
    );
  }

  private drawn(head: HTMLElement, items: Item[], settings: Settings, ...below: (HTMLElement | null)[]): void {
    const [first] = items;
    this.names = items.map(({ name }) => name);
    const draw = (width: number): Picture =>
      first.kind === "plane" ? planePlot(first, settings.log, width) : plot(items as Curve[], settings, width);
    const tip = new Tip();
    const card = html("div", { class: "card plot" }, tip.element);
    this.replace(head, card, ...below, hint());
    onWidth(card, (width) => {
      const { image, follow } = draw(Math.max(width - 12, 260));
      this.drawing = image;
      card.replaceChildren(image, tip.element);
      tip.show(null, image);
      follow(tip);
    });
  }

  /** Hand the picture to the reader, with light colours. */
  save(kind: "svg" | "png"): void {
    const [first, ...more] = this.names;
    const name = more.length ? `${first.slice(0, 80)} and ${more.length} more` : first.slice(0, 80);
    if (this.drawing) void save(this.drawing, name, kind);
  }
}

function hint(): HTMLElement {
  return html(
    "p",
    { class: "hint" },
    html("kbd", {}, "Ctrl"),
    " or ",
    html("kbd", {}, "⌘"),
    " click, or the boxes in the tree, overlay. Arrow keys go through the tree, or through the bins when the plot has the focus.",
  );
}
