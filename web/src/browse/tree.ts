/** The tree on the left. Only the rows in sight exist in the page, so that a hundred thousand objects stay quick. */

import type { TreeNode } from "./nodes.ts";
import { rowOf } from "./rows.ts";
import { type Found, search } from "./search.ts";

const HEIGHT = 26;

export interface TreeActions {
  choose: (node: TreeNode) => void;
  /** Add to what is drawn, or take away from it. */
  overlay: (node: TreeNode) => void;
  /** Told how many were found; null: nothing is searched for. */
  found: (count: number | null) => void;
}

export class Tree {
  /** What has a row, whether in sight or not. */
  visible: TreeNode[] = [];
  private readonly open = new Set<TreeNode>();
  private chosen: TreeNode[] = [];
  private active = 0;
  private results: Found | null = null;

  constructor(
    readonly box: HTMLElement,
    private readonly list: HTMLElement,
    private readonly root: TreeNode,
    private readonly actions: TreeActions,
  ) {
    if (root.children.length === 1) this.open.add(root.children[0]);
    box.addEventListener("scroll", () => this.paint());
    box.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.paint()).observe(box);
    this.refresh();
  }

  private refresh(): void {
    this.visible = [];
    const walk = (node: TreeNode): void => {
      for (const child of node.children) {
        if (this.results && !this.results.kept.has(child)) continue;
        this.visible.push(child);
        if (this.isOpen(child)) walk(child);
      }
    };
    walk(this.root);
    this.active = Math.max(0, Math.min(this.active, this.visible.length - 1));
    this.list.style.setProperty("height", `${this.visible.length * HEIGHT}px`);
    this.paint();
  }

  private isOpen(node: TreeNode): boolean {
    return this.open.has(node) || Boolean(this.results?.forced.has(node));
  }

  /** Show what has all words of a text in its path or title, and what that is in. */
  search(text: string): void {
    this.results = search(this.root, text);
    this.active = 0;
    this.box.scrollTop = 0;
    this.refresh();
    this.actions.found(this.results?.count ?? null);
  }

  /** Return the first row that was itself found. */
  first(): TreeNode | undefined {
    const forced = (node: TreeNode) => Boolean(this.results?.forced.has(node));
    return this.visible.find((node) => node.object && !forced(node)) ?? this.visible.find((node) => node.tree);
  }

  select(chosen: TreeNode[]): void {
    this.chosen = chosen;
    this.paint();
  }

  /** Open what a node is in, and scroll to it. */
  reveal(node: TreeNode): void {
    for (let up = node.parent; up; up = up.parent) this.open.add(up);
    this.refresh();
    this.moveTo(node);
  }

  moveTo(node: TreeNode): void {
    this.move(this.visible.indexOf(node));
  }

  private move(index: number): void {
    if (index < 0 || index >= this.visible.length) return;
    this.active = index;
    const top = index * HEIGHT;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    const overhang = top + HEIGHT - this.box.scrollTop - this.box.clientHeight;
    if (overhang > 0) this.box.scrollTop += overhang;
    this.paint();
  }

  private paint(): void {
    const first = Math.max(0, Math.floor(this.box.scrollTop / HEIGHT) - 8);
    const last = Math.min(this.visible.length, first + Math.ceil(this.box.clientHeight / HEIGHT) + 16);
    const rows = this.visible.slice(first, last).map((node, i) => this.row(node, first + i));
    this.list.replaceChildren(...rows);
    if (this.visible.length && this.active >= first && this.active < last)
      this.box.setAttribute("aria-activedescendant", `row${this.active}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  private row(node: TreeNode, index: number): HTMLElement {
    return rowOf(node, {
      index,
      height: HEIGHT,
      active: index === this.active,
      chosen: this.chosen.includes(node),
      open: this.isOpen(node),
      words: this.results?.words ?? [],
    });
  }

  private toggle(node: TreeNode, open = !this.isOpen(node)): void {
    if (open) this.open.add(node);
    else {
      this.open.delete(node);
      this.results?.forced.delete(node);
    }
    this.refresh();
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>(".row");
    if (!row) return;
    const index = Number(row.dataset.index);
    const node = this.visible[index];
    this.box.focus({ preventScroll: true });
    this.move(index);
    if (target.matches("input")) event.preventDefault();
    if (target.matches("input") || event.ctrlKey || event.metaKey) this.actions.overlay(node);
    else if (node.children.length && (!node.object || target.matches(".twist"))) this.toggle(node);
    else this.actions.choose(node);
  }

  /** Go to a row; one object that is shown is followed. */
  private go(index: number, event: KeyboardEvent): void {
    this.move(Math.max(0, Math.min(index, this.visible.length - 1)));
    const next = this.visible[this.active];
    if (this.chosen.length < 2 && !event.ctrlKey && !event.metaKey && next.object) this.actions.choose(next);
  }

  private key(event: KeyboardEvent): void {
    const node = this.visible[this.active];
    if (!node || event.altKey) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / HEIGHT) - 1);
    const places: Record<string, number> = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: this.visible.length - 1,
    };
    if (event.key in places) this.go(places[event.key], event);
    else if (event.key === "ArrowRight" && node.children.length) this.inwards(node, event);
    else if (event.key === "ArrowLeft") this.outwards(node, event);
    else if (event.key === "Enter" && node.children.length && !node.object) this.toggle(node);
    else if (event.key === "Enter") this.actions.choose(node);
    else if (event.key === " ") this.actions.overlay(node);
    else return;
    event.preventDefault();
  }

  private inwards(node: TreeNode, event: KeyboardEvent): void {
    if (this.isOpen(node)) this.go(this.active + 1, event);
    else this.toggle(node, true);
  }

  private outwards(node: TreeNode, event: KeyboardEvent): void {
    if (node.children.length && this.isOpen(node)) this.toggle(node, false);
    else if (node.parent && node.parent.depth >= 0) this.go(this.visible.indexOf(node.parent), event);
  }
}
