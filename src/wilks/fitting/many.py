"""`fit_many`: many fits of one model, in threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wilks._types import FloatArray
from wilks._version import __version__
from wilks.errors import ModelError
from wilks.fitting.problem import FitOptions, Numbers, Problem, pose
from wilks.fitting.status import BRIEF, Status
from wilks.flags import every, some
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.progress import shown
from wilks.results.many import INTERRUPTED, ManyFits

# Parameters of all fits together up to which they are done in the calling thread.
_FEW = 200
_CONVERGED = int(Status.CONVERGED)

Progress: TypeAlias = Callable[[int, int], object]
"""Told about every 0.1 s how many fits are done, and of how many; returns False to stop."""


@verb("fit_many(model, datasets)")
def fit_many(
    model: Model,
    datasets: ArrayLike | None = None,
    *,
    start: Mapping[str, Numbers] | ArrayLike | None = None,
    fixed: Mapping[str, Numbers] | None = None,
    bounds: Mapping[str, tuple[Numbers, Numbers]] | None = None,
    options: FitOptions = FitOptions(),
    uncertainties: bool = False,
    threads: int | None = None,
    progress: bool | Progress | None = None,
) -> ManyFits:
    """Return the best fits of a model to many data sets, or of many conditions: toys, bootstraps, scans, rankings.

    `datasets` has shape (fits, main bins + auxiliary data); one data set, or None for the observed one, serves all
    fits. `start`, `fixed`, `bounds` and `options` are those of `fit`, and every number in them may be an array of shape
    (fits,); `start` may have shape (fits, n_parameters). In an array of `fixed`, NaN leaves the parameter free in that
    fit. Toys are fastest from the point they were generated at. `threads` (default: as many as the machine has) does
    not change the answers.

    A fit that fails keeps its row and says why; nothing is raised but ModelError, for wrong arguments. Ctrl-C raises
    KeyboardInterrupt and gives nothing. `progress` True shows a bar; a function (done, total) is called about every
    0.1 s and at the end; if it returns False the rest is not done: those rows are NaN, with the status "interrupted".

    Without `uncertainties` (from the covariance of each fit), and where no parameter has identical variations up and
    down, 64 fits or more that differ in their data only share the Hessian expected at the start where that mostly
    suffices (limited-memory BFGS, EDM below 1e-11, eight fits at a time); the others get the full fit.

    >>> import numpy as np
    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> fits = wilks.fit_many(model, fixed={"mu": np.linspace(0.9, 1.3, 5)})
    >>> fits.values.shape == (5, model.n_parameters)
    True
    >>> np.round(fits.twice_nll - fits.twice_nll.min(), 1)
    array([13.5,  2.6,  0. ,  6. , 19.9])
    """
    problem = pose(model, start, fixed, bounds, fits=_number_of_fits(datasets, start, fixed, bounds))
    values = np.ascontiguousarray(model.observed() if datasets is None else datasets, dtype=np.float64)
    length = model.observed_main.size + model.auxiliary.size
    if values.ndim > 2 or values.shape[-1] != length:
        raise ModelError(f"datasets have shape {values.shape}, needed is (number of fits, {length})")
    model.check_data(values)
    if threads is not None and threads < 1:
        raise ModelError(f"at least one thread is needed, found threads={threads}")
    with shown(progress, "fits") as told:
        return fit_problems(
            model, values, problem, options=options, uncertainties=uncertainties, threads=threads, progress=told
        )


def fit_problems(
    model: Model,
    values: FloatArray,
    problem: Problem,
    *,
    options: FitOptions = FitOptions(),
    uncertainties: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    starts: int = 1,
    anchor: FloatArray | None = None,
) -> ManyFits:
    """Return the fits of data sets, shape (fits, length) or (length,), and of problems with one row for each fit or for
    all. What is handed in is not checked for its meaning; otherwise as `fit_many`.

    With several `starts` the rows are all problems, then the same ones from other starts, and so on: a fit that is on
    its way to the minimum that an earlier start of its problem found is given that one. `anchor`, shape
    (n_parameters,), is a minimum near which most fits are expected: the Hessian there serves them all, where they have
    one data set and no uncertainties are asked for. One that does not converge fast with it gets the full fit.
    """
    arrays: tuple[Any, ...] = (values, problem.start, problem.lower, problem.upper, problem.mask)
    values, start, lower, upper, fixed = rows = [a if a.ndim == 2 else a[None] for a in arrays]
    fits = next((len(each) for each in rows if len(each) != 1), 1)
    if threads is None:  # to start threads takes longer than a few small fits
        threads = 1 if fits * model.n_parameters < _FEW else os.cpu_count() or 1
    raw = model.engine.fit_many(
        fits=fits,
        values=values,
        start=start,
        lower=lower,
        upper=upper,
        fixed=fixed,
        tolerance=options.tolerance,
        max_iterations=options.max_iterations,
        threads=threads,
        variances=uncertainties,
        share_hessian=not uncertainties and not some(model.even),
        starts=starts,
        anchor=np.empty((0, model.n_parameters)) if anchor is None else np.ascontiguousarray(anchor)[None],
        progress=progress,
    )
    converged, sigma = raw["status"] == _CONVERGED, None
    if uncertainties:
        # The curvature anywhere but at a minimum gives no uncertainty.
        sigma = np.where(problem.held, 0.0, np.where(converged[:, None], np.sqrt(raw["variance"]), np.nan))
    return ManyFits(
        names=model.parameter_names,
        values=raw["theta"],
        uncertainties=sigma,
        twice_nll=2.0 * raw["nll"],
        edm=raw["edm"],
        converged=converged,
        iterations=raw["iterations"].astype(np.intp),
        statuses=_statuses(raw["status"]),
        workspace_digest=model.workspace_digest,
        version=__version__,
    )


def _statuses(codes: npt.NDArray[Any]) -> tuple[str, ...]:
    """Return the statuses of fits in words."""
    if every(codes == _CONVERGED):
        return (BRIEF[Status.CONVERGED],) * codes.size
    return tuple(BRIEF[code] for code in codes.tolist())


def undone(model: Model, count: int) -> ManyFits:
    """Return fits that were not made."""
    nothing = np.full(count, np.nan)
    return ManyFits(
        names=model.parameter_names,
        values=np.full((count, model.n_parameters), np.nan),
        uncertainties=None,
        twice_nll=nothing,
        edm=nothing,
        converged=np.zeros(count, np.bool_),
        iterations=np.zeros(count, np.intp),
        statuses=(INTERRUPTED,) * count,
        workspace_digest=model.workspace_digest,
        version=__version__,
    )


def _number_of_fits(
    datasets: ArrayLike | None,
    start: Mapping[str, Numbers] | ArrayLike | None,
    fixed: Mapping[str, Numbers] | None,
    bounds: Mapping[str, tuple[Numbers, Numbers]] | None,
) -> int:
    """Return the number of rows of what has more than one; ModelError if that is not one number."""
    matrices: list[tuple[str, Any]] = [("datasets", datasets)]
    numbers: list[tuple[str, Any]] = [
        (f'bounds of "{name}"', side) for name, sides in (bounds or {}).items() for side in sides
    ]
    if isinstance(start, Mapping):
        numbers += [(f'start of "{name}"', value) for name, value in start.items()]
    else:
        matrices.append(("start", start))
    numbers += [(f'fixed "{name}"', value) for name, value in (fixed or {}).items()]
    found: dict[int, str] = {}
    for axes, items in ((2, matrices), (1, numbers)):
        for what, value in items:
            if np.ndim(value) == axes and len(value) != 1:
                found.setdefault(len(value), what)
    if len(found) > 1:
        raise ModelError(f"how many fits? {', '.join(f'{what}: {size}' for size, what in found.items())}")
    return next(iter(found), 1)
