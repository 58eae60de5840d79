"""The packages that are compared, one class each with the same methods.

`load(path)` reads a workspace and makes the model, `nll(theta)` and `gradient(theta)` evaluate it at a point in pyhf's
parameter order, `fit()` gives the covariance too, `process(path, folder)` is the command line that does it all.
What a package does not have raises UnavailableError; imports are inside the methods, so that a package may be missing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


class UnavailableError(Exception):
    """A peer has no such thing, or isn't installed; the message says which."""


@dataclass
class Fit:
    """What a peer's fit says, so that speed stands beside correctness."""

    twice_nll: float
    poi: str
    value: float
    uncertainty: float
    status: str = "ok"


class Wilks:
    """This package: exact gradient and Hessian."""

    name = "wilks"
    command = "from wilks.cli import main; main()"

    def load(self, path: Path) -> None:
        import wilks

        self.model = wilks.compile_model(wilks.load_workspace(path))
        self.data = self.model.dataset(self.model.observed())

    def point(self) -> np.ndarray:
        """Return a point off the initial one, inside the bounds."""
        model, rng = self.model, np.random.default_rng(1)
        low, high = model.bounds
        width = np.where(model.prefit_uncertainties > 0, model.prefit_uncertainties, 0.3)
        moved = np.clip(model.initial + 0.3 * width * rng.normal(size=len(low)), low, high)
        return np.where(model.fixed, model.initial, moved)

    def nll(self, theta: np.ndarray) -> float:
        return float(self.model.nll(theta, self.data))

    def gradient(self, theta: np.ndarray) -> Any:
        return self.model.value_and_gradient(theta, self.data)

    def fit(self) -> Fit:
        import wilks

        result = wilks.fit(self.model)
        poi = result.poi or result.names[0]
        i = result.names.index(poi)
        status = "ok" if result.converged else result.status
        return Fit(result.twice_nll, poi, float(result.values[i]), float(result.uncertainties[i]), status)

    def process(self, path: Path, folder: Path) -> list[str]:
        return [sys.executable, "-c", self.command, "fit", str(path), "-o", str(folder / "fit.json")]


class Pyhf:
    """pyhf with NumPy: no gradient of its own, so differences, as its minimiser takes them; fit with Minuit."""

    name = "pyhf"

    def load(self, path: Path) -> None:
        import pyhf

        pyhf.set_backend("numpy", "minuit")
        workspace = pyhf.Workspace(json.loads(path.read_text()))
        self.model = workspace.model()
        self.data = workspace.data(self.model)

    def nll(self, theta: np.ndarray) -> float:
        return -float(np.asarray(self.model.logpdf(theta, self.data))[0])

    def gradient(self, theta: np.ndarray) -> Any:
        value, slopes = self.nll(theta), np.empty(len(theta))
        for i in range(len(theta)):
            step = np.zeros(len(theta))
            step[i] = 1e-5
            slopes[i] = (self.nll(theta + step) - self.nll(theta - step)) / 2e-5
        return value, slopes

    def fit(self) -> Fit:
        import pyhf

        pyhf.set_backend("numpy", "minuit")  # cabinetry changes it
        values, twice_nll = pyhf.infer.mle.fit(
            self.data, self.model, return_uncertainties=True, return_correlations=True, return_fitted_val=True
        )[::2]
        config = self.model.config
        i = config.poi_index or 0
        return Fit(float(twice_nll), config.par_names[i], float(values[i][0]), float(values[i][1]))

    def process(self, path: Path, folder: Path) -> list[str]:
        command = "from pyhf.cli.cli import pyhf; pyhf()"
        output = ["--output-file", str(folder / "pyhf.json")]
        return [sys.executable, "-c", command, "fit", str(path), "--optimizer", "minuit", *output]


class PyhfJax(Pyhf):
    """pyhf with JAX: nll and exact gradient, compiled while the model is made."""

    name = "pyhf-jax"

    def load(self, path: Path) -> None:
        import jax
        import pyhf

        super().load(path)
        pyhf.set_backend("jax")
        try:
            data = pyhf.tensorlib.astensor(self.data)
            start = np.array(self.model.config.suggested_init(), float)

            def nll(theta: Any) -> Any:
                return -self.model.logpdf(theta, data)[0]

            self._nll, self._both = jax.jit(nll), jax.jit(jax.value_and_grad(nll))
            self._nll(start), self._both(start)  # later calls are independent of pyhf's global backend
        finally:
            pyhf.set_backend("numpy", "minuit")

    def nll(self, theta: np.ndarray) -> float:
        return float(self._nll(theta))

    def gradient(self, theta: np.ndarray) -> Any:
        value, slopes = self._both(theta)
        return float(value), np.asarray(slopes)

    def fit(self) -> Fit:
        raise UnavailableError("pyhf gives uncertainties with Minuit only, timed with NumPy above")

    def process(self, path: Path, folder: Path) -> list[str]:
        raise UnavailableError("timed with NumPy above")


class Cabinetry:
    """cabinetry: its fit and its command line; the likelihood is pyhf's."""

    name = "cabinetry"

    def load(self, path: Path) -> None:
        import cabinetry
        import pyhf

        pyhf.set_backend("numpy")
        self.model, self.data = cabinetry.model_utils.model_and_data(json.loads(path.read_text()))

    def nll(self, theta: np.ndarray) -> float:
        raise UnavailableError("the likelihood is pyhf's")

    def gradient(self, theta: np.ndarray) -> Any:
        raise UnavailableError("the likelihood is pyhf's")

    def fit(self) -> Fit:
        import cabinetry

        result = cabinetry.fit.fit(self.model, self.data)
        i = self.model.config.poi_index or 0
        return Fit(result.best_twice_nll, result.labels[i], float(result.bestfit[i]), float(result.uncertainty[i]))

    def process(self, path: Path, folder: Path) -> list[str]:
        return [sys.executable, "-c", "from cabinetry.cli import cabinetry; cabinetry()", "fit", str(path)]
