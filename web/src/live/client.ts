/** The page's side of the worker: asks, stops, starts again. */

import type { Answer, Asked, Opened, Question, Told } from "./questions.ts";

interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
  progress: (done: number, of: number) => void;
}

export class Stopped extends Error {}

/** Asks a worker; where one is stopped the next question starts a new one. */
export class Client {
  private worker: Worker | null = null;
  private waiting = new Map<number, Waiting>();
  private count = 0;
  private ready: Promise<Opened> | null = null;

  constructor(
    private readonly script: string,
    private readonly engine: string,
    private readonly model: string,
    private readonly numbers: string,
  ) {}

  /** Start the worker, if none runs, and return what the model is. */
  open(): Promise<Opened> {
    if (!this.ready) {
      const address = URL.createObjectURL(new Blob([this.script], { type: "text/javascript" }));
      this.worker = new Worker(address);
      this.worker.addEventListener("message", ({ data }: MessageEvent<Told>) => this.told(data));
      this.worker.addEventListener("error", (event) =>
        this.end(new Error(event.message || "the worker can't be started")),
      );
      this.ready = this.send({
        kind: "open",
        engine: this.engine,
        model: this.model,
        numbers: this.numbers,
      }) as Promise<Opened>;
    }
    return this.ready;
  }

  /** Ask, once the model is open. */
  async ask<A extends Answer>(question: Question, progress: Waiting["progress"] = () => {}): Promise<A> {
    await this.open();
    return (await this.send(question, progress)) as A;
  }

  /** Stop what runs: the worker goes, and what was asked ends with `Stopped`. */
  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.ready = null;
    this.end(new Stopped("stopped"));
  }

  private send(question: Question, progress: Waiting["progress"] = () => {}): Promise<Answer> {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, progress });
      this.worker?.postMessage({ id, question } satisfies Asked);
    });
  }

  private told({ id, done, of, answer, error }: Told): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    if (done !== undefined && of !== undefined) {
      waiting.progress(done, of);
      return;
    }
    this.waiting.delete(id);
    if (answer !== undefined) waiting.resolve(answer);
    else waiting.reject(new Error(error ?? "the worker gave no answer"));
  }

  private end(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
