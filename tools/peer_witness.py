"""`pytest -p wilks.compat.plugin -p peer_witness`: which of the two ends lower, by pyhf's own likelihood.

Each fit that wilks serves is made by pyhf, too, and both points are evaluated with pyhf's own logpdf. For each test the
file named by the environment variable PEER_WITNESS gets a line: its name, how many fits there were, by how much the
2NLL of wilks is lower than pyhf's at most, and by how much it is higher at most.
"""

import os
from pathlib import Path

import numpy as np
from pyhf.exceptions import FailedMinimization
from pyhf.infer.mle import twice_nll

from wilks.compat._pyhf import fits

SERVED = fits.served
differences: list[float] = []


def served(optimizer, data, pdf, given, options):
    """Return what wilks answers, and keep by how much pyhf's 2NLL there is above that where pyhf ends."""
    answer = SERVED(optimizer, data, pdf, given, options)
    if isinstance(answer, fits.Fit):
        own = pdf.original
        try:
            theirs = fits._MINIMIZE(optimizer, twice_nll, data, own, *given, **options)
        except (FailedMinimization, ValueError):
            return answer
        lower, other = (float(twice_nll(np.asarray(point), data, own)[0]) for point in (answer.result.values, theirs))
        differences.append(lower - other)
    return answer


fits.served = served


def pytest_runtest_logreport(report):
    """Write what the fits of a test have shown."""
    if report.when == "call":
        lower, higher = max((0.0, *(-d for d in differences))), max((0.0, *differences))
        with Path(os.environ["PEER_WITNESS"]).open("a") as file:
            file.write(f"{report.nodeid}\t{len(differences)}\t{lower}\t{higher}\n")
    differences.clear()
