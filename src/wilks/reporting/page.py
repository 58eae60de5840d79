"""The page itself: its parts put together, so that the browser runs and loads nothing else."""

from __future__ import annotations

import html
from importlib import resources
from string import Template

from wilks._html import embedded, policy_name
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
        style_hash=policy_name(style),
        script=script,
        script_hash=policy_name(script),
        worker=worker if contents.model and not contents.hidden else "",
        payload=embedded(payload(contents)),
        bulk=embedded(bulk(contents)),
    )
