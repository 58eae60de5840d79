"""Values in plain words, for sentences about mistakes."""

from __future__ import annotations

import datetime
import math
import numbers
from typing import Any


def described(value: Any) -> str:
    """Return what a value is, as a user would say it.

    >>> described(1.5), described({}), described(None)
    ('the number 1.5', 'a block of keys', 'nothing')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, numbers.Real):
        return f"the number {shortened(value)}"
    if isinstance(value, str):
        return f'the text "{shortened(value)}"'
    if isinstance(value, datetime.date):
        return f"the date {value}"
    if isinstance(value, (list, tuple)):
        return f"a list with {len(value)} {'entry' if len(value) == 1 else 'entries'}" if value else "an empty list"
    return "a block of keys" if isinstance(value, dict) else f"a {type(value).__name__}"


def shortened(value: Any, limit: int = 60) -> str:
    """Return a value as text on one line, cut where it is long."""
    try:
        text = " ".join(str(value).split())
    except ValueError:  # Python refuses to print integers of thousands of digits
        return "of thousands of digits"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def number_hint(value: Any) -> str:
    """Return advice for text that was meant as a number, or an empty string.

    YAML 1.1 takes `1e-3` for text because it has no decimal point.
    """
    if not isinstance(value, str):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    if not math.isfinite(number):
        return ""
    written = repr(number)
    if "e" in written and "." not in written:
        written = written.replace("e", ".0e")
    return f"; write {written}, without quotes"
