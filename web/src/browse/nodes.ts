/** The objects of a file as a tree: folders from the parts of their paths, branches as children of their tree. */

import type { BranchRecord, ObjectRecord, ViewRecord } from "./types.ts";

export interface TreeNode {
  name: string;
  path: string;
  depth: number;
  /** Null: the root, which is no row of the tree. */
  parent: TreeNode | null;
  children: TreeNode[];
  /** What the file has there; null: a folder, or a branch. */
  object: ObjectRecord | null;
  /** The tree that a branch is of; null: no branch. */
  tree: ObjectRecord | null;
  /** The type of a branch. */
  type: string;
  drawable: boolean;
}

const plain = { object: null, tree: null, type: "", drawable: false };

/** Return where a path is cut: what is before its last slash, and what is behind it. */
function cut(path: string): [string, string] {
  const at = path.lastIndexOf("/");
  return [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
}

/** Return the root of all objects. */
export function plant(objects: ObjectRecord[]): TreeNode {
  const root: TreeNode = { ...plain, name: "", path: "", depth: -1, parent: null, children: [] };
  const folders = new Map([["", root]]);
  const folder = (path: string): TreeNode => {
    const known = folders.get(path);
    if (known) return known;
    const [above, name] = cut(path);
    const parent = folder(above);
    const node: TreeNode = { ...plain, name, path, depth: parent.depth + 1, parent, children: [] };
    parent.children.push(node);
    folders.set(path, node);
    return node;
  };
  for (const object of objects) {
    if (object.folder) folder(object.path);
    else {
      const parent = folder(cut(object.path)[0]);
      parent.children.push(objectNode(object, parent));
    }
  }
  return root;
}

function objectNode(object: ObjectRecord, parent: TreeNode): TreeNode {
  const drawable = Boolean(object.histogram || object.points || object.parts || object.views);
  const [, name] = cut(object.path);
  const depth = parent.depth + 1;
  const node: TreeNode = { ...plain, name, path: object.path, depth, parent, children: [], object, drawable };
  node.children = (object.branches ?? []).map(([branch, type]) => ({
    name: branch,
    path: `${object.path}/${branch}`,
    depth: depth + 1,
    parent: node,
    children: [],
    object: null,
    tree: object,
    type,
    drawable: Boolean(object.sample?.branches[branch]?.values),
  }));
  return node;
}

/** Return all objects and branches by their paths. */
export function byPath(root: TreeNode): Map<string, TreeNode> {
  const found = new Map<string, TreeNode>();
  const gather = (node: TreeNode): void => {
    if (node.object || node.tree) found.set(node.path, node);
    node.children.forEach(gather);
  };
  gather(root);
  return found;
}

/** Return what the page has of a branch. */
export const branchOf = ({ tree, name }: TreeNode): BranchRecord | undefined => tree?.sample?.branches[name];

/** Return the way in which a histogram of several axes is seen, the first where it has none of this name. */
export function viewOf({ object }: TreeNode, key: string | null): ViewRecord | undefined {
  return object?.views?.find((view) => view.key === key) ?? object?.views?.[0];
}
