"""Tables of what comes from samples and toys: posteriors, Feldman-Cousins, coverage, the look-elsewhere effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wilks.export.hepdata.fitted import matrix_table
from wilks.export.hepdata.records import Column, DataTable, Error, Qualifier, column, titled
from wilks.results.coverage import METHODS, CoverageResult
from wilks.results.feldman_cousins import INSIDE, OUTSIDE, UNDECIDED, FeldmanCousinsResult
from wilks.results.intervals import percent
from wilks.results.look_elsewhere import GlobalSignificance
from wilks.results.many import CONVERGED
from wilks.results.posterior import PosteriorResult

_WHERE = {INSIDE: "inside", OUTSIDE: "outside", UNDECIDED: "undecided"}


def posterior_tables(found: PosteriorResult, where: str = "") -> Iterator[DataTable]:
    """Yield moments, intervals and upper limits of the posterior of every parameter, and their correlations."""
    columns = [
        column("Mean", found.mean, "", Error.symmetric("standard deviation", found.standard_deviation)),
    ]
    for k, level in enumerate(found.levels):
        said = (Qualifier("CREDIBILITY", percent(level)),)
        low, high = found.central[k].T
        ends = Error("central interval", high - found.median, low - found.median)
        shortest = [("lower", found.shortest[k, :, 0]), ("upper", found.shortest[k, :, 1])]
        columns.append(Column("Median", found.median.tolist(), errors=(ends,), qualifiers=said))
        columns += [Column(f"Shortest interval, {end} end", v.tolist(), qualifiers=said) for end, v in shortest]
        columns.append(Column("Upper limit", found.upper[k].tolist(), qualifiers=said))
    parameters = [titled(name) for name in found.names]
    yield DataTable(
        f"Posterior of parameters{where}",
        "Posterior of the free parameters: likelihood and constraint terms times a prior for each, or flat within its "
        f"bounds. {found.chains} chains of {found.draws} draws after {found.warmup} of warm-up; {found.status}. "
        f"Data: {found.origin.dataset}.",
        (Column("Parameter", parameters),),
        (*columns, Column("Held by", list(found.priors))),
        ("posterior",),
    )
    yield matrix_table(
        f"Correlations of the posterior{where}",
        "Correlation coefficients of the posterior of the free parameters.",
        "Parameter",
        found.names,
        "Correlation coefficient",
        found.correlations,
    )


def feldman_cousins_tables(found: FeldmanCousinsResult, where: str = "") -> Iterator[DataTable]:
    """Yield the ends of an interval, or the points of a region, and the points that were tested with toys."""
    names = [titled(name) for name in found.parameters]
    level = f"{100 * found.level:g}% CL"
    said, about = (Qualifier("CONFIDENCE LEVEL", level),), " and ".join(found.parameters)
    if found.end_statuses:
        remarks = ["" if status == CONVERGED else status for status in found.end_statuses]
        ends = Column(names[0], found.ends.tolist(), "", (Error.symmetric("toys", found.end_errors),), said)
        columns = [ends, Column(f"{names[0]}, profile likelihood", found.profile_ends.tolist(), qualifiers=said)]
        yield DataTable(
            f"Feldman-Cousins interval of {about}{where}",
            f"Ends of the Feldman-Cousins interval of {names[0]} at {level}, with their errors from toys. Best fit: "
            f"{found.best[0]:.6g}. Data: {found.origin.dataset}.",
            (Column("End", ["lower", "upper"]),),
            (*columns, Column("Remark", remarks)) if any(remarks) else tuple(columns),
            ("feldman_cousins",),
        )
    else:
        x, y = found.x_values, found.y_values
        inside = [_WHERE.get(float(verdict), "-") for verdict in found.region.ravel()]
        yield DataTable(
            f"Feldman-Cousins region of {about}{where}",
            f"Points of {names[0]} and {names[1]} in the Feldman-Cousins region at {level}, and outside. Best fit: "
            f"{found.best[0]:.6g}, {found.best[1]:.6g}. Data: {found.origin.dataset}.",
            (column(names[0], np.tile(x, y.size)), column(names[1], np.repeat(y, x.size))),
            (Column("Region", inside, qualifiers=said),),
            ("feldman_cousins",),
        )
    tested = found.tested
    if not len(tested):
        return
    yield DataTable(
        f"Feldman-Cousins points of {about}{where}",
        f"Points that were tested with toys: twice the log likelihood ratio to the best fit, its quantile of the toys "
        f"at {level}, and the fraction of toys that are as large.",
        tuple(column(name, tested.values[:, i]) for i, name in enumerate(names)),
        (
            column("Test statistic", tested.statistic),
            Column("Critical value", tested.critical.tolist(), qualifiers=said),
            column("p-value", tested.p_values, "", Error.symmetric("toys", tested.errors)),
            column("Toys", tested.toys),
        ),
    )


def coverage_tables(found: CoverageResult, where: str = "") -> Iterator[DataTable]:
    """Yield the coverage of every method at every true value, with its binomial interval."""
    level = f"{100 * found.level:g}% CL"
    columns = []
    for i, method in enumerate(found.methods):
        said = (Qualifier("METHOD", METHODS[method]), Qualifier("CONFIDENCE LEVEL", level))
        low, high = found.intervals[i].T
        error = Error("binomial", high - found.coverage[i], low - found.coverage[i])
        columns.append(Column("Coverage", found.coverage[i].tolist(), "", (error,), said))
        if found.lost[i].any():
            columns.append(Column("Toys without interval", found.lost[i].tolist(), qualifiers=said))
    poi = titled(found.parameter)
    yield DataTable(
        f"Coverage of {found.parameter}{where}",
        f"Fraction of {found.toys} toys whose interval at {level} (a limit: the range below it) holds the true value "
        f"of {poi}, without those that have no interval.",
        (column(f"True value of {poi}", found.values),),
        tuple(columns),
        ("coverage",),
    )


def global_tables(found: GlobalSignificance, where: str = "") -> Iterator[DataTable]:
    """Yield the local significance of every signal, and the global one of the largest."""
    poi = titled(found.poi)
    yield DataTable(
        f"Local significances of {found.poi}{where}",
        f"Local significance of {poi} > 0 of every signal. Data: {found.origin.dataset}.",
        (
            *(column(titled(label), found.coordinates[:, i]) for i, label in enumerate(found.labels)),
            Column("Signal", [titled(name) for name in found.names]),
        ),
        (column("Local significance", np.sqrt(found.q0)), column(f"Best fit of {poi}", found.best_values)),
        ("look_elsewhere",),
    )
    if found.where < 0:
        return
    rows = [("Local", float(np.exp(found.log_local_p)), np.nan, found.local_significance)]
    rows.append(("Global, toys", found.toy_p_value, found.toy_error, found.toy_significance))
    if np.isfinite(found.crossings):
        rows.append(("Global, up-crossings", found.p_value, found.p_error, found.significance))
    kinds, p, errors, z = zip(*rows, strict=True)
    yield DataTable(
        f"Global significance of {found.poi}{where}",
        f"The largest local significance, at {titled(found.names[found.where])}, and how often chance gives one as "
        f"large at any of the {len(found)} signals: by {found.toys} toys without signal, and by their up-crossings.",
        (Column("Kind", list(kinds)),),
        (
            column("p-value", np.array(p), "", Error.symmetric("toys", np.array(errors))),
            column("Significance", np.array(z)),
        ),
        ("look_elsewhere",),
    )
