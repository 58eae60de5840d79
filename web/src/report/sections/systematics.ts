import { marked } from "../../drawing/labels.ts";
import { button, html, svg } from "../../drawing/svg.ts";
import { drawings, saving } from "../export.ts";
import { missing, payload, type Section, titled } from "../page.ts";
import { whenNear } from "../regions/lazy.ts";
import { plainName } from "../regions/words.ts";
import { effects, judged, variations } from "../systematics/data.ts";
import { cellMap, mapKey } from "../systematics/map.ts";
import { normTable } from "../systematics/norms.ts";
import type { Variation } from "../systematics/packed.ts";
import { panel, variationKeys } from "../systematics/panels.ts";
import { anySystematic, type Cell, cellsOf, cellsOfWorkspace } from "../systematics/words.ts";
import type { Effect } from "../types.ts";

/** Drawings at once; more of them are asked for. */
const MOST = 60;

const places = ["systematic", "region", "sample"] as const;
type Place = (typeof places)[number];
type Filter = Record<Place, string>;

/** Return a list to choose from. */
function select(name: string, empty: string, options: string[], act: () => void): HTMLSelectElement {
  const made = html(
    "select",
    { "aria-label": name },
    html("option", { value: "" }, empty),
    ...options.map((option) => html("option", { value: option }, plainName(option))),
  );
  made.addEventListener("change", act);
  return made;
}

interface Chooser {
  element: HTMLElement;
  chosen(): Filter;
  choose(filter: Partial<Filter>): void;
}

/** Return the lists of systematics, regions and samples, and a search that shortens the first. */
function chooser(cells: Cell[], act: () => void): Chooser {
  const names = (place: Place) => [...new Set(cells.map((cell) => cell[place]))];
  const systematics = names("systematic");
  const lists = {
    systematic: select("Systematic", "choose a systematic", systematics, act),
    region: select("Region", "all regions", names("region"), act),
    sample: select("Sample", "all samples", names("sample"), act),
  };
  const search = html("input", {
    type: "search",
    placeholder: "Search systematics",
    "aria-label": "Search systematics",
  });
  search.addEventListener("input", () => {
    const text = search.value.toLowerCase();
    const kept = systematics.filter((name) => plainName(name).toLowerCase().includes(text));
    const before = lists.systematic.value;
    const [first] = lists.systematic.options;
    lists.systematic.replaceChildren(first, ...kept.map((name) => html("option", { value: name }, plainName(name))));
    lists.systematic.value = kept.length === 1 ? kept[0] : kept.includes(before) ? before : "";
    act();
  });
  const step = (by: number) =>
    button(
      by < 0 ? "‹" : "›",
      () => {
        const { options, selectedIndex } = lists.systematic;
        lists.systematic.selectedIndex = Math.min(Math.max(selectedIndex + by, 1), options.length - 1);
        act();
      },
      { "aria-label": by < 0 ? "previous systematic" : "next systematic" },
    );
  return {
    element: html("div", { class: "bar" }, search, lists.systematic, step(-1), step(1), lists.region, lists.sample),
    chosen: () => ({ systematic: lists.systematic.value, region: lists.region.value, sample: lists.sample.value }),
    choose(filter) {
      if (search.value) {
        search.value = "";
        search.dispatchEvent(new Event("input"));
      }
      for (const place of places) lists[place].value = filter[place] ?? "";
      act();
    },
  };
}

const fits = (one: Record<Place, string>, filter: Filter): boolean =>
  places.every((place) => filter[place] === "" || one[place] === filter[place]);

function lineKey(): HTMLElement {
  const line = (kind: string, text: string) =>
    html(
      "span",
      { class: "key" },
      svg(
        "svg",
        { width: 26, height: 12, viewBox: "0 0 26 12", "aria-hidden": true },
        svg("path", { class: kind, d: "M0,6H26" }),
      ),
      text,
    );
  return html(
    "div",
    { class: "legend" },
    ...variationKeys().map(([text, kind]) => line(kind, text)),
    html("span", { class: "count" }, "hatched: statistical uncertainty of the template"),
  );
}

/** Show the variations of what is chosen. */
async function fill(place: HTMLElement, filter: Filter): Promise<void> {
  for (const name of drawings.keys()) if (name.startsWith("variation ")) drawings.delete(name);
  if (!filter.systematic) {
    place.replaceChildren(
      html("p", { class: "count" }, "Choose a systematic, here or in the map, to see what it does."),
    );
    return;
  }
  const [all, effect] = await Promise.all([variations(filter.systematic), judged(filter.systematic)]);
  const found = all.filter((one) => fits(one, filter));
  const of = (one: Variation): Effect | undefined => effect.find((other) => places.every((p) => one[p] === other[p]));
  const grid = html("div", { class: "panels" }, ...found.slice(0, MOST).map((one) => panel(one, of(one))));
  const rest = found.slice(MOST);
  const more = button(`${rest.length} more`, () => {
    grid.append(...rest.map((one) => panel(one, of(one))));
    more.remove();
  });
  const none = `${plainName(filter.systematic)} does not act there.`;
  place.replaceChildren(
    html("h3", {}, ...marked(titled(filter.systematic))),
    ...(found.length ? [lineKey(), grid] : [html("p", {}, none)]),
    ...(rest.length ? [more] : []),
  );
}

function mapPlace(cells: Cell[], choose: (cell: Cell) => void): HTMLElement {
  const name = payload.processed ? "pruning" : "systematics";
  const place = html("div", { class: "waiting" });
  let image: SVGSVGElement | null = null;
  const draw = () => {
    if (image) return image;
    const made = cellMap(cells, choose);
    image = made.image;
    place.classList.remove("waiting");
    place.replaceChildren(mapKey(cells), made.element);
    return image;
  };
  whenNear(place, draw);
  const title = payload.processed ? "What pruning leaves" : "What each systematic changes";
  return html("div", { class: "wide" }, html("h3", { class: "with-saving" }, title, saving(name, draw)), place);
}

/** What each systematic does to each sample in each region. */
export const systematics: Section = {
  id: "systematics",
  title: "Systematics",
  draw(body) {
    if (!anySystematic()) return false;
    const place = html("div", { class: "chosen", "aria-live": "polite" });
    const table = normTable();
    const details = html(
      "details",
      { class: "as-it-is" },
      html("summary", {}, "Effects on yields and shapes"),
      table.element,
    );
    let all: Effect[] | null = null;
    const refresh = () => {
      const filter = choice.chosen();
      void fill(place, filter);
      if (all) table.show(all.filter((one) => fits(one, filter)));
    };
    details.addEventListener("toggle", async () => {
      all ??= await effects();
      refresh();
    });
    const start = (cells: Cell[]) => {
      choice = chooser(cells, refresh);
      body.append(
        mapPlace(cells, (cell) => {
          choice.choose({ systematic: cell.systematic });
          place.scrollIntoView({ block: "nearest" });
        }),
        choice.element,
        place,
        details,
      );
      refresh();
      follow(choice);
    };
    let choice: Chooser;
    if (!payload.processed) start(cellsOfWorkspace());
    else
      effects()
        .then((found) => start(cellsOf(found)))
        .catch(() => body.append(missing("The variations in this file can't be unpacked.")));
    return true;
  },
};

/** Show the systematic that the address names: `#systematic=NAME`. */
function follow(choice: Chooser): void {
  const look = () => {
    const [kind, name] = decodeURIComponent(location.hash.slice(1)).split(/=(.*)/s);
    if (kind !== "systematic" || !name) return;
    choice.choose({ systematic: name });
    document.getElementById("systematics")?.scrollIntoView();
  };
  addEventListener("hashchange", look);
  look();
}
