"""`FitResult`: a maximum-likelihood fit, with everything needed to judge it and to draw it next year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.results.conditions import Condition, blinded
from wilks.results.encoding import save_result
from wilks.results.many import minimised
from wilks.table import Table, measured


@dataclass(frozen=True)
class ParameterResult:
    """One fitted parameter: value, symmetric uncertainty, and what it was before the fit.

    `idle` and `flat` are those of `FitResult`: no effect on any rate, and none in some combination with others.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> mu = wilks.fit(model)["mu"]
    >>> mu.constraint, mu.fixed, mu.at_bound
    ('none', False, False)
    """

    name: str
    value: float
    uncertainty: float
    prefit_value: float
    prefit_uncertainty: float
    constraint: str
    fixed: bool
    at_bound: bool
    idle: bool = False
    flat: bool = False

    @property
    def pull(self) -> float:
        """(value - pre-fit value) / pre-fit uncertainty; NaN for unconstrained parameters."""
        return (self.value - self.prefit_value) / self.prefit_uncertainty if self.prefit_uncertainty > 0 else np.nan


@dataclass(frozen=True, eq=False)
class Minimum:
    """One minimum of 2NLL: how high it is, and where, shape (n_parameters,)."""

    twice_nll: float
    values: FloatArray


@dataclass(frozen=True, eq=False)
class FitResult:
    """The result of one fit. Arrays follow `names`, the parameter order of the model (pyhf's).

    `uncertainties` are the square roots of the diagonal of `covariance`, the inverse of the exact Hessian of the nll
    at the minimum: 0 for fixed parameters, NaN where the covariance can't be used (`covariance_valid` False) and for
    parameters at a bound. `prefit_uncertainties` are the widths of the constraint terms, 0 for unconstrained ones.
    `edm` is the estimated distance to the minimum in units of nll. `modifier_types` has, for each parameter, the types
    of the modifiers it steers ("normsys", "histosys", "staterror", ...). `constraints` is "normal", "poisson" or
    "none" for each parameter. `mirrored` holds (parameter, value) pairs: other minima with the same likelihood.
    `minima` are all minima that the search from `starts` other starts found, the lowest, which is this one, first.
    `conditions` are what is odd about the fit, for everything that is built on it.

    `idle` marks parameters that nothing determines, since no rate depends on them, given what else is held or at a
    bound: they are `fixed` where they started, and their uncertainty is NaN. `flat`, shape (directions, parameters),
    has combinations of several parameters along which the likelihood does not change (empty where there are none). The
    fit is not converged then; the uncertainties are those of what does not change along them, else NaN, and
    `covariance` is that of a fit in which one parameter for each direction is held.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> result = wilks.fit(model)
    >>> result.converged, result.covariance.shape, result["mu"].at_bound
    (True, (16, 16), False)
    >>> result.blinded()["mu"].value
    nan
    """

    names: tuple[str, ...]
    values: FloatArray
    uncertainties: FloatArray
    covariance: FloatArray
    twice_nll: float
    edm: float
    converged: bool
    status: str
    covariance_valid: bool
    smallest_eigenvalue: float
    fixed: BoolArray
    at_bound: BoolArray
    prefit_values: FloatArray
    prefit_uncertainties: FloatArray
    constraints: tuple[str, ...]
    modifier_types: tuple[tuple[str, ...], ...]
    poi: str | None
    measurement: str
    dataset: str
    workspace_digest: str
    version: str
    minimizer: str = "trust-region Newton"
    iterations: int = 0
    evaluations: int = 0
    mirrored: tuple[tuple[str, float], ...] = ()
    starts: int = 0
    minima: tuple[Minimum, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    idle: BoolArray = field(default_factory=lambda: np.zeros(0, np.bool_))
    flat: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        # Files of before have neither.
        if not self.idle.size:
            object.__setattr__(self, "idle", np.zeros(len(self.names), np.bool_))
        if not self.flat.size:
            object.__setattr__(self, "flat", np.zeros((0, len(self.names))))

    @property
    def covariance_usable(self) -> bool:
        """Whether `covariance` says anything: it is valid, or that of all that is not flat."""
        return self.covariance_valid or bool(self.flat.size and np.isfinite(self.covariance).all())

    @property
    def flat_together(self) -> BoolArray:
        """Parameters that take part in a combination along which the likelihood does not change."""
        return np.asarray((self.flat != 0).any(axis=0))

    @property
    def minimised(self) -> bool:
        """Whether `twice_nll` is that of the minimum: also where that is flat along parameters without effect, or lies
        where a rate vanishes, and the fit does not count as converged."""
        return minimised(self.status, self.edm) or self.converged

    @property
    def correlation(self) -> FloatArray:
        """Correlation matrix; rows of fixed and bound parameters are 0 with 1 on the diagonal."""
        sigma = np.where(self.uncertainties > 0, self.uncertainties, np.inf)
        correlation: FloatArray = self.covariance / np.outer(sigma, sigma)
        np.fill_diagonal(correlation, 1.0)
        return correlation

    def index(self, name: str) -> int:
        """Return the position of a parameter; KeyError with the nearest name if there is none."""
        from wilks.errors import nearest

        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(f'no parameter "{name}" in this fit{nearest(name, self.names)}') from None

    def __getitem__(self, name: str) -> ParameterResult:
        i = self.index(name)
        return ParameterResult(
            name=name,
            value=float(self.values[i]),
            uncertainty=float(self.uncertainties[i]),
            prefit_value=float(self.prefit_values[i]),
            prefit_uncertainty=float(self.prefit_uncertainties[i]),
            constraint=self.constraints[i],
            fixed=bool(self.fixed[i]),
            at_bound=bool(self.at_bound[i]),
            idle=bool(self.idle[i]),
            flat=bool((self.flat[:, i] != 0).any()),
        )

    def __iter__(self) -> Iterator[ParameterResult]:
        return (self[name] for name in self.names)

    def __len__(self) -> int:
        return len(self.names)

    def blinded(self, *names: str) -> FitResult:
        """Return the fit without the values of parameters (default: the parameter of interest): NaN, null in a file.

        Their uncertainties stay. What would tell their value goes with it: other minima, whether they lie at a bound
        (there they have no uncertainty, though), and what conditions do to it. The other parameters stay as they are.
        KeyError for unknown names.
        """
        hidden = names or ((self.poi,) if self.poi is not None else ())
        if not hidden:
            raise KeyError("the fit has no parameter of interest: name what is to be hidden")
        where = [self.index(name) for name in hidden]
        values, at_bound = self.values.copy(), self.at_bound.copy()
        values[where], at_bound[where] = np.nan, False
        others = tuple((name, value) for name, value in self.mirrored if name not in hidden)
        minima = tuple(Minimum(one.twice_nll, _without(one.values, where)) for one in self.minima)
        settings = {**self.settings, "hidden": list(hidden)}
        return replace(
            self,
            values=values,
            at_bound=at_bound,
            mirrored=others,
            minima=minima,
            settings=settings,
            conditions=blinded(self.conditions, hidden),
        )

    def save(self, path: str | Path) -> None:
        """Write the result as JSON, for `load_result`. Raises ResultError where the file can't be written."""
        save_result(self, path)

    def tables(self) -> tuple[Table, ...]:
        """Return a table of all parameters."""
        from wilks.results.summary import parameter_table

        return (parameter_table(self),)

    def __repr__(self) -> str:
        found = f"{len(self)} parameters"
        if self.poi is not None:
            poi = self[self.poi]
            usable = not (poi.fixed or poi.at_bound) and poi.uncertainty > 0
            found += f", {poi.name} = {measured(poi.value, poi.uncertainty) if usable else f'{poi.value:.4g}'}"
        return f"<FitResult: {self.status if self.converged else f'NOT CONVERGED: {self.status}'}, {found}>"

    def __str__(self) -> str:
        from wilks.results.summary import fit_text

        return fit_text(self)

    def _repr_html_(self) -> str:
        from wilks.results.summary import fit_html

        return fit_html(self)


def _without(values: FloatArray, where: list[int]) -> FloatArray:
    hidden = values.copy()
    hidden[where] = np.nan
    return hidden
