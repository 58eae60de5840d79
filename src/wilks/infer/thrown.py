"""Toys thrown at a mixture of points, with the densities of their data: what weights are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from wilks._types import FloatArray
from wilks.fitting.many import Progress
from wilks.infer.densities import Densities
from wilks.infer.study import Study
from wilks.infer.toy_p_values import Sample
from wilks.infer.toy_tests import Counter, drawn, made_elsewhere, pieces, statistics


@dataclass(frozen=True, eq=False)
class Mixture:
    """What toys are thrown at: `values` of the parameter of interest, the parameters there, shape (parts,
    n_parameters), and how many toys each part has.
    """

    values: tuple[float, ...]
    thetas: FloatArray
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, shares: dict[float, float], thetas: FloatArray, toys: int) -> Mixture:
        """Return the mixture of so many toys whose parts have these shares of them; parts without a toy are left out.

        What rounding leaves is the part's with the largest share.
        """
        values, parts = list(shares), np.array(list(shares.values()))
        sizes = [round(toys * part / parts.sum()) for part in parts.tolist()]
        # The last of the largest ones.
        sizes[len(parts) - 1 - int(parts[::-1].argmax())] += toys - sum(sizes)
        used = [i for i, size in enumerate(sizes) if size > 0]
        return cls(tuple(values[i] for i in used), thetas[used], tuple(sizes[i] for i in used))


@dataclass(frozen=True, eq=False)
class Thrown:
    """Toys thrown at one part of a mixture: their test statistics, and the logarithms of the densities of their data,
    shape (hypotheses + parts, toys): for each hypothesis, then at each part.
    """

    sample: Sample
    log: FloatArray

    @classmethod
    def joined(cls, found: Sequence[Thrown], rows: int) -> Thrown:
        """Return pieces as one, without the toys that were not made; the densities have so many rows."""
        q = np.concatenate([np.empty(0), *(piece.sample.q[: piece.sample.done] for piece in found)])
        empty = np.empty((rows, 0))
        reason = next((piece.sample.reason for piece in found if piece.sample.reason), "")
        log = np.concatenate([empty, *(p.log[:, : p.sample.done] for p in found)], axis=1)
        return cls(Sample(q, q.size, reason), log)


@dataclass(frozen=True)
class Throw:
    """Toys of one part of a mixture: the number of the first, and how many."""

    part: int
    first: int
    count: int


@dataclass(frozen=True, eq=False)
class Throwing:
    """The job of throwing toys at a mixture, for the statistic `name`; they count for the `hypotheses`, shape
    (hypotheses, n_parameters). Of the first one the parameter of interest is tested; conditional fits begin there.

    `densities` are those at the hypotheses, then at the parts. Part i has the stream `stream` + i of random numbers.
    """

    study: Study
    name: str
    hypotheses: FloatArray
    mixture: Mixture
    seed: int
    stream: int
    # Follows from the others, but for the last bits of logarithms.
    densities: Densities = field(metadata={"asked": False})

    @classmethod
    def at(
        cls, found: Study, name: str, hypotheses: Sequence[FloatArray], mixture: Mixture, seed: int, stream: int
    ) -> Throwing:
        """Return the job for toys that count for these hypotheses (parameters), of which the first is tested."""
        densities = Densities.of(found.model, np.vstack([*hypotheses, mixture.thetas]))
        return cls(found, name, np.stack(hypotheses), mixture, seed, stream, densities)

    def __call__(self, item: Throw, threads: int | None, progress: Progress | None) -> Thrown:
        """Return some toys of one part."""
        running = replace(self.study.running, threads=threads, progress=progress)
        return replace(self, study=replace(self.study, running=running)).thrown(Counter(progress), item)

    def thrown(self, counter: Counter, item: Throw) -> Thrown:
        """Return some toys of one part, telling the counter."""
        at, piece = self.mixture.thetas[item.part], (item.first, item.count)
        made = drawn(counter, self.study, at, piece, self.seed, self.stream + item.part)
        log = self.densities.log(made.data)
        sample = statistics(counter, self.study, made, self.hypotheses[0], self.name)
        return Thrown(sample, log if made.which is None else log[:, made.which])

    def items(self) -> list[Throw]:
        """Return all toys in pieces: all parts together, in rounds, so that few toys are of all parts as well."""
        total, found = sum(self.mixture.sizes), []
        rounds = max(len(list(pieces(total, self.study))), 1)
        for turn in range(rounds):
            for part, size in enumerate(self.mixture.sizes):
                first, last = (size * n // rounds for n in (turn, turn + 1))
                found += [Throw(part, first, last - first)] * (last > first)
        return found

    def all(self, counter: Counter) -> list[Thrown]:
        """Return the toys of each part; after Ctrl-C those made by then."""
        found: list[list[Thrown]] = [[] for _ in self.mixture.sizes]
        items = self.items()
        made = self._here(counter, items) if self.study.running.pool is None else self._elsewhere(counter, items)
        for item, toys in zip(items, made, strict=False):
            found[item.part].append(toys)
        return [Thrown.joined(parts, len(self.densities.means)) for parts in found]

    def _here(self, counter: Counter, items: Sequence[Throw]) -> Iterator[Thrown]:
        for item in items:
            if counter.stopped:
                return
            yield self.thrown(counter, item)

    def _elsewhere(self, counter: Counter, items: Sequence[Throw]) -> Iterator[Thrown]:
        """Yield what workers throw, in order; ends before the first piece that is not whole."""
        return made_elsewhere(
            counter,
            self.study.running,
            replace(self, study=self.study.sendable()),
            items,
            shared=[self.study.model],
            fits=lambda item, toys: 2 * item.count,
            whole=lambda item, toys: toys.sample.done >= item.count,
        )


def weights(parts: Sequence[Thrown], hypotheses: int) -> list[FloatArray]:
    """Return the weights of the toys of each part, shape (hypotheses, toys): p(hypothesis) / p(mixture).

    The mixture's shares are those of the toys that were made, so that the weighted mean over all of them is unbiased.
    """
    made = np.array([part.sample.done for part in parts], np.float64)
    with np.errstate(divide="ignore"):
        log_shares = np.log(made / made.sum())[:, None]
    found = []
    for part in parts:
        mixed = np.logaddexp.reduce(part.log[hypotheses:] + log_shares, axis=0)
        found.append(np.exp(part.log[:hypotheses] - mixed))
    return found
