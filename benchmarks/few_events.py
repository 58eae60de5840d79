"""Where asymptotic answers of counting models are off by more than 10 %, and whether wilks says so there.

Asymptotic limits, significances and what is told about them are wilks'; exact ones are sums over all outcomes: CLs and
p0 of the same test statistic, with auxiliary counts that fluctuate around the conditional fit to the data.

    python benchmarks/few_events.py            prints the tables of docs/explanation/few-events.md (five minutes)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import xlogy
from scipy.stats import norm, poisson

import wilks
from wilks.results.conditions import conditions_of

OFF = 0.10
BACKGROUNDS = (0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 50.0, 100.0)
# Relative uncertainty of the background; None: two bins without any, the second with a third of the signal.
KINDS: dict[str, float | None] = {
    "one bin, known background": 0.0,
    "10 % uncertainty": 0.1,
    "30 % uncertainty": 0.3,
    "100 % uncertainty": 1.0,
    "two bins": None,
}


@dataclass(frozen=True)
class Counting:
    """A model with signal 1 (and 1/3 in a second bin), background `b`, `n` events, and auxiliary counts."""

    b: float
    n: tuple[int, ...]
    relative: float

    @property
    def tau(self) -> float:
        """Auxiliary counts expected for gamma = 1; 0 where the background is known."""
        return 0.0 if self.relative == 0 else 1.0 / self.relative**2

    @property
    def signal(self) -> np.ndarray[Any, Any]:
        """Signal of each bin."""
        return np.array([1.0, 1.0 / 3.0])[: len(self.n)]

    def workspace(self) -> Any:
        """Return it as a workspace."""
        size = len(self.n)
        own = [{"name": "u", "type": "shapesys", "data": [self.b * self.relative]}] if self.relative else []
        signal = [{"name": "mu", "type": "normfactor", "data": None}]
        samples = [
            {"name": "s", "data": self.signal.tolist(), "modifiers": signal},
            {"name": "b", "data": [self.b] * size, "modifiers": own},
        ]
        return wilks.load_workspace(
            {
                "channels": [{"name": "SR", "samples": samples}],
                "observations": [{"name": "SR", "data": list(self.n)}],
                "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
                "version": "1.0.0",
            }
        )


@dataclass(frozen=True)
class Exact:
    """All outcomes of a model: events of each bin and auxiliary counts (the last axis), and their best fits."""

    model: Counting
    outcomes: np.ndarray[Any, Any]

    @classmethod
    def of(cls, model: Counting) -> Exact:
        """Return the outcomes that matter."""
        top = [np.arange(int(max(n, model.b) + 8 * np.sqrt(max(n, model.b)) + 30)) for n in model.n]
        low, high = poisson.ppf([1e-9, 1 - 1e-9], 3 * model.tau) if model.tau else (0, 0)
        grid = np.meshgrid(*top, np.arange(min(low, model.tau // 3), high + 1), indexing="ij")
        return cls(model, np.stack([axis.ravel() for axis in grid], axis=-1).astype(np.float64))

    def gamma(self, mu: Any, data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the best background factor at mu: the root of a quadratic equation."""
        b, tau = self.model.b, self.model.tau
        if not tau:
            return np.ones(len(data))
        n, m = data[:, 0], data[:, -1]
        linear, constant = (b + tau) * mu - (n + m) * b, -m * mu
        return (-linear + np.sqrt(linear**2 - 4 * (b + tau) * b * constant)) / (2 * (b + tau) * b)

    def nll(self, mu: Any, data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the likelihood at mu, minimised over the background factor."""
        gamma = self.gamma(mu, data)
        rates = np.multiply.outer(np.broadcast_to(mu, gamma.shape), self.model.signal) + self.model.b * gamma[:, None]
        value = (rates - xlogy(data[:, :-1], rates)).sum(axis=1)
        return value + self.model.tau * gamma - xlogy(data[:, -1], self.model.tau * gamma) if self.model.tau else value

    def best(self, data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the best signal, not below 0."""
        b, tau, signal = self.model.b, self.model.tau, self.model.signal
        if tau:
            return np.maximum(data[:, 0] - b * data[:, -1] / tau, 0.0)
        low, high = np.zeros(len(data)), 10.0 + 5.0 * data.sum(axis=1)
        for _ in range(60):
            middle = 0.5 * (low + high)
            rising = (signal * data[:, :-1] / (middle[:, None] * signal + b)).sum(axis=1) > signal.sum()
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        return low

    def observed(self) -> np.ndarray[Any, Any]:
        """Return the data as one outcome."""
        return np.array([[*self.model.n, self.model.tau]], np.float64)

    def chance(self, mu: float) -> np.ndarray[Any, Any]:
        """Return the probability of every outcome at the conditional fit to the data."""
        gamma = float(self.gamma(mu, self.observed())[0])
        rates = mu * self.model.signal + self.model.b * gamma
        p = poisson.pmf(self.outcomes[:, :-1], rates).prod(axis=1)
        return p * poisson.pmf(self.outcomes[:, -1], self.model.tau * gamma) if self.model.tau else p

    def limit(self) -> float:
        """Return the 95 % CLs limit."""
        found, here = self.best(self.outcomes), self.observed()
        at, lowest = self.best(here), self.nll(found, self.outcomes)
        without = self.chance(0.0)

        def cls(mu: float) -> float:
            q = np.where(found > mu, 0.0, 2 * (self.nll(mu, self.outcomes) - lowest))
            own = 0.0 if at[0] > mu else float(2 * (self.nll(mu, here) - self.nll(at, here))[0])
            as_large = q >= own - 1e-7 * max(1.0, own)
            return float(self.chance(mu)[as_large].sum() / without[as_large].sum())

        return root(cls)

    def significance(self) -> float:
        """Return the significance of the p-value of no signal."""

        def q0(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            best = self.best(data)
            return np.where(best > 0, 2 * (self.nll(0.0, data) - self.nll(best, data)), 0.0)

        own = float(q0(self.observed())[0])
        p = self.chance(0.0)[q0(self.outcomes) >= own - 1e-7 * max(1.0, own)].sum()
        return float(norm.isf(p))


def root(cls: Callable[[float], float]) -> float:
    """Return where CLs falls to 0.05, to 0.1 %."""
    low, high = 1e-3, 5.0
    while cls(high) > 0.05:
        low, high = high, 2 * high
    while high - low > 1e-3 * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if cls(middle) > 0.05 else (low, middle)
    return 0.5 * (low + high)


def models(relative: float | None) -> Iterator[Counting]:
    """Yield models around their background, and with an excess."""
    for b in BACKGROUNDS:
        if (relative and b > 20) or (relative is None and b > 10):
            continue
        counts = {int(n) for n in poisson.ppf([0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98], b)} | {int(b + 4 * b**0.5) + 1}
        for n in sorted(counts):
            if relative is None:
                yield from (Counting(b, (n, k), 0.0) for k in sorted({int(b), int(b + 2 * b**0.5) + 1}))
            else:
                yield Counting(b, (n,), relative)


def bands() -> str:
    """Return expected limits of one bin with a known background, beside those of the quantiles of its events."""
    lines = [
        "| background | -2 sigma | -1 sigma | median | +1 sigma | +2 sigma | told |",
        "|--:|--:|--:|--:|--:|--:|:--|",
    ]
    for b in BACKGROUNDS:
        found = wilks.limit(wilks.compile_model(Counting(b, (round(b),), 0.0).workspace()))
        counts = poisson.ppf(norm.cdf((-2, -1, 0, 1, 2)), b).astype(int)
        exact = [Exact.of(Counting(b, (int(n),), 0.0)).limit() for n in counts]
        errors = " | ".join(f"{100 * (a / e - 1):+.0f} %" for a, e in zip(found.expected, exact, strict=True))
        told = any("xpected ones" in c.effect for c in conditions_of(found))
        lines.append(f"| {b:g} | {errors} | {'yes' if told else ''} |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Row:
    """One comparison: what was asked, asymptotic and exact answers, and whether wilks says that they differ."""

    kind: str
    model: Counting
    asymptotic: float
    exact: float
    told: bool

    @property
    def error(self) -> float:
        """Relative difference."""
        return self.asymptotic / self.exact - 1


def limits(kind: str, relative: float | None) -> Iterator[Row]:
    """Yield observed limits."""
    for each in models(relative):
        found = wilks.limit(wilks.compile_model(each.workspace()))
        texts = [c.effect for c in conditions_of(found) if c.rule == "few-events"]
        told = any(text.startswith("Observed") for text in texts)
        yield Row(kind, each, found.observed, Exact.of(each).limit(), told)


def significances(kind: str, relative: float | None) -> Iterator[Row]:
    """Yield significances from 1.5 on: below, nobody quotes them."""
    for b in BACKGROUNDS:
        for n in range(1, int(b + 5 * b**0.5 + (2 * b if relative else 0)) + 4):
            if b > 20 or (relative is None and b > 5):
                continue
            each = Counting(b, (n,) if relative is not None else (n, int(b)), relative or 0.0)
            found = wilks.significance(wilks.compile_model(each.workspace()))
            if 1.5 < found.significance < 5:
                told = any(c.rule == "few-events" for c in conditions_of(found))
                yield Row(kind, each, found.significance, Exact.of(each).significance(), told)


def summary(rows: list[Row]) -> str:
    """Return how many answers of each kind are off, and of how many that is said."""
    lines = [
        "| model | off by more than 10 % | told | within 10 % | told | largest error not told |",
        "|:--|--:|--:|--:|--:|--:|",
    ]
    for kind in dict.fromkeys(row.kind for row in rows):
        off = [row for row in rows if row.kind == kind and abs(row.error) > OFF]
        good = [row for row in rows if row.kind == kind and abs(row.error) <= OFF]
        worst = max((abs(row.error) for row in off if not row.told), default=0.0)
        cells = (kind, len(off), sum(r.told for r in off), len(good), sum(r.told for r in good))
        lines.append("| " + " | ".join(map(str, cells)) + f" | {f'{100 * worst:.0f} %' if worst else 'none'} |")
    return "\n".join(lines)


def single(rows: list[Row]) -> str:
    """Return the errors of one kind by background and events, those told in bold."""
    lines = ["| background | events: asymptotic, exact, difference |", "|--:|:--|"]
    for b in dict.fromkeys(row.model.b for row in rows):
        cells = [
            f"{row.model.n[0]}: {row.asymptotic:.2f}, {row.exact:.2f}, "
            + ("**{}**" if row.told else "{}").format(f"{100 * row.error:+.0f} %")
            for row in rows
            if row.model.b == b
        ]
        lines.append(f"| {b:g} | {'; '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    for title, answers in (("Limits", limits), ("Significances", significances)):
        found = [row for kind, relative in KINDS.items() for row in answers(kind, relative)]
        print(f"\n### {title}\n\n{summary(found)}\n")
        print(single([row for row in found if row.kind == next(iter(KINDS))]), flush=True)
    print(f"\n### Expected limits\n\n{bands()}")
