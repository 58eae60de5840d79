"""A compiled model as pure functions of JAX: log density and rates, to be differentiated, vectorised and compiled.

    likelihood = wilks.jax.export(wilks.compile_model(workspace))
    jax.grad(likelihood.log_density)(likelihood.initial)

Needs the extra `jax`. JAX computes in single precision unless told otherwise, which is far too little for a likelihood:
importing this module switches double precision on (`jax_enable_x64`), for all of the process.
"""

from __future__ import annotations

from wilks.errors import WilksError

try:
    import jax as _jax
except ImportError:
    raise WilksError('wilks.jax needs JAX: pip install "wilks[jax]"') from None

from wilks.jax.layout import layout
from wilks.jax.likelihood import Likelihood
from wilks.jax.newton import Newton, newton
from wilks.model.model import Model
from wilks.model.verbs import verb

__all__ = ["Likelihood", "Newton", "export", "newton"]

_jax.config.update("jax_enable_x64", True)


@verb("jax.export(model)")
def export(model: Model) -> Likelihood:
    """Return a model as functions of JAX: `log_density(theta, data, yields)` and `expected(theta, yields)`.

    theta is the full vector of parameters in the order of `model.parameter_names`, fixed ones included; data are main
    bins followed by auxiliary data, as for the model (default: observed). Both functions are of one point and one data
    set: `jax.vmap` makes batches, `jax.jit` compiles, `jax.grad` and `jax.hessian` differentiate, with respect to
    theta, data (which need not be integers) and yields. They equal the engine's `nll` and `expected` but for rounding.

    `yields` puts other templates in the place of the model's, by name: `{("SR", "ttbar"): counts}` or
    `{("SR", "ttbar", "jes"): [down, up]}`. What the document derives from yields (widths of staterror and shapesys,
    sums that morphing keeps) stays as it was compiled.

    >>> import jax, wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> likelihood = wilks.jax.export(model)
    >>> bool(abs(likelihood.log_density(model.initial) + model.nll(model.initial)) < 1e-9)
    True
    >>> jax.grad(likelihood.log_density)(model.initial).shape
    (16,)
    """
    return Likelihood(model, layout(model))
