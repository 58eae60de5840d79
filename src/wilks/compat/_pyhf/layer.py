"""The layer under pyhf: which of its parts are replaced, and when."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pyhf
import pyhf.pdf
import pyhf.schema
from pyhf.infer.calculators import AsymptoticCalculator, ToyCalculator
from pyhf.optimize.mixins import OptimizerMixin
from pyhf.tensor.numpy_backend import numpy_backend

from wilks.compat._pyhf import backends, fits, toys, validation
from wilks.compat._pyhf.model import Model


def attach() -> None:
    """Let served models be fitted; what is done with pyhf's own models does not change."""
    put(
        (OptimizerMixin, "minimize", fits.minimize),
        (AsymptoticCalculator, "teststatistic", toys.teststatistic),
        (ToyCalculator, "distributions", toys.distributions),
        (numpy_backend, "percentile", toys.percentile),
        (numpy_backend, "normal_cdf", toys.normal_cdf),
    )


def install() -> None:
    """Serve every pyhf model that is made from now on, whoever makes it."""
    attach()
    put(
        (pyhf.pdf.Model, "__new__", _new),
        (pyhf.schema, "validate", validation.validated),
        (sys.modules["pyhf.tensor.manager"], "set_backend", backends.set_backend),
        (pyhf, "set_backend", backends.set_backend),
    )


def put(*parts: tuple[Any, str, Callable[..., Any]]) -> None:
    """Replace parts, all or, where one is not there, none; AttributeError then."""
    for owner, name, _ in parts:
        getattr(owner, name)
    for owner, name, ours in parts:
        setattr(owner, name, ours)


def _new(cls: type, *arguments: Any, **options: Any) -> Any:
    return object.__new__(Model if cls is pyhf.pdf.Model else cls)
