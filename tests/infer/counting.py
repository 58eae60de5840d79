"""Small models for closed forms."""

from __future__ import annotations

from typing import Any

from wilks import compile_model, load_workspace
from wilks.model.model import Model
from wilks.workspace.workspace import Workspace

Channel = tuple[list[float], list[float], list[float]]  # signal, background, observed


def modifier(name: str, kind: str = "normfactor", data: Any = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "data": data}


def spec(
    channels: dict[str, Channel],
    *,
    signal: list[dict[str, Any]] | None = None,
    background: list[dict[str, Any]] | None = None,
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return a workspace with a signal, scaled by mu, and a background in every channel."""
    return {
        "version": "1.0.0",
        "channels": [
            {
                "name": name,
                "samples": [
                    {"name": "signal", "data": s, "modifiers": [modifier("mu")] if signal is None else signal},
                    {"name": "background", "data": b, "modifiers": background or []},
                ],
            }
            for name, (s, b, _) in channels.items()
        ],
        "observations": [{"name": name, "data": n} for name, (_, _, n) in channels.items()],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": parameters or []}}],
    }


def workspace(channels: dict[str, Channel], **options: Any) -> Workspace:
    return load_workspace(spec(channels, **options))


def model(channels: dict[str, Channel], **options: Any) -> Model:
    return compile_model(workspace(channels, **options))


WIDE = [{"name": "mu", "bounds": [[-10, 50]]}]
