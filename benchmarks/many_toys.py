"""Time and memory of very many toys of counting models: what a hundred million take.

    python benchmarks/many_toys.py [--toys 10000000] [--threads 2]

Each question is asked in a process of its own; processor time, of all threads together, is what other users of the
machine change least. "1e8" is that time for a hundred million, in proportion.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from typing import Any

import wilks

# A count with a known background, and one whose background is known to 10 %: all data are counts, or not.
BACKGROUNDS: dict[str, list[dict[str, Any]]] = {
    "known": [],
    "10 %": [{"name": "norm", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}}],
}


def counting(background: str) -> wilks.Model:
    """Return a count of 12 events where 3 are expected."""
    mu = [{"name": "mu", "type": "normfactor", "data": None}]
    samples = [
        {"name": "signal", "data": [5.0], "modifiers": mu},
        {"name": "background", "data": [3.0], "modifiers": BACKGROUNDS[background]},
    ]
    spec = {
        "version": "1.0.0",
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [12]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
    }
    return wilks.compile_model(wilks.load_workspace(spec))


def ask(question: str, background: str, toys: int, threads: int) -> tuple[float, float, float]:
    """Return processor time and time by the clock, in seconds, and the peak of the memory, in MB."""
    model = counting(background)
    questions = {
        "significance": lambda n: wilks.significance(model, toys=n, threads=threads),
        "hypotest": lambda n: wilks.hypotest(model, value=2.0, calculator="toys", toys=n, threads=threads),
        "toys": lambda n: wilks.toys(model, count=n, seed=1, threads=threads),
    }
    questions[question](1000)  # imports
    processor, clock = time.process_time(), time.perf_counter()
    questions[question](toys)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.process_time() - processor, time.perf_counter() - clock, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--toys", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print(f"{'question':14} {'background':11} {'processor':>10} {'clock':>8} {'1e8':>8} {'memory':>8}")
    for question in ("significance", "hypotest", "toys"):
        for background in BACKGROUNDS:
            with multiprocessing.get_context("spawn").Pool(1) as alone:
                found = alone.apply(ask, (question, background, options.toys, options.threads))
            processor, clock, memory = found
            columns = f"{processor:8.1f} s {clock:6.1f} s {processor * 1e8 / options.toys:6.0f} s {memory:5.0f} MB"
            print(f"{question:14} {background:11} {columns}", flush=True)


if __name__ == "__main__":
    main()
