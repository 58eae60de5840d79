"""`PosteriorResult`: a sampled posterior: moments, intervals, whether the chains agree, and the samples beside it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from wilks._files import write_atomically
from wilks._types import FloatArray
from wilks.errors import ResultError, listed, nearest
from wilks.results.checking import require_distinct, require_known, require_levels
from wilks.results.encoding import save_result
from wilks.results.intervals import percent
from wilks.results.origin import Origin, Saved, poi_first
from wilks.table import Table, measured, number

# What well-run chains have (Vehtari et al., see wilks.infer.chains).
LARGEST_R_HAT, LEAST_EFFECTIVE = 1.01, 100
# A part of the samples within this part of the range at its end speaks of a posterior that its bound cuts off.
EDGE, AT_EDGE = 0.02, 0.01


@dataclass(frozen=True, eq=False)
class PosteriorResult(Saved):
    """The posterior of the free parameters, summarised over all draws of all chains.

    Arrays over parameters have shape (n,) in the order of `names`: `mean`, `standard_deviation`, `median`, `r_hat`,
    `ess_bulk`, `ess_tail` (effective numbers of samples), `lower_bounds` and `upper_bounds`. `central` and `shortest`
    are intervals, shape (levels, n, 2): with the same probability on either side, and those of the highest density;
    `upper` are upper limits, shape (levels, n): below them is the probability `levels`. `priors` says how each
    parameter is held: by its constraint, by a prior, or flat. `best_fit` and `uncertainties` are those of the fit.
    `divergences` counts steps in which the sampler lost its way. `edges` are parameters whose bounds cut the posterior.

    `samples` are thinned ones, shape (kept, n), or None where they are not at hand: `save` writes them beside the JSON
    as NumPy's `.npz`, and `load_result` finds them there; `samples_digest` in the JSON is their SHA-256, "none" where
    it was saved without. `result["mu"]` is the mean of one parameter.

    >>> import numpy as np, wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> fit = wilks.fit(model)
    >>> chains = np.random.default_rng(1).multivariate_normal(fit.values, fit.covariance, (4, 500))
    >>> posterior = wilks.posterior_result(model, chains=chains)
    >>> posterior.converged, posterior.samples.shape
    (True, (2000, 16))
    """

    names: tuple[str, ...]
    poi: str | None
    mean: FloatArray
    standard_deviation: FloatArray
    median: FloatArray
    levels: tuple[float, ...]
    central: FloatArray
    shortest: FloatArray
    upper: FloatArray
    correlations: FloatArray
    r_hat: FloatArray
    ess_bulk: FloatArray
    ess_tail: FloatArray
    priors: tuple[str, ...]
    lower_bounds: FloatArray
    upper_bounds: FloatArray
    best_fit: FloatArray
    uncertainties: FloatArray
    edges: tuple[str, ...]
    chains: int
    draws: int
    warmup: int
    seed: int
    divergences: int
    complete: bool
    origin: Origin
    samples_digest: str = ""
    samples: FloatArray | None = field(default=None, repr=False, metadata={"json": False})

    def __post_init__(self) -> None:
        n, levels = len(self.names), len(self.levels)
        require_distinct("names", self.names)
        require_levels(self.levels)
        if self.poi is not None:
            require_known("the parameter of interest", self.poi, self.names)
        vectors = ("mean", "standard_deviation", "median", "r_hat", "ess_bulk", "ess_tail", "lower_bounds")
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(
            (*vectors, "upper_bounds", "best_fit", "uncertainties"), (n,)
        )
        shapes |= {"central": (levels, n, 2), "shortest": (levels, n, 2), "upper": (levels, n), "correlations": (n, n)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")
        if len(self.priors) != n:
            raise ValueError(f"priors has {len(self.priors)} entries, expected {n}")
        if self.samples is not None and (self.samples.ndim != 2 or self.samples.shape[1] != n):
            raise ValueError(f"samples has shape {self.samples.shape}, expected (samples, {n})")

    def __getitem__(self, name: str) -> float:
        """Return the mean of a parameter."""
        return float(self.mean[self.index(name)])

    def index(self, name: str) -> int:
        """Return the position of a parameter; ResultError with the nearest name if there is none."""
        if name not in self.names:
            raise ResultError(f'no parameter "{name}" in this posterior{nearest(name, self.names)}')
        return self.names.index(name)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the chains, or to be known about the posterior; one sentence each."""
        found = []
        if not self.complete:
            found.append(f"the run was ended after {self.draws} draws of {self.chains} chains")
        worst = [self.names[i] for i in np.argsort(-self.r_hat) if not self.r_hat[i] <= LARGEST_R_HAT]
        if worst:
            found.append(
                f"the chains don't agree: R-hat is above {LARGEST_R_HAT} for {len(worst)} of {len(self.names)} "
                f"parameters ({listed(worst, 4)}); run them longer (draws, warmup)"
            )
        effective = np.minimum(self.ess_bulk, self.ess_tail)
        needed = LEAST_EFFECTIVE * self.chains
        few = [self.names[i] for i in np.argsort(effective) if not effective[i] >= needed]
        if few:
            found.append(
                f"{len(few)} of {len(self.names)} parameters have less than {needed} effective samples "
                f"({listed(few, 4)}); run the chains longer (draws)"
            )
        if self.divergences:
            found.append(
                f"{self.divergences} of {self.chains * self.draws} steps diverged: the samples may miss parts of the "
                "posterior; ask for a higher acceptance"
            )
        return tuple(found)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known about the posterior itself; one sentence each."""
        return tuple(
            f'the posterior of "{name}" reaches a bound ({self.lower_bounds[i]:g} to {self.upper_bounds[i]:g}), '
            "which belongs to its prior"
            for name, i in ((name, self.index(name)) for name in self.edges)
        )

    @property
    def converged(self) -> bool:
        """Whether the chains agree, are worth enough samples, and none of their steps diverged."""
        return not self.problems

    @property
    def status(self) -> str:
        """ "converged", or what is wrong with the chains."""
        return "; ".join(self.problems) or "converged"

    def table(self) -> Table:
        """Return mean, median, intervals at the first level and upper limits at the last, and the quality of chains."""
        first, last = percent(self.levels[0]), percent(self.levels[-1])
        header = (
            "parameter", "held by", "mean", "median", f"central {first}", f"shortest {first}",
            f"upper {last}", "R-hat", "samples",
        )  # fmt: skip
        return Table(
            "Posterior",
            header,
            tuple(self._row(self.names.index(n)) for n in poi_first(self.names, self.poi)),
            "ll" + "r" * 7,
        )

    def _row(self, i: int) -> tuple[str, ...]:
        ends = [f"{number(pair[i, 0])} to {number(pair[i, 1])}" for pair in (self.central[0], self.shortest[0])]
        name = f"{self.names[i]} (POI)" if self.names[i] == self.poi else self.names[i]
        spread = measured(float(self.mean[i]), float(self.standard_deviation[i]))
        effective = min(self.ess_bulk[i], self.ess_tail[i])
        quality = f"{self.r_hat[i]:.3f}", f"{effective:.0f}"
        return (name, self.priors[i], spread, number(self.median[i]), *ends, number(self.upper[-1, i]), *quality)

    def _text(self) -> str:
        run = (
            f"{self.chains} chains of {self.draws} draws after {self.warmup} of warm-up, seed {self.seed}, "
            f"{self.origin.dataset} data"
        )
        lines = [self.table().text(), "", run]
        lines += [f"warning: {problem}" for problem in self.problems]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def _html(self) -> str:
        from wilks.results.origin import paragraphs

        return self.table().html() + paragraphs([*self.problems, *self.notes])

    def save(self, path: str | Path) -> None:
        """Write the result as JSON, and its samples beside it (`posterior.json`, `posterior.npz`).

        Raises ResultError where a file can't be written.
        """
        digest = self.samples_digest or "none"
        if self.samples is not None:
            content = io.BytesIO()
            np.savez_compressed(content, names=np.array(self.names), samples=self.samples)
            beside = Path(path).with_suffix(".npz")
            digest = _digest(self.names, self.samples)
            try:
                write_atomically(beside, content.getvalue())
            except OSError as error:
                raise ResultError(f"{beside}: the samples can't be written: {error.strerror or error}") from None
        save_result(replace(self, samples_digest=digest), path)

    def beside(self, path: str | Path) -> PosteriorResult:
        """Return the result with the samples that lie beside its file; without, where there are none.

        Raises ResultError where other samples lie there than those that were written with the file.
        """
        samples = Path(path).with_suffix(".npz")
        if self.samples_digest == "none" or not samples.exists():
            return self
        try:
            with np.load(samples, allow_pickle=False) as archive:
                names, found = archive["names"].tolist(), np.asarray(archive["samples"], np.float64)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            names, found = [], np.empty(0)
        fits = names == list(self.names) and found.ndim == 2 and found.shape[1] == len(names)
        if self.samples_digest and not (fits and _digest(names, found) == self.samples_digest):
            raise ResultError(
                f"{samples}: these are not the samples that were written with {path}; put those back, or move the file "
                "away to go on without samples"
            )
        return replace(self, samples=found) if fits else self


def _digest(names: Sequence[str], samples: FloatArray) -> str:
    """Return the SHA-256 of samples, with the names of their parameters."""
    head = json.dumps([list(names), samples.shape])
    return hashlib.sha256(head.encode() + np.ascontiguousarray(samples, "<f8").tobytes()).hexdigest()


def cut_off(samples: FloatArray, lower: FloatArray, upper: FloatArray) -> Any:
    """Return which parameters have more samples at a bound than a posterior that fades before it, shape (n,).

    A lower bound of 0 is that of a rate, and says nothing.
    """
    width = upper - lower
    near_low = (samples < lower + EDGE * width).mean(axis=0) > AT_EDGE
    near_high = (samples > upper - EDGE * width).mean(axis=0) > AT_EDGE
    return np.isfinite(width) & (near_high | (near_low & (lower != 0)))
