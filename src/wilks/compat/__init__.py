"""Scripts written for pyhf, on wilks: a thin layer over the installed package.

Documents, schema, patch sets, command lines, records and figures stay the original's; models, likelihoods, fits and
inference are those of wilks. What can't be served exactly goes the original's way by itself.

- `import wilks.compat.pyhf as pyhf` changes one line of a script;
- `python -m wilks.compat script.py args` changes none, nor does `accelerate()` as the first line of a notebook, nor
  `pytest -p wilks.compat.plugin`.
"""

from __future__ import annotations

from wilks.compat.layers import accelerate
from wilks.compat.ledger import LEDGER, Ledger

__all__ = ["accelerate", "report"]


def report() -> Ledger:
    """Return what was served so far, what went the original's way and why; printed, it is a text.

    >>> report() is report()
    True
    """
    return LEDGER
