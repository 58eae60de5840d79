"""pyhf, with models, likelihood and fits of wilks: `import wilks.compat.pyhf as pyhf`.

Every public name is pyhf's. Models that are made through this module, through its `Workspace` and `simplemodels`, are
served by wilks; pyhf itself, imported elsewhere in the same process, stays what it is.

    import wilks.compat.pyhf as pyhf

    model = pyhf.Workspace(spec).model()
    pyhf.infer.mle.fit(data, model)
"""

from __future__ import annotations

try:
    import pyhf as _original
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'wilks.compat.pyhf is a layer over pyhf, which is not installed: pip install "wilks[pyhf]"', name=error.name
    ) from None

from wilks.compat._pyhf.facade import Submodules, namespace, ours
from wilks.compat._pyhf.layer import attach

__all__ = list(_original.__all__)
__version__ = _original.__version__

attach()
Submodules(__name__, "pyhf", ours).put_in_place()
__getattr__, __dir__ = namespace(__name__, _original, ours)
