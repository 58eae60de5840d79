"""`Model`: expected rates, likelihood and its exact derivatives, in the parameter order of pyhf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np

from wilks._engine import Dataset
from wilks._engine import Model as Engine
from wilks._types import BoolArray, FloatArray
from wilks.elsewhere.coding import NOT_ASKED
from wilks.errors import ModelError, nearest
from wilks.histogram import Axis
from wilks.model import derived, entries, terms
from wilks.model.batches import row_of_each, without_repetition
from wilks.model.parameters import ParameterSet

ArrayLike: TypeAlias = FloatArray | Sequence[float]
Positions: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Frozen = TypeVar("Frozen", bound=np.ndarray[Any, Any])

_CURVED = frozenset({"histosys", "normsys", "function"})


@dataclass(frozen=True)
class Block:
    """One sample in one channel."""

    channel: str
    sample: str
    bins: int


@dataclass(frozen=True, eq=False)
class Model:
    """A compiled HistFactory model with its observed data. Made by `compile_model`.

    `theta` is always the full parameter vector, shape (n_parameters,), in the order of `parameter_names`. Data are one
    vector: observed main bins (channels sorted by name, bins in order) followed by the auxiliary data of the constraint
    terms, in the order of the parameters. `expected` gives the main bins only. `even` marks parameters whose up and
    down variations are identical, so that the rates depend on their absolute value only. `idle` marks free parameters
    without constraint that no rate depends on (a factor of empty samples, or of what another factor held at 0 removes):
    fits keep them where they start. `pois` are the parameters of interest, usually one. `groups` are
    parameters that belong together, as the workspace says. `correlated` are entries of the auxiliary data whose normal
    constraints belong together, with their covariance. `masked` are the bins, by channel, that the workspace masks.

    `nll`, its derivatives and `expected` also take batches: leading axes of `theta` and of data are broadcast against
    each other as NumPy does, and lead the shape of what is returned. Every entry is that of the single call, to the
    last bit. Models can be pickled and copied; what `dataset` prepared belongs to the model that prepared it.

    `parameter_sets` has the parameters as they belong together (`ParameterSet`: name, constraint, auxiliary data,
    widths, bounds). A model without data of its own (see `compile_model`) has NaN in `observed_main`; whoever asks it
    for its data gets a ModelError.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> theta = model.initial
    >>> model.expected(theta).shape, model.gradient(theta).shape, model.hessian(theta).shape
    ((10,), (16,), (16, 16))
    >>> model.parameter_names[model.index("mu")]
    'mu'
    """

    engine: Engine = field(metadata=NOT_ASKED)
    parameter_sets: tuple[ParameterSet, ...]
    blocks: tuple[Block, ...]
    channel_names: tuple[str, ...]
    sample_order: Mapping[str, tuple[str, ...]]
    observed_main: FloatArray
    axes: Mapping[str, Axis] = field(metadata=NOT_ASKED)
    pois: tuple[str, ...]
    measurement: str
    workspace_digest: str
    settings: Mapping[str, Any]
    even: BoolArray
    idle: BoolArray
    normfactors: Mapping[str, tuple[str, ...]]
    measured: str
    groups: Mapping[str, tuple[str, ...]]
    correlated: tuple[tuple[Positions, FloatArray], ...] = ()
    masked: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters; components of a set are `name[0]`, `name[1]`, ..."""
        return tuple(name for s in self.parameter_sets for name in s.names)

    @property
    def poi(self) -> str | None:
        """The parameter of interest, the first of `pois`; None where there is none."""
        return self.pois[0] if self.pois else None

    @property
    def signal_samples(self) -> tuple[str, ...]:
        """Samples that a normfactor scales which is the parameter of interest: the model's, else the measurement's.

        Empty where it scales all samples, so that there is no background.
        """
        found = self.normfactors.get(self.poi or self.measured, ())
        every = {block.sample for block in self.blocks}
        return found if set(found) != every else ()

    @property
    def n_parameters(self) -> int:
        """Number of parameters, fixed ones included."""
        return len(self.parameter_names)

    @property
    def channel_bins(self) -> dict[str, int]:
        """Number of bins of each channel, in the order of the data."""
        return {name: len(self.axes[name]) for name in self.channel_names}

    @cached_property
    def initial(self) -> FloatArray:
        """Suggested starting values, shape (n_parameters,)."""
        return self._joined("inits")

    @cached_property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds, each of shape (n_parameters,)."""
        return self._joined("lower"), self._joined("upper")

    @cached_property
    def default_bounds(self) -> BoolArray:
        """Which parameters have bounds that the measurement does not give, shape (n_parameters,)."""
        return _frozen(np.concatenate([np.full(len(s), not s.own_bounds) for s in self.parameter_sets]))

    @cached_property
    def fixed(self) -> BoolArray:
        """Which parameters are constant in fits, shape (n_parameters,)."""
        return _frozen(np.concatenate([s.fixed for s in self.parameter_sets]))

    @cached_property
    def nominal(self) -> FloatArray:
        """Values before the fit: centres of the constraints, initial values of unconstrained parameters."""
        return self._joined("nominal")

    @cached_property
    def prefit_values(self) -> FloatArray:
        """Where predictions before the fit are made: `nominal`, and fixed parameters at their value."""
        return _frozen(np.where(self.fixed, self.initial, self.nominal))

    @cached_property
    def prefit_uncertainties(self) -> FloatArray:
        """Widths of the constraints; 0 for unconstrained and fixed parameters."""
        return self._joined("width")

    @cached_property
    def constraints(self) -> tuple[str, ...]:
        """ "normal", "poisson" or "none" for each parameter."""
        return tuple(s.constraint for s in self.parameter_sets for _ in range(len(s)))

    @cached_property
    def unconstrained(self) -> BoolArray:
        """Which parameters no constraint term holds, shape (n_parameters,)."""
        return _frozen(np.array([kind == "none" for kind in self.constraints], np.bool_))

    @cached_property
    def modifier_types(self) -> tuple[tuple[str, ...], ...]:
        """For each parameter the types of the modifiers it steers."""
        return tuple(s.types for s in self.parameter_sets for _ in range(len(s)))

    @cached_property
    def interpolated(self) -> BoolArray:
        """Which parameters move rates between templates (histosys, normsys) or by functions, on no straight line."""
        return _frozen(np.array([not _CURVED.isdisjoint(types) for types in self.modifier_types], np.bool_))

    @cached_property
    def auxiliary(self) -> FloatArray:
        """Auxiliary data: what the constraint terms measured."""
        return _frozen(np.concatenate([np.empty(0), *(s.auxdata for s in self.parameter_sets)]))

    @cached_property
    def constraint_terms(self) -> terms.ConstraintTerms:
        """What the auxiliary data belong to."""
        return terms.constraint_terms(self)

    @cached_property
    def counts(self) -> BoolArray:
        """Which entries of the data are counts, not below 0: main bins, auxiliary data of Poisson constraints."""
        return _frozen(np.concatenate([np.ones(self.observed_main.size, np.bool_), self.constraint_terms.poisson]))

    @cached_property
    def products(self) -> tuple[tuple[Positions, Positions], ...]:
        """Factors that are multiplied: for each block with several, the scalar ones and those of its bins."""
        return terms.products(self)

    @cached_property
    def sample_names(self) -> tuple[str, ...]:
        """Names of all samples, sorted: the rows of `expected_by_sample`."""
        return tuple(sorted({block.sample for block in self.blocks}))

    @cached_property
    def channel_slices(self) -> Mapping[str, slice]:
        """Where the bins of each channel stand among the main bins."""
        slices, first = {}, 0
        for name in self.channel_names:
            bins = len(self.axes[name])
            slices[name] = slice(first, first + bins)
            first += bins
        return MappingProxyType(slices)

    def index(self, name: str) -> int:
        """Return the position of a parameter; ModelError with the nearest name if there is none."""
        try:
            return self.parameter_names.index(name)
        except ValueError:
            raise ModelError(f'no parameter "{name}" in this model{nearest(name, self.parameter_names)}') from None

    @cached_property
    def has_data(self) -> bool:
        """Whether the model has data of its own; without, they are to be handed in wherever data are needed."""
        return not np.isnan(self.observed_main).any()

    def with_poi(self, name: str | None) -> Model:
        """Return the model with another parameter of interest, None for none; ModelError with the nearest name.

        >>> model.with_poi("ttbar_norm").poi  # doctest: +SKIP
        'ttbar_norm'
        """
        return derived.with_poi(self, name)

    def freed(self, *names: str) -> Model:
        """Return the model with parameters free in fits that it keeps constant, by name or pattern.

        So everything that is asked of a model can be asked with them: `hypotest(model.freed("lumi"))`. Raises
        ModelError for names that match nothing.
        """
        return derived.freed(self, names)

    def observed(self) -> FloatArray:
        """Return the observed data: main bins, then auxiliary data; ModelError where there are none."""
        if not self.has_data:
            raise ModelError("the model has no data of its own: hand them in, main bins followed by auxiliary data")
        return np.concatenate([self.observed_main, self.auxiliary])

    @cached_property
    def observed_dataset(self) -> Dataset:
        """The observed data, prepared for the engine (constants of the densities computed once)."""
        return self.dataset(self.observed())

    def dataset(self, data: ArrayLike) -> Dataset:
        """Return data prepared for repeated evaluation; ModelError if length or values are impossible."""
        return self.engine.dataset(self.checked(data))

    def checked(self, data: ArrayLike) -> FloatArray:
        """Return one data set as an array; ModelError if length or values are impossible."""
        values = np.atleast_1d(np.asarray(data, dtype=np.float64))
        self._check_shape(values, one=True)
        self.check_data(values)
        return values

    def _check_shape(self, values: FloatArray, *, one: bool = False) -> None:
        main, aux = self.observed_main.size, self.auxiliary.size
        if values.shape[-1] != main + aux or (one and values.ndim != 1):
            raise ModelError(
                f"data have shape {values.shape}; needed are {main} main bins followed by {aux} auxiliary data"
            )

    def check_data(self, values: FloatArray) -> None:
        """Raise ModelError where data (last axis: main bins, then auxiliary data) hold impossible values."""
        if problems := self.impossible_data(values):
            raise ModelError(problems)

    def impossible_data(self, values: FloatArray) -> list[str]:
        """Return a sentence for every impossible value of data (last axis: main bins, then auxiliary data), up to ten.

        Of many data sets, the first that has any is told about.
        """
        return entries.impossible(self, values)

    def place(self, entry: int) -> str:
        """Return what an entry of the data is, in words: `channel "SR", bin 3`, `auxiliary data of "jes"`."""
        return entries.place(self, entry)

    def expected(self, theta: ArrayLike) -> FloatArray:
        """Return the expected rate in every main bin, shape (..., bins)."""
        points = self._points(theta)
        if points.ndim == 1:
            return self.engine.expected(points)
        rates = self.engine.expected_rows(points.reshape(-1, self.n_parameters))
        return rates.reshape(*points.shape[:-1], self.observed_main.size)

    def expected_by_block(self, theta: ArrayLike) -> tuple[FloatArray, ...]:
        """Return the expected rates of every block (see `blocks`), each of shape (bins of its channel,)."""
        flat = self.engine.block_rates(self._theta(theta))
        return tuple(np.split(flat, np.cumsum([block.bins for block in self.blocks])[:-1]))

    def expected_by_sample(self, theta: ArrayLike) -> FloatArray:
        """Return the rates of each sample (see `sample_names`), shape (..., samples, bins); 0 where it is not."""
        return terms.expected_by_sample(self, self._points(theta))

    def expected_auxiliary(self, theta: ArrayLike) -> FloatArray:
        """Return what the constraint terms measure on average, shape (..., auxiliary data)."""
        return terms.expected_auxiliary(self, self._points(theta))

    def main_nll(self, theta: ArrayLike, main: ArrayLike | None = None) -> Any:
        """Return the part of `nll` of the main bins (default: observed), a float or an array of shape (...).

        Infinite where a rate is negative, or 0 with events. Leading axes are broadcast as by `nll`.
        """
        values = self.observed()[: self.observed_main.size] if main is None else np.asarray(main, np.float64)
        return _one(terms.main_nll(self, self._points(theta), values))

    def constraint_nll(self, theta: ArrayLike, auxiliary: ArrayLike | None = None) -> Any:
        """Return the part of `nll` of the constraint terms; `auxiliary` are other auxiliary data than the model's."""
        values = self.auxiliary if auxiliary is None else np.asarray(auxiliary, np.float64)
        return _one(terms.constraint_nll(self, self._points(theta), values))

    def jacobian(self, theta: ArrayLike, block: int) -> FloatArray:
        """Return the derivatives of a block's rates, shape (bins, n_parameters)."""
        return self.engine.jacobian(self._theta(theta), block)

    def rates_jacobian(self, theta: ArrayLike) -> FloatArray:
        """Return the derivatives of the expected rates, shape (main bins, n_parameters)."""
        return terms.rates_jacobian(self, self._theta(theta))

    def nll(self, theta: ArrayLike, data: ArrayLike | Dataset | None = None) -> Any:
        """Return the negative log likelihood with all constants (pyhf's `-logpdf`); infinite outside the domain.

        A float, or an array for a batch. `data` (default: observed) may be prepared once with `dataset` for repeated
        calls.
        """
        points, prepared = self._arguments(theta, data)
        if prepared is not None:
            return self.engine.value(points, prepared)
        rows, shape = self._rows(points, data)
        return self.engine.value_rows(*rows).reshape(shape)

    def value_and_gradient(self, theta: ArrayLike, data: ArrayLike | Dataset | None = None) -> tuple[Any, FloatArray]:
        """Return the nll and its gradient, shape (..., n_parameters); NaN outside the domain."""
        points, prepared = self._arguments(theta, data)
        if prepared is not None:
            return self.engine.value_and_gradient(points, prepared)
        rows, shape = self._rows(points, data)
        value, gradient = self.engine.value_and_gradient_rows(*rows)
        return value.reshape(shape), gradient.reshape(*shape, self.n_parameters)

    def gradient(self, theta: ArrayLike, data: ArrayLike | Dataset | None = None) -> FloatArray:
        """Return the exact gradient of the nll, shape (..., n_parameters); NaN outside the domain."""
        return self.value_and_gradient(theta, data)[1]

    def hessian(self, theta: ArrayLike, data: ArrayLike | Dataset | None = None) -> FloatArray:
        """Return the exact matrix of second derivatives of the nll, shape (..., n_parameters, n_parameters)."""
        points, prepared = self._arguments(theta, data)
        if prepared is not None:
            return self.engine.hessian(points, prepared)
        rows, shape = self._rows(points, data)
        return self.engine.hessian_rows(*rows).reshape(*shape, self.n_parameters, self.n_parameters)

    def _arguments(self, theta: ArrayLike, data: ArrayLike | Dataset | None) -> tuple[FloatArray, Dataset | None]:
        """Return the point and its data as the engine takes them; None in place of the data for a batch."""
        points = self._points(theta)
        if points.ndim > 1:
            return points, None
        if data is None:
            return points, self.observed_dataset
        if isinstance(data, Dataset):
            return points, data
        return points, self.dataset(data) if np.ndim(data) < 2 else None

    def _rows(
        self, points: FloatArray, data: ArrayLike | Dataset | None
    ) -> tuple[tuple[FloatArray, Positions, FloatArray, Positions], tuple[int, ...]]:
        """Return the different points and data sets, which of them each row of the batch takes, and its shape."""
        if data is None:
            data = self.observed_dataset
        prepared = isinstance(data, Dataset)  # and so checked
        values = data.values if isinstance(data, Dataset) else np.asarray(data, dtype=np.float64)
        self._check_shape(values)
        try:
            shape = np.broadcast_shapes(points.shape[:-1], values.shape[:-1])
        except ValueError:
            raise ModelError(
                f"theta has shape {points.shape} and data have shape {values.shape}: their leading axes don't broadcast"
            ) from None
        points, values = without_repetition(points), without_repetition(values)
        if not prepared:
            self.check_data(values)
        theta_row, values_row = row_of_each(points.shape[:-1], shape), row_of_each(values.shape[:-1], shape)
        sets = values.reshape(-1, values.shape[-1])
        return (points.reshape(-1, self.n_parameters), theta_row, sets, values_row), shape

    def _points(self, theta: ArrayLike) -> FloatArray:
        values = np.asarray(theta, dtype=np.float64)
        if values.shape != self.initial.shape:  # batches pay for the question, single points don't
            values = np.atleast_1d(values)
            if values.shape[-1] != self.n_parameters:
                raise ModelError(f"theta has shape {values.shape}, the model has {self.n_parameters} parameters")
        return values

    def _theta(self, theta: ArrayLike) -> FloatArray:
        values = self._points(theta)
        if values.ndim != 1:
            raise ModelError(f"theta has shape {values.shape}; one point is needed, of {self.n_parameters} parameters")
        return values

    def __getstate__(self) -> dict[str, Any]:
        # What is cached is computed anew where it is needed; prepared data belong to this model's engine.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _joined(self, attribute: str) -> FloatArray:
        return _frozen(np.concatenate([getattr(s, attribute) for s in self.parameter_sets]))

    def __repr__(self) -> str:
        return (
            f"<Model: {len(self.channel_names)} channels, {self.observed_main.size} bins, "
            f"{self.n_parameters} parameters, POI {self.poi}>"
        )


def _one(value: Any) -> Any:
    return value if np.ndim(value) else float(value)


def _frozen(array: Frozen) -> Frozen:
    array.setflags(write=False)
    return array
