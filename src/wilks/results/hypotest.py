"""`HypothesisTest`, `LimitResult`, `SignificanceResult`: what the data say about the parameter of interest."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from wilks._types import FloatArray
from wilks.results.checking import require_known, require_levels, require_shapes
from wilks.results.conditions import best_fit
from wilks.results.lost_toys import between, sentence
from wilks.results.many import CONVERGED, INTERRUPTED
from wilks.results.origin import Origin, Saved, paragraphs
from wilks.results.tested import PValues, TestFits, ToyCounts
from wilks.results.tested import ToyRanges as ToyRanges
from wilks.table import Table, number

STATISTICS = ("t", "t~", "q", "q~", "q0")
BANDS = ("-2 sigma", "-1 sigma", "median", "+1 sigma", "+2 sigma")


@dataclass(frozen=True, eq=False)
class HypothesisTest(Saved):
    """Test of values of the parameter of interest, one row per value.

    `statistic` is "t", "t~", "q", "q~" or "q0", `calculator` "asymptotic" or "toys", `base` pyhf's base distribution.
    `test_statistic` is the observed one, `asimov_statistic` that of the Asimov data of the alternative (`alternative`:
    0, for q0 1). `observed` has shape (values,), `expected` (values, 5): at -2, -1, 0, 1, 2 standard deviations, from
    the smallest to the largest p-value, if the alternative is true. `statuses` says for every value "converged", or
    why there is no answer (then it is NaN); "interrupted" with toys is the answer of those that were made by then.
    `counts` is None without toys, `fits` in the curve of a limit and in old files.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> test = wilks.hypotest(model, value=[0.5, 1.0])
    >>> test.observed.cls.shape, test.expected.cls.shape, test.statuses
    ((2,), (2, 5), ('converged', 'converged'))
    """

    poi: str
    values: FloatArray
    statistic: str
    calculator: str
    base: str
    alternative: float
    best_value: float
    test_statistic: FloatArray
    asimov_statistic: FloatArray
    observed: PValues
    expected: PValues
    statuses: tuple[str, ...]
    origin: Origin
    counts: ToyCounts | None = None
    fits: TestFits | None = None

    def __post_init__(self) -> None:
        n = self.values.size
        shapes = {
            "test_statistic": (self.test_statistic.shape, (n,)),
            "asimov_statistic": (self.asimov_statistic.shape, (n,)),
            "observed": (self.observed.cls.shape, (n,)),
            "expected": (self.expected.cls.shape, (n, len(BANDS))),
            "statuses": ((len(self.statuses),), (n,)),
        }
        for name, (found, needed) in shapes.items():
            if found != needed:
                raise ValueError(f"{name} has shape {found}, expected {needed}")
        require_known("statistic", self.statistic, STATISTICS)
        if self.fits is not None and len(self.fits.conditional) != n:
            raise ValueError("there must be one conditional fit for each value")
        if self.counts is not None:
            rows = ("toys", "failures", "interrupted", "clsb_error", "cls_error")
            require_shapes(self.counts, {**dict.fromkeys(rows, (n,)), "expected_cls_error": (n, len(BANDS))})
            weights = self.counts.weights
            if weights is not None:
                require_shapes(weights, {"effective_clsb": (n,), "effective_clb": (n,)})
            if any(toys.size and toys.shape[0] != n for toys in (self.counts.tested, self.counts.alternative)):
                raise ValueError("there must be one row of toys for each value")

    def __len__(self) -> int:
        return self.values.size

    @property
    def converged(self) -> bool:
        """Whether every value has an answer."""
        return all(status == CONVERGED for status in self.statuses)

    def __repr__(self) -> str:
        tested = f"{self.poi} = {number(self.values[0])}" if len(self) == 1 else f"{len(self)} values of {self.poi}"
        found = f", {self._what} = {number(self._shown(self.observed)[0])}" if len(self) == 1 else ""
        return f"<HypothesisTest: {tested}, {self.statistic}, {self.calculator}{found}>"

    @property
    def _what(self) -> str:
        return {"q0": "p0", "t": "CLs+b", "t~": "CLs+b"}.get(self.statistic, "CLs")

    def _shown(self, values: PValues) -> FloatArray:
        return values.cls if self._what == "CLs" else values.clsb

    def table(self) -> Table:
        """Return a table with the p-values of every tested value."""
        columns = {self.poi: self.values, self.statistic: self.test_statistic}
        if self._what == "CLs":
            columns |= {"CLs+b": self.observed.clsb, "CLb": self.observed.clb}
        columns[self._what] = self._shown(self.observed)
        if self.counts is not None:
            columns["toy error"] = self.counts.cls_error if self._what == "CLs" else self.counts.clsb_error
            if self.counts.weights is not None:
                columns["as good as"] = np.round(self.counts.weights.effective(self._what))
        columns |= dict(zip(BANDS, self._shown(self.expected).T, strict=True))
        rows = tuple(tuple(number(float(cell)) for cell in row) for row in zip(*columns.values(), strict=True))
        return Table(f"Test of {self.poi}; expected {self._what}: the last five columns", tuple(columns), rows)

    def _text(self) -> str:
        lines = [*_about(self), "", self.table().text().partition("\n\n")[2], "", *self._remarks()]
        return "\n".join(lines)

    def _html(self) -> str:
        return paragraphs(_about(self)) + self.table().html() + paragraphs(self._remarks())

    def _remarks(self) -> list[str]:
        """Return what stands below the table, as lines."""
        lines = [f"The last five columns: {self._what} as expected for {self.poi} = {number(self.alternative)}"]
        if self.counts is not None and self.counts.weights is not None:
            lines.append(
                '"as good as": so many toys of equal weight at or above the observed statistic would count as much'
            )
        rows = zip(self.values, self.statuses, strict=True)
        return [*lines, *self._lost(), *(f"{self.poi} = {number(v)}: {s}" for v, s in rows if s != CONVERGED)]

    def _lost(self) -> list[str]:
        """Return what toys without a fit leave open at each value, as lines of text."""
        if self.counts is None or self.counts.ranges is None:
            return []
        ranges, lost = self.counts.ranges, self.counts.failures
        ends = ranges.cls if self._what == "CLs" else ranges.clsb
        expected = (ranges.expected_cls if self._what == "CLs" else ranges.expected_clsb)[:, 2]
        return [
            f"{self.poi} = {number(v)}: {sentence(self._what, int(n), one)} (median: {number(low)} and {number(high)})"
            for v, n, one, (low, high) in zip(self.values, lost, ends, expected, strict=True)
            if n
        ]


@dataclass(frozen=True, eq=False)
class LimitResult(Saved):
    """Upper limits of the parameter of interest at the confidence level `level`, by CLs.

    `expected` are the limits at -2, -1, 0, 1, 2 standard deviations of the background, shape (5,). `statuses` belong
    to the observed limit and these five: "converged", or why there is none (then it is NaN). Errors are those of toys,
    NaN without. `ranges` (6, 2) is where the six limits lie, whatever the toys whose fit failed would have given
    (infinite where they leave no upper end, empty without toys). `curve` has the tests that were made on the way. With
    toys, `asymptotic` are the six limits without them, shape (6,), else it is empty.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.limit(model)
    >>> found.expected.shape, set(found.statuses), found.curve.statistic
    ((5,), {'converged'}, 'q~')
    """

    poi: str
    level: float
    observed: float
    expected: FloatArray
    observed_error: float
    expected_errors: FloatArray
    statuses: tuple[str, ...]
    curve: HypothesisTest
    origin: Origin
    asymptotic: FloatArray = field(default_factory=lambda: np.empty(0))
    ranges: FloatArray = field(default_factory=lambda: np.empty((0, 2)))

    def __post_init__(self) -> None:
        object.__setattr__(self, "ranges", self.ranges.reshape(-1, 2))  # a file has no empty shapes
        if len(self.ranges) not in (0, 1 + len(BANDS)):
            raise ValueError(f"ranges has shape {self.ranges.shape}, expected ({1 + len(BANDS)}, 2)")
        require_levels((self.level,))
        if self.asymptotic.shape not in ((0,), (1 + len(BANDS),)):
            raise ValueError(f"asymptotic has shape {self.asymptotic.shape}, expected ({1 + len(BANDS)},)")
        for name in ("expected", "expected_errors"):
            if getattr(self, name).shape != (len(BANDS),):
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected ({len(BANDS)},)")
        if len(self.statuses) != 1 + len(BANDS):
            raise ValueError(f"{1 + len(BANDS)} statuses needed, found {len(self.statuses)}")

    @property
    def converged(self) -> bool:
        """Whether all six limits were found."""
        return all(status == CONVERGED for status in self.statuses)

    @property
    def lost_toys(self) -> int:
        """How many toys have no fit, in all tests of the curve."""
        return 0 if self.curve.counts is None else int(self.curve.counts.failures.sum())

    @property
    def best_value(self) -> float:
        """Best fit of the parameter of interest."""
        return self.curve.best_value

    def __repr__(self) -> str:
        found = f"observed {number(self.observed)}, expected {number(self.expected[2])}"
        return f"<LimitResult: {self.poi} at {100 * self.level:g}% CL, {found}>"

    def table(self) -> Table:
        """Return a table with the observed and the expected limits."""
        names = ("observed", *(f"expected {band}" for band in BANDS))
        values = (self.observed, *self.expected)
        rows: list[tuple[str, ...]] = [(name, number(float(v))) for name, v in zip(names, values, strict=True)]
        header = ["limit", f"{self.poi} <"]
        columns: list[tuple[str, tuple[float, ...]]] = []
        if self.curve.calculator == "toys":
            columns.append(("toy error", (self.observed_error, *self.expected_errors)))
        if self.lost_toys and len(self.ranges):
            columns += [("from", tuple(self.ranges[:, 0])), ("to", tuple(self.ranges[:, 1]))]
        if self.asymptotic.size:
            columns.append(("asymptotic", tuple(self.asymptotic)))
        for name, column in columns:
            header.append(name)
            rows = [(*row, number(float(cell))) for row, cell in zip(rows, column, strict=True)]
        return Table("", tuple(header), tuple(rows), "l" + "r" * (len(header) - 1))

    def _text(self) -> str:
        title = f"Upper limits on {self.poi} at {100 * self.level:g}% CL (CLs)"
        lines = [title, "", *_about(self.curve), "", self.table().text(), *self._missing()]
        if INTERRUPTED in self.statuses and len(self.curve):
            lines += ["", "Tests that were made by then:", "", self.curve.table().text().partition("\n\n")[2]]
        return "\n".join(lines)

    def _html(self) -> str:
        title = f"Upper limits on {self.poi} at {100 * self.level:g}% CL (CLs)"
        return paragraphs([title, *_about(self.curve)]) + self.table().html() + paragraphs(self._missing())

    def _missing(self) -> list[str]:
        """Return which limits there are not, and why."""
        rows = zip(("observed", *BANDS), self.statuses, strict=True)
        return [f"{name}: {status}" for name, status in rows if status != CONVERGED]


@dataclass(frozen=True, eq=False)
class SignificanceResult(Saved):
    """Significance of a signal: sqrt(q0), the p-value of no signal, and what was to be expected.

    `p_value` is 0 where a floating-point number can't hold it; `log10_p_value` always can. Expected are the medians
    for signals of the sizes `injected`, arrays of that shape. With toys, `toy_p_value` is the fraction of `toys` with
    at least the observed q0 and `toy_error` its standard deviation (of a fraction of 0: 1 / toys); NaN without. Toys
    not made (`interrupted`) are left out. Those without a fit (`failures`) leave open where in `toy_p_range` it is; the
    distance to the farther end is in the error, in quadrature. With `importance` they were thrown at signals too and
    carry weights: `effective_toys` is how many of equal weight would count as much in `toy_p_value` (NaN below 10), and
    `toy_significance` its significance.
    `status` is "converged" or why there is no observed significance, `expected_statuses` the same of the expected ones.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.significance(model, injected=[0.5, 1.0])
    >>> found.expected_significance.shape, found.status
    ((2,), 'converged')
    """

    poi: str
    best_value: float
    q0: float
    significance: float
    p_value: float
    log10_p_value: float
    injected: FloatArray
    expected_significance: FloatArray
    expected_p_value: FloatArray
    expected_log10_p_value: FloatArray
    status: str
    expected_statuses: tuple[str, ...]
    origin: Origin
    toys: int = 0
    failures: int = 0
    interrupted: int = 0
    toy_p_value: float = np.nan
    toy_error: float = np.nan
    toy_p_range: tuple[float, float] = (np.nan, np.nan)
    importance: bool = False
    effective_toys: float = np.nan

    def __post_init__(self) -> None:
        if self.toys and not self.importance and np.isnan(self.toy_p_range[0]):  # an old file
            used = self.toys - self.failures - self.interrupted
            large = round(self.toy_p_value * used) if used else 0
            low, high = between(large, used, self.failures)
            object.__setattr__(self, "toy_p_range", (float(low), float(high)))
        shape = self.injected.shape
        for name in ("expected_significance", "expected_p_value", "expected_log10_p_value"):
            if getattr(self, name).shape != shape or len(shape) != 1:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, that of injected is {shape}")
        if len(self.expected_statuses) != shape[0]:
            raise ValueError(f"{shape[0]} expected_statuses needed, found {len(self.expected_statuses)}")

    @property
    def converged(self) -> bool:
        """Whether every significance was found."""
        return {self.status, *self.expected_statuses} <= {CONVERGED}

    @property
    def toy_significance(self) -> float:
        """The significance of `toy_p_value`: so many standard deviations of a normal distribution, one-sided."""
        p = self.toy_p_value
        return -NormalDist().inv_cdf(p) if 0 < p < 1 else np.nan

    def __repr__(self) -> str:
        return f"<SignificanceResult: {self.poi}, Z = {number(self.significance)}, p0 = {self._p()}>"

    def _p(self) -> str:
        return power(self.p_value, self.log10_p_value)

    def table(self) -> Table:
        """Return a table with the observed significance, and those expected for the signals injected."""
        rows = [("observed", number(self.significance), self._p(), number(self.best_value))]
        columns = (self.injected, self.expected_significance, self.expected_p_value, self.expected_log10_p_value)
        for size, z, p, log10 in zip(*columns, strict=True):
            rows.append((f"expected for {number(size)}", number(float(z)), power(p, log10), number(size)))
        title = f"Significance of {self.poi} > 0 ({self.origin.dataset} data)"
        return Table(title, ("", "significance", "p0", self.poi), tuple(rows), "lrrr")

    def _text(self) -> str:
        return "\n".join([self.table().text(), *self._remarks()])

    def _html(self) -> str:
        return self.table().html() + paragraphs(self._remarks())

    def _remarks(self) -> list[str]:
        """Return what stands below the table, as lines."""
        best = best_fit(self.poi, self.best_value, "q0", self.origin.conditions)
        lines = [f"best fit: {self.poi} = {best}"] if best != number(self.best_value) else []
        if self.toys:
            used = self.toys - self.failures - self.interrupted
            found = round(self.toy_p_value * used) if used and np.isfinite(self.toy_p_value) else 0
            counted = f"{found} of {used}"
            as_good = ""
            if self.importance:
                as_good = f"{used} weighted toys, as good as {number(self.effective_toys, 3)} at or above"
                counted = f"{number(self.toy_significance)} sigma; {as_good}"
            lines.append(f"toys: p0 = {number(self.toy_p_value)} ± {number(self.toy_error)} ({counted})")
            if self.importance and used and np.isnan(self.toy_p_value):
                lines[-1] = f"toys: too few count for p0: {as_good} the observed q0; ask for more, or wider bounds"
            lines += [f"toys: {sentence('p0', self.failures, self.toy_p_range)}"] * bool(self.failures)
            lines += [f"toys not made: {self.interrupted} (interrupted)"] * bool(self.interrupted)
        names = ["observed", *(f"expected for {number(size)}" for size in self.injected)]
        statuses = (self.status, *self.expected_statuses)
        return lines + [
            f"{name}: {status}" for name, status in zip(names, statuses, strict=True) if status != CONVERGED
        ]


def power(p: float, log10: float) -> str:
    """Return a p-value as text, also where it is too small for a floating-point number.

    >>> power(0.0358, -1.446), power(0.0, -349.437)
    ('0.0358', '3.66e-350')
    """
    if np.isnan(p):
        return "n/a"
    if p > 0 or not np.isfinite(log10):
        return f"{p:.3g}"
    exponent = int(np.floor(log10))
    return f"{10 ** (log10 - exponent):.2f}e{exponent}"


def _about(test: HypothesisTest) -> list[str]:
    """Return how a test was made, as lines of text."""
    how = test.calculator if test.base in ("", "normal") else f"{test.calculator}, {test.base}"
    lines = [
        f"test statistic:  {test.statistic} ({how})",
        f"data:            {test.origin.dataset}",
        f"best fit:        {test.poi} = {best_fit(test.poi, test.best_value, test.statistic, test.origin.conditions)}",
    ]
    if test.counts is not None and test.counts.toys.size:
        toys, failures = test.counts.toys.max(), int(test.counts.failures.sum())
        each = "of each hypothesis" if test.counts.weights is None else "for each value, weighted"
        lines.append(f"toys:            {toys:g} {each}, seed {test.counts.seed}")
        lines += [f"toys without fit: {failures}"] * bool(failures)
        left = int(test.counts.interrupted.sum())
        lines += [f"toys not made:   {left} (interrupted)"] * bool(left)
    return lines
