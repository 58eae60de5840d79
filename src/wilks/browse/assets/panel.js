/* The panel on the right: the picture of what is chosen, its switches and its numbers. */

const panel = document.getElementById("panel");
let plot = null;

const note = (...texts) => make("div", { class: "note" }, ...texts.map((text) => make("p", {}, text)));
const information = (...texts) => make("div", { class: "said" }, ...texts.map((text) => make("p", {}, text)));

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
  if (chosen[0].drawable) return renderItems(chosen);
  const [node] = chosen;
  if (node.branch) return renderBranch(node);
  const { object, path } = node;
  panel.replaceChildren(
    heading(path, [object.title, object.class, object.entries === null ? "" : `${format(object.entries)} entries`]),
  );
  if (object.note) panel.append(note(object.note));
  if (object.branches) panel.append(branchTable(node));
}

function renderBranch(node) {
  const sample = node.parent.object.sample;
  panel.replaceChildren(heading(node.path, [node.type, node.parent.object.class]));
  panel.append(note((sample && sample.branches[node.name].note) || "This branch is not in the page."), branchTable(node.parent, node));
}

function heading(name, details, ...tools) {
  return make(
    "div",
    { class: "head" },
    make("div", {}, make("h2", {}, name), make("p", { class: "subtitle" }, details.filter(Boolean).join(" · "))),
    tools.length ? make("div", { class: "tools" }, ...tools) : null,
  );
}

function row(kind, cells) {
  return make("tr", {}, ...cells.map((text, i) => make(kind, { class: i ? null : "text", scope: kind === "th" ? "col" : null }, text)));
}

/* The branches of a tree; those that can be drawn are buttons. */
function branchTable(node, marked = null) {
  const body = make(
    "tbody",
    {},
    ...node.children.map((branch) =>
      make(
        "tr",
        { class: branch === marked ? "marked" : null },
        make(
          "th",
          { scope: "row" },
          branch.drawable ? make("button", { type: "button", class: "link", onclick: () => show(branch) }, branch.name) : branch.name,
        ),
        make("td", { class: "text" }, branch.type),
      ),
    ),
  );
  const count = `${format(node.children.length)} branches`;
  const head = make("thead", {}, make("tr", {}, ...[count, "type"].map((text) => make("th", { class: "text", scope: "col" }, text))));
  if (marked) requestAnimationFrame(() => body.querySelector(".marked")?.scrollIntoView({ block: "center" }));
  return make("div", { class: "card scroll" }, make("table", {}, head, body));
}

function show(node) {
  tree.reveal(node);
  choose(node);
}

function switches(items) {
  const steps = items.filter((item) => item.kind === "steps" && !item.layer);
  const flat = items[0].kind === "plane";
  const stacked = items.some((item) => item.layer);
  return [
    ["log", flat ? "Log z" : "Log y", "l", true],
    ["ratio", "Ratio", "r", steps.length > 1 && !stacked],
    ["normalise", "Normalise", "n", steps.length > 0 && !stacked],
  ].map(([key, text, letter, possible]) => {
    const button = make(
      "button",
      {
        type: "button",
        "aria-pressed": String(state[key] && possible),
        title: `${text} (key ${letter})`,
        "data-key": key,
        onclick: () => toggle(key),
      },
      text,
    );
    button.disabled = !possible;
    return button;
  });
}

/* The ways to see histograms of several axes, and the number of bins of branches. */
function choices(chosen) {
  const found = [];
  const of = chosen.find(viewsOf);
  if (of) {
    const current = viewOf(of, state.view).key;
    const views = viewsOf(of).filter((view) => chosen.length === 1 || !view.plane);
    found.push(choice("view", "View", views.map(({ key, name }) => [key, name]), current));
  }
  if (chosen.some((node) => node.branch)) {
    const counts = [...new Set(["20", "50", "100", "200", ...(state.bins ? [String(state.bins)] : [])])];
    const options = [["", "auto"], ...counts.map((count) => [count, count])];
    found.push(choice("bins", "Bins", options, state.bins ? String(state.bins) : ""));
  }
  return found;
}

function choice(key, label, options, current) {
  const select = make("select", { "aria-label": label, "data-key": key });
  for (const [value, text] of options) select.append(make("option", { value, selected: value === current }, text));
  select.addEventListener("change", () => {
    state[key] = key === "bins" ? Number(select.value) || null : select.value;
    remember();
    render();
  });
  return make("label", { class: "choice" }, label, select);
}

function saveShown(save) {
  if (plot && plot.svg) save(plot.svg, plot.all);
}

function saveButtons() {
  return [
    ["SVG", saveSvg, "s"],
    ["PNG", savePng, "p"],
  ].map(([text, save, letter]) =>
    make(
      "button",
      { type: "button", title: `Save the picture as ${text} (key ${letter})`, "data-key": text, onclick: () => saveShown(save) },
      `↓ ${text}`,
    ),
  );
}

function renderItems(chosen) {
  const every = aligned(itemsOf(chosen, state));
  const items = every.filter((item) => !item.unlike);
  const { object, path } = chosen[0];
  const several = chosen.length > 1;
  const what = object ? [object.title === path ? "" : object.title, object.class] : [chosen[0].type, `branch of ${chosen[0].parent.path}`];
  const focused = document.activeElement?.dataset?.key;
  if (!items.length) {
    panel.replaceChildren(heading(path, what), note("This holds nothing that can be drawn."));
    return;
  }
  const flat = items[0].kind === "plane";
  const title = several ? `${chosen.length} objects` : path;
  const bins = items.length === 1 && items[0].kind === "steps" ? `${format(items[0].values.length)} bins` : "";
  panel.replaceChildren(
    heading(title, several ? [] : [...what, bins], ...choices(chosen), ...switches(items), ...saveButtons()),
  );
  plot = flat ? new PlanePlot(panel) : new Plot(panel);
  const shown = state.normalise ? items.map(normalised) : items;
  plot.show(shown, state);
  const sampled = chosen.filter((node) => node.branch).map(sampleSentence);
  for (const item of items) if (item.kind === "points" && item.note) sampled.push(`${item.name}: ${item.note}`);
  if (sampled.length) panel.append(information(...sampled));
  const texts = notes(every, items);
  if (texts.length) panel.append(note(...texts));
  if (flat) panel.append(boxTable(items[0]));
  else panel.append(statisticsTable(every, several), binTable(shown));
  panel.append(
    make(
      "p",
      { class: "hint" },
      make("kbd", {}, "Ctrl"),
      " or ",
      make("kbd", {}, "⌘"),
      " click, or the boxes in the tree, overlay. Arrow keys go through the tree, or through the bins when the plot has the focus.",
    ),
  );
  if (focused) panel.querySelector(`[data-key="${focused}"]`)?.focus();
}

function notes(every, items) {
  const named = (item, text) => (items.length > 1 ? `${item.name}: ${text}` : text);
  const texts = items.filter((item) => item.outside).map((item) => named(item, item.outside));
  for (const item of items) {
    const bad = item.values.filter((v) => !Number.isFinite(v)).length;
    const what = item.kind === "points" ? "points" : "bins";
    if (bad && !item.averaged) texts.push(`${item.name}: ${bad} of ${item.values.length} ${what} not finite, not drawn`);
    if (state.normalise && item.kind === "steps" && !(item.integral !== 0 && Number.isFinite(item.integral)))
      texts.push(`${item.name}: an integral of ${format(item.integral)} can't be normalised`);
  }
  const steps = items.filter((item) => item.kind === "steps" && !item.layer);
  const different = steps.filter((one) => !sameEdges(one.edges, steps[0].edges));
  if (state.ratio && different.length)
    texts.push(`No ratio for ${different.map((one) => one.name).join(", ")}: other bin edges than ${steps[0].name}`);
  for (const { name, labels, unlike } of every.filter((item) => item.unlike))
    texts.push(
      `${name} is not drawn: its bins (${listLabels(labels)}) are not those of ${unlike.name} ` +
        `(${listLabels(unlike.labels)})`,
    );
  if (state.ratio && steps.length > 1 && items.some((item) => item.kind === "points"))
    texts.push("Points have no ratio.");
  return texts;
}

function statisticsTable(items, several) {
  const steps = items.some((item) => item.kind === "steps");
  const head = steps ? ["entries", "integral", "mean", "std dev", "underflow", "overflow"] : ["points"];
  const body = items.map((item) => {
    const values = steps
      ? [item.entries, item.integral, item.mean, item.stdev, item.underflow, item.overflow]
      : [item.entries];
    const cells = values.map((value, i) =>
      make(
        "td",
        { class: i >= 4 && item.outside && Math.abs(value) > 0.01 * Math.abs(item.integral) ? "warn" : null },
        format(value),
      ),
    );
    const remove = make(
      "button",
      { type: "button", "aria-label": `Remove ${item.name}`, title: "Remove", onclick: () => overlay(item.node) },
      "×",
    );
    return make(
      "tr",
      {},
      make("th", { scope: "row", title: item.name }, swatch(item), ` ${item.name}`),
      ...cells,
      several ? make("td", {}, remove) : null,
    );
  });
  return make(
    "div",
    { class: "card scroll" },
    make(
      "table",
      { id: "statistics" },
      make("thead", {}, row("th", ["statistics", ...head, ...(several ? [""] : [])])),
      make("tbody", {}, ...body),
    ),
  );
}

function boxTable(item) {
  const box = boxOf(item);
  const cells = box.map(([, value]) => make("td", {}, format(value)));
  return make(
    "div",
    { class: "card scroll" },
    make(
      "table",
      { id: "statistics" },
      make("thead", {}, row("th", ["statistics", ...box.map(([key]) => key)])),
      make("tbody", {}, make("tr", {}, make("th", { scope: "row" }, item.name), ...cells)),
    ),
  );
}

/* The numbers behind the picture, made only when somebody opens them. */
function binTable(all) {
  const [first] = all;
  const same = all.filter((one) => one.kind === first.kind && (one.kind === "points" ? one === first : sameEdges(one.edges, first.edges)));
  const details = make("details", {}, make("summary", {}, first.kind === "points" ? "Coordinates of the points" : "Contents of the bins"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const { kind, labels } = first;
    const place = (i) => {
      if (labels) return [make("td", { class: "text" }, kind === "points" ? pointName(first, i) : labels[i])];
      const values = kind === "points" ? [first.x[i]] : [first.edges[i], first.edges[i + 1]];
      return values.map((value) => make("td", {}, format(value)));
    };
    const body = first.values.map((_, i) =>
      make(
        "tr",
        {},
        make("td", {}, format(i + 1)),
        ...place(i),
        ...same.map((one) => make("td", {}, contentOf(one, i))),
      ),
    );
    const where = labels ? ["label"] : kind === "points" ? ["x"] : ["low edge", "high edge"];
    const head = [kind === "points" ? "point" : "bin", ...where, ...same.map((one) => one.name)];
    const titles = make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)));
    details.append(make("div", { class: "card scroll" }, make("table", {}, make("thead", {}, titles), make("tbody", {}, ...body))));
  });
  return details;
}
