"""What somebody asks to see of a file: objects by name, expressions over the branches of trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from wilks.browse.page import made_path
from wilks.browse.selection import flattened, select
from wilks.browse.terminal import draw as draw_lines
from wilks.browse.terminal_plane import draw_plane
from wilks.browse.trees import Binning, Draw, binnings_of, draw_tree, trees_of
from wilks.drawables import Drawable, HistogramND, Points
from wilks.errors import InputError
from wilks.histogram import Histogram


@dataclass(frozen=True)
class Request:
    """Names, and how they are drawn; `where`, `weight` and `bins` are of trees, `project` and `profile` of histograms.

    A name is that of an object, or `tree/expression`; after a name that is a tree itself stand expressions over its
    branches. Raises InputError where nothing is named that options could be about.
    """

    names: tuple[str, ...]
    where: str | None = None
    weight: str | None = None
    bins: str | None = None
    project: str | None = None
    profile: str | None = None

    def __post_init__(self) -> None:
        keys = ("where", "weight", "bins", "project", "profile")
        given = [f"--{key}" for key in keys if getattr(self, key) is not None]
        if given and not self.names:
            raise InputError(f"{', '.join(given)}: name what to draw")
        if self.project is not None and self.profile is not None:
            raise InputError("--project and --profile exclude each other")


@dataclass(frozen=True)
class Selected:
    """What was asked for: (name, object) in that order, and sentences on what is not in them.

    `own` are those that are made of trees, which are not in the file as they are; `words` is what the address of a page
    says after "#" to open with all of this.
    """

    drawn: tuple[tuple[str, Drawable], ...]
    notes: tuple[str, ...] = ()
    own: tuple[tuple[str, Drawable], ...] = ()
    words: tuple[str, ...] = ()

    @property
    def labelled(self) -> tuple[tuple[str, Drawable], ...]:
        """The objects with names that say also which entries of a tree they have, and with which weight."""
        return tuple(_labelled(self.drawn, len(self.drawn) - len(self.own)))


def _labelled(drawn: tuple[tuple[str, Drawable], ...], objects: int) -> Iterator[tuple[str, Drawable]]:
    for i, (name, drawable) in enumerate(drawn):
        yield f"{name}, {drawable.title}" if i >= objects and drawable.title else name, drawable


def show(path: str | Path, request: Request) -> Selected:
    """Return what was asked for of a ROOT file. Raises InputError, with all mistakes of the first kind found."""
    binnings = () if request.bins is None else binnings_of(request.bins)
    if request == Request(request.names) and (plain := _histograms(path, request.names)) is not None:
        return Selected(plain, words=tuple(_words(request, list(request.names), ())))
    objects, expressions = _sorted(path, request)
    given = [f"--{key}" for key in ("where", "weight", "bins") if getattr(request, key) is not None]
    if given and not expressions:
        raise InputError(f"{', '.join(given)}: for trees; name a tree and what to draw of it")
    if (request.project or request.profile) and expressions:
        option = "--project" if request.project else "--profile"
        raise InputError(f'{option}: for histograms of two and three axes; of a tree draw one axis, or "y:x"')
    drawn = select(path, objects, project=request.project, profile=request.profile) if objects else ()
    own, notes = _of_trees(path, request, expressions, binnings)
    return Selected((*drawn, *own), notes, own, tuple(_words(request, objects, own)))


def _histograms(path: str | Path, names: tuple[str, ...]) -> tuple[tuple[str, Drawable], ...] | None:
    """Return the histograms of these names, None where not all are some: the file is listed only once for them."""
    from wilks.templates.readers import read_available

    reading = read_available([(path, name) for name in names])
    if reading.problems or reading.missing:
        return None
    return tuple((name, reading.histograms[str(path), name]) for name in names)


def _words(request: Request, objects: list[str], own: tuple[tuple[str, Drawable], ...]) -> Iterator[str]:
    for name in objects:
        yield quote(name.strip("/").partition(";")[0])
    for name, _ in _labelled(own, 0):
        yield quote(made_path(name))
    if request.project or request.profile:
        yield f"!view={request.project or f'profile-{request.profile}'}"


def _sorted(path: str | Path, request: Request) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of objects, and by tree the expressions."""
    if not request.names:
        return [], {}
    trees = trees_of(path)
    objects: list[str] = []
    expressions: dict[str, list[str]] = {}
    current = None
    for name in request.names:
        plain = name.strip("/").partition(";")[0]
        if plain in trees and len(request.names) > 1:
            current = name
            expressions.setdefault(name, [])
        elif current is not None:
            expressions[current].append(name)
        elif (inside := next(_splits(name, trees), None)) is not None:
            expressions.setdefault(inside[0], []).append(inside[1])
        else:
            objects.append(name)
    empty = [tree for tree, texts in expressions.items() if not texts]
    return [*objects, *empty], {tree: texts for tree, texts in expressions.items() if texts}


def _splits(name: str, trees: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the ways in which a name can be a tree and what is drawn of it."""
    parts = name.strip("/").split("/")
    for i in range(len(parts) - 1, 0, -1):
        if "/".join(parts[:i]).partition(";")[0] in trees:
            yield "/".join(parts[:i]), "/".join(parts[i:])


def _of_trees(
    path: str | Path, request: Request, expressions: dict[str, list[str]], binnings: tuple[Binning, ...]
) -> tuple[tuple[tuple[str, Drawable], ...], tuple[str, ...]]:
    drawn: list[tuple[str, Drawable]] = []
    notes: list[str] = []
    problems: list[str] = []
    for tree, texts in expressions.items():
        try:
            found, said = draw_tree(path, Draw(tree, tuple(texts), request.where, request.weight, binnings))
        except InputError as error:
            problems += error.problems
            continue
        prefix = f"{tree}: " if len(expressions) > 1 else ""
        drawn += [(prefix + name, histogram) for name, histogram in found]
        notes += said
    if problems:
        raise InputError(problems)
    return tuple(drawn), tuple(notes)


def draw(
    named: tuple[tuple[str, Drawable], ...],
    width: int,
    *,
    unicode: bool = True,
    color: bool = False,
    log: bool = False,
) -> str:
    """Return objects drawn with characters: histograms and points over each other, histograms of two axes one by one.

    At most `width` columns are used. With `unicode=False` only ASCII is; `color=True` adds ANSI colours for a terminal,
    `log=True` makes the scale of contents logarithmic.
    Raises InputError for an empty list, too small a width, and yields whose range no axis can show.
    """
    flat = flattened(named)
    planes = [(name, drawn) for name, drawn in flat if isinstance(drawn, HistogramND)]
    lines = [(name, drawn) for name, drawn in flat if isinstance(drawn, Histogram | Points)]
    pictures = [draw_plane(name, plane, width, unicode=unicode, color=color, log=log) for name, plane in planes]
    if lines or not planes:
        pictures.append(draw_lines(lines, width, unicode=unicode, color=color, log=log))
    return "\n\n".join(pictures)
