"""A HistFactory likelihood written for reading: slow, plain NumPy, straight from a pyhf workspace dictionary.

It shares no code with the package, so that both can be compared. Model: HistFactory (CERN-OPEN-2012-016); orders,
defaults and zero-bin rules: those of pyhf 0.7.6. Deliberate differences to pyhf, the first two following ROOT:

- histosys code2 is continuous at |alpha| = 1 (pyhf drops the offset outside);
- a normsys with lo or hi <= 0 has no logarithm: the log terms of its code4 polynomial are zero (pyhf: NaN);
- a negative rate makes the nll +inf (pyhf: NaN, or a finite number where no event is seen);
- a staterror may be carried by different samples in different channels (pyhf: AssertionError).

Everything that takes `theta` accepts leading axes (shape (..., parameters)) and complex numbers, which gives
derivatives without cancellation: see `Likelihood.gradient`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import gammaln

TYPE_ORDER = ("histosys", "lumi", "normfactor", "normsys", "shapefactor", "shapesys", "staterror")
COMPLEX_STEP = 1e-40
# Rows: value, first and second derivative at 1 of x^2, x^4, x^6 and of x, x^3, x^5.
EVEN = np.linalg.inv([[1, 1, 1], [2, 4, 6], [2, 12, 30]])
ODD = np.linalg.inv([[1, 1, 1], [1, 3, 5], [0, 6, 20]])


# --- parameters ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ParameterSet:
    """The parameters behind one modifier name. `sigmas` belong to normal, `taus` to Poisson constraints."""

    name: str
    kind: str  # "none", "normal", "poisson"
    scalar: bool
    inits: tuple[float, ...]
    bounds: tuple[tuple[float, float], ...]
    fixed: tuple[bool, ...]
    auxdata: tuple[float, ...] = ()
    sigmas: tuple[float, ...] = ()
    taus: tuple[float, ...] = ()

    @property
    def component_names(self) -> tuple[str, ...]:
        """`name` for a scalar, `name[i]` for components."""
        return (self.name,) if self.scalar else tuple(f"{self.name}[{i}]" for i in range(len(self.inits)))


def sorted_modifiers(spec: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Yield (channel, sample, modifier) in pyhf's order of encounter."""
    for channel in sorted(spec["channels"], key=lambda c: c["name"]):
        for sample in sorted(channel["samples"], key=lambda s: s["name"]):
            for modifier in sorted(sample["modifiers"], key=lambda m: (m["name"], m["type"])):
                yield channel, sample, modifier


def gammas(
    name: str, kind: str, sigma: np.ndarray, threshold: float = 0.0, tau: np.ndarray | None = None
) -> ParameterSet:
    """Gammas of relative uncertainty sigma: fixed below a threshold, and, with a width of 1, where sigma is 0."""
    size, ones = len(sigma), (1.0,) * len(sigma)
    bounds, fixed = ((1e-10, 10.0),) * size, tuple(bool(s == 0 or s < threshold) for s in sigma)
    if kind == "poisson":
        taus = tuple(float(t) for t in (np.array([1 / s**2 if s else 1.0 for s in sigma]) if tau is None else tau))
        return ParameterSet(name, "poisson", False, ones, bounds, fixed, taus, (), taus)
    return ParameterSet(name, "normal", False, ones, bounds, fixed, ones, tuple(float(s) or 1.0 for s in sigma))


def shapesys_set(spec: dict[str, Any], name: str) -> ParameterSet:
    """tau = (nominal / uncertainty)^2 of the first sample with both; a bin without either is fixed, with tau = 1."""
    sigma: list[float] = []
    tau: list[float] = []
    kind = "poisson"
    for _, sample, modifier in sorted_modifiers(spec):
        if (modifier["type"], modifier["name"]) != ("shapesys", name):
            continue
        kind = modifier.get("constraint", "poisson")
        sigma, tau = sigma or [0.0] * len(sample["data"]), tau or [1.0] * len(sample["data"])
        for b, (n, u) in enumerate(zip(sample["data"], modifier["data"], strict=True)):
            if n > 0 and u > 0 and sigma[b] == 0:
                sigma[b], tau[b] = u / n, n**2 / u**2
    return gammas(name, kind, np.array(sigma), tau=np.array(tau))


def staterror_set(spec: dict[str, Any], name: str) -> ParameterSet:
    """Relative uncertainty of the sum of the samples that carry the name, channel after channel.

    A bin with no prediction or no uncertainty is fixed, with sigma = 1.
    """
    nominal: dict[str, np.ndarray] = {}
    variance: dict[str, np.ndarray] = {}
    kind, threshold = "normal", 0.0
    for channel, sample, modifier in sorted_modifiers(spec):
        if (modifier["type"], modifier["name"]) == ("staterror", name):
            key = channel["name"]
            nominal[key] = nominal.get(key, 0.0) + np.array(sample["data"], float)
            variance[key] = variance.get(key, 0.0) + np.array(modifier["data"], float) ** 2
            kind, threshold = modifier.get("constraint", "normal"), modifier.get("threshold", 0.0)
    n, v = np.concatenate(list(nominal.values())), np.concatenate(list(variance.values()))
    sigma = np.array([np.sqrt(vb) / nb if nb > 0 else 0.0 for nb, vb in zip(n, v, strict=True)])
    return gammas(name, kind, sigma, threshold)


def default_set(spec: dict[str, Any], sample: dict[str, Any], modifier: dict[str, Any]) -> ParameterSet:
    """Return the parameter set that a modifier asks for, before the measurement's settings."""
    name, size = modifier["name"], len(sample["data"])
    match modifier["type"]:
        case "histosys" | "normsys":
            return ParameterSet(name, "normal", True, (0.0,), ((-5.0, 5.0),), (False,), (0.0,), (1.0,))
        case "normfactor":
            return ParameterSet(name, "none", True, (1.0,), ((0.0, 10.0),), (False,))
        case "shapefactor":
            return ParameterSet(name, "none", False, (1.0,) * size, ((0.0, 10.0),) * size, (False,) * size)
        case "shapesys":
            return shapesys_set(spec, name)
        case "staterror":
            return staterror_set(spec, name)
        case "lumi":  # no defaults: the measurement must give them
            return ParameterSet(name, "normal", True, (np.nan,), ((np.nan, np.nan),), (False,), (np.nan,), (np.nan,))
    raise ValueError(f"unknown modifier type {modifier['type']!r}")


def with_settings(default: ParameterSet, settings: dict[str, Any]) -> ParameterSet:
    """Return the set with the measurement's settings in place of the defaults (`factors` are the taus)."""
    changes: dict[str, Any] = {}
    if "constraint" in settings and settings["constraint"] != default.kind:
        default = replace(default, kind=settings["constraint"], auxdata=(), sigmas=(), taus=())
        if settings["constraint"] == "poisson":
            settings = {"auxdata": settings["factors"], **settings}
        if settings["constraint"] != "none":
            centre = np.array(settings["auxdata"]) / np.array(settings.get("factors", 1.0))
            settings = {"inits": centre.tolist(), **settings}
    for key, field in (("inits", "inits"), ("auxdata", "auxdata"), ("sigmas", "sigmas"), ("factors", "taus")):
        if key in settings:
            changes[field] = tuple(map(float, settings[key]))
    if "bounds" in settings:
        changes["bounds"] = tuple((float(low), float(high)) for low, high in settings["bounds"])
    if "fixed" in settings:
        fixed = settings["fixed"]
        changes["fixed"] = tuple(fixed) if isinstance(fixed, list) else (bool(fixed),) * len(default.inits)
    return replace(default, **changes)


def parameter_sets(spec: dict[str, Any], measurement: dict[str, Any]) -> list[ParameterSet]:
    """Return all parameter sets in pyhf's order: by type, within a type by encounter, staterrors by name."""
    found: dict[str, ParameterSet] = {}
    for kind in TYPE_ORDER:
        of_kind: dict[str, ParameterSet] = {}
        for _, sample, modifier in sorted_modifiers(spec):
            if modifier["type"] == kind and modifier["name"] not in of_kind:
                of_kind[modifier["name"]] = default_set(spec, sample, modifier)
        for name in sorted(of_kind) if kind == "staterror" else of_kind:
            if found.setdefault(name, of_kind[name]) != of_kind[name]:
                raise ValueError(f"modifiers named {name!r} need different parameters")
    settings = {entry["name"]: entry for entry in measurement["config"]["parameters"]}
    return [with_settings(default, settings.get(name, {})) for name, default in found.items()]


# --- interpolation: alpha has shape (..., 1), templates shape (bins,) -------------------------------------------------


def histosys_delta(code: str, alpha: np.ndarray, low: np.ndarray, nominal: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return what a histosys adds to the nominal yields."""
    up, down = high - nominal, nominal - low
    linear = np.where(alpha.real > 0, alpha * up, alpha * down)
    if code == "code0":
        return linear
    inside = np.abs(alpha.real) <= 1
    if code == "code2":
        a, b = (high + low) / 2 - nominal, (high - low) / 2
        above = (b + 2 * a) * (alpha - 1) + (high - nominal)
        below = (b - 2 * a) * (alpha + 1) + (low - nominal)
        return np.where(inside, a * alpha**2 + b * alpha, np.where(alpha.real > 0, above, below))
    if code == "code4p":
        mean, asymmetry = (up + down) / 2, (up - down) / 16
        return np.where(inside, alpha * mean + asymmetry * alpha**2 * (15 - 10 * alpha**2 + 3 * alpha**4), linear)
    raise ValueError(f"unknown histosys code {code!r}")


def power(base: float, exponent: np.ndarray) -> np.ndarray:
    """base^exponent; 0 for base 0 (NumPy has NaN for complex exponents), NaN for a negative base."""
    if base <= 0:
        return np.where(exponent == 0, 1.0, 0.0 if base == 0 else np.nan) + 0 * exponent
    return np.exp(exponent * np.log(base)) if np.iscomplexobj(exponent) else base**exponent


def normsys_factor(code: str, alpha: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the factor of a normsys."""
    exponential = np.where(alpha.real > 0, power(high, alpha), power(low, -alpha))
    if code == "code1":
        return exponential
    if code != "code4":
        raise ValueError(f"unknown normsys code {code!r}")
    log_high = np.log(high) if high > 0 else 0.0
    log_low = np.log(low) if low > 0 else 0.0
    # Value, first and second derivative of high^alpha at +1 and of low^-alpha at -1, as even and odd parts:
    at_plus = np.array([high - 1, high * log_high, high * log_high**2])
    at_minus = np.array([low - 1, -low * log_low, low * log_low**2])
    sign = np.array([1, -1, 1])
    a2, a4, a6 = EVEN @ (at_plus + sign * at_minus) / 2
    a1, a3, a5 = ODD @ (at_plus - sign * at_minus) / 2
    x = alpha
    polynomial = 1 + a1 * x + a2 * x**2 + a3 * x**3 + a4 * x**4 + a5 * x**5 + a6 * x**6
    return np.where(np.abs(alpha.real) < 1, polynomial, exponential)


# --- densities -------------------------------------------------------------------------------------------------------


def poisson_terms(n: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, ...]:
    """The terms of -log Poisson(n | rate), continuous in n; n log(rate) is 0 for n = 0, all is +inf below rate 0."""
    with np.errstate(all="ignore"):
        logarithm = np.where((n == 0) | (rate.real < 0), 0.0, -n * np.log(rate))
    return np.where(rate.real < 0, np.inf, rate), logarithm, gammaln(n + 1.0)


def normal_terms(x: np.ndarray, mean: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, ...]:
    """The terms of -log Normal(x | mean, sigma)."""
    return (x - mean) ** 2 / (2 * sigma**2), np.log(sigma * np.sqrt(2 * np.pi))


# --- the likelihood --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """One sample in one channel: its row, its bins, its nominal yields, and (type, data, parameter indices)."""

    row: int
    bins: slice
    nominal: np.ndarray
    modifiers: tuple[tuple[str, Any, np.ndarray, str], ...]


class Likelihood:
    """The likelihood of a workspace under one measurement (the first, unless named).

    `normsys` is "code1" or "code4", `histosys` "code0", "code2" or "code4p". Arrays over parameters follow
    `parameter_names`. `sigmas` are NaN where the constraint is not normal, `taus` where it is not Poisson;
    `constrained` has the parameter index of each auxiliary datum.
    """

    def __init__(
        self, spec: dict[str, Any], measurement: str | None = None, normsys: str = "code4", histosys: str = "code4p"
    ) -> None:
        self.normsys, self.histosys = normsys, histosys
        chosen = next(m for m in spec["measurements"] if measurement in (None, m["name"]))
        self.sets = parameter_sets(spec, chosen)
        every = [(s, i) for s in self.sets for i in range(len(s.inits))]
        self.parameter_names = tuple(name for s in self.sets for name in s.component_names)
        self.inits = np.array([s.inits[i] for s, i in every])
        self.bounds = np.array([s.bounds[i] for s, i in every])
        self.fixed = np.array([s.fixed[i] for s, i in every])
        self.constraint_kinds = tuple(s.kind for s, _ in every)
        self.sigmas = np.array([s.sigmas[i] if s.kind == "normal" else np.nan for s, i in every])
        self.taus = np.array([s.taus[i] if s.kind == "poisson" else np.nan for s, i in every])
        self.constrained = np.array([j for j, kind in enumerate(self.constraint_kinds) if kind != "none"], int)
        self.auxdata_order = tuple(s.name for s in self.sets if s.kind != "none")
        self.auxdata = np.array([s.auxdata[i] for s, i in every if s.kind != "none"], float)

        channels = sorted(spec["channels"], key=lambda c: c["name"])
        self.channels = tuple(c["name"] for c in channels)
        self.samples = tuple(sorted({s["name"] for c in channels for s in c["samples"]}))
        edges = np.cumsum([0] + [len(c["samples"][0]["data"]) for c in channels]).tolist()
        self.channel_bins = dict(zip(self.channels, map(slice, edges[:-1], edges[1:]), strict=True))
        self.n_bins = edges[-1]
        counts = {o["name"]: o["data"] for o in spec["observations"]}
        self.main_data = np.concatenate([np.array(counts[name], float) for name in self.channels])
        self.blocks = self._blocks(channels)

    def _blocks(self, channels: list[dict[str, Any]]) -> list[Block]:
        starts = np.cumsum([0] + [len(s.inits) for s in self.sets])
        first = {s.name: (int(start), len(s.inits)) for s, start in zip(self.sets, starts, strict=False)}
        used: dict[str, int] = {}  # staterror: components taken by earlier channels
        blocks = []
        for channel in channels:
            bins = self.channel_bins[channel["name"]]
            size = bins.stop - bins.start
            here = {m["name"] for s in channel["samples"] for m in s["modifiers"] if m["type"] == "staterror"}
            for sample in channel["samples"]:
                modifiers = []
                for modifier in sample["modifiers"]:
                    start, components = first[modifier["name"]]
                    if modifier["type"] in ("shapefactor", "shapesys", "staterror"):
                        offset = used.get(modifier["name"], 0) if modifier["type"] == "staterror" else 0
                        if offset + size > components:
                            raise ValueError(f"{modifier['name']!r} has {components} components, {size} bins ask")
                        index = start + offset + np.arange(size)
                    else:
                        index = np.array([start])
                    data = modifier["data"]
                    if modifier["type"] == "histosys":
                        data = np.array(data["lo_data"], float), np.array(data["hi_data"], float)
                    default = self.histosys if modifier["type"] == "histosys" else self.normsys
                    code = modifier.get("interpolation", default)
                    modifiers.append((modifier["type"], data, index, code))
                row = self.samples.index(sample["name"])
                blocks.append(Block(row, bins, np.array(sample["data"], float), tuple(modifiers)))
            for name in here:
                used[name] = used.get(name, 0) + size
        return blocks

    def expected_by_sample(self, theta: np.ndarray) -> np.ndarray:
        """Return expected events, shape (..., samples, bins): factors x (nominal + histosys deltas)."""
        theta = np.asarray(theta)
        rates = np.zeros((*theta.shape[:-1], len(self.samples), self.n_bins), np.result_type(theta, float))
        for block in self.blocks:
            total = block.nominal + np.zeros((*theta.shape[:-1], 1), theta.dtype)
            factor = np.ones_like(total)
            for kind, data, index, code in block.modifiers:
                value = theta[..., index]
                if kind == "histosys":
                    low, high = data
                    total = total + histosys_delta(code, value, low, block.nominal, high)
                elif kind == "normsys":
                    factor = factor * normsys_factor(code, value, data["lo"], data["hi"])
                else:  # all others are factors as they stand
                    factor = factor * value
            rates[..., block.row, block.bins] = factor * total
        return rates

    def expected(self, theta: np.ndarray) -> np.ndarray:
        """Return expected events, shape (..., bins), channels sorted by name."""
        return self.expected_by_sample(theta).sum(axis=-2)

    def expected_auxdata(self, theta: np.ndarray) -> np.ndarray:
        """Return the expected auxiliary data: the parameter itself, or tau times it for Poisson constraints."""
        scale = np.where(np.isnan(self.taus), 1.0, self.taus)
        return (np.asarray(theta) * scale)[..., self.constrained]

    def observed(self) -> np.ndarray:
        """Return main data followed by auxiliary data."""
        return np.concatenate([self.main_data, self.auxdata])

    def nll_terms(self, theta: np.ndarray, data: np.ndarray | None = None) -> list[np.ndarray]:
        """Return all terms of the negative log likelihood, arrays over bins or constraints."""
        theta = np.asarray(theta)
        data = self.observed() if data is None else np.asarray(data, float)
        main, aux = data[: self.n_bins], data[self.n_bins :]
        mean, sigma = self.expected_auxdata(theta), self.sigmas[self.constrained]
        normal = ~np.isnan(sigma)
        return [
            *poisson_terms(main, self.expected(theta)),
            *poisson_terms(aux[~normal], mean[..., ~normal]),
            *normal_terms(aux[normal], mean[..., normal], sigma[normal]),
        ]

    def nll(self, theta: np.ndarray, data: np.ndarray | None = None) -> np.ndarray:
        """Return the negative log likelihood with all constants, shape (...); `data` defaults to the observed."""
        return sum(term.sum(axis=-1) for term in self.nll_terms(theta, data))

    def twice_nll(self, theta: np.ndarray, data: np.ndarray | None = None) -> np.ndarray:
        """Return twice the negative log likelihood."""
        return 2 * self.nll(theta, data)

    def sum_of_absolute_terms(self, theta: np.ndarray, data: np.ndarray | None = None) -> float:
        """Return sum |term|: the rounding error of any nll is about 1e-16 times this."""
        return float(sum(np.abs(term).sum(axis=-1) for term in self.nll_terms(theta, data)))

    def nll_tolerance(self, theta: np.ndarray, data: np.ndarray | None = None) -> float:
        """Return how far another exact nll may be from this one: 1e-9 + 1e-15 x (sum of absolute terms)."""
        return 1e-9 + 1e-15 * self.sum_of_absolute_terms(theta, data)

    def gradient(self, theta: np.ndarray, data: np.ndarray | None = None) -> np.ndarray:
        """Return d nll / d theta by complex step: Im f(theta + i h) / h, exact to rounding."""
        return complex_step_gradient(lambda t: self.nll(t, data), theta)

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Return d expected / d theta, shape (bins, parameters), by complex step."""
        return complex_step_gradient(self.expected, theta).T

    def hessian(self, theta: np.ndarray, data: np.ndarray | None = None, step: float = 1e-5) -> np.ndarray:
        """Return the second derivatives: central differences (step times `scales`) of the complex-step gradient.

        Not for points nearer than a step to alpha = 0 with code0 or code1, or to |alpha| = 1 with code0, 1 or 2.
        """
        theta = np.asarray(theta, float)
        steps = step * self.scales()
        shifts = np.diag(steps)
        rows = [(self.gradient(theta + d, data) - self.gradient(theta - d, data)) / 2 for d in shifts]
        matrix = np.array(rows) / steps[:, None]
        return (matrix + matrix.T) / 2

    def scales(self) -> np.ndarray:
        """Return the pre-fit width of each parameter, 1 for free ones: a natural unit for steps."""
        widths = np.where(np.isnan(self.taus), self.sigmas, 1 / np.sqrt(self.taus))
        return np.where(np.isnan(widths), 1.0, widths)


# --- derivatives of any function -------------------------------------------------------------------------------------


def complex_step_gradient(f: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
    """Return df/dtheta, derivative axis first; `f` must accept shape (parameters, parameters) and complex numbers."""
    theta = np.asarray(theta, float)
    return f(theta + 1j * COMPLEX_STEP * np.eye(len(theta))).imag / COMPLEX_STEP


def central_gradient(f: Callable[[np.ndarray], Any], theta: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return df/dtheta by central differences, derivative axis first; `f` may return a number or an array."""
    theta = np.asarray(theta, float)
    shifts = np.diag(np.broadcast_to(np.asarray(steps, float), theta.shape))
    return np.array([(f(theta + d) - f(theta - d)) / (2 * d.sum()) for d in shifts])


def central_hessian(f: Callable[[np.ndarray], Any], theta: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the symmetrised second derivatives of a number by central differences of values."""
    matrix = central_gradient(lambda t: central_gradient(f, t, steps), theta, steps)
    return (matrix + matrix.T) / 2
