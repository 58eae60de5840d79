/** Elements of HTML and SVG, made of text that stays text. */

type Attributes = Record<string, string | number | boolean | undefined>;
type Content = Node | string | null | undefined;

/** A part of a drawing, in pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const SVG = "http://www.w3.org/2000/svg";

function fill<E extends Element>(element: E, attributes: Attributes, content: Content[]): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  element.append(...content.filter((one): one is Node | string => one !== null && one !== undefined));
  return element;
}

/** Return an HTML element; strings among its content become text, never markup. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...content: Content[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, content);
}

/** Return an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...content: Content[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, content);
}

/** Return a button that does something. */
export function button(text: string, act: (event: MouseEvent) => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = html("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

/** Return a list to choose from. */
export function chooser(label: string, options: string[], act: (i: number) => void, chosen = 0): HTMLElement {
  const entries = options.map((text, i) => html("option", { value: i, selected: i === chosen }, text));
  const list = html("select", {}, ...entries);
  list.addEventListener("change", () => act(Number(list.value)));
  return html("label", {}, label, list);
}

/** Call `act` as soon as an element has a width, and whenever that changes. */
export function onWidth(element: Element, act: (width: number) => void): void {
  let last = 0;
  const look = () => {
    const width = Math.round(element.clientWidth);
    if (width > 0 && width !== last) {
      last = width;
      act(width);
    }
  };
  new ResizeObserver(look).observe(element);
  look();
}
