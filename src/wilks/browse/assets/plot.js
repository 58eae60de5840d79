/* Histograms as SVG: step lines with error bars, linear or logarithmic, with a ratio to the first below. */

function linearTicks(low, high, wanted) {
  const raw = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((nice) => nice * power >= raw * (1 - 1e-12));
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/* Decades, thinned where there are many; 2 and 5 between them where there are few. */
function logTicks(low, high) {
  const first = Math.floor(Math.log10(low)),
    last = Math.ceil(Math.log10(high));
  const every = Math.ceil((last - first) / 8);
  const between = high / low < 300 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = first; power <= last; power += every)
    for (const factor of between) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  return ticks;
}

/* What is drawn of one object: yields and errors, both divided by the integral when only shapes are compared. */
function series(node, index, normalise) {
  const histogram = node.object.histogram;
  const scale =
    normalise && histogram.integral !== 0 && Number.isFinite(histogram.integral) ? 1 / histogram.integral : 1;
  return {
    node,
    index,
    edges: histogram.edges,
    labels: histogram.labels,
    label: histogram.label,
    values: scale === 1 ? histogram.values : histogram.values.map((v) => v * scale),
    errors: scale === 1 ? histogram.errors : histogram.errors.map((v) => v * Math.abs(scale)),
  };
}

const sameEdges = (a, b) => a === b || (a.length === b.length && a.every((edge, i) => edge === b[i]));

function ratios(all) {
  const first = all[0];
  return all
    .filter((one) => sameEdges(one.edges, first.edges))
    .map((one) => ({
      ...one,
      values: one.values.map((v, i) => (first.values[i] === 0 ? NaN : v / first.values[i])),
      errors: one.errors.map((e, i) => (first.values[i] === 0 ? NaN : e / Math.abs(first.values[i]))),
    }));
}

function linearRange(all) {
  let low = 0,
    high = 0;
  for (const { values, errors } of all)
    values.forEach((v, i) => {
      if (!Number.isFinite(v)) return;
      const e = Number.isFinite(errors[i]) ? errors[i] : 0;
      low = Math.min(low, v - (v - e < 0 && v >= 0 ? v : e));
      high = Math.max(high, v + e);
    });
  const span = high - low;
  return span > 0 ? [low < 0 ? low - 0.06 * span : 0, high + 0.08 * span] : [0, 1];
}

/* At most ten decades below the largest value, so that one tiny yield does not flatten everything else. */
function logRange(all) {
  let low = Infinity,
    high = 0;
  for (const { values, errors } of all)
    values.forEach((v, i) => {
      if (!(v > 0 && Number.isFinite(v))) return;
      low = Math.min(low, v);
      high = Math.max(high, v + (Number.isFinite(errors[i]) ? errors[i] : 0));
    });
  if (high === 0) return null;
  low = Math.max(low, high * 1e-10);
  return [low / 2, high * Math.max(1.5, (high / low) ** 0.06)];
}

function ratioRange(all) {
  let reach = 0.05;
  for (const { values } of all)
    for (const v of values) if (Number.isFinite(v)) reach = Math.max(reach, Math.abs(v - 1));
  reach = Math.min(reach * 1.2, 1);
  return [1 - reach, 1 + reach];
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
    const below = 48 + this.roomForLabels(width - 92);
    const height = Math.round(Math.min(Math.max(width * 0.56, 300), 480)) + (this.ratio ? 130 : 0) + below - 48;
    this.frame = {
      left: 74,
      right: width - 18,
      top: 16,
      bottom: height - below,
      split: this.ratio ? height - below - 130 : height - below,
    };
    this.svg = shape("svg", {
      viewBox: `0 0 ${width} ${height}`,
      height,
      tabindex: 0,
      role: "img",
      "aria-label": `Histogram of ${this.all.map((one) => one.node.path).join(", ")}; arrow keys go through the bins`,
    });
    this.x = this.horizontal();
    const range = this.log ? logRange(this.all) : linearRange(this.all);
    this.y = this.vertical(range || [0.1, 1], this.frame.top, this.frame.split, Boolean(this.log));
    this.grid();
    if (range) this.all.forEach((one) => this.curve(one, this.y));
    if (this.ratio) this.lower();
    this.axes(height, range !== null);
    this.listen();
    this.card.replaceChildren(this.svg, this.tip);
    this.hover(null);
  }

  /* Labels that are wider than their bins stand upright; the room that takes, in pixels (a letter has about 7). */
  roomForLabels(width) {
    const { edges, labels } = this.all[0];
    if (!labels) return 0;
    const narrowest = Math.min(...edges.slice(1).map((edge, i) => edge - edges[i]));
    const room = (narrowest / (edges[edges.length - 1] - edges[0])) * width;
    this.every = Math.max(1, Math.ceil(13 / room));
    const longest = Math.max(...labels.map((label) => label.length));
    this.upright = 7 * longest > room;
    return this.upright ? Math.min(7 * longest, 168) - 8 : 0;
  }

  horizontal() {
    const { left, right } = this.frame;
    const low = Math.min(...this.all.map(({ edges }) => edges[0]));
    const high = Math.max(...this.all.map(({ edges }) => edges[edges.length - 1]));
    const to = (value) => left + ((value - low) / (high - low)) * (right - left);
    return Object.assign(to, { low, high, from: (px) => low + ((px - left) / (right - left)) * (high - low) });
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
  curve({ values, errors, edges, index }, y, { area = this.all.length === 1, outline = true } = {}) {
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
    const color = `var(--c${index % 8})`;
    const dense = values.length > (this.frame.right - this.frame.left) / 4;
    for (const [kind, d] of [
      ["area", area ? line.join("") : ""],
      ["bars", bars.join("")],
      ["curve", line.join("")],
    ]) {
      if (!d) continue;
      const path = shape("path", { class: kind, d });
      path.style[kind === "area" ? "fill" : "stroke"] = color;
      if (dense && kind !== "area") path.style.strokeWidth = kind === "bars" ? 0.5 : 1;
      if (kind === "curve" && index >= 8) path.style.strokeDasharray = "6 3";
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
    const { edges, labels } = this.all[0];
    (labels || []).forEach((label, i) => {
      if (i % this.every) return;
      const x = this.x((edges[i] + edges[i + 1]) / 2);
      const text = label || `${format(edges[i])} – ${format(edges[i + 1])}`;
      const short = text.length > 24 ? `${text.slice(0, 15)}…${text.slice(-8)}` : text;
      const place = this.upright
        ? { transform: `translate(${x + 4} ${bottom + 8}) rotate(-90)`, "text-anchor": "end" }
        : { x, y: bottom + 19, "text-anchor": "middle" };
      this.svg.append(shape("text", place, short));
    });
    for (const tick of labels ? [] : linearTicks(this.x.low, this.x.high, (right - left) / 90)) {
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
        this.normalise ? "fraction of integral per bin" : "yield per bin",
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
      const edges = this.all[0].edges;
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") this.hover(null);
      else if (step) {
        const next = this.bin === null ? (step > 0 ? 0 : edges.length - 2) : this.bin + step;
        const bin = Math.max(0, Math.min(next, edges.length - 2));
        this.hover((edges[bin] + edges[bin + 1]) / 2, 40);
        this.bin = bin;
      } else return;
      event.preventDefault();
    });
  }

  hover(value, height = 0) {
    const inside = this.all.map((one) => find(one.edges, value));
    this.bin = inside[0] ?? null;
    const lead = inside.findIndex((bin) => bin !== null);
    this.tip.hidden = lead < 0;
    this.band.setAttribute("visibility", lead < 0 ? "hidden" : "visible");
    if (lead < 0) return;
    const { edges } = this.all[lead];
    const [left, right] = [this.x(edges[inside[lead]]), this.x(edges[inside[lead] + 1])];
    this.band.setAttribute("x", left);
    this.band.setAttribute("width", Math.max(right - left, 1));
    const range = (edges, bin) => `${format(edges[bin])} – ${format(edges[bin + 1])}`;
    const name = this.all[lead].labels?.[inside[lead]] || range(edges, inside[lead]);
    this.tip.replaceChildren(make("b", {}, `bin ${inside[lead] + 1}:  ${name}`));
    this.all.forEach((one, i) => {
      const bin = inside[i];
      if (bin === null) return;
      const other = sameEdges(one.edges, edges) ? "" : `  [${range(one.edges, bin)}]`;
      this.tip.append(
        make(
          "div",
          {},
          swatch(one.index),
          make("span", { class: "name" }, one.node.name),
          `${format(one.values[bin])} ± ${format(one.errors[bin], 3)}${other}`,
        ),
      );
    });
    const scale = this.svg.getBoundingClientRect().width / this.svg.viewBox.baseVal.width;
    const place = right * scale + 16;
    const flip = place + this.tip.offsetWidth > this.card.clientWidth - 8;
    this.tip.style.left = `${flip ? Math.max(left * scale - this.tip.offsetWidth, 6) : place}px`;
    this.tip.style.top = `${Math.max(8, Math.min(height - 20, this.card.clientHeight - this.tip.offsetHeight - 8))}px`;
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

function swatch(index) {
  const mark = make("span", { class: "swatch" });
  mark.style.borderColor = `var(--c${index % 8})`;
  if (index >= 8) mark.style.borderTopStyle = "dashed";
  return mark;
}
