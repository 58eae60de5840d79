"""pyhf, with models, likelihood and fits of wilks: `import wilks.compat.pyhf as pyhf`.

Every public name is pyhf's. Models that are made through this module, through its `Workspace` and `simplemodels`, are
served by wilks; pyhf itself, imported elsewhere in the same process, stays what it is.

    import wilks.compat.pyhf as pyhf

    model = pyhf.Workspace(spec).model()
    pyhf.infer.mle.fit(data, model)
"""

from __future__ import annotations

from typing import Any

try:
    import pyhf as _original
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'wilks.compat.pyhf is a layer over pyhf, which is not installed: pip install "wilks[pyhf]"', name=error.name
    ) from None

from wilks.compat._pyhf.facade import Submodules, ours
from wilks.compat._pyhf.layer import attach

__all__ = list(_original.__all__)
__version__ = _original.__version__

attach()
Submodules(__name__, "pyhf", ours).put_in_place()


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return ours[name] if name in ours else getattr(_original, name)


def __dir__() -> list[str]:
    return sorted(__all__)
