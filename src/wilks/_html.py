"""What stands inside a page of HTML: scripts that its policy knows, and data that can't end their element."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any


def policy_name(text: str) -> str:
    """Return a content security policy's name for a text: with it, the browser runs this script and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def embedded(data: Any) -> str:
    """Return JSON that can stand inside a script element: no name in it can close that."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
