"""`intervals`: profile-likelihood (MINOS) intervals, all parameters, levels and sides at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, nearest
from wilks.fitting.many import Progress
from wilks.infer.crossings import Crossings, crossings, remarks
from wilks.infer.few_events import for_interval
from wilks.infer.study import Running, Study, study
from wilks.infer.timed import timed
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.selection import matching
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.intervals import IntervalResult


@verb('intervals(model, parameters=["mu"])')
@timed
def intervals(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    parameters: str | Sequence[str] | None = None,
    levels: Sequence[float] = (0.6827,),
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> IntervalResult:
    """Return profile-likelihood intervals of `parameters` (names or patterns; default: the parameter of interest).

    Both ends of the interval at each of `levels` lie where 2NLL, minimised over all other parameters, is the chi-square
    quantile of that level (one degree of freedom) above its minimum: 1 for 68.27 %, 3.84 for 95 %. Where a bound comes
    first, it is the end, with the status "at bound"; an end that can't be found says why. Where a lower minimum turns
    up on the way everything starts again from it, and a note says so.

    A parameter with identical variations up and down has two minima: the interval is that around the chosen one, if
    2NLL rises enough between them, else it holds both; a note says which.

    `data` are the observed ones, Asimov data, toys, ... (a `Data`, or an array: main bins, then auxiliary data);
    `fixed` and `bounds` are as for `fit`; `poi` is a name in place of the model's; `result` is the best fit, if it is
    at hand; `running` says how fits are run (`wilks.infer.study.Running`: options, threads, progress, executor).
    `executor`, one of `concurrent.futures` or a client of dask.distributed, does what takes long on its workers, with
    the same answer to the last bit; what these lose is done again. Raises ModelError for unknown or fixed parameters
    and for levels outside (0, 1), ResultError for a result of something else.

    The method is that of MINOS (F. James, M. Roos, Comput. Phys. Commun. 10 (1975) 343); here the slope of the profile
    is the gradient at the conditional fit, so that Newton's method finds the ends.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.intervals(model, parameters=["mu", "WZ*"], levels=(0.6827, 0.95))
    >>> mu = found["mu"]
    >>> print(f"{mu.value:.3f} {mu.up:+.4f} {mu.down:+.4f}")
    1.079 +0.0485 +0.0482
    >>> print(f"{found['mu', 0.95].lower:.3f} to {found['mu', 0.95].upper:.3f}")
    0.985 to 1.175
    """
    options: dict[str, Any] = {"fixed": fixed, "bounds": bounds, "result": result, "running": running}
    asked = study(model, data, poi=poi, needs_poi=parameters is None, **options)
    index = selected(asked, parameters, level_problems(levels))
    first = asked.best.twice_nll
    found = _both_ends(asked, index, levels)
    shape = (2, len(levels), len(index))
    best, ends = found.study.best, found.values.reshape(shape)
    statuses = np.array(found.statuses, dtype=object).reshape(shape).tolist()
    return IntervalResult(
        names=tuple(best.names[i] for i in index),
        values=best.values[index],
        uncertainties=best.uncertainties[index],
        prefit_values=best.prefit_values[index],
        prefit_uncertainties=best.prefit_uncertainties[index],
        levels=tuple(float(level) for level in levels),
        lower=ends[0],
        upper=ends[1],
        lower_status=tuple(map(tuple, statuses[0])),
        upper_status=tuple(map(tuple, statuses[1])),
        twice_nll=best.twice_nll,
        notes=remarks(first, found.study) + found.notes,
        origin=found.study.origin(*for_interval(found.study, index)),
        poi=best.names[asked.poi] if asked.poi in index else None,
    )


def _both_ends(asked: Study, index: list[int], levels: Sequence[float]) -> Crossings:
    """Return the lower and upper ends for all levels and parameters, in this order, the last running fastest."""
    quantiles = [quantile(level) for level in levels]
    sign, height, where = np.broadcast_arrays(
        np.array([-1.0, 1.0])[:, None, None], np.array(quantiles)[None, :, None], np.array(index)[None, None, :]
    )
    return crossings(asked, where.ravel(), sign.ravel(), height.ravel())


def quantile(level: float) -> float:
    """Return the chi-square quantile of a level for one degree of freedom."""
    return NormalDist().inv_cdf(0.5 * (1.0 - level)) ** 2


def level_problems(levels: Sequence[float]) -> list[str]:
    """Return a sentence for each level that is no confidence level, and one where there is none."""
    if not len(levels):
        return ["at least one level is needed"]
    wrong = dict.fromkeys(f"{level:g}" for level in levels if not 0 < level < 1)
    return [f"level {level}: it must lie between 0 and 1; 95 % is 0.95" for level in wrong]


def selected(asked: Study, parameters: str | Sequence[str] | None, problems: Sequence[str] = ()) -> list[int]:
    """Return the positions of parameters by name or pattern, the parameter of interest for None.

    Fixed parameters are left out where a pattern matches others. Raises ModelError with every name that can't be used,
    after the `problems` found before.
    """
    names, held, problems = asked.model.parameter_names, asked.problem.held, list(problems)
    found: dict[int, None] = dict.fromkeys([asked.poi] if parameters is None else ())
    for pattern in [parameters] if isinstance(parameters, str) else parameters or ():
        matches = matching(names, pattern)
        usable = [i for i in matches if not held[i]]
        if not matches:
            problems.append(f'no parameter "{pattern}" in this model{nearest(pattern, names)}')
        elif not usable:
            idle = asked.problem.idle[matches].all()
            reason = f'no rate depends on "{pattern}"' if idle else f'"{pattern}" is fixed'
            problems.append(f"{reason}: there is nothing to profile")
        found |= dict.fromkeys(usable)
    if problems or not found:
        raise ModelError(problems or "at least one parameter is needed")
    return list(found)
