"""Global observables: the auxiliary data as data, each with its standard deviation (Pinto et al., arXiv:2307.04007)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray
from wilks.infer.study import Study
from wilks.model.model import Model


def standard_deviations(model: Model, data: FloatArray) -> FloatArray:
    """Return the standard deviation of each auxiliary datum: the width of a normal constraint, the root of a count."""
    first, out = model.observed_main.size, []
    for s in model.parameter_sets:
        if s.constraint != "none":
            widths = 0.5 * (s.scale + s.scale_below)
            out.append(widths if s.constraint == "normal" else np.sqrt(data[first : first + len(s)]))
            first += len(s)
    return np.concatenate([np.empty(0), *out])


def positions(model: Model) -> npt.NDArray[np.intp]:
    """Return the position of each parameter's auxiliary datum in the data; -1 for unconstrained parameters."""
    constrained = ~model.unconstrained
    where: npt.NDArray[np.intp] = np.where(constrained, model.observed_main.size + np.cumsum(constrained) - 1, -1)
    return where


def responses(asked: Study, where: list[int]) -> FloatArray:
    """Return the shift of all parameters when auxiliary data go up by a standard deviation, to first order.

    Shape (parameters in `where`, n_parameters): C[:, i] times the mixed derivative of the nll, which is 1 / width for
    a normal constraint, and the root of the count over the parameter for a Poisson one; 0 for unconstrained ones.
    """
    model, best = asked.model, asked.best
    spread, place = standard_deviations(model, asked.data.values), positions(model)
    factors = np.zeros(len(where))
    for row, i in enumerate(where):
        if place[i] >= 0:
            sigma = spread[place[i] - model.observed_main.size]
            normal = model.constraints[i] == "normal"
            factors[row] = 1.0 / sigma if normal else sigma / best.values[i] if best.values[i] > 0 else 0.0
    covariance = best.covariance[where] if best.covariance_valid else np.zeros((len(where), model.n_parameters))
    shifts = np.asarray(covariance * factors[:, None])
    for entries, matrix in model.correlated:
        parameters = model.constraint_terms.parameters[entries]
        mixed = np.linalg.inv(matrix) * np.sqrt(np.diag(matrix))
        for column, i in enumerate(parameters.tolist()):
            if i in where and best.covariance_valid:
                shifts[where.index(i)] = best.covariance[:, parameters] @ mixed[:, column]
    return shifts


def shifted(asked: Study, where: list[int]) -> tuple[FloatArray, FloatArray, npt.NDArray[np.intp], BoolArray]:
    """Return data sets with one auxiliary datum shifted up and down, one pair for each constrained parameter.

    With them: where their fits start (first order, inside the bounds), for each data set the row in `where` and the
    column of `RankingResult` it belongs to, and whether the shift was cut because a count can't be negative.
    """
    model, best = asked.model, asked.best
    place, spread = positions(model), standard_deviations(model, asked.data.values)
    chosen = [row for row, i in enumerate(where) if place[i] >= 0]
    rows = np.array([(row, column) for row in chosen for column in (2, 3)], dtype=np.intp).reshape(-1, 2)
    sides = np.where(rows[:, 1] == 2, 1.0, -1.0)
    entries = place[np.array(where, dtype=np.intp)[rows[:, 0]]]
    steps = sides * spread[entries - model.observed_main.size]
    poisson = np.array([model.constraints[where[row]] == "poisson" for row, _ in rows], dtype=np.bool_)
    cut = poisson & (asked.data.values[entries] + steps < 0)
    data = np.tile(asked.data.values, (len(rows), 1))
    data[np.arange(len(rows)), entries] += np.where(cut, -asked.data.values[entries], steps)
    start = best.values + sides[:, None] * responses(asked, where)[rows[:, 0]]
    start = np.clip(start, asked.problem.lower, asked.problem.upper)
    start[:, asked.problem.held] = best.values[asked.problem.held]
    return data, start, rows, cut


def data_variance(asked: Study) -> FloatArray:
    """Return the part of each parameter's variance that comes from the counts in the main bins, shape (n_parameters,).

    sum over bins of (d theta / d n_b)^2 n_b with d theta / d n_b = C J_b / nu_b: the variance of a count is taken to be
    the count. Together with the squared responses to the auxiliary data that is the covariance, apart from the second
    derivatives of the rates.
    """
    model, best = asked.model, asked.best
    rates, counts = model.expected(best.values), asked.data.values[: model.observed_main.size]
    weights = np.divide(np.sqrt(counts), rates, out=np.zeros_like(rates), where=rates > 0)
    variance = np.zeros(model.n_parameters)
    jacobian = model.rates_jacobian(best.values)
    for bins in model.channel_slices.values():
        variance += np.square(best.covariance @ (jacobian[bins] * weights[bins, None]).T).sum(axis=1)
    return variance
