"""`timed`: `threads`, `executor` and `progress` of the verbs that take time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from wilks.elsewhere.workers import pool_of
from wilks.errors import ModelError
from wilks.infer.study import Running
from wilks.progress import shown

P = ParamSpec("P")
R = TypeVar("R")


def timed(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function with its `threads`, `executor` and `progress` put into its `running`, and the bar taken away
    at the end.

    Where both are given, the keywords win over what `running` has.
    """

    @functools.wraps(function)
    def called(*args: P.args, **keywords: P.kwargs) -> R:
        given: dict[str, Any] = dict(keywords)
        threads, progress = given.pop("threads", None), given.pop("progress", None)
        running: Running = given.pop("running", Running())
        # One pool for all that the verb asks: what workers have been sent, and their pace, are known from then on.
        pool = pool_of(given.pop("executor", None) or running.executor)
        if pool is not running.executor:
            running = replace(running, executor=pool)
        if threads is None and progress is None:
            return function(*args, running=running, **given)  # type: ignore[arg-type]
        if threads is not None and (not isinstance(threads, int) or threads < 1):
            raise ModelError(f"at least one thread is needed, found threads={threads!r}")
        with shown(progress, function.__name__) as told:
            running = replace(
                running,
                threads=running.threads if threads is None else threads,
                progress=running.progress if told is None else told,
            )
            return function(*args, running=running, **given)  # type: ignore[arg-type]

    return called
