"""`hypotest`: tests of values of the parameter of interest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from wilks._types import FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, listed
from wilks.fitting.many import Progress
from wilks.flags import every, some
from wilks.infer.asymptotic_tests import AsymptoticTests
from wilks.infer.asymptotics import check_test
from wilks.infer.conditions import Bounds, with_wider_bounds
from wilks.infer.likelihood_ratio import test_study
from wilks.infer.study import Running
from wilks.infer.timed import timed
from wilks.infer.toy_tests import Counter, ToyTests
from wilks.infer.weighted_tests import WeightedTests
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.hypotest import HypothesisTest

CALCULATORS = ("asymptotic", "toys")
# Statistics whose toys can be weighted.
ONE_SIDED = ("q~", "q", "q0")
# Of every weighted toy some 100 bytes are kept.
MOST = 10_000_000


@verb("hypotest(model, value=1.0)")
@timed
def hypotest(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    value: float | Sequence[float] | FloatArray | None = None,
    statistic: str = "q~",
    calculator: str = "asymptotic",
    base: str = "normal",
    toys: int = 10_000,
    importance: bool = False,
    seed: int = 1,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> HypothesisTest:
    """Return the test of one or several values of the parameter of interest: CLs+b, CLb, CLs, observed and expected.

    `value` is 1 by default, for q0 it is 0. `statistic` is one of those of 1007.1727: "q~" and "q" (for upper limits),
    "q0" (for discovery), "t" and "t~" (for intervals). For q~, t~ and q0 the best fit is not below 0; for q and t it
    may be, unless `bounds` says otherwise. Values beyond the parameter's bounds are tested as well. `base` is pyhf's
    base distribution of the expected band, "normal" or "clipped_normal".

    `calculator="toys"` replaces the asymptotic distributions by `toys` toys of each hypothesis, made at the conditional
    fits to the data; the same `seed` gives the same toys on any number of threads. Values share the background's toys.
    With `importance` every value has `toys` toys that stand for both hypotheses: thrown at signals between them and the
    best fit, and beyond, and weighted by ratios of the densities of all their data, they reach p-values of 1e-9.
    `counts.weights` has the weights and the effective numbers of toys; where these are too small, a status says so.

    `fits` of the result has the conditional fits and where the Asimov data were made.

    A value whose fits fail has a status and NaN. Where `running.progress` stops the toys, values have the status
    "interrupted" and what the toys done by then say (`counts.interrupted` are left out). Raises ModelError for what
    can't be asked.

    `data`, `poi`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`.

    G. Cowan, K. Cranmer, E. Gross, O. Vitells, arXiv:1007.1727.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> test = wilks.hypotest(model, value=[0.5, 1.0, 1.5])
    >>> print([f"{cls:.3f}" for cls in test.observed.cls])
    ['0.512', '0.197', '0.006']
    >>> test.expected.cls.shape
    (3, 5)
    """
    check_test(statistic, base)
    check_calculator(calculator, base, toys, seed, importance)
    check_weighted(importance, statistic, toys)
    values = _values(value, statistic)
    asked = {"poi": poi, "fixed": fixed, "result": result}
    if calculator == "asymptotic":

        def ask(bounds: Bounds | None) -> HypothesisTest:
            found = test_study(statistic, bounds, model=model, data=data, running=running, **asked)
            tests = AsymptoticTests.of(found, statistic, base).extended(values)
            return tests.test(values, tests.fits(values), tests.told(values))

        return with_wider_bounds(ask(bounds), bounds, ask, _first_p_value)
    counter = Counter(running.progress)
    counter.announce((2 * np.unique(values).size if importance else 3 * np.unique(values).size + 1) * toys)
    running = replace(running, progress=counter.wait)
    found = test_study(statistic, bounds, model=model, data=data, running=running, **asked)
    tests = AsymptoticTests.of(found, statistic, base)
    made = (WeightedTests if importance else ToyTests)(tests, toys, seed, counter).extended(values)
    return replace(made.test(values), fits=made.tests.fits(values))


def _first_p_value(test: HypothesisTest) -> str:
    """Return the first p-value of a test as a sentence."""
    one_sided = test.statistic in ("q", "q~")
    name = "CLs" if one_sided else "p0" if test.statistic == "q0" else "CLs+b"
    p = (test.observed.cls if one_sided else test.observed.clsb)[0]
    return f"{name} of {test.values[0]:g} is then {p:.4g}."


def check_calculator(calculator: str, base: str, toys: int, seed: int, importance: bool = False) -> None:
    """Raise ModelError for a calculator that does not exist, or settings that it can't have."""
    if calculator not in CALCULATORS:
        raise ModelError(f'no calculator "{calculator}"; allowed are {listed(CALCULATORS)}')
    if calculator == "toys":
        check_toys(toys, seed)
        if base != "normal":
            raise ModelError(f'base "{base}" is for the asymptotic calculator: toys have distributions of their own')
    elif importance:
        raise ModelError('importance: toys are weighted; ask for them (calculator="toys", toys=10000)')


def check_weighted(importance: bool, statistic: str, toys: int) -> None:
    """Raise ModelError for a statistic whose toys can't be weighted, and for more toys than fit into memory."""
    problems = []
    if importance and statistic not in ONE_SIDED:
        problems.append(f'weighted toys are for {listed(ONE_SIDED)}; "{statistic}" is large on both sides')
    if importance and toys > MOST:
        problems.append(f"at most {MOST} weighted toys, found {toys}; 10000 give 1e-9 to a few per cent")
    if problems:
        raise ModelError([f"importance: {problem}" for problem in problems])


def check_toys(toys: int, seed: int) -> None:
    """Raise ModelError for impossible numbers of toys or seeds."""
    if problems := toys_problems(toys, seed):
        raise ModelError(problems)


def toys_problems(toys: int, seed: int) -> list[str]:
    """Return a sentence for an impossible number of toys, and one for an impossible seed."""
    problems = []
    if not (isinstance(toys, int | np.integer) and 1 <= toys < 2**63):
        problems.append(f"toys: at least one is needed, found {toys!r}")
    if not (isinstance(seed, int | np.integer) and 0 <= seed < 2**64):
        problems.append(f"seed must be a whole number from 0 to 2^64 - 1, found {seed!r}")
    return problems


def _values(value: float | Sequence[float] | FloatArray | None, statistic: str) -> FloatArray:
    """Return the values to test; ModelError for what can't be tested."""
    values = np.array((0.0 if statistic == "q0" else 1.0) if value is None else value, np.float64, ndmin=1)
    problems = []
    if values.ndim != 1 or not values.size or not every(np.isfinite(values)):
        problems.append(f"value: one finite number or several are needed, found {value!r}")
    elif statistic == "q0" and some(values != 0):
        problems.append("q0 tests the value 0 (no signal); for other values use t, t~, q or q~")
    elif statistic in ("q~", "t~") and some(values < 0):
        problems.append(f'"{statistic}" is for parameters that are not below 0, found {values.min():g}; use q or t')
    if problems:
        raise ModelError(problems)
    return values
