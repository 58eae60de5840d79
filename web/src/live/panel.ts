/** The panel in which the model is alive: every change shows at once, and a fit is a click. */

import { change, fixed, significant } from "../drawing/numbers.ts";
import { button, html } from "../drawing/svg.ts";
import { goTo } from "../report/address.ts";
import { missing, payload, resultsOf } from "../report/page.ts";
import { showPrediction } from "../report/regions/view.ts";
import type { Ranking } from "../report/types.ts";
import { type Client, Stopped } from "./client.ts";
import { dataControls, type Held, parameterControls, regionControls } from "./controls.ts";
import { fitOutcome, rankingOutcome, scanOutcome, toysOutcome } from "./outcome.ts";
import type { Answer, Fitted, Opened, Predicted, Question, Ranked, Scanned, Toys } from "./questions.ts";
import { fromAddress, inWords, type Setting, toAddress, UNCHANGED } from "./setting.ts";

/** A fit that takes fewer seconds may be made again without anybody noticing. */
const QUICK = 0.6;

const duration = (seconds: number): string =>
  seconds < 0.5 ? `${significant(1000 * seconds, 2)} ms` : `${significant(seconds, 2)} s`;

/** The samples of a channel in the order of the results, in which they are drawn. */
function inOrder(channel: string, samples: string[]): number[] {
  const known = (payload.prefit ?? payload.postfit)?.channels.find(({ name }) => name === channel)?.samples ?? [];
  const place = (sample: string) => (known.includes(sample) ? known.indexOf(sample) : known.length);
  return [...samples.keys()].sort((i, j) => place(samples[i]) - place(samples[j]));
}

/** Yields of the engine as sections draw them; uncertainties of samples are not computed. */
function asPrediction({ channels }: Predicted) {
  return {
    label: "live",
    workspace_digest: payload.digest,
    channels: channels.map((one) => {
      const order = inOrder(one.name, one.samples);
      return {
        ...one,
        samples: order.map((i) => one.samples[i]),
        yields: order.map((i) => one.yields[i]),
        data: one.data.map((value) => (Number.isNaN(value) ? null : value)),
        uncertainties: one.yields.map((row) => row.map(() => 0)),
        sample_sums_uncertainty: one.yields.map(() => 0),
        sum_uncertainty: 0,
      };
    }),
  };
}

class Panel {
  private setting: Setting;
  private first: Promise<Fitted> | null = null;
  /** 2NLL of the best fit of the model as handed in. */
  private best = NaN;
  private base: number[] | null = null;
  private asked = false;
  private again = false;
  private readonly heading = html("p", { class: "under", role: "status", id: "live-setting" });
  private readonly pace = html("p", { class: "count", role: "status" });
  private readonly likelihood = html("p", { class: "live-nll" });
  private readonly outcome = html("div", { class: "outcomes", "aria-live": "polite" });
  private readonly bar = html("progress", { max: "1", hidden: true, "aria-label": "Progress" });
  private refreshers: (() => void)[] = [];

  constructor(
    private readonly client: Client,
    private readonly model: Opened,
    private readonly place: HTMLElement,
  ) {
    this.setting = this.fromHash();
    this.build();
    const follow = () => {
      const next = this.fromHash();
      if (toAddress(next) === toAddress(this.setting)) return;
      this.setting = next;
      this.changed();
    };
    window.addEventListener("popstate", follow);
    window.addEventListener("hashchange", follow);
    this.changed();
    void this.reference().then(
      () => this.changed(),
      (error: Error) => this.failed(error),
    );
  }

  /** Fit the model as handed in, once: what all others are compared with, and what makes the engine warm. */
  private reference(): Promise<Fitted> {
    if (!this.first) this.pace.textContent = `${this.size()}; the model as handed in is fitted\u2026`;
    const ask = () => this.client.ask<Fitted>({ kind: "fit", setting: UNCHANGED });
    // The browser compiles in the first fits: what a later one takes is what the reader will wait for.
    const warm = async () => {
      let found = await ask();
      for (let again = 0; again < 2 && found.seconds < QUICK; ++again) found = await ask();
      return found;
    };
    this.first ??= warm().then(
      (found) => {
        this.best = found.twiceNll;
        this.pace.textContent = `${this.size()}; a fit takes ${duration(found.seconds)}`;
        return found;
      },
      (error: Error) => {
        this.first = null;
        throw error;
      },
    );
    return this.first;
  }

  private size(): string {
    const { names, channels } = this.model;
    return `${names.length} parameters, ${channels.length} ${channels.length === 1 ? "region" : "regions"}`;
  }

  private fromHash(): Setting {
    const channels = new Map(this.model.channels.map(({ name, bins }) => [name, bins]));
    return fromAddress(location.hash, this.model.names, channels) ?? UNCHANGED;
  }

  private build(): void {
    const held: Held = {
      model: this.model,
      get: () => this.setting,
      base: () => this.base,
      set: (part, rest = false) => {
        this.setting = { ...this.setting, ...part };
        this.changed();
        if (rest) this.remember();
      },
    };
    const ranked = resultsOf<Ranking>("ranking")[0];
    const largest = (i: number) => Math.max(...ranked.impacts[0][i].slice(2).map((v) => Math.abs(v ?? 0)));
    const order = ranked
      ? [...ranked.names.keys()].sort((a, b) => largest(b) - largest(a)).map((i) => ranked.names[i])
      : [];
    const first = [...(this.model.poi === null ? [] : [this.model.poi]), ...order].filter((name) =>
      this.model.names.includes(name),
    );
    const parts = [
      ["Parameters", parameterControls(held, first), true],
      ["Data and luminosity", dataControls(held), false],
      ["Regions and bins", regionControls(held), false],
    ] as const;
    this.refreshers = parts.map(([, { refresh }]) => refresh);
    this.place.append(
      html("h2", {}, "The model, alive"),
      this.pace,
      this.heading,
      this.likelihood,
      this.actions(),
      this.bar,
      this.outcome,
      ...parts.map(([title, { element }, open]) => html("details", { open }, html("summary", {}, title), element)),
    );
  }

  private actions(): HTMLElement {
    const parameter = html("select", { "aria-label": "Parameter to scan" });
    const names = this.model.names.filter((_, i) => !this.model.fixed[i]);
    for (const name of [...new Set([...(this.model.poi === null ? [] : [this.model.poi]), ...names])])
      parameter.append(html("option", { value: name }, name));
    const count = html("input", {
      type: "number",
      value: "500",
      min: "10",
      step: "100",
      "aria-label": "How many toys",
    });
    const ask = (question: Question, draw: (answer: Answer) => Node) => () => void this.work(question, draw);
    const current = () => this.setting;
    const poi = this.model.poi;
    return html(
      "div",
      { class: "bar actions" },
      button("Refit", () => void this.refit(), { class: "main", id: "live-refit" }),
      button("Ranking", () => ask({ kind: "ranking", setting: current() }, (a) => rankingOutcome(a as Ranked))(), {
        disabled: poi === null,
      }),
      html(
        "span",
        { class: "pair" },
        button("Scan", () =>
          ask({ kind: "scan", setting: current(), parameter: parameter.value, points: 25 }, (a) =>
            scanOutcome(a as Scanned),
          )(),
        ),
        parameter,
      ),
      html(
        "span",
        { class: "pair" },
        button(
          "Toys",
          () =>
            ask({ kind: "toys", setting: current(), count: Math.max(count.valueAsNumber || 0, 10), seed: 1 }, (a) =>
              toysOutcome(a as Toys, poi ?? ""),
            )(),
          {
            disabled: poi === null,
          },
        ),
        count,
      ),
      button("Stop", () => this.client.stop()),
      button("Reset", () => {
        this.setting = UNCHANGED;
        this.base = null;
        this.outcome.replaceChildren();
        this.changed();
        this.remember();
      }),
    );
  }

  /** Put the setting into the address: a colleague who opens it sees the same. */
  private remember(): void {
    goTo({ setting: toAddress(this.setting) });
  }

  /** Show what the model predicts now; while one answer is awaited, further changes wait for it. */
  private changed(): void {
    this.heading.textContent = inWords(this.setting);
    for (const refresh of this.refreshers) refresh();
    if (this.asked) {
      this.again = true;
      return;
    }
    this.asked = true;
    this.client
      .ask<Predicted>({ kind: "predict", setting: this.setting, base: this.base })
      .then((found) => this.predicted(found))
      .catch((error: Error) => this.failed(error))
      .finally(() => {
        this.asked = false;
        if (this.again) {
          this.again = false;
          this.changed();
        }
      });
  }

  private predicted(found: Predicted): void {
    showPrediction(asPrediction(found));
    const above = Number.isFinite(this.best)
      ? ` (${change(found.twiceNll - this.best, 3)} from the best fit as handed in)`
      : "";
    const [worst] = Object.entries(found.constraints).sort(([, a], [, b]) => b - a);
    const term = worst && worst[1] > 0.005 ? `; largest constraint term ${fixed(worst[1], 2)}, ${worst[0]}` : "";
    this.likelihood.textContent = `2NLL ${significant(found.twiceNll, 9)}${above}${term}`;
  }

  /** Fit the setting, beside the fit of the model as handed in; the parameters move to where the fit ends. */
  private async refit(): Promise<void> {
    await this.work({ kind: "fit", setting: this.setting }, (answer, reference) => {
      const found = answer as Fitted;
      const { values, fixed } = this.setting;
      const kept = Object.entries(values).filter(([name]) => fixed.includes(name));
      this.setting = { ...this.setting, values: Object.fromEntries(kept) };
      this.base = found.values;
      for (const refresh of this.refreshers) refresh();
      showPrediction(asPrediction(found.prediction));
      this.likelihood.textContent = `2NLL ${significant(found.twiceNll, 9)} at the best fit of this setting`;
      return fitOutcome(reference, found, this.model.poi === null ? [] : [this.model.poi]);
    });
  }

  private async work(question: Question, draw: (answer: Answer, reference: Fitted) => Node): Promise<void> {
    this.bar.hidden = false;
    this.bar.removeAttribute("value");
    try {
      const reference = await this.reference();
      const answer = await this.client.ask(question, (done, of) => {
        this.bar.value = done / of;
      });
      this.outcome.replaceChildren(draw(answer, reference));
    } catch (error) {
      this.failed(error as Error);
    } finally {
      this.bar.hidden = true;
    }
  }

  private failed(error: Error): void {
    if (!(error instanceof Stopped)) this.outcome.replaceChildren(missing(error.message));
  }
}

/** Open the panel, once; `client` answers for the model. */
export async function openPanel(client: Client, place: HTMLElement): Promise<void> {
  place.replaceChildren(html("p", { class: "under" }, "Opening the model\u2026"));
  try {
    const model = await client.open();
    place.replaceChildren();
    new Panel(client, model, place);
  } catch (error) {
    place.replaceChildren(missing(`The model can't be opened here: ${(error as Error).message}`));
  }
}
