"""cabinetry, with models, likelihood and fits of wilks: `import wilks.compat.cabinetry as cabinetry`.

Every public name is cabinetry's. Models that are made through this module are served by wilks; cabinetry itself,
imported elsewhere in the same process, stays what it is.

    import wilks.compat.cabinetry as cabinetry

    model, data = cabinetry.model_utils.model_and_data(spec)
    cabinetry.fit.fit(model, data)
"""

from __future__ import annotations

try:
    import cabinetry as _original
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'wilks.compat.cabinetry is a layer over cabinetry, which is not installed: pip install "wilks[cabinetry]"',
        name=error.name,
    ) from None

from wilks.compat._cabinetry.facade import ours
from wilks.compat._cabinetry.layer import attach
from wilks.compat._pyhf.facade import Submodules, namespace

__all__ = list(_original.__all__)
__version__ = _original.__version__

attach()
Submodules(__name__, "cabinetry", ours).put_in_place()
__getattr__, __dir__ = namespace(__name__, _original, ours)
