"""Numbers along axes: short ones, in units that make them so, and logarithmic axes where the edges are."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.figures.style import signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_LONG, _SHORT = 1e5, 0.01  # from where on, and up to where, numbers get another unit
# A range that is smaller than this part of its numbers shows in their last digits, which another unit would keep.
_NARROW = 1e-3
_VOLTS = ("eV", "keV", "MeV", "GeV", "TeV", "PeV")
_UNIT = re.compile(r"\[(?P<prefix>|k|M|G|T|P)eV(?P<more>/\$?c\$?(?:\$?\^\{?2\}?\$?)?)?\]\s*$")
_BRACKET = re.compile(r"\[([^\[\]$]+)\]\s*$")
# Edges are logarithmic where bins are so much more alike on such an axis.
_BINS, _ALIKE, _UNLIKE, _RANGE = 3, 1.5, 4.0, 10.0


def power_of(top: float) -> int:
    """Return the power of ten, a multiple of three, that keeps numbers up to `top` short; 0 where they are.

    >>> power_of(2e6), power_of(99999), power_of(0.002)
    (6, 0, -3)
    """
    return 3 * math.floor(math.log10(top) / 3) if math.isfinite(top) and (top >= _LONG or 0 < top < _SHORT) else 0


def in_unit(title: str, top: float) -> tuple[str, int]:
    r"""Return a title that says in what numbers up to `top` are given, and the power of ten they are divided by.

    Energies get the prefix that leaves up to five digits, anything else a power of ten.

    >>> in_unit("MET [MeV]", 1e6), in_unit("L [mm]", 1e6), in_unit("Events", 1e6), in_unit("Events", 99.0)
    (('MET [GeV]', 3), ('L [$10^{6}$ mm]', 6), ('Events   [$10^{6}$]', 6), ('Events', 0))
    """
    power = power_of(top)
    if not power:
        return title, 0
    if found := _UNIT.search(title):
        shift = 3 * math.floor(math.log10(top / _LONG) / 3 + 1) if power > 0 else power
        place = _VOLTS.index(f"{found['prefix']}eV") + shift // 3
        if 0 <= place < len(_VOLTS):
            return f"{title[: found.start()]}[{_VOLTS[place]}{found['more'] or ''}]", shift
    if found := _BRACKET.search(title):
        return rf"{title[: found.start()]}[$10^{{{power}}}$ {found[1]}]", power
    return (rf"{title}   [$10^{{{power}}}$]" if title else rf"$\times 10^{{{power}}}$"), power


def divided(power: int) -> Any:
    """Return the formatter of numbers that are divided by a power of ten."""
    return lambda value, _: signed(f"{value / 10.0**power:g}")


def shorten_numbers(axis: Axis) -> None:
    """Give an axis of long numbers another unit, said in its title; a factor beside it would be missed."""
    from matplotlib.ticker import ScalarFormatter

    if axis.get_scale() != "linear" or not isinstance(axis.get_major_formatter(), ScalarFormatter):
        return
    low, high = sorted(axis.get_view_interval())
    top = max(abs(low), abs(high))
    title = axis.get_label_text()
    if high - low < _NARROW * top or not (title or _alone(axis)):
        return
    title, power = in_unit(title, top)
    if power:
        axis.set_label_text(title)
        axis.set_major_formatter(divided(power))


def shorten_all(figure: Figure) -> None:
    """Do so with every axis of a figure."""
    for ax in figure.axes:
        shorten_numbers(ax.xaxis)
        shorten_numbers(ax.yaxis)


def _alone(axis: Axis) -> bool:
    """Return whether an axis has its numbers for itself: another panel may have their title."""
    axes = axis.axes
    shared = axes.get_shared_x_axes() if axis is axes.xaxis else axes.get_shared_y_axes()
    return len(shared.get_siblings(axes)) < 2


def logarithmic(edges: FloatArray) -> bool:
    """Return whether edges of bins are meant for a logarithmic axis: on one the bins are much more alike.

    >>> logarithmic(np.geomspace(1, 1000, 7)), logarithmic(np.linspace(1, 1000, 7))
    (True, False)
    """
    if edges.size <= _BINS or not edges[0] > 0:
        return False
    wide, ratio = np.diff(edges), np.diff(np.log(edges))
    linear, log = float(wide.max() / wide.min()), float(ratio.max() / ratio.min())
    alike = log <= _ALIKE and linear >= _UNLIKE
    return alike or (bool(edges[-1] >= _RANGE * edges[0]) and linear >= _RANGE and log <= linear / _UNLIKE)


def set_log_x(axes: Axes) -> None:
    """Make the x axis logarithmic, with plain numbers where they are short and of few decades, else powers of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axes.get_xlim()
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    decades = math.log10(high / low)
    if not _SHORT <= low < high < _LONG or decades > 5:
        return
    steps = (1.0, 2.0, 5.0) if decades <= 2.5 else (1.0, 3.0) if decades <= 3.5 else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps, numticks=20))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_locator(LogLocator(subs=[float(i) for i in range(1, 10)], numticks=100))
    axes.xaxis.set_minor_formatter(NullFormatter())
