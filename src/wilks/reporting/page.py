"""The page itself: its parts put together, so that the browser runs and loads nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources
from string import Template
from typing import Any

from wilks._version import __version__
from wilks.reporting.contents import Contents
from wilks.reporting.labels import plain
from wilks.reporting.payload import bulk, payload


def page(contents: Contents) -> str:
    """Return the report as HTML."""
    assets = resources.files("wilks.reporting") / "assets"
    style, script, worker, text = (
        (assets / name).read_text(encoding="utf-8") for name in ("report.css", "report.js", "worker.js", "report.html")
    )
    template = Template(text)
    return template.substitute(
        title=html.escape(plain(contents.title)),
        version=__version__,
        style=style,
        style_hash=_digest(style),
        script=script,
        script_hash=_digest(script),
        worker=worker if contents.model and not contents.hidden else "",
        payload=_embedded(payload(contents)),
        bulk=_embedded(bulk(contents)),
    )


def _digest(text: str) -> str:
    """Return a content security policy's name for a text: with it, the browser runs this script and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _embedded(data: Any) -> str:
    """Return JSON that can stand inside a script element: no name can close it."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
