"""What wilks finds, in the files that other people expect.

`wilks.export.hepdata` makes submissions to HEPData, `wilks.export.simplified` simplified likelihoods. Each is imported
when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import wilks.export.hepdata as hepdata
    import wilks.export.simplified as simplified

__all__ = ["hepdata", "simplified"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"wilks.export.{name}")
    raise AttributeError(f"module 'wilks.export' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
