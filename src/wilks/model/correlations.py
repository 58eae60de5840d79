"""Normal constraints that are correlated: of a measurement, and as the engine has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import SettingsError, nearest
from wilks.model.parameters import ParameterSet
from wilks.workspace.spec import Measurement

_ROUNDING = 1e-9
Entries = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Correlated:
    """Entries of the auxiliary data that belong together, shape (n,), and their covariance, shape (n, n)."""

    entries: Entries
    covariance: FloatArray


def correlated_constraints(sets: tuple[ParameterSet, ...], measurement: Measurement) -> tuple[Correlated, ...]:
    """Return the correlated constraints of a measurement. Raises SettingsError with all that can't be."""
    known = {s.name: s for s in sets}
    sizes = [0 if s.constraint == "none" else len(s) for s in sets]
    first = dict(zip(known, np.cumsum([0, *sizes])[:-1].tolist(), strict=True))
    problems: list[str] = []
    seen: set[str] = set()
    found = []
    for i, correlation in enumerate(measurement.config.correlations or ()):
        where = f'measurement "{measurement.name}", correlations[{i}]'
        wrong = [f"{where}: {why}" for name in correlation.parameters if (why := _why_not(name, known, seen))]
        seen.update(correlation.parameters)
        matrix = np.array(correlation.matrix, np.float64)
        if not (np.abs(matrix - matrix.T) <= _ROUNDING).all() or not (np.abs(np.diag(matrix) - 1) <= _ROUNDING).all():
            wrong.append(f"{where}: a matrix of correlations is symmetric and has ones on its diagonal")
        elif not np.linalg.eigvalsh(matrix)[0] > _ROUNDING:
            wrong.append(f"{where}: the matrix is not positive definite")
        problems += wrong
        if not wrong:
            widths = np.array([float(known[name].scale[0]) for name in correlation.parameters])
            entries = np.array([first[name] for name in correlation.parameters], np.int64)
            found.append(Correlated(entries, 0.5 * (matrix + matrix.T) * np.outer(widths, widths)))
    if problems:
        raise SettingsError(problems)
    return tuple(found)


def _why_not(name: str, known: dict[str, ParameterSet], seen: set[str]) -> str:
    if name not in known:
        return f'no parameter "{name}"{nearest(name, known)}'
    if name in seen:
        return f'"{name}" is in another correlation already'
    if not known[name].scalar or known[name].constraint != "normal" or known[name].lower_scale is not None:
        return f'"{name}" needs to be a single number with a normal constraint of one width'
    return ""


def engine_couplings(scale: FloatArray, correlations: tuple[Correlated, ...]) -> tuple[FloatArray, dict[str, Any]]:
    """Return the widths of all constraints as the engine needs them, and what it adds for each pair.

    -ln of the density is 1/2 sum of P_ij x_i x_j: the diagonal of P, the inverse covariance, gives conditional widths.
    """
    scale = scale.copy()
    first: list[int] = []
    second: list[int] = []
    weights: list[float] = []
    constants: list[float] = []
    for correlated in correlations:
        inverse = np.linalg.inv(correlated.covariance)
        scale[correlated.entries] = 1.0 / np.sqrt(np.diag(inverse))
        constant = 0.5 * np.linalg.slogdet(correlated.covariance)[1] - np.log(scale[correlated.entries]).sum()
        constants.append(float(constant))
        for i, j in zip(*np.triu_indices(len(inverse), 1), strict=True):
            first.append(int(correlated.entries[i]))
            second.append(int(correlated.entries[j]))
            weights.append(float(0.5 * (inverse[i, j] + inverse[j, i])))
    return scale, {
        "coupling_first": np.array(first, np.int32),
        "coupling_second": np.array(second, np.int32),
        "coupling": np.array(weights, np.float64),
        "coupling_constant": np.array(constants, np.float64),
    }
