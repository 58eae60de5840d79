const payload = JSON.parse(document.getElementById("payload").textContent);

/* Small builders shared by all parts. Text only ever enters the page as text, never as markup. */
const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

function shape(tag, attributes = {}, text = null) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}

/* A number with `digits` significant digits; whole numbers in full; powers of ten written with superscripts. */
function format(value, digits = 6) {
  if (value === null || value === undefined) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) {
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    const raised = [...String(Number(power))].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"["0123456789-".indexOf(c)]).join("");
    const factor = Number(mantissa);
    return (factor === 1 ? "" : factor === -1 ? "−" : `${factor}×`.replace("-", "−")) + `10${raised}`;
  }
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(digits));
  return rounded
    .toLocaleString("en", { useGrouping: size >= 10000, maximumFractionDigits: 20 })
    .replaceAll(",", "\u202f")
    .replace("-", "−");
}

/* The objects as nodes: folders from the parts of the paths, branches as children of their tree. */
function plant(objects) {
  const root = { name: "", path: "", children: [], depth: -1 };
  const folders = new Map([["", root]]);
  const folder = (path) => {
    if (!folders.has(path)) {
      const cut = path.lastIndexOf("/");
      const parent = folder(path.slice(0, Math.max(cut, 0)));
      const node = { name: path.slice(cut + 1), path, children: [], depth: parent.depth + 1, parent };
      parent.children.push(node);
      folders.set(path, node);
    }
    return folders.get(path);
  };
  for (const object of objects) {
    if (object.folder) {
      folder(object.path);
      continue;
    }
    const cut = object.path.lastIndexOf("/");
    const parent = folder(object.path.slice(0, Math.max(cut, 0)));
    const node = { name: object.path.slice(cut + 1), path: object.path, object, depth: parent.depth + 1, parent };
    node.drawable = Boolean(object.histogram || object.points || object.parts || object.views);
    node.children = (object.branches || []).map(([name, type]) => ({
      name,
      type,
      path: `${object.path}/${name}`,
      branch: true,
      drawable: Boolean(object.sample && object.sample.branches[name] && object.sample.branches[name].values),
      depth: node.depth + 1,
      parent: node,
      children: [],
    }));
    parent.children.push(node);
  }
  return root;
}

/* The tree on the left. Only the rows in sight exist in the page, so that a hundred thousand objects stay quick. */
class Tree {
  constructor({ root, onchoose, ontoggle, onfound }) {
    this.root = root;
    this.onchoose = onchoose;
    this.ontoggle = ontoggle;
    this.onfound = onfound;
    this.box = document.getElementById("tree");
    this.list = document.getElementById("rows");
    this.open = new Set();
    this.chosen = [];
    this.active = 0;
    this.words = [];
    if (root.children.length === 1) this.open.add(root.children[0]);
    this.box.addEventListener("scroll", () => this.paint());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.paint()).observe(this.box);
    this.refresh();
  }

  refresh() {
    this.visible = [];
    const walk = (node) => {
      for (const child of node.children) {
        if (this.kept && !this.kept.has(child)) continue;
        this.visible.push(child);
        if (this.isOpen(child)) walk(child);
      }
    };
    walk(this.root);
    this.active = Math.max(0, Math.min(this.active, this.visible.length - 1));
    this.list.style.height = `${this.visible.length * Tree.ROW}px`;
    this.paint();
  }

  isOpen(node) {
    return this.open.has(node) || (this.forced !== undefined && this.forced.has(node));
  }

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.kept = this.words.length ? new Set() : undefined;
    this.forced = this.words.length ? new Set() : undefined;
    let count = 0;
    const walk = (node) => {
      let hit = false;
      if (node.depth >= 0) {
        const text = `${node.path} ${node.object ? node.object.title : ""}`.toLowerCase();
        hit =
          this.words.every((word) => text.includes(word)) &&
          (!node.branch || this.words.some((word) => node.name.toLowerCase().includes(word)));
        if (hit && (node.object || node.branch)) count += 1;
      }
      let below = false;
      for (const child of node.children) below = walk(child) || below;
      if (below) this.forced.add(node);
      if (hit || below) this.kept.add(node);
      return hit || below;
    };
    if (this.words.length) walk(this.root);
    this.active = 0;
    this.box.scrollTop = 0;
    this.refresh();
    this.onfound(this.words.length ? count : null);
  }

  select(chosen) {
    this.chosen = chosen;
    this.paint();
  }

  reveal(node) {
    for (let up = node.parent; up; up = up.parent) this.open.add(up);
    this.refresh();
    this.move(this.visible.indexOf(node));
  }

  move(index) {
    if (index < 0 || index >= this.visible.length) return;
    this.active = index;
    const top = index * Tree.ROW;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    const overhang = top + Tree.ROW - this.box.scrollTop - this.box.clientHeight;
    if (overhang > 0) this.box.scrollTop += overhang;
    this.paint();
  }

  paint() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / Tree.ROW) - 8);
    const last = Math.min(this.visible.length, first + Math.ceil(this.box.clientHeight / Tree.ROW) + 16);
    const rows = [];
    for (let index = first; index < last; index++) rows.push(this.row(this.visible[index], index));
    this.list.replaceChildren(...rows);
    if (this.visible.length && this.active >= first && this.active < last)
      this.box.setAttribute("aria-activedescendant", `row${this.active}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  row(node, index) {
    const { drawable } = node;
    const chosen = this.chosen.includes(node);
    const siblings = node.parent.children;
    const row = make("div", {
      id: `row${index}`,
      class: index === this.active ? "row active" : "row",
      role: "treeitem",
      "data-index": index,
      title: [node.path, node.object && node.object.class, node.object && node.object.title].filter(Boolean).join("\n"),
      "aria-level": node.depth + 1,
      "aria-selected": String(chosen),
      "aria-setsize": siblings.length,
      "aria-posinset": siblings.indexOf(node) + 1,
      "aria-expanded": node.children.length ? String(this.isOpen(node)) : null,
    });
    row.style.top = `${index * Tree.ROW}px`;
    row.style.paddingLeft = `${8 + node.depth * 16}px`;
    row.append(
      make("span", { class: "twist", "aria-hidden": "true" }, node.children.length ? "›" : ""),
      icon(node),
      make("span", { class: "name" }, ...this.marked(node.name)),
      make("span", { class: "info" }, info(node)),
    );
    if (drawable) {
      const box = make("input", { type: "checkbox", tabindex: "-1", "aria-label": `Overlay ${node.path}` });
      box.checked = chosen;
      row.append(box);
    }
    return row;
  }

  marked(name) {
    const lower = name.toLowerCase();
    const hits = this.words
      .map((word) => [lower.indexOf(word), word.length])
      .filter(([at]) => at >= 0)
      .sort((a, b) => a[0] - b[0]);
    const parts = [];
    let done = 0;
    for (const [at, length] of hits) {
      if (at < done) continue;
      parts.push(name.slice(done, at), make("mark", {}, name.slice(at, at + length)));
      done = at + length;
    }
    return [...parts, name.slice(done)];
  }

  toggle(node, open = !this.isOpen(node)) {
    if (open) this.open.add(node);
    else {
      this.open.delete(node);
      if (this.forced) this.forced.delete(node);
    }
    this.refresh();
  }

  click(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    const index = Number(row.dataset.index);
    const node = this.visible[index];
    this.box.focus({ preventScroll: true });
    this.move(index);
    if (event.target.matches("input")) event.preventDefault();
    if (event.target.matches("input") || event.ctrlKey || event.metaKey) this.ontoggle(node);
    else if (node.children.length && (!node.object || event.target.matches(".twist"))) this.toggle(node);
    else this.onchoose(node);
  }

  key(event) {
    const node = this.visible[this.active];
    if (!node || event.altKey) return;
    const go = (index) => {
      this.move(Math.max(0, Math.min(index, this.visible.length - 1)));
      const next = this.visible[this.active];
      if (this.chosen.length < 2 && !event.ctrlKey && !event.metaKey && next.object) this.onchoose(next);
    };
    const page = Math.max(1, Math.floor(this.box.clientHeight / Tree.ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in steps) go(this.active + steps[event.key]);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(this.visible.length - 1);
    else if (event.key === "ArrowRight" && node.children.length) {
      if (this.isOpen(node)) go(this.active + 1);
      else this.toggle(node, true);
    } else if (event.key === "ArrowLeft") {
      if (node.children.length && this.isOpen(node)) this.toggle(node, false);
      else if (node.parent.depth >= 0) go(this.visible.indexOf(node.parent));
    } else if (event.key === "Enter") {
      if (node.children.length && !node.object) this.toggle(node);
      else this.onchoose(node);
    } else if (event.key === " ") this.ontoggle(node);
    else return;
    event.preventDefault();
  }
}
Tree.ROW = 26;

function info(node) {
  if (node.branch) return node.type;
  if (!node.object) return format(node.children.length);
  const { class: type, bins, branches, entries, points, parts } = node.object;
  if (points && !bins) return `${type} · ${format(points.x.length)}`;
  if (parts) return `${type} · ${format(parts.of.length)}`;
  if (branches) return `${type} · ${format(entries)}`;
  if (!bins) return node.object.histogram ? `${format(node.object.histogram.values.length)} bins` : type;
  return bins.length > 1 ? `${type} · ${bins.map((n) => format(n)).join("×")}` : `${format(bins[0])} bins`;
}

const ICONS = {
  histogram: ["M1 13V9h3V4h4v3h3v6z", "var(--c0)"],
  folder: ["M1 12V3h4l2 2h6v7z", "var(--c4)"],
  tree: ["M2 2h10v3H2zM2 6h10v3H2zM2 10h10v3H2z", "var(--c2)"],
  branch: ["M4 5h6v4H4z", "var(--c2)"],
  grid: ["M1 2h5v5H1zM8 2h5v5H8zM1 8h5v5H1zM8 8h5v5H8z", "var(--c3)"],
  points: ["M1 10a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M5 5a2 2 0 1 0 4 0a2 2 0 1 0 -4 0M9 9a2 2 0 1 0 4 0a2 2 0 1 0 -4 0", "var(--c1)"],
  stack: ["M1 13V9h4v4zM5 13V5h4v8zM9 13V2h4v11z", "var(--c6)"],
  other: ["M3 1h6l3 3v9H3z", "var(--c7)"],
};

function icon(node) {
  let kind = "other";
  if (node.branch) kind = "branch";
  else if (!node.object) kind = "folder";
  else if (node.object.branches) kind = "tree";
  else if (node.object.points) kind = "points";
  else if (node.object.parts) kind = node.object.parts.stacked ? "stack" : "points";
  else if (node.object.histogram) kind = "histogram";
  else if (node.object.bins) kind = node.object.bins.length > 1 ? "grid" : "histogram";
  const [path, color] = ICONS[kind];
  const drawing = shape("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" });
  const line = shape("path", { d: path });
  line.style.fill = color;
  drawing.append(line);
  return drawing;
}
