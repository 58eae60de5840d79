"""Calls under guard: what comes out of one is an answer, the package's own refusal, or a fault."""

from __future__ import annotations

import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.fuzz.verdict import Fault

from wilks.errors import WilksError

# Seconds of CPU time that a call may take on a small model, however busy the machine.
PATIENCE = 10.0


class TooSlowError(BaseException):
    """A call took too long. Not an Exception: nobody may catch it by the way."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise TooSlowError in what takes more CPU time of this process."""

    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def guarded(name: str, call: Callable[[], Any]) -> tuple[Any, Fault | None]:
    """Return what a call gives and no fault, or None and what is wrong with how it ended.

    The package's own exceptions are answers, if they say something in a moderate number of words. Warnings are faults.
    """
    try:
        with warnings.catch_warnings(), patience(PATIENCE):
            warnings.simplefilter("error")
            return call(), None
    except WilksError as refusal:
        return None, unclear(name, refusal)
    except TooSlowError:
        return None, Fault("slow", f"{name} took more than {PATIENCE:g} s")
    except Warning as warning:
        return None, Fault("warning", f"{name}: {type(warning).__name__}: {warning} ({place(warning)})")
    except Exception as error:
        return None, Fault("traceback", f"{name}: {type(error).__name__}: {str(error)[:200]} ({place(error)})")


def unclear(name: str, refusal: WilksError) -> Fault | None:
    """Return what is wrong with a refusal: it says nothing, or too much."""
    text = str(refusal)
    longest = max(map(len, text.splitlines()), default=0)
    if not text.strip():
        return Fault("unclear refusal", f"{name}: {type(refusal).__name__} without a word")
    if longest > 2000:
        return Fault("unclear refusal", f"{name}: {type(refusal).__name__} with a line of {longest} characters")
    return None


def place(error: BaseException) -> str:
    """Return where in the package an exception came from."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "wilks" in f.filename]
    if not frames:
        return "outside"
    return f"{frames[-1].filename.rpartition('wilks/')[2]}:{frames[-1].name}"
