"""What the test of a value is made of, one row for each value: p-values, what toys say, fits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wilks._types import FloatArray
from wilks.results.checking import require_shapes


@dataclass(frozen=True, eq=False)
class PValues:
    """p-values, all of one shape: CLs+b is that of the tested value, CLb that of the alternative, CLs their ratio.

    Where a p-value is too small for a floating-point number (0), its logarithm still is one. For q0 CLs+b is the
    p-value of no signal, p0, and CLs has no use.
    """

    clsb: FloatArray
    clb: FloatArray
    cls: FloatArray
    log10_clsb: FloatArray
    log10_cls: FloatArray

    def __post_init__(self) -> None:
        shapes = {each.shape for each in (self.clsb, self.clb, self.cls, self.log10_clsb, self.log10_cls)}
        if len(shapes) != 1:
            raise ValueError(f"p-values need one shape, found {sorted(shapes)}")


@dataclass(frozen=True, eq=False)
class ToyRanges:
    """Where p-values lie, whatever the toys whose fit failed would have given, lower and upper end on the last axis.

    At the lower end none of them is as large as the statistic, at the upper end all are; for CLs, a ratio, those of the
    two hypotheses are counted against each other, and among the expected they are the smallest or the largest. Of the
    observed p-values the shape is (values, 2), of the expected (values, 5, 2).
    """

    clsb: FloatArray
    clb: FloatArray
    cls: FloatArray
    expected_clsb: FloatArray
    expected_cls: FloatArray


@dataclass(frozen=True, eq=False)
class ToyWeights:
    """Weights of toys that were thrown at a mixture of hypotheses, shape (values, toys): p(tested) / p(mixture) and
    p(alternative) / p(mixture), with the densities of all data.

    `effective_clsb` and `effective_clb`, shape (values,), are how many toys of equal weight would count as much in
    CLs+b and in CLb.
    """

    tested: FloatArray
    alternative: FloatArray
    effective_clsb: FloatArray
    effective_clb: FloatArray

    def effective(self, what: str) -> FloatArray:
        """Return the effective numbers of toys behind CLs+b, or behind CLs: the smaller of both of its parts."""
        return np.minimum(self.effective_clsb, self.effective_clb) if what == "CLs" else self.effective_clsb


@dataclass(frozen=True, eq=False)
class ToyMultiplicities:
    """How many toys of the tested value and of the alternative have each statistic, shape (values, statistics)."""

    tested: FloatArray
    alternative: FloatArray


@dataclass(frozen=True, eq=False)
class ToyCounts:
    """Toys behind each tested value, arrays of shape (values,): `toys` of each kind were asked for.

    Of both kinds together, `failures` had no fit and `interrupted` were not made. `cls_error` is the standard deviation
    of the observed CLs, `clsb_error` that of CLs+b, `expected_cls_error` that of the expected CLs, shape (values, 5);
    in quadrature with the distance to the farther end of `ranges`, which failures leave open (None in old files).
    `tested` and `alternative` have the test statistic of every toy, shape (values, toys), NaN where there is none (in
    the curve of a limit they are left out). With `weights` the same toys stand for both, and were asked for once.
    With `multiplicities` (more than a million toys) they have each statistic once, rounded to one part in 16 000, and
    NaN where there are no more.
    """

    seed: str
    toys: FloatArray
    failures: FloatArray
    interrupted: FloatArray
    clsb_error: FloatArray
    cls_error: FloatArray
    expected_cls_error: FloatArray
    tested: FloatArray
    alternative: FloatArray
    ranges: ToyRanges | None = None
    weights: ToyWeights | None = None
    multiplicities: ToyMultiplicities | None = None

    def without_toys(self) -> ToyCounts:
        """Return the counts without statistics and weights of single toys."""
        nothing = np.empty((self.toys.size, 0))
        weights = self.weights and replace(self.weights, tested=nothing, alternative=nothing)
        return replace(self, tested=nothing, alternative=nothing, weights=weights, multiplicities=None)


@dataclass(frozen=True, eq=False)
class TestFits:
    """The fits behind a test: parameters in the order of `names`, for conditional ones a row for each tested value.

    `best` is the best fit to the data, `asimov` where the Asimov data of the alternative were made, which is also their
    best fit; both have shape (parameters,). `conditional` and `asimov_conditional`, shape (values, parameters), are the
    fits to data and Asimov data at the tested value; NaN where there is none: it failed, or the one-sided statistic is
    0 without.
    """

    __test__ = False  # pytest collects what is called Test

    names: tuple[str, ...]
    best: FloatArray
    conditional: FloatArray
    asimov: FloatArray
    asimov_conditional: FloatArray

    def __post_init__(self) -> None:
        n, size = len(self.conditional), len(self.names)
        require_shapes(self, {"best": (size,), "asimov": (size,)})
        require_shapes(self, {"conditional": (n, size), "asimov_conditional": (n, size)})
