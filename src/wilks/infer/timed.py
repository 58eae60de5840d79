"""`timed`: `threads` and `progress` of the verbs that take time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from wilks.errors import ModelError
from wilks.infer.study import Running
from wilks.progress import shown

P = ParamSpec("P")
R = TypeVar("R")


def timed(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function with its `threads` and `progress` put into its `running`, and the bar taken away at the end.

    Where both are given, the keywords win over what `running` has.
    """

    @functools.wraps(function)
    def called(*args: P.args, **keywords: P.kwargs) -> R:
        given: dict[str, Any] = dict(keywords)
        threads, progress = given.pop("threads", None), given.pop("progress", None)
        if threads is None and progress is None:
            return function(*args, **given)
        if threads is not None and (not isinstance(threads, int) or threads < 1):
            raise ModelError(f"at least one thread is needed, found threads={threads!r}")
        running: Running = given.pop("running", Running())
        with shown(progress, function.__name__) as told:
            running = replace(
                running,
                threads=running.threads if threads is None else threads,
                progress=running.progress if told is None else told,
            )
            return function(*args, running=running, **given)  # type: ignore[arg-type]

    return called
