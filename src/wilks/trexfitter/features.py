"""What a steering file may not be able to say yet: one line for each, and one place to ask."""

from __future__ import annotations

from collections.abc import Mapping

# True where the steering file has it; until then a setting that needs it is reported as one that can't be said.
FEATURES: Mapping[str, bool] = {
    "scale": True,
    "before smoothing": True,
    "signs": True,
    "larger side": True,
    "clip": True,
    "remove large": True,
    "no pruning": True,
    "expressions": True,
    "divisions": True,
    "reference sample": True,
    "ghost": True,
    "automatic bins": True,
    "smooth": True,
    "minimum yield": True,
    "staterror scale": True,
}


def can(feature: str) -> bool:
    """Return whether a steering file can say something."""
    return FEATURES[feature]
