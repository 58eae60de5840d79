/** What is found of a text: all its words are in the path or title. */

import type { TreeNode } from "./nodes.ts";

export interface Found {
  words: string[];
  /** How many objects and branches. */
  count: number;
  /** What was found, and what that is in. */
  kept: Set<TreeNode>;
  /** What is open, since something in it was found. */
  forced: Set<TreeNode>;
}

/** A branch has one of the words in its own name: all branches of a tree have its path. */
function isHit(node: TreeNode, words: string[]): boolean {
  if (node.depth < 0) return false;
  const text = `${node.path} ${node.object?.title ?? ""}`.toLowerCase();
  if (!words.every((word) => text.includes(word))) return false;
  return !node.tree || words.some((word) => node.name.toLowerCase().includes(word));
}

/** Return what is found below a node; null: the text has no words. */
export function search(root: TreeNode, text: string): Found | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return null;
  const found: Found = { words, count: 0, kept: new Set(), forced: new Set() };
  const walk = (node: TreeNode): boolean => {
    const hit = isHit(node, words);
    if (hit && (node.object || node.tree)) found.count += 1;
    let below = false;
    for (const child of node.children) below = walk(child) || below;
    if (below) found.forced.add(node);
    if (hit || below) found.kept.add(node);
    return hit || below;
  };
  walk(root);
  return found;
}
