"""cabinetry, with models, likelihood and fits of wilks: `import wilks.compat.cabinetry as cabinetry`.

Every public name is cabinetry's. Models that are made through this module are served by wilks; cabinetry itself,
imported elsewhere in the same process, stays what it is.

    import wilks.compat.cabinetry as cabinetry

    model, data = cabinetry.model_utils.model_and_data(spec)
    cabinetry.fit.fit(model, data)
"""

from __future__ import annotations

from typing import Any

import cabinetry as _original

from wilks.compat._cabinetry.facade import ours
from wilks.compat._cabinetry.layer import attach
from wilks.compat._pyhf.facade import Submodules

__all__ = list(_original.__all__)
__version__ = _original.__version__

attach()
Submodules(__name__, "cabinetry", ours).put_in_place()


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return ours[name] if name in ours else getattr(_original, name)


def __dir__() -> list[str]:
    return sorted(__all__)
