"""Options of figures on the command line: one declaration for each keyword, and which keywords a command has."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from wilks.cli.named import by_name, labelled, numbers_by_name
from wilks.errors import InputError
from wilks.selection import matching

# Keywords that choose a page, of commands that draw all pages.
PAGES = ("first", "page")
# Keywords of a figure that are options by another declaration, or that only Python has.
ELSEWHERE = ("style", "log", "log_x", "poi", "parameter", "ax", "channel", "blind", "scan")


def _texts_by_name(form: str) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], dict[str, str]]:
    def text(value: str) -> str:
        if not value:
            raise ValueError
        return value

    return by_name(form, text)


def _curve(ctx: click.Context, parameter: click.Parameter, path: str | None) -> tuple[list[float], list[float]] | None:
    """Return the two columns of a file: numbers between commas or blanks; lines that start with # are comments."""
    if path is None:
        return None
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--theory: {path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    x, y, problems = [], [], []
    for number, line in enumerate(lines, 1):
        cells = line.partition("#")[0].replace(",", " ").split()
        try:
            first, second = (float(cell) for cell in cells) if cells else (None, None)
        except ValueError:
            problems.append(f'--theory: {path}:{number}: two numbers are needed, found "{line.strip()}"')
            continue
        if first is not None and second is not None:
            x.append(first)
            y.append(second)
    if problems or len(x) < 2:
        raise InputError(problems or f"--theory: {path}: a curve needs two points or more, found {len(x)}")
    return x, y


def _groups(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, list[str]]:
    return labelled("--group", texts)


def _forbidden(ctx: click.Context, parameter: click.Parameter, text: str | None) -> float | bool | None:
    if text is None or text == "no":
        return None if text is None else False
    try:
        offset = float(text)
    except ValueError:
        offset = math.nan
    if not math.isfinite(offset):
        raise InputError(f'--forbidden: a number is needed, or "no"; found "{text}"')
    return offset


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "rows": click.option("--rows", type=click.IntRange(1), metavar="N", help="Draw at most N rows."),
    "first": click.option("--first", type=click.IntRange(1), metavar="N", help="Start with row N of a ranking."),
    "x": click.option("--x", metavar="LABEL", help="Draw a grid along this label."),
    "at": click.option(
        "--at",
        multiple=True,
        metavar="LABEL=VALUE",
        callback=numbers_by_name,
        help="Draw the points of a grid where a label has this value; repeatable.",
    ),
    "theory": click.option(
        "--theory",
        metavar="FILE",
        callback=_curve,
        help="Draw a curve over the limits of a grid: a file with two columns, label and prediction.",
    ),
    "axis_titles": click.option(
        "--axis-title",
        "axis_titles",
        multiple=True,
        metavar="LABEL=TITLE",
        callback=_texts_by_name("LABEL=TITLE"),
        help="Title of the axis of a grid's label: 'm1=$m_{1}$ [GeV]'; repeatable.",
    ),
    "unit": click.option("--unit", metavar="TEXT", help="Unit of the labels of a grid, where they have no title: GeV."),
    "forbidden": click.option(
        "--forbidden",
        metavar="NUMBER|no",
        callback=_forbidden,
        help="Map of a grid: shade where the second label is above the first minus this. Default: two masses "
        "of which one never reaches the other, with 0.",
    ),
    "title": click.option("--limit-title", "title", metavar="TEXT", help="Title of the axis of a grid's limits."),
    "levels": click.option(
        "--level", "levels", type=float, multiple=True, metavar="LEVEL", help="Mark this level of a scan; repeatable."
    ),
    "reference": click.option(
        "--reference-point", "reference", nargs=2, type=float, metavar="X Y", help="Mark a point beside a contour."
    ),
    "bins": click.option("--bins", type=click.IntRange(1), metavar="N", help="Bins of the toys of a goodness of fit."),
    "exclude": click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="Leave parameters (names or patterns) out; repeatable.",
    ),
    "include_staterrors": click.option(
        "--include-staterrors",
        "--staterrors",
        "include_staterrors",
        is_flag=True,
        default=None,
        help="Also the parameters of staterrors. Default: pulls have them where there are no others.",
    ),
    "systematic": click.option(
        "--systematic", multiple=True, metavar="NAME", help="Draw these in full (names or patterns); repeatable."
    ),
    "region": click.option("--region", multiple=True, metavar="NAME", help="Only in these regions; repeatable."),
    "sample": click.option("--sample", multiple=True, metavar="NAME", help="Only on these samples; repeatable."),
    "data": click.option(
        "--data",
        metavar="NAME",
        help="With --systematic: on the sum of all samples but this one, drawn with it (of a workspace: Data).",
    ),
    "threshold": click.option(
        "--threshold", type=float, metavar="SIZE", help="Smallest correlation that is worth a row. Default: 0.1."
    ),
    "sort": click.option("--sort", metavar="ORDER", help="What comes first: impact (default), constraint or pull."),
    "relative": click.option(
        "--relative", is_flag=True, default=None, help="Divide impacts by the uncertainty of the parameter of interest."
    ),
    "groups": click.option(
        "--group",
        "groups",
        multiple=True,
        metavar="LABEL=PATTERN",
        callback=_groups,
        help="Group of parameters with a heading of its own; repeatable, also for one label. Default: by kind.",
    ),
    "parameters": click.option(
        "--parameters", multiple=True, metavar="PATTERN", help="Only these parameters (names or patterns); repeatable."
    ),
    "channels": click.option(
        "--channels", multiple=True, metavar="PATTERN", help="Only these channels (names or patterns); repeatable."
    ),
    "samples": click.option(
        "--samples", multiple=True, metavar="PATTERN", help="Only these samples (names or patterns); repeatable."
    ),
    "divide_by_width": click.option(
        "--divide-by-width", is_flag=True, default=None, help="Divide events by the widths of the bins."
    ),
    "ratio_half_width": click.option(
        "--ratio",
        "ratio_half_width",
        type=click.FloatRange(0, min_open=True),
        metavar="HALF",
        help="The ratio reaches from 1 - HALF to 1 + HALF. Default: what holds the data.",
    ),
    "prefit": click.option(
        "--prefit", is_flag=True, default=None, help="With --fit: also the total before the fit, as a dashed line."
    ),
    "colors": click.option(
        "--colors",
        multiple=True,
        metavar="SAMPLE=COLOUR",
        callback=_texts_by_name("SAMPLE=COLOUR"),
        help="Colour of a sample, by its name (tab:red, #1f77b4); repeatable.",
    ),
    "order": click.option(
        "--order",
        multiple=True,
        metavar="SAMPLE",
        help="Sample on top of the stack, and of the legend; repeatable, from the top. Default: the signal, then as in "
        "the workspace.",
    ),
    "per_bin": click.option(
        "--per-bin/--per-channel",
        "per_bin",
        default=None,
        help="With --summary: bins, or channels as bins. Default: bins where there is room for them.",
    ),
}

# Commands, and the keywords of their figures.
PLOT = (
    *("rows", "first", "x", "at", "theory", "axis_titles", "unit", "forbidden", "title", "levels", "reference", "bins"),
    *("exclude", "include_staterrors", "groups", "parameters"),
)
PULLS = ("exclude", "include_staterrors", "groups", "rows")
IMPACTS = ("rows", "sort", "relative", "groups")
CORRELATIONS = ("threshold", "rows", "include_staterrors")
VARIATIONS = ("systematic", "region", "sample", "data", "rows")
MODIFIERS = ("parameters", "channels", "samples", "rows")
DATA_MC = ("divide_by_width", "ratio_half_width", "prefit", "colors", "order", "per_bin")


def figure_options(keywords: Iterable[str], **helps: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds the options of these keywords; the command is called with `options`.

    These are the keywords that were given, with their values. `helps` are what the help says of some in this command.
    """
    names = tuple(keywords)

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapped(**rest: Any) -> Any:
            given = {name: rest.pop(name) for name in names}
            options = {name: value for name, value in given.items() if value is not None and value not in ((), {})}
            return command(options=options, **rest)

        decorated: Callable[..., Any] = wrapped
        for name in reversed(names):
            decorated = _OPTIONS[name](decorated)
            if name in helps:
                decorated.__click_params__[-1].help = helps[name]  # type: ignore[attr-defined]
        return decorated

    return decorate


def renamed(options: Mapping[str, Any], titles: Mapping[str, str], result: Any) -> dict[str, Any]:
    """Return options, which have names, of a figure for a result whose names are replaced by titles.

    `result` may be several by label.
    """
    changed = dict(options)
    if "x" in changed:
        changed["x"] = titles.get(changed["x"], changed["x"])
    for keyword in ("at", "axis_titles", "colors"):
        if keyword in changed:
            changed[keyword] = {titles.get(name, name): value for name, value in changed[keyword].items()}
    if "order" in changed:
        changed["order"] = [titles.get(name, name) for name in changed["order"]]
    if not titles:
        return changed
    several = result.values() if isinstance(result, Mapping) else [result]
    names = list(dict.fromkeys(name for one in several for name in getattr(one, "names", ())))

    def meant(patterns: Iterable[str]) -> list[str]:
        found = {pattern: [names[i] for i in matching(names, pattern)] for pattern in patterns}
        return [titles.get(name, name) for pattern, group in found.items() for name in group or [pattern]]

    for keyword in ("exclude", "parameters"):
        if keyword in changed:
            changed[keyword] = meant(changed[keyword])
    if "groups" in changed:
        changed["groups"] = {label: meant(patterns) for label, patterns in changed["groups"].items()}
    return changed
