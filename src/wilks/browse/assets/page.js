/* The page: what is chosen, the address, the keys. */

const root = plant(payload.objects);
const nodes = new Map();
const gather = (node) => {
  if (node.object) nodes.set(node.path, node);
  if (node.branch) nodes.set(node.path, node);
  node.children.forEach(gather);
};
gather(root);

const SWITCHES = ["log", "ratio", "normalise"];
const CHOICES = ["view", "bins"];
const state = { chosen: [], log: false, ratio: false, normalise: false, view: null, bins: null };
const objectCount = payload.objects.filter((object) => !object.folder).length;

const tree = new Tree({
  root,
  onchoose: (node) => choose(node),
  ontoggle: (node) => overlay(node),
  onfound: (count) => {
    document.getElementById("found").textContent =
      count === null ? `${format(objectCount)} object${objectCount === 1 ? "" : "s"}` : `${format(count)} found`;
  },
});
tree.onfound(null);

function choose(node) {
  return node.object || node.branch ? update([node]) : undefined;
}

/* What is a map in the view that is chosen is drawn alone, and so is what can't be drawn. */
const overlays = (node) => node.drawable && !(viewsOf(node) && viewOf(node, state.view).plane);

function overlay(node) {
  if (!overlays(node)) return choose(node);
  const kept = state.chosen.filter(overlays);
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
  for (const key of CHOICES) if (state[key]) words.push(`!${key}=${state[key]}`);
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
  const settings = words.filter((word) => /^!(view|bins)=[\w-]+$/.test(word)).map((word) => word.slice(1).split("="));
  const { view = null, bins = null } = Object.fromEntries(settings);
  Object.assign(state, { view, bins: bins === null ? null : Math.max(1, Math.min(Math.round(Number(bins)), 5000)) || null });
  const decode = (word) => {
    try {
      return decodeURIComponent(word);
    } catch {
      return word;
    }
  };
  const named = words.filter((word) => !word.startsWith("!")).map(decode);
  const known = named.map((name) => nodes.get(name)).filter(Boolean);
  const drawable = known.length > 1 ? known.filter(overlays) : known.filter((node) => node.drawable);
  const all = [...nodes.values()];
  const fallback = all.find((node) => node.drawable) || all[0];
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

function toggle(key) {
  if (!state.chosen.length || !state.chosen[0].drawable) return;
  state[key] = !state[key];
  remember();
  render();
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
      tree.visible.find((node) => node.branch && (!tree.kept || tree.kept.has(node)));
    if (first) {
      tree.move(tree.visible.indexOf(first));
      choose(first);
    }
  } else return;
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === search) return;
  if (event.target.matches("select, input")) return;
  const key = { l: "log", r: "ratio", n: "normalise" }[event.key];
  if (event.key === "/") search.focus();
  else if (event.key === "s") saveShown(saveSvg);
  else if (event.key === "p") saveShown(savePng);
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
