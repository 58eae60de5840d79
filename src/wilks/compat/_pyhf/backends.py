"""Array libraries: the one that was set is remembered; one that is not installed is stood in for by NumPy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyhf
from pyhf.exceptions import ImportBackendError
from pyhf.tensor.numpy_backend import numpy_backend

_SET_BACKEND = pyhf.set_backend
_told: set[str] = set()


def set_backend(backend: Any, custom_optimizer: Any = None, precision: Any = None, default: bool = False) -> None:
    """Set the array library and the optimizer; see pyhf.

    An array library that is not installed is stood in for by NumPy's arrays, under its name and with its precision:
    fits do not need it.
    """
    try:
        _SET_BACKEND(backend, custom_optimizer, precision, default)
    except ImportBackendError:
        name = backend.decode() if isinstance(backend, bytes) else backend
        if not isinstance(name, str):
            raise
        tell(name.lower(), "is not installed: its name is kept, arrays are NumPy's")
        _SET_BACKEND("numpy", custom_optimizer, precision, default)
        tensorlib, _ = pyhf.get_backend()
        tensorlib.name = name.lower()


def tell(name: str, what: str) -> None:
    """Warn about an array library, once in a process."""
    if name not in _told:
        _told.add(name)
        warnings.warn(f"wilks.compat: {name} {what}; fits are those of wilks", UserWarning, stacklevel=3)


def arrays_of_numpy(tensorlib: Any) -> bool:
    """Return whether a backend has NumPy's arrays, be it under another name."""
    return isinstance(tensorlib, numpy_backend)


def hides_graphs(tensorlib: Any) -> bool:
    """Return whether arrays become numbers even where something is to be derived from what is done with them.

    Arrays inside a graph of JAX or PyTorch refuse to. Those of TensorFlow do not, and the tape that watches them sees
    nothing of it.
    """
    return not arrays_of_numpy(tensorlib) and tensorlib.name not in ("jax", "pytorch")


@contextmanager
def own_name(tensorlib: Any) -> Iterator[None]:
    """Call a stand-in what it is while pyhf's own code, which goes by the name, works with it."""
    name = tensorlib.name
    if arrays_of_numpy(tensorlib):
        tensorlib.name = "numpy"
    try:
        yield
    finally:
        tensorlib.name = name
