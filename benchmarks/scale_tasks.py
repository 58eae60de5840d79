"""One measurement in a process of its own, so that it can be killed and its memory is its own; started by scale.py.

    python benchmarks/scale_tasks.py wilks WORKSPACE.json
    python benchmarks/scale_tasks.py pyhf WORKSPACE.json

Prints one line of JSON as soon as something is known: {"name": {"min": ..., "median": ...}} or a fact about a fit.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from compare import describe, measure
from peers import Cabinetry, Fit, Pyhf, PyhfJax, Wilks

REPEAT = 9
SECONDS = 20.0  # a call that has used this much time isn't repeated further
TOY_SECONDS = 1.5


def emit(**found: Any) -> None:
    """Tell the parent at once: it may kill this process at any time."""
    print(json.dumps(found), flush=True)


def once(value: float) -> dict[str, float]:
    return {"min": value, "median": value}


def repeated(calls: dict[str, Callable[[], Any]], seconds: float = SECONDS) -> dict[str, dict[str, float]]:
    """Return least and median seconds of each call, taken in turn; RuntimeError if one fails."""
    found = {}
    for row in measure("", calls, REPEAT, seconds):
        if row.status != "ok" or row.min_s is None or row.median_s is None:
            raise RuntimeError(f"{row.peer}: {row.status}")
        found[row.peer] = {"min": row.min_s, "median": row.median_s}
    return found


def peak_memory() -> int:
    """Return the most memory this process has had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


# --- wilks -----------------------------------------------------------------------------------------------------------


def run_wilks(path: Path) -> None:
    """Measure wilks from reading to toys; memory first, before anything else can raise its peak."""
    import wilks

    load, compile_model, fit = wilks.load_workspace, wilks.compile_model, wilks.fit  # imported before the clock starts
    start = time.perf_counter()
    model = compile_model(load(path))
    ready = time.perf_counter() - start
    result = fit(model)
    emit(memory=once(peak_memory()), parameters=model.n_parameters, bins=int(model.observed_main.size))
    emit(
        twice_nll=result.twice_nll,
        edm=result.edm,
        iterations=result.iterations,
        evaluations=result.evaluations,
        status=result.status,
        poi=[result[result.poi].value, result[result.poi].uncertainty] if result.poi else None,
    )
    emit(load=once(ready), first_fit=once(time.perf_counter() - start - ready))
    if ready < SECONDS / 4:
        emit(**repeated({"load": lambda: compile_model(load(path))}))

    peer = Wilks()
    peer.model, peer.data = model, model.observed_dataset
    theta = peer.point()
    templates = np.ones(template_bytes(path) // 8)
    both = repeated({"gradient": lambda: peer.gradient(theta), "sweep": templates.sum})
    emit(**both, bytes=templates.nbytes)
    emit(ratio={k: both["gradient"][k] / both["sweep"][k] for k in ("min", "median")})
    fits = repeated({"fit": lambda: fit(model)})
    emit(**fits)
    if fits["fit"]["min"] < TOY_SECONDS:
        emit(toys=toys_per_second(model, result))


def template_bytes(path: Path) -> int:
    """Return the bytes of all nominal, up and down templates, in double precision."""
    document = msgspec.json.decode(path.read_bytes())
    numbers = 0
    for channel in document["channels"]:
        for sample in channel["samples"]:
            shapes = sum(modifier["type"] == "histosys" for modifier in sample["modifiers"])
            numbers += len(sample["data"]) * (1 + 2 * shapes)
    return 8 * numbers


def toys_per_second(model: Any, best: Any) -> dict[str, float]:
    """Return how many data sets per second are made and fitted in one thread, from the best fit."""
    import wilks

    rng = np.random.default_rng(1)

    def rate(count: int) -> float:
        start = time.perf_counter()
        fits = wilks.fit_many(model, fluctuated(model, best.values, count, rng), start=best.values, threads=1)
        if len(fits) != count or not np.mean(fits.converged) > 0.9:
            raise RuntimeError(f"only {np.sum(fits.converged)} of {count} toys converged")
        return count / (time.perf_counter() - start)

    count = 16
    while count / (found := rate(count)) < TOY_SECONDS / 4:
        count *= 4
    count = max(16, int(found * TOY_SECONDS))
    rates = [rate(count) for _ in range(5)]
    return {"min": max(rates), "median": float(np.median(rates))}  # "min" is the best, as of times


def fluctuated(model: Any, theta: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return data sets, main and auxiliary data fluctuated about `theta`, shape (count, main + auxiliary)."""
    kinds = np.array(model.constraints)
    constrained = kinds != "none"
    centre, width = theta[constrained], model.prefit_uncertainties[constrained]
    poisson = kinds[constrained] == "poisson"
    main = rng.poisson(model.expected(theta), (count, model.observed_main.size))
    auxiliary = rng.normal(centre, width, (count, centre.size))
    # a Poisson constraint has the parameter's nominal value times `auxiliary` as its mean before the fit
    mean = model.auxiliary[poisson] * centre[poisson] / model.nominal[constrained][poisson]
    auxiliary[:, poisson] = rng.poisson(mean, (count, mean.size))
    return np.hstack([main, auxiliary])


# --- peers -----------------------------------------------------------------------------------------------------------


class PyhfLbfgs(PyhfJax):
    """pyhf's JAX graph, compiled, minimised by SciPy's L-BFGS-B with its exact gradient; no covariance."""

    def fit(self) -> Fit:
        from scipy.optimize import minimize

        config = self.model.config
        start, bounds = np.array(config.suggested_init(), float), config.suggested_bounds()
        limits = {"maxfun": 100_000, "maxiter": 100_000}
        done = minimize(self.gradient, start, jac=True, bounds=bounds, method="L-BFGS-B", options=limits)
        i = config.poi_index or 0
        status = "ok" if done.success else str(done.message)
        return Fit(2 * float(done.fun), config.par_names[i], float(done.x[i]), float("nan"), status)


class NextStat:
    """NextStat: compiled likelihood, its own L-BFGS, covariance from differences of the gradient."""

    name = "nextstat"

    def load(self, path: Path) -> None:
        import nextstat

        self.model = nextstat.HistFactoryModel.from_workspace(path.read_text())

    def nll(self, theta: np.ndarray) -> float:
        return float(self.model.nll(list(theta)))

    def gradient(self, theta: np.ndarray) -> Any:
        return self.nll(theta), np.asarray(self.model.grad_nll(list(theta)))

    def fit(self) -> Fit:
        import nextstat

        done = nextstat.fit(self.model)
        i = self.model.poi_index() or 0
        status = "ok" if done.converged else str(done.termination_reason)
        name = self.model.parameter_names()[i]
        return Fit(2 * float(done.nll), name, float(done.bestfit[i]), float(done.uncertainties[i]), status)


PEERS: dict[str, Callable[[], Any]] = {
    "pyhf-minuit": Pyhf,
    "pyhf-jax-lbfgs": PyhfLbfgs,
    "cabinetry": Cabinetry,
    "nextstat": NextStat,
}


def run_peer(name: str, path: Path) -> None:
    """Measure a peer: model, likelihood at the start, fit; the first fit of a slow one is the only one."""
    peer = PEERS[name]()
    start = time.perf_counter()
    peer.load(path)
    emit(load=once(time.perf_counter() - start))
    if name != "cabinetry":  # its likelihood is pyhf's
        config = getattr(peer.model, "config", peer.model)
        theta = np.array(config.suggested_init(), float)
        emit(nll=repeated({"nll": lambda: peer.nll(theta)})["nll"])
        if name != "pyhf-minuit":  # no gradient of its own
            emit(gradient=repeated({"gradient": lambda: peer.gradient(theta)})["gradient"])
    start = time.perf_counter()
    done = peer.fit()
    first = time.perf_counter() - start
    poi = [done.value, None if np.isnan(done.uncertainty) else done.uncertainty]
    emit(twice_nll=done.twice_nll, poi=poi, status=done.status, fit=once(first))
    if first < SECONDS:
        emit(**repeated({"fit": peer.fit}))


def main() -> int:
    task, path = sys.argv[1], Path(sys.argv[2])
    warnings.simplefilter("ignore")
    try:
        with np.errstate(all="ignore"):
            run_wilks(path) if task == "wilks" else run_peer(task, path)
    except (Exception, SystemExit) as error:
        emit(error=describe(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
