"""Parameters by name or pattern."""

from __future__ import annotations

from wilks.selection import matching

__all__ = ["matching"]
