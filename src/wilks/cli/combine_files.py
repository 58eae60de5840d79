"""Options of commands that also write what Combine's plotting scripts read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wilks.cli.streams import check_target, deliver, wrote
from wilks.cli.waiting import end
from wilks.errors import InputError
from wilks.products import save_text, writing

if TYPE_CHECKING:
    from wilks.results.scan import ScanResult


def _target(ctx: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Return a path that can be written. Raises InputError."""
    if path == "-":
        raise InputError(f"{parameter.opts[0]} -: name a file")
    if path is not None:
        check_target(path, file=True)
    return path


def _option(name: str, help: str) -> Callable[[Any], Any]:
    return click.option(name, metavar="PATH", callback=_target, help=help)


combine_root_option = _option(
    "--combine-root", "ROOT file with Combine's tree limit, as higgsCombine*.root; for its plotting scripts."
)
limits_json_option = _option("--limits-json", "File in the format of Combine's limits.json, for plotLimits.py.")
gof_json_option = _option("--gof-json", "File in the format of Combine's gof.json, for plotGof.py; needs --toys.")


def conclude_with(ctx: click.Context, result: Any, output: str | None, **files: str | None) -> None:
    """Print and save a result, then write `files` of it that are asked for, and end the command as `conclude` does.

    Files are named as the options are: `combine_root`, `limits_json`, `gof_json`.
    """
    from wilks.export.combine import gof_json, limits_json

    deliver(result, str(result), output)
    mass = asked_mass(ctx)
    written: list[Path] = []
    if (path := files.get("combine_root")) is not None:
        written += _save_trees(result, Path(path), mass)
    for name, content in (("limits_json", limits_json), ("gof_json", gof_json)):
        if (path := files.get(name)) is not None:
            written += save_text(content(result, mass), Path(path))
    if output != "-":
        wrote(written)
    end(ctx, good=result.converged)


def asked_mass(ctx: click.Context) -> float:
    """Return the mass that a command was given, as its own option or as one of Combine's, else Combine's default."""
    from wilks.export.combine.limits import MASS

    read_with = getattr(ctx.meta.get("wilks.combine"), "reading", {})
    given = ctx.params.get("mass", read_with.get("mass"))
    return MASS if given is None else float(given)


def _save_trees(result: Any, path: Path, mass: float) -> list[Path]:
    """Write the tree of a result, of a scan with several curves one file each; return the files."""
    from wilks.export.combine import save_limit_tree
    from wilks.results.scan import ScanResult

    parts = _curves(result, path) if isinstance(result, ScanResult) else {path: result}
    for file, part in parts.items():
        with writing(file):
            save_limit_tree(part, file, mass)
    return list(parts)


def _curves(result: ScanResult, path: Path) -> dict[Path, ScanResult]:
    """Return the curves of a scan by file: the total, then `FILE.<label>.root` for each of the others."""
    first, *others = result.curves
    found = {path: replace(result, curves=(first,))}
    for number, curve in enumerate(others, 1):
        label = re.sub(r"\W+", "_", curve.label).strip("_") or "curve"
        named = path.with_name(f"{path.stem}.{label}{path.suffix}")
        found[named if named not in found else path.with_name(f"{path.stem}.{label}_{number}{path.suffix}")] = replace(
            result, curves=(curve,)
        )
    return found
