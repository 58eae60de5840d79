/** The worker: answers questions about the model while the page stays quick. */

import type { Asked, Told } from "./questions.ts";
import { Work } from "./work.ts";

const tell = (told: Told) => self.postMessage(told);
let work: Work | null = null;

self.addEventListener("message", async ({ data }: MessageEvent<Asked>) => {
  const { id, question } = data;
  try {
    if (question.kind === "open") {
      work = await Work.open(question.engine, question.model, question.numbers);
      tell({ id, answer: work.opened() });
      return;
    }
    if (!work) throw new Error("the model is not open yet");
    let last = 0;
    const answer = work.answer(question, (done, of) => {
      const now = performance.now();
      if (now - last > 80 || done === of) {
        last = now;
        tell({ id, done, of });
      }
    });
    tell({ id, answer });
  } catch (error) {
    tell({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
