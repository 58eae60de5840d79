/* Histograms as SVG: step lines with error bars, linear or logarithmic, with a ratio to the first below. */

const sameEdges = (a, b) => a === b || (a.length === b.length && a.every((edge, i) => edge === b[i]));

function ratios(all) {
  const first = all.find((one) => one.kind === "steps" && !one.layer);
  if (!first) return [];
  return all
    .filter((one) => one.kind === "steps" && !one.layer && sameEdges(one.edges, first.edges))
    .map((one) => ({
      ...one,
      values: one.values.map((v, i) => (first.values[i] === 0 ? NaN : v / first.values[i])),
      errors: one.errors.map((e, i) => (first.values[i] === 0 ? NaN : e / Math.abs(first.values[i]))),
    }));
}

class Plot {
  constructor(parent) {
    this.card = make("div", { class: "card plot" });
    this.tip = make("div", { class: "tip", hidden: true, role: "status" });
    this.card.append(this.tip);
    parent.append(this.card);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.card);
    this.bin = null;
  }

  close() {
    this.observer.disconnect();
  }

  show(all, { log, ratio, normalise }) {
    Object.assign(this, { all, log, normalise, ratio: ratio && ratios(all).length > 1 });
    this.drawn = null;
    this.draw();
  }

  draw() {
    const width = Math.max(this.card.clientWidth - 12, 260);
    if (!this.all || width === this.drawn) return;
    this.drawn = width;
    const lead = this.all.find((one) => identify(one.labels)) || this.all[0];
    this.labelled = lead.labels ? lead : null;
    const ranges = this.all.map(xRange);
    const [low, high] = [Math.min(...ranges.map(([a]) => a)), Math.max(...ranges.map(([, b]) => b))];
    this.room = this.labelled && labelRoom(lead, high - low, width - 92);
    const legend = legendHeight(this.all);
    const below = 48 + (this.room && this.room.upright ? this.room.size - 8 : 0);
    const height = Math.round(Math.min(Math.max(width * 0.56, 300), 480)) + (this.ratio ? 130 : 0) + legend + below - 48;
    this.frame = {
      left: 74,
      right: width - 18,
      top: 12 + legend,
      bottom: height - below,
      split: this.ratio ? height - below - 130 : height - below,
    };
    this.svg = shape("svg", {
      viewBox: `0 0 ${width} ${height}`,
      height,
      tabindex: 0,
      role: "img",
      "aria-label": `Histogram of ${this.all.map((one) => one.name).join(", ")}; arrow keys go through the bins`,
    });
    this.x = scale(low, high, this.frame.left, this.frame.right);
    const range = this.log ? logRange(this.all) : linearRange(this.all);
    this.y = this.vertical(range || [0.1, 1], this.frame.top, this.frame.split, Boolean(this.log));
    this.grid();
    this.svg.append(...legendOf(this.all, width));
    if (range) this.all.forEach((one) => (one.kind === "points" ? this.dots(one) : this.curve(one, this.y)));
    if (this.ratio) this.lower();
    this.axes(height, range !== null);
    this.listen();
    this.card.replaceChildren(this.svg, this.tip);
    this.hover(null);
  }

  vertical([low, high], top, bottom, log) {
    const map = log ? Math.log : (v) => v;
    const [a, b] = [map(low), map(high)];
    const to = (value) => {
      const v = log && value <= low ? a : map(value);
      return Math.min(Math.max(bottom - ((v - a) / (b - a)) * (bottom - top), top - 4), bottom + 4);
    };
    const ticks = log ? logTicks(low, high) : linearTicks(low, high, (bottom - top) / 55);
    return Object.assign(to, { low, high, ticks, base: to(log ? low : Math.max(low, Math.min(0, high))) });
  }

  grid() {
    const { left, right, top, split } = this.frame;
    for (const tick of this.y.ticks)
      this.svg.append(shape("line", { class: "grid", x1: left, x2: right, y1: this.y(tick), y2: this.y(tick) }));
    this.band = shape("rect", { class: "hover", y: top, height: this.frame.bottom - top, visibility: "hidden" });
    this.svg.append(this.band);
    this.clip = `clip${++Plot.count}`;
    const clip = shape("clipPath", { id: this.clip });
    clip.append(shape("rect", { x: left - 1, y: top, width: right - left + 2, height: split - top + 1 }));
    const lower = shape("clipPath", { id: `${this.clip}r` });
    lower.append(
      shape("rect", {
        x: left - 1,
        y: split + 14,
        width: right - left + 2,
        height: Math.max(this.frame.bottom - split - 14, 0),
      }),
    );
    this.svg.append(clip, lower);
  }

  /* One step line, interrupted where a content is not finite, and its error bars as one path. */
  curve(one, y, { area = this.all.length === 1 || one.layer, outline = true } = {}) {
    const { values, edges, index, layer } = one;
    const errors = layer ? values.map(() => 0) : one.errors;
    const line = [],
      bars = [];
    let down = true;
    values.forEach((value, i) => {
      const left = this.x(edges[i]).toFixed(2),
        right = this.x(edges[i + 1]).toFixed(2);
      if (!Number.isFinite(value)) {
        if (!down && outline) line.push(`V${y.base.toFixed(2)}`);
        down = true;
        return;
      }
      const level = y(value).toFixed(2);
      if (down) line.push(outline ? `M${left} ${y.base.toFixed(2)}V${level}` : `M${left} ${level}`);
      else line.push(outline ? `V${level}` : `M${left} ${level}`);
      line.push(`H${right}`);
      down = false;
      const error = errors[i];
      if (Number.isFinite(error) && error > 0 && !(this.log && outline && value + error <= y.low)) {
        const middle = this.x((edges[i] + edges[i + 1]) / 2).toFixed(2);
        bars.push(`M${middle} ${y(value - error).toFixed(2)}V${y(value + error).toFixed(2)}`);
      }
    });
    if (!down && outline) line.push(`V${y.base.toFixed(2)}`);
    const group = shape("g", { "clip-path": `url(#${outline ? this.clip : `${this.clip}r`})` });
    const color = one.outline ? "var(--text)" : colorOf(index);
    const dense = values.length > (this.frame.right - this.frame.left) / 4;
    for (const [kind, d] of [
      ["area", area ? line.join("") : ""],
      ["bars", bars.join("")],
      ["curve", line.join("")],
    ]) {
      if (!d) continue;
      const path = shape("path", { class: kind, d });
      path.style[kind === "area" ? "fill" : "stroke"] = color;
      if (layer && kind === "area") path.setAttribute("class", "area layer");
      if (dense && kind !== "area") path.style.strokeWidth = kind === "bars" ? 0.5 : 1;
      if (kind === "curve" && index >= 8) path.style.strokeDasharray = "6 3";
      group.append(path);
    }
    this.svg.append(group);
  }

  /* Points with their error bars in both directions. */
  dots({ x, y, xLow, xHigh, low, high, index }) {
    const group = shape("g", { "clip-path": `url(#${this.clip})` });
    const bars = [];
    const marks = [];
    x.forEach((value, i) => {
      if (!Number.isFinite(value) || !Number.isFinite(y[i]) || (this.log && y[i] <= 0)) return;
      const [px, py] = [this.x(value).toFixed(2), this.y(y[i]).toFixed(2)];
      if (xLow[i] > 0 || xHigh[i] > 0) bars.push(`M${this.x(value - xLow[i]).toFixed(2)} ${py}H${this.x(value + xHigh[i]).toFixed(2)}`);
      if (high[i] > low[i]) bars.push(`M${px} ${this.y(low[i]).toFixed(2)}V${this.y(high[i]).toFixed(2)}`);
      marks.push(`M${px} ${py}m-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0`);
    });
    for (const [kind, d, key] of [
      ["bars", bars.join(""), "stroke"],
      ["dots", marks.join(""), "fill"],
    ]) {
      const path = shape("path", { class: kind, d });
      path.style[key] = colorOf(index);
      group.append(path);
    }
    this.svg.append(group);
  }

  lower() {
    const { left, right, split, bottom } = this.frame;
    const all = ratios(this.all);
    const y = this.vertical(ratioRange(all.slice(1)), split + 14, bottom, false);
    for (const tick of linearTicks(y.low, y.high, 4)) {
      this.svg.append(
        shape("line", { class: tick === 1 ? "axis" : "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
        shape("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, format(tick)),
      );
    }
    all.forEach((one) => this.curve(one, y, { area: false, outline: false }));
    this.svg.append(
      shape("rect", { class: "axis", x: left, y: split + 14, width: right - left, height: bottom - split - 14 }),
      shape(
        "text",
        {
          class: "title",
          "text-anchor": "middle",
          transform: `translate(16 ${(split + 14 + bottom) / 2}) rotate(-90)`,
        },
        "ratio to first",
      ),
    );
  }

  axes(height, drawable) {
    const { left, right, top, split, bottom } = this.frame;
    this.svg.append(shape("rect", { class: "axis", x: left, y: top, width: right - left, height: split - top }));
    for (const tick of this.y.ticks)
      this.svg.append(shape("text", { x: left - 8, y: this.y(tick) + 4, "text-anchor": "end" }, format(tick)));
    if (this.labelled) this.svg.append(...labelsBelow(this.labelled, this.x, bottom, this.room));
    for (const tick of this.labelled ? [] : linearTicks(this.x.low, this.x.high, (right - left) / 90)) {
      const x = this.x(tick);
      this.svg.append(
        shape("line", { class: "axis", x1: x, x2: x, y1: bottom, y2: bottom + 5 }),
        shape("text", { x, y: bottom + 19, "text-anchor": "middle" }, format(tick)),
      );
    }
    const label = this.all.map((one) => one.label).find(Boolean) || "";
    this.svg.append(
      shape("text", { class: "title", x: right, y: height - 8, "text-anchor": "end" }, label),
      shape(
        "text",
        { class: "title", "text-anchor": "end", transform: `translate(16 ${top}) rotate(-90)` },
        this.normalise ? "fraction of integral per bin" : this.all.map((one) => one.yLabel).find(Boolean) || "yield per bin",
      ),
    );
    if (!drawable)
      this.svg.append(
        shape(
          "text",
          { class: "title", x: (left + right) / 2, y: (top + split) / 2, "text-anchor": "middle" },
          "no positive yield to draw on a logarithmic axis",
        ),
      );
  }

  listen() {
    const svg = this.svg;
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      this.hover(
        this.x.from(((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width),
        event.clientY - box.top,
      );
    });
    svg.addEventListener("pointerleave", () => this.hover(null));
    svg.addEventListener("blur", () => this.hover(null));
    svg.addEventListener("keydown", (event) => {
      const first = this.all[0];
      const edges = first.kind === "steps" ? first.edges : [...first.x, 0];
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") this.hover(null);
      else if (step) {
        const next = this.bin === null ? (step > 0 ? 0 : edges.length - 2) : this.bin + step;
        const bin = Math.max(0, Math.min(next, edges.length - 2));
        this.hover(first.kind === "points" ? first.x[bin] : (edges[bin] + edges[bin + 1]) / 2, 40);
        this.bin = bin;
      } else return;
      event.preventDefault();
    });
  }

  hover(value, height = 0) {
    const inside = this.all.map((one) => (one.kind === "points" ? this.closest(one, value) : find(one.edges, value)));
    this.bin = inside[0] ?? null;
    const lead = inside.findIndex((bin) => bin !== null);
    this.tip.hidden = lead < 0;
    this.band.setAttribute("visibility", lead < 0 ? "hidden" : "visible");
    if (lead < 0) return;
    const range = (one, bin) => (one.kind === "points" ? pointName(one, bin) : binName(one.edges, one.labels, bin));
    const first = this.all[lead];
    const [left, right] =
      first.kind === "points"
        ? [this.x(first.x[inside[lead]]) - 4, this.x(first.x[inside[lead]]) + 4]
        : [this.x(first.edges[inside[lead]]), this.x(first.edges[inside[lead] + 1])];
    this.band.setAttribute("x", left);
    this.band.setAttribute("width", Math.max(right - left, 1));
    const kind = first.kind === "points" ? "point" : "bin";
    this.tip.replaceChildren(make("b", {}, `${kind} ${inside[lead] + 1}:  ${range(first, inside[lead])}`));
    this.all.forEach((one, i) => {
      const bin = inside[i];
      if (bin === null) return;
      const same = one.kind === first.kind && (one.kind === "points" || sameEdges(one.edges, first.edges));
      const other = same ? "" : `  [${range(one, bin)}]`;
      this.tip.append(
        make("div", {}, swatch(one), make("span", { class: "name" }, one.name), `${contentOf(one, bin)}${other}`),
      );
    });
    this.place(left, right, height - 20);
  }

  /* The point next to a value, or null outside of the frame. */
  closest(one, value) {
    if (value === null || value < this.x.low || value > this.x.high) return null;
    let best = null;
    one.x.forEach((x, i) => {
      if (Number.isFinite(x) && (best === null || Math.abs(x - value) < Math.abs(one.x[best] - value))) best = i;
    });
    return best;
  }

  /* Put the box of numbers beside what it is of, inside the card. */
  place(left, right, top) {
    const factor = this.svg.getBoundingClientRect().width / this.svg.viewBox.baseVal.width;
    const at = right * factor + 16;
    const flip = at + this.tip.offsetWidth > this.card.clientWidth - 8;
    this.tip.style.left = `${flip ? Math.max(left * factor - this.tip.offsetWidth, 6) : at}px`;
    this.tip.style.top = `${Math.max(8, Math.min(top, this.card.clientHeight - this.tip.offsetHeight - 8))}px`;
  }
}
Plot.count = 0;

/* The bin that holds a value, or null outside the edges. */
function find(edges, value) {
  if (value === null || !(value >= edges[0] && value < edges[edges.length - 1])) return null;
  let low = 0,
    high = edges.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

/* Where a point is: the label of its bin, else the value. */
const pointName = ({ x, edges, labels }, i) => (labels ? binName(edges, labels, find(edges, x[i])) : format(x[i]));

function contentOf(one, bin) {
  if (one.kind === "steps") return `${format((one.own || one.values)[bin])} ± ${format(one.errors[bin], 3)}`;
  const [up, down] = [one.yHigh[bin], one.yLow[bin]];
  const error = !up && !down ? "" : up === down ? ` ± ${format(up, 3)}` : ` +${format(up, 3)} −${format(down, 3)}`;
  return `${format(one.y[bin])}${error}`;
}
