"""Time what scripts ask of pyhf, as it is and through `wilks.compat.pyhf`: processor time of one process, in one run.

python benchmarks/drop_in.py [WORKSPACE.json ...]

For each question: the seconds of both, their ratio, and how far the answers are apart. A small built-in model comes
first; of it, toys and a scan are asked for too. Each is asked once, and nothing is warmed up: what comes first pays for
everything, as in a script.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pyhf

import wilks.compat.pyhf as served

SMALL = ([12.0, 11.0], [50.0, 52.0], [3.0, 7.0])


def timed(ask: Any) -> tuple[float, Any]:
    """Return the processor time of a question, and its answer."""
    start = process_time()
    answer = ask()
    return process_time() - start, answer


def flat(answer: Any) -> np.ndarray:
    """Return all numbers of an answer."""
    if isinstance(answer, tuple | list):
        return np.concatenate([flat(each) for each in answer])
    return np.atleast_1d(np.asarray(answer, np.float64)).ravel()


def questions(package: Any, spec: Any) -> dict[str, Any]:
    """Return what is asked of a model, by name; the model is made as part of the first question."""
    made: dict[str, Any] = {}

    def make() -> list[float]:
        workspace = package.Workspace(spec) if "measurements" in spec else None
        made["model"] = workspace.model() if workspace else package.simplemodels.uncorrelated_background(*SMALL)
        observed = workspace.data(made["model"]) if workspace else [51.0, 48.0, *made["model"].config.auxdata]
        made["data"] = observed
        return observed

    def fit() -> Any:
        package.set_backend("numpy", "minuit")
        try:
            return package.infer.mle.fit(
                made["data"], made["model"], return_uncertainties=True, return_fitted_val=True
            )[1]
        finally:
            package.set_backend("numpy")

    def test() -> Any:
        return package.infer.hypotest(1.0, made["data"], made["model"], return_expected_set=True)

    def limits() -> Any:
        return package.infer.intervals.upper_limits.upper_limit(made["data"], made["model"], np.linspace(0.1, 5.0, 11))

    def toys() -> Any:
        np.random.seed(0)  # noqa: NPY002  pyhf draws from NumPy's global generator
        options = {"calctype": "toybased", "ntoys": 200, "track_progress": False}
        return package.infer.hypotest(1.0, made["data"], made["model"], **options)

    asked = {"make the model": make, "fit, with Minuit": fit, "CLs and its band": test}
    if "measurements" not in spec:
        asked |= {"CLs with 200 + 200 toys": toys, "limits from 11 points": limits}
    return asked


def main(paths: list[str]) -> None:
    """Print the table."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    print(f"{'model':<22} {'question':<28} {'pyhf/s':>9} {'wilks/s':>9} {'ratio':>7}  largest difference")
    for path in ["", *paths]:
        spec = json.loads(Path(path).read_text()) if path else {}
        name = Path(path).stem[:22] if path else "2 bins, 3 parameters"
        for (question, theirs), ours in zip(
            questions(pyhf, spec).items(), questions(served, spec).values(), strict=True
        ):
            (slow, answer), (fast, other) = timed(theirs), timed(ours)
            apart = np.abs(flat(answer) - flat(other)).max()
            print(f"{name:<22} {question:<28} {slow:9.4f} {fast:9.4f} {slow / fast:7.0f}  {apart:.1e}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
