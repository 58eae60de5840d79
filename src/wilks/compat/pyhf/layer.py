"""The layer under pyhf: which of its parts are replaced, and when."""

from __future__ import annotations

from typing import Any

import pyhf
import pyhf.infer.calculators
import pyhf.pdf
import pyhf.schema
from pyhf.optimize.mixins import OptimizerMixin
from pyhf.tensor.numpy_backend import numpy_backend

from wilks.compat.pyhf import fits, toys, validation
from wilks.compat.pyhf.model import Model

_OLDEST = (0, 7, 6)


def attach() -> None:
    """Let served models be fitted; models that are pyhf's own are not touched by it."""
    OptimizerMixin.minimize = fits.minimize
    pyhf.infer.calculators.AsymptoticCalculator.teststatistic = toys.teststatistic
    pyhf.infer.calculators.ToyCalculator.distributions = toys.distributions
    numpy_backend.percentile = toys.percentile


def install() -> None:
    """Serve every pyhf model that is made from now on, whoever makes it."""
    attach()
    pyhf.pdf.Model.__new__ = _new
    pyhf.schema.validate = validation.validated


def _new(cls: type, *arguments: Any, **options: Any) -> Any:
    return object.__new__(Model if cls is pyhf.pdf.Model else cls)
