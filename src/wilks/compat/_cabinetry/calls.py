"""`like`: functions that are called as cabinetry's are, whatever its version."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

# What all fits may be told.
OPTIONS = frozenset(("init_pars", "fix_pars", "par_bounds", "strategy", "maxiter", "tolerance", "custom_fit"))


def like(original: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for a function that stands in for another one.

    Calls that the other one would refuse raise its TypeError; those with an option that only it knows (of a newer
    cabinetry) go to it. Name, signature and documentation are the other one's.
    """
    signature = inspect.signature(original)

    def decorate(ours: Callable[..., Any]) -> Callable[..., Any]:
        known = OPTIONS | inspect.signature(ours).parameters.keys()

        @wraps(original)
        def function(*arguments: Any, **options: Any) -> Any:
            try:
                signature.bind(*arguments, **options)
            except TypeError as error:
                raise TypeError(f"{original.__name__}() {error}") from None
            return (ours if known.issuperset(options) else original)(*arguments, **options)

        return function

    return decorate
