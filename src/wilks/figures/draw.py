"""`draw`: the figure that belongs to a result."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError
from wilks.figures.style import FigureStyle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Name of a record: module and function that draw it.
DRAWN_BY = {
    "FitResult": ("wilks.figures.parameters", "pulls"),
    "ScanResult": ("wilks.figures.scans", "scan"),
    "ContourResult": ("wilks.figures.scans", "contour"),
    "HypothesisTest": ("wilks.figures.limits", "hypotest"),
    "LimitResult": ("wilks.figures.limits", "limit"),
    "GridResult": ("wilks.figures.grids", "grid"),
    "RankingResult": ("wilks.figures.ranking", "ranking"),
    "BreakdownResult": ("wilks.figures.ranking", "breakdown"),
    "GoodnessOfFit": ("wilks.figures.goodness", "goodness_of_fit"),
    "Compatibility": ("wilks.figures.goodness", "compatibility"),
    "ToysResult": ("wilks.figures.toys", "toys"),
    "IntervalResult": ("wilks.figures.profile_intervals", "intervals"),
}


def draw(result: Any, *, style: str | FigureStyle = "plain") -> Figure:
    """Return the figure that shows a result: the function of its kind, called with its defaults.

    Raises InputError for a result that has no figure.
    """
    name = type(result).__name__
    if name not in DRAWN_BY:
        raise InputError(f"a {name} has no figure of its own")
    module, function = DRAWN_BY[name]
    return getattr(import_module(module), function)(result, style=style)  # type: ignore[no-any-return]
