/* A histogram of two axes as a map of colours, with its scale. */

const VIRIDIS = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];

function viridis(share) {
  const place = Math.max(0, Math.min(share, 1)) * (VIRIDIS.length - 1);
  const i = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const part = (color, at) => Number.parseInt(color.slice(at, at + 2), 16);
  return [1, 3, 5].map((at) => Math.round(part(VIRIDIS[i], at) * (1 + i - place) + part(VIRIDIS[i + 1], at) * (place - i)));
}

class PlanePlot extends Plot {
  show([item], { log }) {
    Object.assign(this, { item, all: [item], log, ratio: false });
    this.drawn = null;
    this.draw();
  }

  draw() {
    const width = Math.max(this.card.clientWidth - 12, 260);
    if (!this.item || width === this.drawn) return;
    this.drawn = width;
    const legend = legendHeight([this.item]);
    const bottom = Math.round(Math.min(Math.max(width * 0.62, 300), 540)) + legend - 48;
    const top = 16 + legend;
    const right = width - 104;
    const [across, up] = this.item.axes;
    const span = ({ edges }) => edges[edges.length - 1] - edges[0];
    const beside = up.labels ? labelRoom(up, span(up), bottom - top) : null;
    const left = beside ? Math.max(74, Math.min(beside.size + 38, 0.4 * width)) : 74;
    const below = across.labels ? labelRoom(across, span(across), right - left) : null;
    const height = bottom + 48 + (below && below.upright ? below.size - 8 : 0);
    Object.assign(this, { below, beside, frame: { left, right, top, bottom } });
    this.svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, height, tabindex: 0, role: "img" });
    this.svg.setAttribute("aria-label", `Map of ${this.item.name}; arrow keys go through the bins`);
    this.x = scale(across.edges[0], across.edges[across.edges.length - 1], left, right);
    this.y = scale(up.edges[0], up.edges[up.edges.length - 1], bottom, top);
    this.levels = this.range();
    this.svg.append(...legendOf([this.item], width));
    if (this.levels) this.svg.append(this.cells(), ...this.bar(width));
    else this.svg.append(textAt("no bin with a content to draw", (left + right) / 2, (top + bottom) / 2, "middle", "title"));
    this.band = shape("rect", { class: "hover cell", visibility: "hidden" });
    this.svg.append(this.band, ...this.axesOf(height));
    this.listen();
    this.card.replaceChildren(this.svg, this.tip);
    this.hover(null);
  }

  /* The lowest and highest content that has a colour; empty bins have none, and on a logarithmic scale negative ones. */
  range() {
    const shown = this.item.values.filter(
      (v) => Number.isFinite(v) && (this.item.averaged || v !== 0) && (!this.log || v > 0),
    );
    if (!shown.length) return null;
    let [low, high] = [Infinity, -Infinity];
    for (const v of shown) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
    if (!this.log && !this.item.averaged) low = Math.min(low, 0);
    if (low === high) high = low + (Math.abs(low) || 1);
    return { low, high };
  }

  share(value) {
    const { low, high } = this.levels;
    if (!Number.isFinite(value) || (value === 0 && !this.item.averaged) || (this.log && value <= 0)) return null;
    return this.log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  }

  /* A picture with one or two pixels per point of the screen: quick for a million bins, the same in a saved file. */
  cells() {
    const { left, right, top, bottom } = this.frame;
    const [width, height] = [2 * Math.round(right - left), 2 * Math.round(bottom - top)];
    const canvas = make("canvas", { width, height });
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(width, height);
    const { axes, values } = this.item;
    const [x, y] = axes.map(({ edges }) => edges);
    const placesOf = (edges, size) =>
      Array.from({ length: size }, (_, i) => find(edges, edges[0] + ((i + 0.5) / size) * (edges[edges.length - 1] - edges[0])));
    const [columns, rows] = [placesOf(x, width), placesOf(y, height)];
    const colors = values.map((value) => {
      const share = this.share(value);
      return share === null ? null : viridis(share);
    });
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const color = colors[columns[column] * (y.length - 1) + rows[height - 1 - row]];
        if (color) pixels.data.set([...color, 255], 4 * (row * width + column));
      }
    context.putImageData(pixels, 0, 0);
    return shape("image", { href: canvas.toDataURL(), x: left, y: top, width: right - left, height: bottom - top });
  }

  bar(width) {
    const { right, top, bottom } = this.frame;
    const { low, high } = this.levels;
    const parts = [];
    const steps = 60;
    for (let i = 0; i < steps; i++) {
      const at = bottom - ((bottom - top) * (i + 1)) / steps;
      const color = `rgb(${viridis((i + 0.5) / steps).join(",")})`;
      parts.push(shape("rect", { x: right + 14, y: at, width: 16, height: (bottom - top) / steps + 0.6, fill: color }));
    }
    for (const tick of this.log ? logTicks(low, high) : linearTicks(low, high, 6)) {
      const y = bottom - this.share(tick === 0 && !this.item.averaged ? 1e-300 : tick) * (bottom - top);
      parts.push(textAt(format(tick, 4), right + 35, y + 4, "start"));
    }
    parts.push(
      shape("rect", { class: "axis", x: right + 14, y: top, width: 16, height: bottom - top }),
      shape("text", { class: "title", "text-anchor": "end", transform: `translate(${width - 8} ${top}) rotate(-90)` }, this.item.label),
    );
    return parts;
  }

  axesOf(height) {
    const { left, right, top, bottom } = this.frame;
    const parts = [shape("rect", { class: "axis", x: left, y: top, width: right - left, height: bottom - top })];
    const [across, up] = this.item.axes;
    if (this.below) parts.push(...labelsBelow(across, this.x, bottom, this.below));
    if (this.beside) parts.push(...labelsBeside(up, this.y, left, this.beside));
    for (const tick of this.below ? [] : linearTicks(this.x.low, this.x.high, (right - left) / 90))
      parts.push(
        shape("line", { class: "axis", x1: this.x(tick), x2: this.x(tick), y1: bottom, y2: bottom + 5 }),
        textAt(format(tick), this.x(tick), bottom + 19, "middle"),
      );
    for (const tick of this.beside ? [] : linearTicks(this.y.low, this.y.high, (bottom - top) / 55))
      parts.push(
        shape("line", { class: "axis", x1: left - 5, x2: left, y1: this.y(tick), y2: this.y(tick) }),
        textAt(format(tick), left - 9, this.y(tick) + 4, "end"),
      );
    parts.push(
      textAt(across.title, right, height - 8, "end", "title"),
      shape("text", { class: "title", "text-anchor": "end", transform: `translate(16 ${top}) rotate(-90)` }, up.title),
    );
    return parts;
  }

  listen() {
    const at = (event) => {
      const box = this.svg.getBoundingClientRect();
      const factor = this.svg.viewBox.baseVal.width / box.width;
      return [(event.clientX - box.left) * factor, (event.clientY - box.top) * factor];
    };
    this.svg.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      const [across, up] = this.item.axes;
      this.hover([find(across.edges, this.x.from(x)), find(up.edges, this.y.from(y))]);
    });
    this.svg.addEventListener("pointerleave", () => this.hover(null));
    this.svg.addEventListener("blur", () => this.hover(null));
    this.svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.key === "Escape") this.hover(null);
      else if (step) {
        const [i, j] = this.bin || [0, 0];
        const inside = (bin, { edges }) => Math.max(0, Math.min(bin, edges.length - 2));
        this.hover([inside(i + step[0], this.item.axes[0]), inside(j + step[1], this.item.axes[1])]);
      } else return;
      event.preventDefault();
    });
  }

  hover(bin) {
    this.bin = bin && bin[0] !== null && bin[1] !== null ? bin : null;
    this.tip.hidden = !this.bin;
    this.band.setAttribute("visibility", this.bin ? "visible" : "hidden");
    if (!this.bin) return;
    const { axes, values } = this.item;
    const [x, y] = axes.map(({ edges }) => edges);
    const [i, j] = this.bin;
    const [left, right, low, high] = [this.x(x[i]), this.x(x[i + 1]), this.y(y[j]), this.y(y[j + 1])];
    for (const [key, value] of Object.entries({ x: left, y: high, width: right - left, height: low - high }))
      this.band.setAttribute(key, value);
    const line = (name, text) => make("div", {}, make("span", { class: "name" }, name), text);
    this.tip.replaceChildren(
      make("b", {}, format(values[i * (y.length - 1) + j])),
      line(axes[0].title || "x", binName(x, axes[0].labels, i)),
      line(axes[1].title || "y", binName(y, axes[1].labels, j)),
    );
    this.place(left, right, high);
  }
}
