"""The significance of a signal beside what is expected of it, and of none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.figures.brazil import BLUE, RED, canvas_for, check_kind
from wilks.figures.conditions import noted
from wilks.figures.decoration import Entry, counted, decorate, in_red
from wilks.figures.style import PETROFF10, FigureStyle, as_style, figure_of, label, signed, weight
from wilks.results.hypotest import SignificanceResult, power
from wilks.results.lost_toys import from_to
from wilks.results.many import CONVERGED
from wilks.table import measured, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 6  # signals that can still be told apart
_DASHES = ("-", "-.", ":")
_ROOM = 3.5
_SMALL = 1e-3  # below it toys' p-values have powers of ten


@noted
def significance(result: SignificanceResult, *, style: str | FigureStyle = "plain", ax: Axes | None = None) -> Figure:
    """Return the observed significance (arrow) and its distributions without signal and for every injected one.

    These are the asymptotic ones of sqrt(q0): the normal distribution around 0, and around the expected significance,
    above 0 (1007.1727 eqs. 50 and 51; the rest of the probability is at 0). The tail from the observed significance on,
    p0, is filled. More than six injected signals are drawn by their first six, and the others counted. Raises
    InputError where there is neither an observed nor an expected significance.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> figure = wilks.figures.significance(wilks.significance(model, injected=[0.5, 1.0]))
    """
    check_kind(result, SignificanceResult, "significance")
    chosen, observed = as_style(style), result.significance
    expected = result.expected_significance
    found = np.append(expected[np.isfinite(expected)], observed if math.isfinite(observed) else [])
    if not found.size:
        raise InputError(f"there is no significance to draw: {result.status}")
    thick = weight(chosen)
    with canvas_for(chosen, ax) as target:
        x = np.unique(np.concatenate([[c + d for d in np.linspace(-5, 5, 201)] for c in (0.0, *found)]))
        x = x[x >= 0]
        target.set_xlim(0, max(float(found.max()) + _ROOM, 5.0))
        entries = _curves(target, result, x, thick)
        target.set_xlabel(r"$\sqrt{q_0}$")
        target.set_ylabel("Probability density")
        decorate(target, chosen, _lines(result), entries, tallest=1.1 * float(_normal(np.zeros(1))[0]), lowest=None)
        if math.isfinite(observed):
            arrow = {"arrowstyle": "-|>", "color": RED, "linewidth": 2.0 * thick, "shrinkA": 0.0, "shrinkB": 0.0}
            ends = (observed, 0.0), (observed, 0.8 * float(_normal(np.zeros(1))[0]))
            target.annotate("", *ends, arrowprops=arrow, zorder=6, annotation_clip=False)
        missing = sum(status != CONVERGED for status in (result.status, *result.expected_statuses))
        hidden = max(result.injected.size - _MOST, 0)
        in_red(
            target,
            chosen,
            [
                *counted(missing, "significance", "without an answer"),
                *counted(result.failures, "toy", "without a fit"),
                *counted(hidden, "more injected signal", "not shown"),
            ],
        )
    return figure_of(target)


def _curves(ax: Axes, result: SignificanceResult, x: FloatArray, thick: float) -> list[Entry]:
    """Draw the distributions and the tail; return what the legend says."""
    from matplotlib.lines import Line2D

    entries: list[Entry] = []
    if math.isfinite(result.significance):
        mark = Line2D([], [], color=RED, marker="v", linewidth=2.0 * thick, markersize=5 * thick)
        entries.append((mark, "Observed"))
        tail = x[x >= result.significance]
        ax.fill_between(tail, _normal(tail), color=BLUE, alpha=0.55, linewidth=0)
    line: dict[str, Any] = {"linewidth": 1.4 * thick, "zorder": 3}
    (none,) = ax.plot(x, _normal(x), color="black", linestyle="--", **line)
    entries.append((none, "No signal"))
    sizes = zip(result.injected[:_MOST], result.expected_significance[:_MOST], strict=True)
    for i, (size, centre) in enumerate(sizes):
        if math.isfinite(centre):
            color = PETROFF10[(0, 1, 4, 5, 6, 8)[i]]
            (curve,) = ax.plot(x, _normal(x - centre), color=color, linestyle=_DASHES[i % len(_DASHES)], **line)
            entries.append((curve, rf"{label(result.poi, 40)} = {number(float(size), 3)}: ${centre:.2f}\,\sigma$"))
    return entries


def _powers(p: float, error: float) -> str:
    """Return a small p-value with its error, as a multiple of a power of ten."""
    if not p > 0:
        return ""
    exponent = math.floor(math.log10(p))
    return rf"({measured(p / 10.0**exponent, error / 10.0**exponent)}) $\times\;10^{{{exponent}}}$"


def _normal(x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi), np.float64)


def _lines(result: SignificanceResult) -> list[str]:
    """Return significance, p0 and fitted value as text."""
    if not math.isfinite(result.significance):
        return ["no observed significance"]
    mantissa, _, exponent = power(result.p_value, result.log10_p_value).partition("e")
    p0 = f"$p_0$ = {mantissa}" + (rf" $\times\;10^{{{int(exponent)}}}$" if exponent else "")
    lines = [rf"${result.significance:.2f}\,\sigma$,  {p0}"]
    if result.toys:
        p, error = result.toy_p_value, result.toy_error
        size = measured(p, error) if p > _SMALL else _powers(p, error)
        lines.append(f"$p_0$ {f'= {size}' if p > 0 else f'< {number(error, 2)}'} (toys)")
        if result.failures:
            lines.append(f"$p_0$: {from_to(result.toy_p_range)} (lost toys)")
    return [*lines, signed(f"{result.poi} = {number(result.best_value, 3)}")]
