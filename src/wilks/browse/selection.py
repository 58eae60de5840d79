"""The objects that somebody asked to see, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wilks.browse.objects import is_drawable, read_drawables
from wilks.drawables import Drawable, HistogramND, Parts
from wilks.errors import InputError, TemplateError, listed, nearest
from wilks.moments import printable

if TYPE_CHECKING:
    from wilks.templates.readers import RootObject


def select(
    path: str | Path, names: Sequence[str], *, project: str | None = None, profile: str | None = None
) -> tuple[tuple[str, Drawable], ...]:
    """Return (name, object) for each named histogram, graph or stack of a ROOT file, in the order asked for.

    `project` ("x", "yz", ...) makes histograms of two and three axes to their projections, `profile` ("x" or "y") those
    of two to the means along an axis. Raises TemplateError, with a sentence for every name, where the file can't be
    read, an object is missing or can't be drawn (a tree with its branches), InputError where it has no such projection.
    """
    from wilks.templates.readers import list_objects

    try:
        found = read_drawables(path, names)
    except TemplateError:
        # Only now is the whole file looked through: that takes seconds where it is large.
        objects = {entry.path: entry for entry in list_objects(path)}
        wanted = [name.strip("/").partition(";")[0] for name in names]
        problems = [text for name in wanted if (text := _problem(path, name, objects))]
        if not problems:
            raise
        raise TemplateError(problems) from None
    drawn, problems = [], []
    for name in names:
        try:
            drawn.append(projected(name, found[name], project, profile))
        except InputError as error:
            problems += [f"{path}: {problem}" for problem in error.problems]
    if problems:
        raise InputError(problems)
    return tuple(drawn)


def projected(name: str, drawable: Drawable, project: str | None, profile: str | None) -> tuple[str, Drawable]:
    """Return an object as it was asked for, and its name with the projection; of three axes, x and y if none was."""
    asked = project or profile
    if not isinstance(drawable, HistogramND):
        if asked:
            option = "--project" if project else "--profile"
            raise InputError(f'{option} {asked}: "{printable(name)}" is no histogram of two or three axes')
        return name, drawable
    try:
        if profile:
            return f"{name}, profile along {profile}", drawable.profile(profile)
        onto = project or ("xy" if len(drawable.axes) == 3 else None)
        return (f"{name}, projection {onto}", drawable.project(onto)) if onto else (name, drawable)
    except InputError as error:
        option = f"--profile {profile}" if profile else f"--project {project}"
        raise InputError([f'{option}: "{printable(name)}" has {problem}' for problem in error.problems]) from None


def unsupported(entry: RootObject) -> str:
    """Return why an object can't be drawn, as the end of a sentence, or an empty string where it can."""
    if entry.is_histogram:
        return "" if entry.bins else f"is a {entry.classname} that can't be read"
    if is_drawable(entry.classname):
        return ""
    if entry.is_directory:
        return "is a folder, not a histogram"
    if entry.branches:
        names = listed(printable(branch.name) for branch in entry.branches)
        return (
            f"is a {entry.classname}, not a histogram; name after it what to draw of it; "
            f"it has {len(entry.branches)} branches: {names}"
        )
    return f"is a {entry.classname}; histograms, profiles, graphs, stacks, efficiencies and trees can be drawn"


def _problem(path: str | Path, name: str, objects: dict[str, RootObject]) -> str:
    if name in objects:
        reason = unsupported(objects[name])
        inside = [inner for inner in objects if inner.startswith(f"{name}/")] if objects[name].is_directory else []
        return (
            f'{path}: "{printable(name)}" {reason}{f"; it holds {listed(inside)}" if inside else ""}' if reason else ""
        )
    drawable = [entry.path for entry in objects.values() if not unsupported(entry)]
    hint = nearest(name, drawable) or f"; what can be drawn: {listed(drawable) or 'nothing'}"
    return f'{path}: no object "{printable(name)}"{hint}'


def flattened(named: Sequence[tuple[str, Drawable]]) -> tuple[tuple[str, Drawable], ...]:
    """Return the objects with sets of them taken apart: a stack into its parts as they stand on each other.

    >>> from wilks.histogram import Axis, Histogram
    >>> one = Histogram(Axis([0, 1]), [2.0], [2.0])
    >>> [(name, h.integral) for name, h in flattened([("s", Parts((("a", one), ("b", one)), stacked=True))])]
    [('s: a', 2.0), ('s: a ... b', 4.0)]
    """
    found: list[tuple[str, Drawable]] = []
    for name, drawable in named:
        if not isinstance(drawable, Parts):
            found.append((name, drawable))
        elif drawable.stacked:
            first = drawable.parts[0][0] if drawable.parts else ""
            found += [
                (f"{name}: {first}" if i == 0 else f"{name}: {first} ... {part}", histogram)
                for i, (part, histogram) in enumerate(drawable.sums())
            ]
        else:
            found += [(f"{name}: {part}", points) for part, points in drawable.parts]
    return tuple(found)
