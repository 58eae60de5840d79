"""`higgsCombine*.root`: the tree `limit`, with a row for each answer, as Combine's methods fill it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

from wilks._files import write_atomically
from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.export.combine.goodness import check_saturated
from wilks.export.combine.limits import MASS, by_mass
from wilks.export.combine.quantiles import QUANTILES
from wilks.export.combine.root_objects import root_file
from wilks.results.goodness import GoodnessOfFit
from wilks.results.grid import GridResult
from wilks.results.hypotest import LimitResult, SignificanceResult
from wilks.results.intervals import IntervalResult
from wilks.results.scan import ContourResult, ScanResult

# Name and type of what every file has, in Combine's order.
BRANCHES: Mapping[str, Any] = {
    "limit": np.float64,
    "limitErr": np.float64,
    "mh": np.float64,
    "syst": np.int32,
    "iToy": np.int32,
    "iSeed": np.int32,
    "iChannel": np.int32,
    "t_cpu": np.float32,
    "t_real": np.float32,
    "quantileExpected": np.float32,
}
_SEED = 123456  # Combine's, where nothing is random
_LARGEST = 2**31 - 1
OBSERVED = -1.0  # quantileExpected of what is observed, and of best fits


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a tree: columns by branch, each of shape (rows,); `parameters` and deltaNLL come last, as floats.

    A branch that is not in `columns` has the same in every row: no error, no toy, the seed of Combine.
    """

    columns: Mapping[str, Any]
    parameters: Mapping[str, FloatArray] = field(default_factory=dict)
    delta: FloatArray | None = None

    def arrays(self, mass: float) -> dict[str, Any]:
        """Return all branches with their columns, in the types of Combine."""
        size = len(self.columns["limit"])
        fixed = {"mh": mass, "syst": 1, "iSeed": _SEED}
        arrays: dict[str, Any] = {
            name: np.broadcast_to(self.columns.get(name, fixed.get(name, 0)), size).astype(kind)
            for name, kind in BRANCHES.items()
        }
        names = branch_names(self.parameters, reserved=(*BRANCHES, "deltaNLL"))
        for name, values in zip(names, self.parameters.values(), strict=True):
            arrays[name] = np.asarray(values).astype(np.float32)
        if self.delta is not None:
            arrays["deltaNLL"] = self.delta.astype(np.float32)
        return arrays


def save_limit_tree(result: Any, path: str | Path, mass: float = MASS) -> None:
    """Write a result as a file of Combine with the tree `limit`.

    Limits become that of AsymptoticLimits or, with toys, HybridNew; intervals `MultiDimFit --algo singles`, scans (of
    all curves the first) and contours `--algo grid`; and there are Significance and GoodnessOfFit. `mass` is that of
    all rows but those of a grid, which has its own.

    Raises InputError for a result that Combine has no tree for, OSError where the file can't be written.

    >>> import uproot, wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> save_limit_tree(wilks.limit(model), "higgsCombineTest.AsymptoticLimits.mH125.root", 125)
    >>> tree = uproot.open("higgsCombineTest.AsymptoticLimits.mH125.root")["limit"]
    >>> tree["quantileExpected"].array().tolist()[2:]
    [0.5, 0.8399999737739563, 0.9750000238418579, -1.0]
    """
    write_atomically(path, root_file({}, {"limit": rows_of(result, mass).arrays(mass)}))


def branch_names(names: Iterable[str], reserved: Iterable[str] = ()) -> list[str]:
    """Return parameters as names of branches, without what ROOT would read as an index or a formula.

    Bins are called as Combine calls those of autoMCStats.

    >>> branch_names(["r", "prop_binSR[0]", "JES (eta)", "JES_eta"])
    ['r', 'prop_binSR_bin0', 'JES_eta', 'JES_eta_2']
    """
    taken, found = set(reserved), []
    for name in names:
        plain = re.sub(r"[^\w.\-]+", "_", re.sub(r"\[(\d+)\]$", r"_bin\1", name)).strip("_") or "_"
        number, chosen = 2, plain
        while chosen in taken:
            chosen, number = f"{plain}_{number}", number + 1
        taken.add(chosen)
        found.append(chosen)
    return found


@singledispatch
def rows_of(result: object, mass: float) -> Rows:
    """Return a result as rows of the tree. Raises InputError."""
    raise InputError(f"Combine has no limit tree for a {type(result).__name__}")


@rows_of.register
def _(result: LimitResult, mass: float) -> Rows:
    errors = (*result.expected_errors, result.observed_error) if result.curve.counts is not None else (0.0,) * 6
    seed = _seed(result.curve.counts.seed) if result.curve.counts is not None else _SEED
    return _limits(by_mass(result, mass), [errors], {"iToy": _toy(result), "iSeed": seed})


@rows_of.register
def _(result: GridResult, mass: float) -> Rows:
    errors = [(*(0.0,) * len(QUANTILES), error) for error in result.errors]
    return _limits(by_mass(result, mass), errors, {"iToy": _toy(result)})


def _limits(points: list[tuple[float, float, FloatArray]], errors: list[Any], fixed: Mapping[str, Any]) -> Rows:
    """Return the expected limits and then the observed one of each point, without those that there are not."""
    found = np.array([[*expected, observed] for _, observed, expected in points]).ravel()
    size = 1 + len(QUANTILES)
    there = np.isfinite(found)
    columns = {
        "limit": found,
        "limitErr": np.nan_to_num(np.array(errors, np.float64).ravel()),
        "mh": np.repeat([mass for mass, _, _ in points], size),
        "quantileExpected": np.tile([*QUANTILES, OBSERVED], len(points)),
    }
    return Rows({**{name: column[there] for name, column in columns.items()}, **fixed})


@rows_of.register
def _(result: SignificanceResult, mass: float) -> Rows:
    found = np.array([result.significance])
    return Rows({"limit": found[np.isfinite(found)], "quantileExpected": OBSERVED, "iToy": _toy(result)})


@rows_of.register
def _(result: GoodnessOfFit, mass: float) -> Rows:
    check_saturated(result)
    limits = np.array([result.statistic, *result.toys])
    there = np.isfinite(limits)
    toys = np.array([_toy(result), *range(1, 1 + result.toys.size)])
    seed = np.array([_SEED, *[_seed(result.seed)] * result.toys.size])
    columns = {"limit": limits, "iToy": toys, "iSeed": seed}
    return Rows({**{name: column[there] for name, column in columns.items()}, "quantileExpected": OBSERVED})


@rows_of.register
def _(result: IntervalResult, mass: float) -> Rows:
    """The best fit, then lower and upper end of each parameter at the first level, then at the others."""
    n = len(result)
    values, quantiles = [result.values], [OBSERVED]
    for row, level in enumerate(result.levels):
        for i in range(n):
            for end, sign in ((result.lower, -1.0), (result.upper, 1.0)):
                moved = result.values.copy()
                moved[i] = end[row, i]
                values.append(moved)
                quantiles.append(sign * _outside(level))
    return _fits(result, dict(zip(result.names, np.array(values).T, strict=True)), quantiles, np.zeros(len(values)))


@rows_of.register
def _(result: ScanResult, mass: float) -> Rows:
    delta = result.delta
    tails = np.array([math.erfc(math.sqrt(0.5 * max(one, 0.0))) for one in delta])
    return _grid(result, {result.parameter: (result.value, result.values)}, delta, tails)


@rows_of.register
def _(result: ContourResult, mass: float) -> Rows:
    x, y = np.meshgrid(result.x_values, result.y_values, indexing="ij")
    delta = result.delta.T.ravel()
    tails = np.exp(-0.5 * np.maximum(delta, 0.0))
    points = dict(zip(result.parameters, zip(result.best, (x.ravel(), y.ravel()), strict=True), strict=True))
    return _grid(result, points, delta, tails)


def _grid(result: Any, points: Mapping[str, tuple[float, FloatArray]], delta: FloatArray, tails: FloatArray) -> Rows:
    """Return the best fit and all points whose fit gave something; `delta` is 2NLL, twice what Combine has."""
    there = np.concatenate([[True], np.isfinite(delta)])
    parameters = {name: np.concatenate([[best], values])[there] for name, (best, values) in points.items()}
    return _fits(result, parameters, np.array([OBSERVED, *tails])[there], np.array([0.0, *delta])[there] / 2.0)


def _fits(result: Any, parameters: Mapping[str, FloatArray], quantiles: Any, delta: FloatArray) -> Rows:
    """Return rows of MultiDimFit; `limit`, which Combine leaves as it is, has the first parameter."""
    first = next(iter(parameters.values()))
    columns = {"limit": first, "quantileExpected": np.asarray(quantiles), "iToy": _toy(result)}
    return Rows(columns, parameters, delta)


def _outside(level: float) -> float:
    """Return what Combine calls an interval: 0.32 for 68 %, 0.05 for 95 %."""
    return 0.32 if abs(level - 0.68) < 0.005 else 1.0 - level


def _toy(result: Any) -> int:
    """Return 0 for observed data, -1 for Asimov data."""
    return -1 if result.origin.dataset.startswith("Asimov") else 0


def _seed(seed: Any) -> int:
    """Return a seed, or Combine's where it is no number that the branch holds."""
    return int(seed) if str(seed).isdigit() and int(seed) <= _LARGEST else _SEED
