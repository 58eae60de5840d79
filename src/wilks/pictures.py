"""Figures to files, many of them in several processes: what is sent there is what they are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import wilks
from wilks.errors import TemplateError

# A process takes as long to start as a few figures: each has so many to draw.
_WORTH = 8
Told = Callable[[int, int], Any]
"""Is told how many figures are drawn, of how many."""


@dataclass(frozen=True)
class Picture:
    """A figure that is yet to be drawn, by a function of a module; `name` is that of its files."""

    name: str
    draw: Callable[..., Any]
    of: Any
    options: Mapping[str, Any] = field(default_factory=dict)

    def figure(self) -> Any:
        """Return the figure."""
        return self.draw(self.of, **self.options)


def save_pictures(
    pictures: Sequence[Picture],
    folder: Path,
    formats: Sequence[str],
    *,
    processes: int = 1,
    told: Told = lambda done, total: None,
) -> Iterator[list[Path]]:
    """Draw figures, and yield the files of each as soon as it and those before it are written.

    Up to so many `processes` share the work where there are many figures; the files are the same. Where processes can't
    be had, or keep dying, it is done here. Raises InputError where a file can't be written.
    """
    save = partial(_saved, folder=folder, formats=tuple(formats))
    for drawn, files in enumerate(_made(save, pictures, min(processes, len(pictures) // _WORTH)), 1):
        told(drawn, len(pictures))
        yield files


def _made(save: Callable[[Picture], list[Path]], pictures: Sequence[Picture], count: int) -> Iterator[list[Path]]:
    done = 0
    if count > 1:
        from wilks.templates.workers import Processes, mapping

        try:
            with mapping(Processes(count), []) as everywhere:
                for files in everywhere(save, pictures, lambda: None):
                    done += 1
                    yield files
        except (OSError, ImportError, AssertionError, TemplateError):
            # No semaphores, no children of children, no memory: one process is enough, only slower.
            pass
    yield from map(save, pictures[done:])


def _saved(picture: Picture, *, folder: Path, formats: Sequence[str]) -> list[Path]:
    return wilks.figures.save(picture.figure(), folder / picture.name, formats)
