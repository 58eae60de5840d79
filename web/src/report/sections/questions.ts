import { html } from "../../drawing/svg.ts";
import { remarks, tablesOf } from "../drawn.ts";
import { payload, type Section } from "../page.ts";
import { compatibilityAnswer, contourAnswer, scanAnswer } from "../questions/curves.ts";
import { intervalAnswer } from "../questions/intervals.ts";
import { gridAnswer, limitAnswer, significanceAnswer, testAnswer } from "../questions/tests.ts";
import { toysAnswer } from "../questions/toys.ts";
import type { Condition, Intervals, Result } from "../types.ts";

type Answer = [title: (one: never) => string, draw: (one: never) => HTMLElement];

function known<R extends Result>(title: (one: R) => string, draw: (one: R) => HTMLElement): Answer {
  return [title, draw] as unknown as Answer;
}

/** How each kind of result is called and drawn. */
const answers: Record<string, Answer> = {
  scan: known((one) => `Scan of ${one.parameter}`, scanAnswer),
  contour: known((one) => `Contours of ${one.parameters.join(" and ")}`, contourAnswer),
  limit: known((one) => `Upper limit on ${one.poi} at ${100 * one.level} % CL`, limitAnswer),
  hypotest: known((one) => `Tests of ${one.poi}`, testAnswer),
  grid: known((one) => `${one.question === "CLs" ? "CLs" : "Upper limits"} of many signals`, gridAnswer),
  toys: known(() => "Toys", toysAnswer),
  compatibility: known((one) => `Compatibility of channels in ${one.poi}`, compatibilityAnswer),
  intervals: known<Intervals>(() => "Profile likelihood intervals", intervalAnswer),
  significance: known((one) => `Significance of ${one.poi}`, significanceAnswer),
};

/** Kinds that have a section of their own. */
const elsewhere = new Set(["ranking", "breakdown", "gof"]);

const told = ({ severity, text, effect, advice }: Condition): string =>
  [`${severity}:`, text, effect, advice].filter(Boolean).join(" ");

function answer(one: Result): HTMLElement {
  const found = answers[one.kind];
  const [title, draw] = (found ?? [() => one.kind, (other: Result) => html("div", {}, tablesOf(other, true))]) as [
    (one: Result) => string,
    (one: Result) => HTMLElement,
  ];
  const made = html(
    "article",
    { class: "answer", id: `result=${one.file}` },
    html("h3", {}, title(one), html("small", {}, one.file)),
  );
  const known = new Set(payload.fits.flatMap((fit) => fit.conditions.map((condition) => condition.text)));
  const conditions = (one.origin?.conditions ?? []).filter((condition) => !known.has(condition.text));
  made.append(...remarks(conditions.map(told)));
  try {
    made.append(draw(one));
  } catch (error) {
    // A result that is not what it should be leaves the others as they are.
    made.append(
      ...remarks([`This result can't be drawn: ${error instanceof Error ? error.message : error}`]),
      tablesOf(one, true) ?? "",
    );
  }
  return made;
}

/** Everything else that was asked of the model. */
export const questions: Section = {
  id: "questions",
  title: "Questions asked",
  draw(body) {
    const found = payload.results.filter((one) => !elsewhere.has(one.kind));
    body.append(...found.map(answer));
    return found.length > 0;
  },
};
