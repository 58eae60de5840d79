"""The digest that pyhf gives a workspace, by which patch sets and HEPData know it."""

from __future__ import annotations

import hashlib
import json

from wilks.workspace.workspace import Workspace

ALGORITHMS = ("sha256", "md5")


def pyhf_digest(workspace: Workspace, algorithm: str = "sha256") -> str:
    """Return `pyhf.utils.digest` of the document: of its JSON with sorted keys, as Python writes it.

    `Workspace.digest`, which results carry, is of the same content without spaces.
    """
    content = json.dumps(workspace.spec, sort_keys=True, ensure_ascii=False).encode()
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
