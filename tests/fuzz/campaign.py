"""Many trials, each from one number, and what came out of them."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import count, islice
from multiprocessing import get_context

from tests.fuzz.damage import document_trial, result_trial
from tests.fuzz.models import random_workspace
from tests.fuzz.record import Record
from tests.fuzz.trial import try_model
from tests.fuzz.verdict import Fault

# Of random models that converge, how many may have a lower minimum nearby before the campaign counts as failed.
LOWER_ALLOWED = 0.01
QUESTIONS_EVERY = 4


def model_trial(seed: int) -> Record:
    """Return the record of a random model; every fourth is asked all questions."""
    return try_model(random_workspace(seed), seed, questions=seed % QUESTIONS_EVERY == 0)


TRIALS: dict[str, Callable[[int], Record]] = {
    "model": model_trial,
    "document": document_trial,
    "result": result_trial,
}
# What is tried in turn: models take the longest.
ROUND = ("model", "document", "result", "document", "result")


def run_trial(kind: str, seed: int) -> Record:
    """Return the record of one trial; what breaks the harness itself is a fault, too."""
    try:
        return TRIALS[kind](seed)
    except Exception as error:
        return Record(faults=[Fault("harness", f"{type(error).__name__}: {error}")])


@dataclass
class Summary:
    """All records together; `examples` has (kind of trial, seed, sentence) for each kind of fault."""

    trials: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[str, int, str]]] = field(default_factory=lambda: defaultdict(list))
    lower: list[tuple[float, int]] = field(default_factory=list)

    def add(self, kind: str, seed: int, record: Record) -> None:
        """Take in the record of a trial."""
        self.trials[kind] += 1
        self.counts.update(record.counts)
        for fault in record.faults:
            self.examples[fault.kind].append((kind, seed, fault.sentence))
        self.lower += [(amount, seed) for amount in record.lower]

    @property
    def failed(self) -> bool:
        """Whether there are faults, or lower minima for too many fits."""
        return bool(self.examples) or len(self.lower) > LOWER_ALLOWED * max(self.counts["converged"], 1)

    def __str__(self) -> str:
        lines = [f"{'trials of ' + kind:28s} {number}" for kind, number in self.trials.items()]
        lines += [f"{name:28s} {number}" for name, number in self.counts.most_common()]
        if self.lower:
            amounts = sorted(amount for amount, _ in self.lower)
            middle, share = amounts[len(amounts) // 2], len(amounts) / max(self.counts["fits"], 1)
            lines.append(
                f"lower points exist for {100 * share:.2g} % of fits: median {middle:.3g}, up to {amounts[-1]:.3g}"
            )
            lines += [f"    lower by {a:<10.4g} python -m tests.fuzz model {s}" for a, s in sorted(self.lower)[-8:]]
        lines.append(f"{'faults':28s} {sum(map(len, self.examples.values()))}")
        for kind, found in sorted(self.examples.items(), key=lambda item: -len(item[1])):
            seeds = {(trial, seed) for trial, seed, _ in found}
            lines.append(f"  {kind}: {len(found)} in {len(seeds)} trials")
            lines += [
                f"    python -m tests.fuzz {trial} {seed}  # {sentence[:160]}" for trial, seed, sentence in found[:5]
            ]
        return "\n".join(lines)


def campaign(
    seed: int, *, seconds: float, trials: int | None = None, jobs: int = 1, tell: Callable[[Summary], object] = id
) -> Summary:
    """Return what came out of trials, as many as are asked for or as time allows.

    Trial i of a seed is the same whatever the time, and whatever the number of jobs.
    """
    summary = Summary()
    end = time.monotonic() + seconds
    todo = islice(_numbered(seed), trials)
    if jobs == 1:
        for kind, one in todo:
            if time.monotonic() > end:
                break
            summary.add(kind, one, run_trial(kind, one))
            tell(summary)
        return summary
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {}
        for kind, one in todo:
            if time.monotonic() > end:
                break
            running[pool.submit(run_trial, kind, one)] = (kind, one)
            while len(running) >= 2 * jobs:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    summary.add(*running[future], _record(future))
                    del running[future]
                tell(summary)
        for future, (kind, one) in running.items():
            summary.add(kind, one, _record(future))
    return summary


def _record(future: object) -> Record:
    try:
        return future.result()  # type: ignore[attr-defined, no-any-return]
    except BrokenProcessPool:
        return Record(faults=[Fault("crash", "the process died in this trial or in one beside it")])


def _numbered(seed: int) -> Iterator[tuple[str, int]]:
    for i in count():
        yield ROUND[i % len(ROUND)], seed * 1_000_000 + i
