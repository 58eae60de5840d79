/* Colours and the legend: a mark, the name and the statistics of everything that is drawn. */

const colorOf = (index) => `var(--c${index % 8})`;

function swatch(one) {
  const mark = make("span", { class: one.kind === "points" ? "swatch dot" : one.layer ? "swatch filled" : "swatch" });
  mark.style.borderColor = one.outline ? "var(--text)" : colorOf(one.index);
  if (one.index >= 8 && one.kind !== "points") mark.style.borderTopStyle = "dashed";
  return mark;
}

/* The legend above the frame, part of the picture: a line each with a mark, the name and its statistics. */
const LEGEND_LINE = 18;
const MOST_LINES = 10;
const GAP = "\u2003";

const legendHeight = (items) => LEGEND_LINE * (Math.min(items.length, MOST_LINES + 1) + (items[0].kind === "plane" ? 1 : 0)) + 4;

function boxOf(one) {
  if (one.kind === "plane") return Object.entries(one.box).map(([key, value]) => [key, Number(value)]);
  if (one.kind === "points") return [["points", one.entries]];
  if (identify(one.labels)) return [["entries", one.entries]];
  return [
    ["entries", one.entries],
    ["mean", one.mean],
    ["std dev", one.stdev],
  ];
}

function legendOf(items, width) {
  const parts = [];
  const left = 74;
  const right = width - 18;
  const narrow = width < 520;
  items.slice(0, MOST_LINES).forEach((one, i) => {
    const y = 18 + LEGEND_LINE * i;
    const flat = one.kind === "plane";
    const words = boxOf(one).map(([key, value]) => `${key} ${format(value, narrow || flat ? 4 : 6)}`);
    // What does not fit is in the table below the picture.
    while (flat && words.length > 1 && 6.6 * words.join(GAP).length > right - left) words.pop();
    const box = words.join(GAP);
    const room = flat ? right - left : right - left - 44 - 6.4 * box.length;
    const shown = narrow && room < 80 && !flat ? "" : box;
    if (!flat) parts.push(legendMark(one, left, y - 4));
    parts.push(textAt(shortened(one.name, (shown ? room : right - left - 44) / 6.8), flat ? left : left + 30, y, "start", "title"));
    parts.push(flat ? textAt(box, left, y + LEGEND_LINE, "start") : textAt(shown, right, y, "end"));
  });
  if (items.length > MOST_LINES)
    parts.push(textAt(`and ${items.length - MOST_LINES} more`, left + 30, 18 + LEGEND_LINE * MOST_LINES, "start"));
  return parts;
}

function legendMark(one, x, y) {
  const color = one.outline ? "var(--text)" : colorOf(one.index);
  const group = shape("g");
  const line = shape("path", { class: "curve", d: `M${x} ${y}h22` });
  if (one.layer) line.setAttribute("d", `M${x} ${y - 5}h22v10h-22z`);
  line.style.stroke = color;
  if (one.layer) line.style.fill = color;
  if (one.index >= 8 && one.kind === "steps" && !one.layer) line.style.strokeDasharray = "6 3";
  group.append(line);
  if (one.kind === "points") {
    const dot = shape("circle", { class: "dots", cx: x + 11, cy: y, r: 3.4 });
    dot.style.fill = color;
    group.append(dot);
  }
  return group;
}

/* The end of a name after three dots: names in one file mostly differ there. */
const shortened = (text, size) =>
  text.length <= size ? text : `…${text.slice(text.length - Math.max(Math.floor(size), 4) + 1)}`;
