"""`draw`: the figure that belongs to a result."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError, listed
from wilks.figures.style import FigureStyle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Name of a record: module and function that draw it.
DRAWN_BY = {
    "FitResult": ("wilks.figures.parameters", "pulls"),
    "ScanResult": ("wilks.figures.scans", "scan"),
    "ContourResult": ("wilks.figures.scans", "contour"),
    "HypothesisTest": ("wilks.figures.limits", "hypotest"),
    "SignificanceResult": ("wilks.figures.significance", "significance"),
    "LimitResult": ("wilks.figures.limits", "limit"),
    "GridResult": ("wilks.figures.grids", "grid"),
    "RankingResult": ("wilks.figures.ranking", "ranking"),
    "BreakdownResult": ("wilks.figures.breakdown", "breakdown"),
    "GoodnessOfFit": ("wilks.figures.goodness", "goodness_of_fit"),
    "Compatibility": ("wilks.figures.goodness", "compatibility"),
    "GlobalSignificance": ("wilks.figures.look_elsewhere", "global_significance"),
    "CoverageResult": ("wilks.figures.coverage", "coverage"),
    "FeldmanCousinsResult": ("wilks.figures.feldman_cousins", "feldman_cousins"),
    "ToysResult": ("wilks.figures.toys", "toys"),
    "PosteriorResult": ("wilks.figures.posterior", "posterior"),
    "IntervalResult": ("wilks.figures.profile_intervals", "intervals"),
}
# Name of a record that one of several parameters can be drawn of: the keyword that chooses it.
_CHOSEN_BY = {"RankingResult": "poi", "BreakdownResult": "poi", "ToysResult": "parameter"}
# Records of which several, by label, go into one figure.
TOGETHER = ("FitResult", "ScanResult", "LimitResult", "RankingResult")
_LIMITS = ("LimitResult", "GridResult")
# Name of a record without one figure: what to do instead, in words.
_UNDRAWN = {
    "Prediction": 'a prediction has a figure for each channel: "wilks data-mc" draws them from the workspace and the '
    "fit, wilks.figures.data_mc in Python",
    "Findings": 'findings of "wilks check" have no figure; "wilks check" and print show them as text',
    "Templates": 'templates have many figures: "wilks variations" draws them, wilks.figures.variations in Python',
    "Histogram": "a histogram is drawn by wilks.figures.histograms",
}


def draw(
    result: Any,
    *,
    poi: str | None = None,
    log: bool | None = None,
    style: str | FigureStyle = "plain",
    **options: Any,
) -> Figure:
    """Return the figure that shows a result: the function of its kind, called with its defaults.

    `poi` is the parameter to show of a ranking, a breakdown or toys; without, it is the (first) parameter of interest.
    `log` makes the axis of limits logarithmic or linear; `options` are others of the function of that kind. Raises
    InputError for a result that has no figure, for `poi` and `log` where there is nothing to choose, and for options
    that the figure does not have.

    Several fits, scans, limits or rankings in a dictionary, by label, go into one figure. InputError for different
    kinds, and for others.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> figure = wilks.figures.draw(wilks.limit(model), style="ATLAS")
    """
    name = type(result).__name__ if not isinstance(result, Mapping) else _kind(result)
    if name not in DRAWN_BY:
        raise InputError(undrawn(result))
    if isinstance(result, Mapping) and name not in TOGETHER:
        (result,) = result.values()
    chosen: dict[str, Any] = {}
    if poi is not None:
        if name not in _CHOSEN_BY:
            raise InputError(f'poi: "{poi}" can\'t be chosen; only rankings, breakdowns and toys are of one parameter')
        chosen = {_CHOSEN_BY[name]: poi}
    if log is not None:
        if name not in _LIMITS:
            raise InputError("log: only limits, and those of a grid, have an axis that may be logarithmic or linear")
        chosen["log"] = log
    module, function = DRAWN_BY[name]
    drawing = getattr(import_module(module), function)
    _check_options(drawing, options)
    return drawing(result, style=style, **chosen, **options)  # type: ignore[no-any-return]


def _check_options(drawing: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Raise InputError for options that a figure does not have, with those that it has."""
    known = [name for name in signature(drawing).parameters if name not in ("result", "poi", "parameter", "log", "ax")]
    if unknown := [name for name in options if name not in known]:
        raise InputError(
            [f'{name}: the figure "{drawing.__name__}" has no such option; it has {listed(known)}' for name in unknown]
        )


def _kind(results: Mapping[str, Any]) -> str:
    """Return the name of the records of which several are to be drawn; InputError where that can't be."""
    kinds = {label: type(result).__name__ for label, result in results.items()}
    if problems := [f"{label}: {undrawn(results[label])}" for label, kind in kinds.items() if kind not in DRAWN_BY]:
        raise InputError(problems)
    if not kinds:
        raise InputError("there is no result to draw")
    names = list(dict.fromkeys(kinds.values()))
    if len(names) > 1:
        parts = (f"{label} is a {called(kind)}" for label, kind in list(kinds.items())[:4])
        raise InputError(f"results of different kinds don't go into one figure: {', '.join(parts)}")
    if names[0] not in TOGETHER and len(kinds) > 1:
        raise InputError(
            f"several fits, scans, limits or rankings go into one figure; {next(iter(kinds))} is a {called(names[0])}"
        )
    return names[0]


def called(kind: str) -> str:
    """Return the name of a record in words.

    >>> called("RankingResult"), called("GoodnessOfFit")
    ('ranking', 'goodness of fit')
    """
    words = re.findall("[A-Z][a-z]*", kind.removesuffix("Result"))
    return " ".join(words).lower()


def undrawn(found: Any) -> str:
    """Return why `draw` has no figure for something, and what draws it, as a sentence."""
    if isinstance(found, str | Path):
        return f"{found}: this is a name; wilks.load_result reads the result that draw takes"
    return _UNDRAWN.get(type(found).__name__, "draw takes a result, as wilks.fit, wilks.ranking and others return it")
