/* The page: what is chosen, the panel on the right, the address. */

const payload = JSON.parse(document.getElementById("payload").textContent);

/* JSON has no infinities and no NaN: they travel as strings. */
for (const object of payload.objects) {
  const histogram = object.histogram;
  for (const key of ["entries", "integral"]) if (typeof object[key] === "string") object[key] = Number(object[key]);
  if (!histogram) continue;
  histogram.edges = payload.edges[histogram.edges];
  histogram.labels = histogram.labels === undefined ? null : payload.labels[histogram.labels];
  for (const key of ["values", "errors"]) histogram[key] = histogram[key].map(Number);
  for (const key of ["integral", "mean", "stdev", "underflow", "overflow"])
    if (histogram[key] !== null) histogram[key] = Number(histogram[key]);
}

const root = plant(payload.objects);
const nodes = new Map();
const gather = (node) => {
  if (node.object) nodes.set(node.path, node);
  node.children.forEach((child) => {
    if (!child.branch) gather(child);
  });
};
gather(root);

const SWITCHES = ["log", "ratio", "normalise"];
const panel = document.getElementById("panel");
const state = { chosen: [], branch: null, log: false, ratio: false, normalise: false };
let plot = null;

const tree = new Tree({
  root,
  onchoose: (node) => choose(node),
  ontoggle: (node) => overlay(node),
  onfound: (count) => {
    document.getElementById("found").textContent =
      count === null ? `${format(nodes.size)} object${nodes.size === 1 ? "" : "s"}` : `${format(count)} found`;
  },
});
tree.onfound(null);

function choose(node) {
  if (node.branch) {
    state.branch = node.name;
    return update([node.parent]);
  }
  state.branch = null;
  return node.object ? update([node]) : undefined;
}

/* Only histograms overlay; anything else is chosen alone. */
function overlay(node) {
  if (!node.object || !node.object.histogram) return choose(node);
  const kept = state.chosen.filter((one) => one.object.histogram);
  return update(kept.includes(node) ? kept.filter((one) => one !== node) : [...kept, node]);
}

function update(chosen) {
  state.chosen = chosen;
  tree.select(chosen);
  remember();
  render();
}

/* The address names what is shown, so that a view can be kept or sent: page.html#name&other&!log */
function remember() {
  const words = state.chosen.map((node) => encodeURIComponent(node.path).replaceAll("!", "%21").replaceAll("%2F", "/"));
  for (const key of SWITCHES) if (state[key]) words.push(`!${key}`);
  const hash = `#${words.join("&")}`;
  try {
    if (hash !== location.hash) history.replaceState(null, "", hash);
  } catch {
    /* a page opened from some file viewers may not change its address */
  }
}

function recall() {
  const words = location.hash.slice(1).split("&").filter(Boolean);
  for (const key of SWITCHES) state[key] = words.includes(`!${key}`);
  const decode = (word) => {
    try {
      return decodeURIComponent(word);
    } catch {
      return word;
    }
  };
  const named = words.filter((word) => !SWITCHES.some((key) => word === `!${key}`)).map(decode);
  const known = named.map((name) => nodes.get(name)).filter(Boolean);
  const drawable = known.filter((node) => node.object.histogram);
  const all = [...nodes.values()];
  const fallback = all.find((node) => node.object.histogram) || all[0];
  const chosen = drawable.length
    ? [...new Set(drawable)]
    : known.length
      ? [known[0]]
      : fallback && !named.length
        ? [fallback]
        : [];
  if (chosen.length) tree.reveal(chosen[0]);
  state.chosen = chosen;
  tree.select(chosen);
  render();
  const lost = named.filter((name) => !nodes.has(name));
  if (lost.length) panel.prepend(note(`Not in this file: ${lost.join(", ")}`));
}

const note = (...texts) => make("div", { class: "note" }, ...texts.map((text) => make("p", {}, text)));

function render() {
  if (plot) plot.close();
  plot = null;
  const { chosen } = state;
  if (!chosen.length) {
    panel.replaceChildren(
      make("p", { class: "hint" }, nodes.size ? "Choose an object on the left." : "This file contains no objects."),
    );
    return;
  }
  if (chosen[0].object.histogram) return renderHistograms(chosen);
  const { object, path } = chosen[0];
  panel.replaceChildren(
    heading(path, [object.title, object.class, object.entries === null ? "" : `${format(object.entries)} entries`]),
  );
  if (object.note) panel.append(note(object.note));
  if (object.branches) panel.append(branchTable(object.branches));
}

function heading(name, details, ...tools) {
  return make(
    "div",
    { class: "head" },
    make("div", {}, make("h2", {}, name), make("p", { class: "subtitle" }, details.filter(Boolean).join(" · "))),
    tools.length ? make("div", { class: "tools" }, ...tools) : null,
  );
}

function branchTable(branches) {
  const body = make(
    "tbody",
    {},
    ...branches.map(([name, type]) =>
      make(
        "tr",
        { class: name === state.branch ? "marked" : null },
        make("th", { scope: "row" }, name),
        make("td", { class: "text" }, type),
      ),
    ),
  );
  const table = make(
    "table",
    {},
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("th", { class: "text", scope: "col" }, `${format(branches.length)} branches`),
        make("th", { class: "text", scope: "col" }, "type"),
      ),
    ),
    body,
  );
  const marked = body.querySelector(".marked");
  if (marked) requestAnimationFrame(() => marked.scrollIntoView({ block: "center" }));
  return make("div", { class: "card scroll" }, table);
}

function renderHistograms(chosen) {
  const several = chosen.length > 1;
  const { object, path } = chosen[0];
  const switches = [
    ["log", "Log y", "l"],
    ["ratio", "Ratio", "r"],
    ["normalise", "Normalise", "n"],
  ].map(([key, text, letter]) => {
    const button = make(
      "button",
      {
        type: "button",
        "aria-pressed": String(state[key]),
        title: `${text} (key ${letter})`,
        "data-key": key,
        onclick: () => toggle(key),
      },
      text,
    );
    button.disabled = key === "ratio" && !several;
    return button;
  });
  const title = several ? `${chosen.length} histograms` : path;
  const details = several
    ? []
    : [object.title === path ? "" : object.title, object.class, `${format(object.bins[0])} bins`];
  const focused =
    document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : undefined;
  panel.replaceChildren(heading(title, details, ...switches));
  plot = new Plot(panel);
  const every = aligned(chosen.map((node, index) => series(node, index, state.normalise)));
  const all = every.filter((one) => !one.unlike);
  plot.show(all, state);
  const texts = notes(chosen, all);
  for (const { node, labels, unlike } of every.filter((one) => one.unlike))
    texts.push(
      `${node.path} is not drawn: its bins (${listLabels(labels)}) are not those of ${unlike.node.path} ` +
        `(${listLabels(unlike.labels)})`,
    );
  if (texts.length) panel.append(note(...texts));
  panel.append(
    statisticsTable(chosen),
    binTable(all),
    make(
      "p",
      { class: "hint" },
      make("kbd", {}, "Ctrl"),
      " or ",
      make("kbd", {}, "⌘"),
      " click, or the boxes in the tree, overlay histograms. ",
      "Arrow keys go through the tree, or through the bins when the plot has the focus.",
    ),
  );
  if (focused) panel.querySelector(`[data-key="${focused}"]`)?.focus();
}

function notes(chosen, all) {
  const texts = chosen
    .filter((node) => node.object.histogram.outside)
    .map((node) => `${chosen.length > 1 ? `${node.path}: ` : ""}${node.object.histogram.outside}`);
  for (const node of chosen) {
    const bad = node.object.histogram.values.filter((v) => !Number.isFinite(v)).length;
    if (bad) texts.push(`${node.path}: ${bad} of ${node.object.bins[0]} bins not finite, not drawn`);
    if (state.normalise && !(node.object.histogram.integral !== 0 && Number.isFinite(node.object.histogram.integral)))
      texts.push(`${node.path}: an integral of ${format(node.object.histogram.integral)} can't be normalised`);
  }
  const different = all.filter((one) => !sameEdges(one.edges, all[0].edges));
  if (state.ratio && different.length)
    texts.push(
      `No ratio for ${different.map((one) => one.node.path).join(", ")}: other bin edges than ${all[0].node.path}`,
    );
  return texts;
}

function toggle(key) {
  if (!state.chosen.length || !state.chosen[0].object.histogram) return;
  state[key] = !state[key];
  remember();
  render();
}

function statisticsTable(chosen) {
  const head = ["entries", "integral", "mean", "std dev", "underflow", "overflow"];
  const body = chosen.map((node, index) => {
    const h = node.object.histogram;
    const cells = [node.object.entries, h.integral, h.mean, h.stdev, h.underflow, h.overflow].map((value, i) =>
      make(
        "td",
        { class: i >= 4 && h.outside && Math.abs(value) > 0.01 * Math.abs(h.integral) ? "warn" : null },
        format(value),
      ),
    );
    const remove = make(
      "button",
      { type: "button", "aria-label": `Remove ${node.path}`, title: "Remove", onclick: () => overlay(node) },
      "×",
    );
    return make(
      "tr",
      {},
      make("th", { scope: "row", title: node.path }, swatch(index), ` ${node.path}`),
      ...cells,
      chosen.length > 1 ? make("td", {}, remove) : null,
    );
  });
  return make(
    "div",
    { class: "card scroll" },
    make(
      "table",
      { id: "statistics" },
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          make("th", { class: "text", scope: "col" }, "statistics"),
          ...head.map((text) => make("th", { scope: "col" }, text)),
          chosen.length > 1 ? make("th") : null,
        ),
      ),
      make("tbody", {}, ...body),
    ),
  );
}

/* The numbers behind the picture, made only when somebody opens them. */
function binTable(all) {
  const same = all.filter((one) => sameEdges(one.edges, all[0].edges));
  const details = make("details", {}, make("summary", {}, "Contents of the bins"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const { edges, labels } = all[0];
    const body = all[0].values.map((_, i) =>
      make(
        "tr",
        {},
        make("td", {}, format(i + 1)),
        ...(labels
          ? [make("td", { class: "text" }, labels[i])]
          : [make("td", {}, format(edges[i])), make("td", {}, format(edges[i + 1]))]),
        ...same.map((one) => make("td", {}, `${format(one.values[i])} ± ${format(one.errors[i], 3)}`)),
      ),
    );
    details.append(
      make(
        "div",
        { class: "card scroll" },
        make(
          "table",
          {},
          make(
            "thead",
            {},
            make(
              "tr",
              {},
              ...["bin", ...(labels ? ["label"] : ["low edge", "high edge"]), ...same.map((one) => one.node.path)].map((text) =>
                make("th", { scope: "col" }, text),
              ),
            ),
          ),
          make("tbody", {}, ...body),
        ),
      ),
    );
  });
  return details;
}

const search = document.getElementById("search");
search.addEventListener("input", () => tree.search(search.value));
search.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    search.value = "";
    tree.search("");
    if (state.chosen.length) tree.reveal(state.chosen[0]);
  } else if (event.key === "ArrowDown") tree.box.focus();
  else if (event.key === "Enter") {
    const first =
      tree.visible.find((node) => node.object && (!tree.forced || !tree.forced.has(node))) ||
      tree.visible.find((node) => node.branch);
    if (first) {
      tree.move(tree.visible.indexOf(first));
      choose(first);
    }
  } else return;
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === search) return;
  const key = { l: "log", r: "ratio", n: "normalise" }[event.key];
  if (event.key === "/") search.focus();
  else if (key && !(key === "ratio" && state.chosen.length < 2)) toggle(key);
  else return;
  event.preventDefault();
});

const splitter = document.getElementById("splitter");
const side = document.getElementById("side");
function resize(width) {
  const size = Math.round(Math.max(180, Math.min(width, 700, window.innerWidth - 320)));
  side.style.width = `${size}px`;
  splitter.setAttribute("aria-valuenow", size);
}
splitter.addEventListener("pointerdown", (event) => {
  splitter.setPointerCapture(event.pointerId);
  event.preventDefault();
});
splitter.addEventListener("pointermove", (event) => {
  if (splitter.hasPointerCapture(event.pointerId)) resize(event.clientX);
});
splitter.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -20, ArrowRight: 20 }[event.key];
  if (step) resize(side.offsetWidth + step);
});

document.getElementById("file").textContent = payload.file;
document.getElementById("summary").textContent = payload.summary;
window.addEventListener("hashchange", recall);
recall();
