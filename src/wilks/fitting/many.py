"""`fit_many`: fits of one model to many data sets, in threads."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

import wilks
from wilks._types import FloatArray
from wilks.errors import ModelError
from wilks.fitting.problem import FitOptions, pose
from wilks.fitting.status import BRIEF, Status
from wilks.model.model import ArrayLike, Model
from wilks.results.many import ManyFits


def fit_many(
    model: Model,
    datasets: FloatArray,
    *,
    start: Mapping[str, float] | ArrayLike | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    options: FitOptions = FitOptions(),
    uncertainties: bool = False,
    threads: int | None = None,
) -> ManyFits:
    """Return the best fits of a model to many data sets: toys, bootstraps.

    `datasets` has shape (fits, main bins + auxiliary data). `start`, `fixed`, `bounds` and `options` are those of
    `fit`; toys are fastest from the point they were generated at. `threads` (default: as many as the machine has) does
    not change the answers. A fit that fails keeps its row and says why; nothing is raised but ModelError, for wrong
    arguments.

    Without uncertainties, and where no parameter has identical variations up and down, fits of 64 data sets or more
    share the Hessian expected at the start where that mostly suffices (limited-memory BFGS, EDM below 1e-11); the
    others get the full fit.

    >>> toys = np.random.default_rng(1).poisson(model.expected(model.initial), (1000, 22))  # doctest: +SKIP
    >>> fit_many(model, np.hstack([toys, np.tile(model.auxiliary, (1000, 1))]))["mu"].mean()  # doctest: +SKIP
    """
    problem = pose(model, start, fixed, bounds)
    values = np.ascontiguousarray(datasets, dtype=np.float64)
    length = model.observed_main.size + model.auxiliary.size
    if values.ndim != 2 or values.shape[1] != length:
        raise ModelError(f"datasets have shape {values.shape}, needed is (number of fits, {length})")
    model.check_data(values)
    count = threads if threads is not None else os.cpu_count() or 1
    if count < 1:
        raise ModelError(f"at least one thread is needed, found threads={threads}")
    raw = model.engine.fit_many(
        values,
        problem.start,
        problem.lower,
        problem.upper,
        problem.mask,
        options.tolerance,
        options.max_iterations,
        count,
        uncertainties,
        not uncertainties and not model.even.any(),
    )
    status = raw["status"].astype(int)
    return ManyFits(
        names=model.parameter_names,
        values=raw["theta"],
        uncertainties=np.sqrt(raw["variance"]) if uncertainties else None,
        twice_nll=2.0 * raw["nll"],
        edm=raw["edm"],
        converged=status == Status.CONVERGED,
        statuses=tuple(BRIEF[Status(code)] for code in status),
        workspace_digest=model.workspace_digest,
        version=wilks.__version__,
    )
