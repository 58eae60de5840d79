/** What a systematic does to a template: the relative change of each bin, up and down. */

import { bottomAxis, leftAxis, type Scale, scale } from "./axes.ts";
import { type Listeners, listenToBins } from "./bins.ts";
import { hatch } from "./hatch.ts";
import type { Label } from "./labels.ts";
import { boxes, steps } from "./panels.ts";
import { svg } from "./svg.ts";

/** Changes are relative to nominal; NaN in empty bins. */
export interface Changes {
  up: number[];
  down: number[];
  /** Before processing, where that changed something. */
  upBefore?: number[];
  downBefore?: number[];
  /** Relative statistical uncertainty of the nominal template; NaN where it is not known. */
  band: number[];
}

export interface VariationOptions extends Listeners {
  width: number;
  edges: number[];
  label: Label;
  binLabels: string[];
  numbered: boolean;
  logX: boolean;
  /** What is drawn, in words. */
  name: string;
}

const margin = { left: 68, right: 12, top: 8, bottom: 44 };

/** Return how far the drawing reaches from 0, in percent: a band much wider than the changes does not hide them. */
export function reach({ up, down, upBefore = [], downBefore = [], band }: Changes): number {
  const largest = (values: number[]) =>
    Math.max(0, ...values.map((value) => 100 * Math.abs(value)).filter(Number.isFinite));
  const changes = largest([...up, ...down, ...upBefore, ...downBefore]);
  return 1.15 * (Math.max(changes, Math.min(largest(band), 3 * changes || Infinity)) || 1);
}

/** Where both sides are the same, both must be seen. */
const alike = ({ up, down }: Changes): boolean =>
  up.every((value, i) => Math.abs(value - down[i]) <= 1e-3 * Math.abs(value));

function lines(changes: Changes, edges: number[], x: Scale, y: Scale): SVGElement[] {
  const [low, high] = y.domain();
  const line = (values: number[] | undefined, kind: string) =>
    values
      ? [
          svg("path", {
            class: kind,
            d: steps(
              edges,
              values.map((v) => Math.min(Math.max(100 * v, low), high)),
              x,
              y,
            ),
          }),
        ]
      : [];
  return [
    ...line(changes.upBefore, "varied up before-steps"),
    ...line(changes.downBefore, "varied down before-steps"),
    ...line(changes.up, `varied up${alike(changes) ? " below" : ""}`),
    ...line(changes.down, "varied down"),
  ];
}

/** Return the drawing of one systematic on one sample in one region. */
export function variation(changes: Changes, options: VariationOptions): SVGSVGElement {
  const { width, edges } = options;
  const binLabels = options.numbered ? changes.up.map((_, i) => String(i + 1)) : options.binLabels;
  const height = Math.round(Math.min(Math.max(0.5 * width, 120), 300));
  const bottom = margin.top + height;
  const whole = bottom + margin.bottom;
  const ends: [number, number] = [edges[0], edges[edges.length - 1]];
  const x = scale(ends, [margin.left, width - margin.right], options.logX);
  const most = reach(changes);
  const y = scale([-most, most], [bottom, margin.top]);
  const { defs, fill } = hatch("band-line", 1);
  const image = svg("svg", {
    class: "stack",
    viewBox: `0 0 ${width} ${whole}`,
    width,
    height: whole,
    "aria-label": options.name,
  });
  const cut = (sign: number) => changes.band.map((v) => sign * Math.min(100 * v, most));
  const middles = edges.slice(1).map((edge, i) => (edge + edges[i]) / 2);
  const every = Math.max(
    1,
    Math.ceil(binLabels.length / Math.max(Math.floor(width / (options.numbered ? 24 : 70)), 1)),
  );
  const kept = <T>(values: T[]) => (binLabels.length ? values.filter((_, i) => i % every === 0) : undefined);
  const ticks = Math.max(Math.floor(width / 90), 3);
  image.append(
    defs,
    svg("path", { class: "band", d: boxes(edges, cut(-1), cut(1), x, y), fill }),
    svg("line", { class: "centre", x1: x.range()[0], x2: x.range()[1], y1: y(0), y2: y(0) }),
    ...lines(changes, edges, x, y),
    leftAxis(y, margin.left, { ticks: 5, label: "change [%]", atEnd: true }),
    bottomAxis(x, bottom, {
      label: options.label,
      values: kept(middles),
      names: kept(binLabels.map((text) => (text.length > 10 ? `${text.slice(0, 9)}…` : text))),
      log: options.logX,
      ticks,
    }),
    svg("rect", {
      class: "frame",
      x: margin.left,
      y: margin.top,
      width: width - margin.left - margin.right,
      height,
    }),
  );
  listenToBins(image, { edges, x, top: margin.top, bottom }, options);
  return image;
}
