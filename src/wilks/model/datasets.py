"""Data sets to fit: Asimov data, observed and Asimov channels mixed, toys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks._engine import sample
from wilks._types import FloatArray
from wilks.errors import KindError, ModelError, ResultError, listed, nearest
from wilks.model.common import common_parameters
from wilks.model.model import ArrayLike, Model
from wilks.model.selection import matching
from wilks.model.terms import not_normal
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.table import Table, number

# Digits of numbers of events, and values of a channel that are shown.
_DIGITS, _SHOWN = 6, 12


@dataclass(frozen=True, eq=False)
class Data:
    """A data set, shape (main bins + auxiliary data,), and what it is: "observed", "Asimov (pre-fit), mu = 1", ...

    NumPy takes it for its values. `bins` has the numbers of bins by channel, in the order of the values; empty where it
    is not known.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> data = wilks.asimov(model)
    >>> data.label, data.values.size == model.observed().size
    ('Asimov (pre-fit)', True)
    """

    values: FloatArray
    label: str
    bins: Mapping[str, int] = field(default_factory=dict)

    def table(self) -> Table:
        """Return the data as a table: a row for each channel, then the auxiliary data."""
        rows, first = [], 0
        for channel, bins in self.bins.items():
            part = self.values[first : first + bins]
            rows.append((channel, str(bins), number(float(part.sum()), _DIGITS), _some(part)))
            first += bins
        rest = self.values[first:]
        if rest.size:
            rows.append(("auxiliary data" if self.bins else "all data", str(rest.size), "", _some(rest)))
        return Table(f"Data: {self.label}", ("channel", "bins", "sum", "values"), tuple(rows), "lrrl")

    def __repr__(self) -> str:
        channels = f", {len(self.bins)} channels" if self.bins else ""
        return f"<Data: {self.label}{channels}, {self.values.size} numbers>"

    def __str__(self) -> str:
        return self.table().text()

    def _repr_html_(self) -> str:
        return self.table().html()

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.values, dtype=dtype) if copy else np.asarray(self.values, dtype=dtype)


def _some(values: FloatArray) -> str:
    """Return the first values of a channel."""
    more = f", … ({values.size - _SHOWN} more)" if values.size > _SHOWN else ""
    return ", ".join(number(float(value), _DIGITS) for value in values[:_SHOWN]) + more


def labelled(model: Model, data: Data | ArrayLike | None) -> Data:
    """Return data with a label: the model's own data for None ("observed" or the name of the data set), "user data" for
    an array.

    Raises ModelError where length or values are impossible.
    """
    if data is None:
        return Data(model.observed(), str(model.settings.get("data_set", "observed")), model.channel_bins)
    if isinstance(data, Data):
        found = data
    else:
        try:
            found = Data(np.asarray(data, np.float64), "user data", model.channel_bins)
        except (TypeError, ValueError):
            raise ModelError("data must be numbers, main bins followed by auxiliary data, in one array") from None
    model.checked(found.values)
    return found


def parameters_at(
    model: Model, result: FitResult | None = None, *, values: Mapping[str, float] | ArrayLike | None = None
) -> FloatArray:
    """Return a parameter vector, shape (n_parameters,): before the fit, or those of a result, with `values` put in.

    A result is matched by `common_parameters`; parameters it lacks keep their pre-fit value, and parameters the model
    lacks are left out. `values` has parameters by name or pattern (see `matching`), later ones win, or is the full
    vector; it must have those that the result hides (`FitResult.blinded`). Raises ModelError with every wrong name or
    value, ResultError for a result without a parameter in common.
    """
    theta = model.prefit_values.copy()
    if result is not None:
        if not isinstance(result, FitResult):
            raise KindError(f"needed is a FitResult, found {type(result).__name__}: parameters by name are `values`")
        ours, theirs = common_parameters(model, result)
        theta[ours] = result.values[theirs]
    if values is not None and not isinstance(values, Mapping):
        theta = np.array(values, dtype=np.float64)
        if theta.shape != (model.n_parameters,) or not np.isfinite(theta).all():
            needed = f"{model.n_parameters} finite numbers needed"
            raise ModelError(f"values: {needed}, found an array of shape {theta.shape}")
    elif values is not None:
        _put(model, theta, values)
    if result is not None:
        _check_finite(model, theta, result)
    return theta


def _check_finite(model: Model, theta: FloatArray, result: FitResult) -> None:
    """Raise ResultError where a fit has no value for a parameter, and none was put in."""
    unknown = [model.parameter_names[i] for i in np.flatnonzero(~np.isfinite(theta))]
    if hidden := [name for name in unknown if name in result.settings.get("hidden", ())]:
        raise ResultError(
            f'the fit hides the value of {listed(hidden)}: put one in (values={{"{hidden[0]}": 1}}, command line: '
            f"--set {hidden[0]}=1)"
        )
    if unknown:
        raise ResultError(f"the fit result has parameters that are not finite numbers: {result.status}")


def expected_data(model: Model, theta: ArrayLike) -> FloatArray:
    """Return the data expected at a parameter vector, shape (main bins + auxiliary data,).

    Main bins are the expected rates, auxiliary data what the constraints measure on average: the parameter for normal
    constraints, scale x parameter for Poisson ones (pyhf's `expected_data`). Raises ModelError with every bin whose
    rate is negative.
    """
    rates = model.expected(theta)
    means = np.concatenate([rates, model.expected_auxiliary(theta)])
    if problems := model.impossible_data(means):
        bins = np.flatnonzero(~((rates >= 0) & (rates < np.inf))).tolist()
        told = [f"{model.place(b)}: the model expects {rates[b]:g}, no possible count" for b in bins]
        raise ModelError(told or problems)
    return means


@verb('asimov(model, values={"mu": 1.0})')
def asimov(
    model: Model, result: FitResult | None = None, *, values: Mapping[str, float] | ArrayLike | None = None
) -> Data:
    """Return Asimov data: exactly what the model expects, auxiliary data too; a fit to it returns its parameters.

    Before the fit (constraints at their centres, unconstrained parameters at their initial values), or with a result
    at its best fit. `values` sets parameters, by name or pattern: an injected signal, shifted systematics. A result of
    another model is matched by name: Asimov data for signal regions from a fit of control regions. Raises ModelError
    and ResultError as `parameters_at` and `expected_data`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> data = wilks.asimov(model, values={"mu": 1.2})
    >>> data.label, data.values.shape
    ('Asimov (pre-fit), mu = 1.2', (25,))
    >>> print(f"{wilks.fit(model, data)['mu'].value:.4f}")
    1.2000
    """
    data = expected_data(model, parameters_at(model, result, values=values))
    return Data(data, f"Asimov ({_origin(model, result, values)}){_set_to(values)}", model.channel_bins)


@verb('mixed(model, None, asimov_data, channels="SR")')
def mixed(
    model: Model,
    data: Data | ArrayLike | None,
    other: Data | ArrayLike,
    *,
    channels: str | Sequence[str],
) -> Data:
    """Return `data` (None: observed) with the main bins of `channels` (names or patterns) taken from `other`.

    Auxiliary data stay those of `data`. So observed control regions with the Asimov data of their own fit in the
    signal regions give that fit again. Raises ModelError with every channel that does not exist.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> data = wilks.mixed(model, None, wilks.asimov(model, values={"mu": 1}), channels="SR*")
    >>> [int(data.values[bins].sum()) for bins in model.channel_slices.values()]
    [4080, 12388, 3567]
    """
    base, replacement = labelled(model, data), labelled(model, other)
    patterns = [channels] if isinstance(channels, str) else list(channels)
    found = {pattern: matching(model.channel_names, pattern) for pattern in patterns}
    problems = [
        f'no channel "{pattern}" in this model{nearest(pattern, model.channel_names)}'
        for pattern in patterns
        if not found[pattern]
    ]
    if problems:
        raise ModelError(problems)
    replaced = [model.channel_names[i] for i in sorted(set().union(*found.values()))]
    values = base.values.copy()
    for name in replaced:
        values[model.channel_slices[name]] = replacement.values[model.channel_slices[name]]
    return Data(
        values,
        f"{base.label}; {replacement.label} in {listed(replaced, 3)}" if replaced else base.label,
        model.channel_bins,
    )


@verb("toy_data(model, seed=1, count=1000)")
def toy_data(
    model: Model,
    result: FitResult | None = None,
    *,
    values: Mapping[str, float] | ArrayLike | None = None,
    seed: int,
    count: int,
    first: int = 0,
    stream: int = 0,
) -> FloatArray:
    """Return random data sets, shape (`count`, main bins + auxiliary data): toys `first`, `first` + 1, ... of a `seed`.

    They are drawn at the parameters that `asimov` takes (a result, `values`): main bins and auxiliary data of Poisson
    constraints are Poisson counts, those of normal constraints are normal. Toy i depends on the seed, the `stream` (0
    to 2^32 - 1, to keep the hypotheses of a test apart), i and the parameters only, and its bits on no library or
    platform, apart from the expected rates. Raises ModelError as `asimov`, and for a seed below 0 or from 2^64 on.

    The generator is Philox4x32-10 (Salmon et al., SC11).

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> toys = wilks.toy_data(model, values={"mu": 1}, seed=1, count=100)
    >>> toys.shape == (100, model.observed().size)
    True
    >>> fits = wilks.fit_many(model, toys, start={"mu": 1})
    >>> print(f"{fits['mu'].mean():.2f}, {fits['mu'].std():.2f}")
    0.99, 0.04
    """
    limits = (("seed", seed, 64), ("count", count, 63), ("first", first, 63), ("stream", stream, 32))
    problems = [
        f"{name} must be a whole number from 0 to 2^{bits} - 1, found {value!r}"
        for name, value, bits in limits
        if not (isinstance(value, int | np.integer) and 0 <= value < 2**bits)
    ]
    if problems:
        raise ModelError(problems)
    means = expected_data(model, parameters_at(model, result, values=values))
    scales = [s.scale if s.constraint == "normal" else np.zeros(s.scale.size) for s in model.parameter_sets]
    sigmas = np.concatenate([np.zeros(model.observed_main.size), *scales])
    toys = sample(means, sigmas, seed=int(seed), stream=int(stream), first=int(first), count=int(count))
    return not_normal(model, means, toys)


@verb("toy(model, seed=1, index=17)")
def toy(
    model: Model,
    result: FitResult | None = None,
    *,
    values: Mapping[str, float] | ArrayLike | None = None,
    seed: int,
    index: int,
    stream: int = 0,
) -> Data:
    """Return one of the `toy_data`, with its label: to look again at toy 17 of a large run."""
    row = toy_data(model, result, values=values, seed=seed, count=1, first=index, stream=stream)[0]
    where = f"stream {stream} of seed {seed}" if stream else f"seed {seed}"
    return Data(row, f"toy {index} of {where} ({_origin(model, result, values)}){_set_to(values)}", model.channel_bins)


def _put(model: Model, theta: FloatArray, values: Mapping[str, float]) -> None:
    problems = []
    for name, value in values.items():
        found = matching(model.parameter_names, name)
        if not found:
            problems.append(f'values: no parameter "{name}" in this model{nearest(name, model.parameter_names)}')
        if not (isinstance(value, int | float | np.number) and np.isfinite(value)):
            problems.append(f'values: "{name}" needs a finite value, found {value!r}')
        else:
            theta[found] = value
    if problems:
        raise ModelError(problems)


def _origin(model: Model, result: FitResult | None, values: Mapping[str, float] | ArrayLike | None) -> str:
    if values is not None and not isinstance(values, Mapping):
        return "given parameters"
    if result is None:
        return "pre-fit"
    missing = model.n_parameters - len(common_parameters(model, result)[0])
    kept = f", {missing} of {model.n_parameters} parameters pre-fit" if missing else ""
    return f"post-fit{'' if result.converged else ', fit not converged'}{kept}"


def _set_to(values: Mapping[str, float] | ArrayLike | None, limit: int = 3) -> str:
    """Return `, mu = 1, jes_* = 0.5` for the parameters that were set."""
    if not isinstance(values, Mapping):
        return ""
    parts = [f"{name} = {value:g}" for name, value in values.items()]
    more = [f"{len(parts) - limit} more"] if len(parts) > limit else []
    return "".join(f", {part}" for part in parts[:limit] + more)
