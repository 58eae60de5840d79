/** Drawings as files: an SVG that carries its styles with it, in light colours; and a PNG of it. */

import { html } from "./svg.ts";

const shape = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "opacity"];
const text = ["fill", "font-family", "font-size", "font-weight", "text-anchor"];
const kept: Record<string, string[]> = {
  g: [],
  defs: [],
  pattern: [],
  title: [],
  image: [],
  text,
  tspan: ["font-size"],
};
/** What holds without being said. */
const defaults: Record<string, string> = {
  "fill-opacity": "1",
  "stroke-opacity": "1",
  opacity: "1",
  stroke: "none",
  "stroke-dasharray": "none",
  "font-weight": "400",
};
/** Other programs know no fonts of a system by this name. */
const fonts = (value: string): string => value.replaceAll('"', "").replace("system-ui", "Helvetica, Arial");

/** Colours with a transparency are two attributes: not all programs know them as one. */
function colour(element: Element, name: string, value: string): void {
  const parts = value.match(/^rgba\((.+),\s*([\d.]+)\)$/);
  element.setAttribute(name, parts ? `rgb(${parts[1]})` : value);
  if (parts) element.setAttribute(`${name}-opacity`, parts[2]);
}

function settle(element: SVGElement): void {
  const style = getComputedStyle(element);
  if (style.display === "none" && element.tagName === "path") {
    element.remove();
    return;
  }
  const drawn = style.getPropertyValue("stroke") !== "none";
  for (const name of kept[element.tagName] ?? shape) {
    const value = style.getPropertyValue(name);
    const needless = name.startsWith("stroke-") && !drawn;
    if (!value || needless || value === defaults[name]) element.removeAttribute(name);
    else if (value.startsWith("rgba")) colour(element, name, value);
    else element.setAttribute(name, name === "font-family" ? fonts(value) : value);
  }
}

const interactive = ["tabindex", "role", "aria-label", "aria-roledescription", "aria-valuemin", "aria-valuemax"];

/** Return a drawing that needs no page around it. */
export function standalone(drawing: SVGSVGElement, name: string): SVGSVGElement {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  for (const mark of copy.querySelectorAll(".cell, .map-here, .hover")) mark.remove();
  // Light colours hold inside of it, whatever the page looks like; it must be in the page to have styles at all.
  const paper = html("div", { class: "paper", "aria-hidden": true }, copy);
  document.body.append(paper);
  for (const element of copy.querySelectorAll<SVGElement>("*")) settle(element);
  paper.remove();
  for (const element of [copy, ...copy.querySelectorAll("*")]) {
    element.removeAttribute("class");
    element.removeAttribute("style");
  }
  for (const attribute of [...interactive, "aria-valuenow", "aria-valuetext"]) copy.removeAttribute(attribute);
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = name;
  copy.prepend(title);
  return copy;
}

/** Return a drawing as the text of an SVG file. */
export function svgText(drawing: SVGSVGElement, name: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(standalone(drawing, name))}\n`;
}

/** Return a drawing as PNG, with three pixels for each of the screen, on white. */
export async function png(drawing: SVGSVGElement, name: string, sharpness = 3): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svgText(drawing, name)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const { width, height } = drawing.viewBox.baseVal;
    const canvas = html("canvas", { width: Math.round(width * sharpness), height: Math.round(height * sharpness) });
    const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) =>
      canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("this browser makes no PNG"))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Return a name that a file can have. */
export function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._+-]+/gu, "_").replace(/^[._]+/, "") || "drawing";
}

/** Hand a file to the reader. */
export function download(name: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  html("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Hand a drawing to the reader, as SVG or PNG. */
export async function save(drawing: SVGSVGElement, name: string, kind: "svg" | "png"): Promise<void> {
  const file = `${fileName(name)}.${kind}`;
  if (kind === "svg") download(file, svgText(drawing, name), "image/svg+xml");
  else download(file, await png(drawing, name), "image/png");
}
