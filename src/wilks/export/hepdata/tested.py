"""Tables of tests of a model: goodness of fit, compatibility of channels, toys."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wilks.export.hepdata.records import Column, DataTable, Error, column, titled
from wilks.results.goodness import Compatibility, GoodnessOfFit
from wilks.results.toys import ToysResult


def goodness_tables(found: GoodnessOfFit, where: str = "") -> Iterator[DataTable]:
    """Yield what each channel and the constraint terms add to the statistic, with the p-value in the description."""
    names, bins = [titled(one.name) for one in found.channels], [one.bins for one in found.channels]
    statistics, p_values = ([getattr(one, key) for one in found.channels] for key in ("statistic", "p_value"))
    if found.test == "saturated":
        names, bins = [*names, "constraint terms"], [*bins, 0]
        statistics, p_values = [*statistics, found.constraints], [*p_values, np.nan]
    known = [Column("p-value", p_values)] if np.isfinite(p_values).any() else []
    yield DataTable(
        f"Goodness of fit{where}",
        f"What each channel adds to the statistic of the {found.test} test ({found.at}). {_words(found)}",
        (Column("Channel", names),),
        (Column("Bins", bins), Column("Statistic", statistics), *known),
        ("gof",),
    )


def compatibility_tables(found: Compatibility, where: str = "") -> Iterator[DataTable]:
    """Yield the parameter of interest of each group of channels, and that of all."""
    poi = titled(found.poi)
    sigma = np.array([*found.uncertainties, found.uncertainty])
    sizes = Error.symmetric("fit", np.where(sigma > 0, sigma, np.nan))
    members = [", ".join(titled(name) for name in group) for group in found.members]
    yield DataTable(
        f"Compatibility of channels{where}",
        f"Fitted {poi} of each group of channels, and of all together. {_words(found)}",
        (Column("Group", [*(titled(name) for name in found.groups), "all"]),),
        (column(poi, np.array([*found.values, found.value]), "", sizes), Column("Channels", [*members, "all"])),
        ("compatibility",),
    )


def _words(found: GoodnessOfFit | Compatibility) -> str:
    p_value = f"{found.p_value:.4g}"
    if found.toys.size:
        p_value += f", with toys {found.toys_p_value:.4g} +- {found.toys_p_uncertainty:.2g}"
    numbers = f"Statistic: {found.statistic:.4f}, degrees of freedom: {found.ndof}, p-value: {p_value}."
    return f"{numbers} Data: {found.origin.dataset}."


def toys_tables(found: ToysResult, where: str = "") -> Iterator[DataTable]:
    """Yield bias, pulls and coverage of the free parameters, with their statistical errors."""
    free = np.flatnonzero(~found.fixed)
    usable = np.where(found.usable > 1, found.usable, np.nan)[free]
    truth, bias, spread = (values[free] for values in (found.truth, found.bias, found.spread))
    mean, width, covered = found.pull_mean[free], found.pull_width[free], found.coverage[free]
    errors = np.sqrt(covered * (1 - covered) / usable[:, None])
    root = np.sqrt(usable)
    yield DataTable(
        f"Toys{where}",
        f"Bias, pulls and coverage of fitted parameters in {found.done} toys ({found.origin.dataset}), of which "
        f"{found.converged} converged. Coverage is that of symmetric uncertainties.",
        (Column("Parameter", [titled(found.names[i]) for i in free]),),
        (
            column("Truth", truth),
            column("Mean minus truth", bias, "", Error.symmetric("toys", spread / root)),
            column("Mean of pulls", mean, "", Error.symmetric("toys", width / root)),
            column("Width of pulls", width, "", Error.symmetric("toys", width / (np.sqrt(2) * root))),
            column("Coverage at 68.27 %", covered[:, 0], "", Error.symmetric("toys", errors[:, 0])),
            column("Coverage at 95 %", covered[:, 1], "", Error.symmetric("toys", errors[:, 1])),
            Column("Usable toys", [int(n) for n in found.usable[free]]),
        ),
        ("toys",),
    )
