"""`wilks fit --minos`: profile-likelihood intervals beside the fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import wilks
from wilks.cli.streams import wrote
from wilks.errors import InputError

if TYPE_CHECKING:
    from wilks.model.datasets import Data
    from wilks.model.model import Model
    from wilks.results.fit import FitResult
    from wilks.results.intervals import IntervalResult


def check_minos(
    model: Model, names: tuple[str, ...], fixed: dict[str, float], output: str | None, blind_poi: bool
) -> None:
    """Raise InputError for what --minos can't do, before the fit."""
    from wilks.infer.intervals import selected
    from wilks.infer.study import study

    if not names:
        return
    if output == "-":
        raise InputError('--minos: with -o - one result is printed; "wilks intervals -o -" prints the intervals')
    if blind_poi:
        raise InputError("--minos: with --blind-poi the ends of an interval would show what is hidden")
    selected(study(model, needs_poi=False, fixed=fixed), names)


def minos(
    model: Model,
    data: Data,
    names: tuple[str, ...],
    fixed: dict[str, float],
    bounds: dict[str, tuple[float, float]],
    result: FitResult,
) -> IntervalResult | None:
    """Return the intervals that --minos asks for."""
    return wilks.intervals(model, data, parameters=names, fixed=fixed, bounds=bounds, result=result) if names else None


def save_beside(intervals: IntervalResult, output: str) -> None:
    """Write intervals beside the fit that they belong to: `fit.intervals.json` for `fit.json`."""
    path = Path(output).with_suffix(".intervals.json")
    intervals.save(path)
    wrote([path])
