/* The picture as a file: SVG, or PNG at three times its size on the screen; always with the colours of the light page. */

const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-size", "font-family"];

function pictureOf(svg) {
  const { width, height } = svg.viewBox.baseVal;
  const copy = svg.cloneNode(true);
  copy.querySelectorAll(".hover").forEach((mark) => mark.remove());
  const stage = make("div", { class: "plot light stage" }, copy);
  document.body.append(stage);
  for (const part of copy.querySelectorAll("*")) {
    const style = getComputedStyle(part);
    for (const key of DRAWN) part.setAttribute(key, style.getPropertyValue(key));
    part.removeAttribute("style");
    part.removeAttribute("class");
  }
  stage.remove();
  copy.prepend(shape("rect", { width, height, fill: "#ffffff" }));
  for (const [key, value] of Object.entries({ width, height, xmlns: SVG })) copy.setAttribute(key, value);
  for (const key of ["tabindex", "role"]) copy.removeAttribute(key);
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

function download(href, name) {
  const link = make("a", { download: name });
  link.href = href;
  link.click();
}

/* A name for the file, of letters and digits that any system takes. */
function fileName(items, suffix) {
  const name = items[0].name.replace(/[^\w.-]+/g, "_").replace(/^_+|_+$/g, "");
  return `${(name || "picture").slice(0, 80)}${items.length > 1 ? `_and_${items.length - 1}_more` : ""}.${suffix}`;
}

function saveSvg(svg, items) {
  const url = URL.createObjectURL(new Blob([pictureOf(svg).text], { type: "image/svg+xml" }));
  download(url, fileName(items, "svg"));
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function savePng(svg, items) {
  const { text, width, height } = pictureOf(svg);
  const image = new Image();
  image.onload = () => {
    const canvas = make("canvas", { width: 3 * width, height: 3 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 3 * width, 3 * height);
    download(canvas.toDataURL("image/png"), fileName(items, "png"));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
