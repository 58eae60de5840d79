"""Time what scripts ask of cabinetry, as it is and through `wilks.compat.cabinetry`: processor time, in one run.

python benchmarks/drop_in_cabinetry.py WORKSPACE.json [WORKSPACE.json ...] [--fast]

For each question: the seconds of both, their ratio, and how far the answers are apart (nothing where the original has
none). Each is asked once, as in a script. With `--fast` rankings and limits, which take the original minutes with large
models, are left out.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import cabinetry
import numpy as np

import wilks.compat.cabinetry as served


def questions(package: Any, spec: Any, fast: bool) -> dict[str, Callable[[], Any]]:
    """Return what is asked, by name: each gives an array; the model is made as the first."""
    made: list[Any] = []

    def make() -> Any:
        made.extend(package.model_utils.model_and_data(spec))
        return made[1]

    fit = package.fit
    asked: dict[str, Callable[[], Any]] = {
        "make the model": make,
        "fit": lambda: fit.fit(*made, goodness_of_fit=True).best_twice_nll,
        "MINOS": lambda: next(iter(fit.fit(*made, minos=made[0].config.poi_name).minos_uncertainty.values())),
        "scan of 11 points": lambda: fit.scan(*made, made[0].config.poi_name, par_range=(0.8, 1.2)).delta_nlls,
        "post-fit prediction": lambda: np.concatenate(
            [each[-1] for each in package.model_utils.prediction(made[0]).total_stdev_model_bins]
        ),
        "ranking": lambda: fit.ranking(*made, custom_fit=True).postfit_up,
        "limits": lambda: fit.limit(*made, bracket=(0.1, 8.0)).expected_limit,
    }
    return {name: ask for name, ask in asked.items() if not (fast and name in ("ranking", "limits"))}


def timed(ask: Callable[[], Any]) -> tuple[float, np.ndarray | None]:
    """Return the processor time of a question, and its answer, None where there is none."""
    start = process_time()
    try:
        answer = np.asarray(ask(), np.float64)
    except Exception as error:
        print(f"  {type(error).__name__}: {str(error).splitlines()[0]}")
        answer = None
    return process_time() - start, answer


def main(arguments: list[str]) -> None:
    """Print the table."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    print(f"{'model':<22} {'question':<22} {'cabinetry/s':>12} {'wilks/s':>9} {'ratio':>7}  largest difference")
    for path in [one for one in arguments if not one.startswith("--")]:
        spec = json.loads(Path(path).read_text())
        pairs = [questions(package, spec, "--fast" in arguments) for package in (cabinetry, served)]
        for name, theirs in pairs[0].items():
            (slow, answer), (fast, other) = timed(theirs), timed(pairs[1][name])
            apart = "" if answer is None or other is None else f"{np.abs(answer - other).max():.1e}"
            print(
                f"{Path(path).stem[:22]:<22} {name:<22} {slow:12.4f} {fast:9.4f} {slow / fast:7.0f}  {apart}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
