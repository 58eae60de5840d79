"""What a small question costs beside a fit: least processor time of many repetitions, all in turn, in one process.

python benchmarks/small_questions.py [WORKSPACE.json ...] [--repeat 200] [--calls]

Of each workspace (first a built-in one with 2 bins and 3 parameters) what clients ask in loops. `fit` takes the same
repetitions as all others, so the ratios hold on a busy machine. With `--calls` the number of calls of Python functions
stands beside each question. What is asked through pyhf's functions needs pyhf.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

import wilks

SIGNAL, BACKGROUND, UNCERTAINTY = [12.0, 11.0], [50.0, 52.0], [3.0, 7.0]
EXCESS, DEFICIT = [60.0, 55.0], [51.0, 48.0]


def counting(observed: list[float]) -> dict[str, Any]:
    """Return a workspace with two bins, a signal and a background with an uncertainty of its own in each bin."""
    signal = {"name": "signal", "data": SIGNAL, "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]}
    shape = {"name": "uncorrelated", "type": "shapesys", "data": UNCERTAINTY}
    background = {"name": "background", "data": BACKGROUND, "modifiers": [shape]}
    return {
        "channels": [{"name": "SR", "samples": [signal, background]}],
        "observations": [{"name": "SR", "data": observed}],
        "measurements": [{"name": "measurement", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }


def questions(model: Any) -> dict[str, Callable[[], Any]]:
    """Return what is asked of a model, by name; `fit` is first."""
    best = wilks.fit(model)
    ranked = [name for name, kept in zip(best.names, best.fixed, strict=True) if name != model.poi and not kept][:3]
    three = np.linspace(0.5, 1.5, 3)
    return {
        "fit": lambda: wilks.fit(model),
        "fit, one parameter held": lambda: wilks.fit(model, fixed={model.poi: 1.0}),
        "hypotest, one value": lambda: wilks.hypotest(model, value=1.0),
        "the same, best fit at hand": lambda: wilks.hypotest(model, value=1.0, result=best),
        "hypotest, q": lambda: wilks.hypotest(model, value=1.0, statistic="q"),
        "significance": lambda: wilks.significance(model),
        "limit": lambda: wilks.limit(model),
        "scan, 3 points": lambda: wilks.scan(model, values=three),
        "interval": lambda: wilks.intervals(model),
        f"ranking, {len(ranked)} parameters": lambda: wilks.ranking(model, parameters=ranked),
        "predict, after the fit": lambda: wilks.predict(model, best),
        "asimov": lambda: wilks.asimov(model, values={model.poi: 1.0}),
        "goodness of fit": lambda: wilks.goodness_of_fit(model),
    }


def through_pyhf(observed: list[float]) -> dict[str, Callable[[], Any]]:
    """Return what is asked through pyhf's own functions of the built-in model, with other data each time: what was
    asked before is remembered there."""
    try:
        import wilks.compat.pyhf as pyhf
    except ImportError:
        return {}
    made = pyhf.simplemodels.uncorrelated_background(SIGNAL, BACKGROUND, UNCERTAINTY)
    rest, turn = list(made.config.auxdata), iter(range(10**9))

    def data() -> list[float]:
        return [observed[0] + 1e-6 * next(turn), observed[1], *rest]

    return {
        "pyhf mle.fit": lambda: pyhf.infer.mle.fit(data(), made),
        "pyhf hypotest": lambda: pyhf.infer.hypotest(1.0, data(), made),
        "pyhf hypotest, band": lambda: pyhf.infer.hypotest(1.0, data(), made, return_expected_set=True),
    }


def least(asked: dict[str, Callable[[], Any]], repeat: int) -> dict[str, float]:
    """Return the least processor time of each question, in seconds; they take turns."""
    times = {name: float("inf") for name in asked}
    for ask in asked.values():
        ask()
    for _ in range(repeat):
        for name, ask in asked.items():
            start = process_time()
            ask()
            times[name] = min(times[name], process_time() - start)
    return times


def calls(ask: Callable[[], Any]) -> tuple[int, int]:
    """Return how many functions of Python, and how many of them of wilks, a question calls."""
    profile = cProfile.Profile()
    profile.runcall(ask)
    found = pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
    written = {key: each for key, each in found if key[0] != "~"}
    own = sum(each[1] for key, each in written.items() if "/wilks/" in key[0].replace("\\", "/"))
    return sum(each[1] for each in written.values()), own


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspaces", nargs="*", metavar="WORKSPACE.json")
    parser.add_argument("--repeat", type=int, default=200)
    parser.add_argument("--calls", action="store_true")
    options = parser.parse_args()
    built_in = {"an excess": EXCESS, "a deficit": DEFICIT}
    for source in [*built_in, *options.workspaces]:
        observed = built_in.get(source)
        model = wilks.compile_model(wilks.load_workspace(counting(observed) if observed else source))
        asked = questions(model) | (through_pyhf(observed) if observed else {})
        print(f"\n{Path(source).stem}: {model.observed_main.size} bins, {model.n_parameters} parameters")
        print(f"{'question':<28} {'ms':>9} {'x fit':>7}" + (f" {'calls':>7} {'of wilks':>9}" if options.calls else ""))
        times = least(asked, options.repeat)
        for question, seconds in times.items():
            line = f"{question:<28} {1e3 * seconds:9.3f} {seconds / times['fit']:7.1f}"
            if options.calls:
                line += " {:7d} {:9d}".format(*calls(asked[question]))
            print(line, flush=True)


if __name__ == "__main__":
    main()
