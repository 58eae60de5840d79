"""`report`: what is at hand of an analysis, completed by what costs nothing, as one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from wilks._reading import parse_json, read_file
from wilks.errors import InputError, WilksError, listed
from wilks.formats.known import DATACARD, HISTFACTORY, HS3, recognised
from wilks.formats.load import load_workspace
from wilks.questions import matching_model
from wilks.reporting.contents import Contents
from wilks.reporting.report import Report
from wilks.results.findings import Findings
from wilks.results.fit import FitResult
from wilks.results.io import KINDS, decode_result
from wilks.results.prediction import Prediction
from wilks.workspace.workspace import Workspace

if TYPE_CHECKING:
    from wilks.model.model import Model
    from wilks.templates.store import Templates

# A folder that `wilks run` wrote: what it has of these, in this order.
_WORKSPACE, _TEMPLATES, _STEERING = "workspace.json", "templates.npz", "steering.yml"

# The model is in a page, unasked, where it takes so many bytes.
_MOST = 24_000_000


class _Head(msgspec.Struct):
    """What a JSON document says of itself; all else is passed over, which is quick where it is large."""

    kind: str | None = None
    format: Any = None
    channels: msgspec.Raw = msgspec.Raw()

    @property
    def is_workspace(self) -> bool:
        return bool(self.channels) and self.kind is None


@dataclass
class Collected:
    """What was handed in, sorted; `problems` are sentences about what can't be part of the `task`."""

    workspace: Workspace | None = None
    results: dict[str, Any] = field(default_factory=dict)
    templates: Any = None
    steering: str = ""
    problems: list[str] = field(default_factory=list)
    task: str = "report"

    def add(self, given: Any, name: str = "") -> None:
        """Sort in one thing: an object, a file or a folder."""
        if isinstance(given, str | Path):
            self._add_path(Path(given))
        elif isinstance(given, Workspace):
            if self.workspace is not None and self.workspace.digest != given.digest:
                self.problems.append(f"{name or self.task}: a second workspace; a {self.task} is about one")
            self.workspace = given
        elif type(given).__name__ == "Templates":
            self.templates = given
        elif (kind := _kind_of(given)) is not None:
            self.results[_free(name or f"{kind}.json", self.results)] = given
        else:
            found = type(given).__name__
            self.problems.append(f"{self.task}: found {found}; wanted are a workspace, templates, and results of wilks")

    def _add_path(self, path: Path) -> None:
        if path.is_dir():
            files = list(_files_of(path))
            if not files:
                self.problems.append(f'{path}: holds nothing that "wilks run" writes')
            for file in files:
                self._add_path(file)
            return
        try:
            self._add_content(path, read_file(path))
        except OSError as error:
            self.problems.append(f"{path}: can't be read: {error.strerror or error}")
        except InputError as error:
            self.problems.extend(error.problems)

    def _add_content(self, path: Path, content: bytes) -> None:
        if content.startswith(b"PK"):
            from wilks.templates.store import load_templates

            self.templates = load_templates(path)
            return
        head = _head(content)
        workspace = (head is not None and head.is_workspace) or recognised(content) in (HS3, HISTFACTORY, DATACARD)
        if not workspace:
            try:
                document = parse_json(content)
            except ValueError:
                if b"General" not in content:
                    raise InputError(f"{path}: no workspace, result, steering file or templates of wilks") from None
                self.steering = content.decode(errors="replace")
                return
            # Some results have channels, too.
            workspace = isinstance(document, dict) and "channels" in document and "kind" not in document
        if workspace:
            self.add(load_workspace(path), str(path))
        else:
            self.add(decode_result(content, str(path)), path.name)


def report(*given: Any, title: str = "", live: bool | None = None, blinded: bool = False) -> Report:
    """Return a page that shows what is `given`: a workspace and its results, as objects or files, in any order.

    A folder stands for what `wilks run` left in it. Templates and steering file are shown too where they are given.
    What the page needs and costs nothing is added: predictions before and after the fit, and findings. Nothing is
    fitted: without a fit the page says so. Results of another workspace are left out, with a sentence on the page.

    `title` stands at its head (default: the name of the measurement). With `live` the page holds the model itself,
    which can be changed and fitted again in it (default: where that takes up to 24 MB; else the page says so). A page
    that is `blinded`, or has a fit that was saved so, does not tell the value that the data give to a parameter of
    interest, and has no model.

    Raises InputError, with all mistakes, for what is no such thing, and where there is no workspace.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> model = wilks.compile_model(workspace)
    >>> made = wilks.report(workspace, wilks.fit(model), wilks.ranking(model))
    >>> made.save("report.html")
    >>> made
    <Report: "WZ production", 5 results>
    """
    found = Collected()
    for one in given:
        found.add(one)
    if found.workspace is None and not found.problems:
        found.problems.append("report: no workspace among what was given; a report is about one")
    if found.problems or found.workspace is None:
        raise InputError(found.problems)
    return assembled(
        found.workspace,
        found.results,
        templates=found.templates,
        steering=found.steering,
        title=title,
        live=live,
        blinded=blinded,
    )


def assembled(
    workspace: Workspace,
    results: Mapping[str, Any],
    *,
    templates: Templates | None = None,
    steering: str = "",
    title: str = "",
    live: bool | None = None,
    blinded: bool = False,
) -> Report:
    """Return the report of results by the names of their files; see `report`."""
    kept, notes = _of(workspace, results)
    fit = next((one for one in kept.values() if isinstance(one, FitResult)), None)
    model = cache(lambda: matching_model(workspace, fit))
    masked = bool(workspace.document.masks)  # bins that are drawn all the same
    drawn = cache(lambda: matching_model(workspace, fit, masks=False)) if masked else model
    notes += _complete(workspace, kept, fit, drawn)
    contents = Contents(
        title or workspace.measurement_names[0], workspace, kept, templates, steering, tuple(notes), blinded=blinded
    )
    if live is False or blinded:
        return Report(contents)
    return Report(_with_model(contents, fit, model, _MOST if live is None else None))


def _files_of(folder: Path) -> Iterator[Path]:
    for name in (_WORKSPACE, _TEMPLATES, _STEERING):
        if (folder / name).is_file():
            yield folder / name
    for path in sorted(folder.glob("*.json")):
        head = _head(path.read_bytes())
        if head is not None and head.kind in KINDS and head.format is not None:
            yield path


def _head(content: bytes) -> _Head | None:
    """Return what a JSON document says of itself; None where it is none."""
    try:
        return msgspec.json.decode(content, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _kind_of(result: Any) -> str | None:
    record = f"{type(result).__module__}.{type(result).__qualname__}"
    return next((kind for kind, known in KINDS.items() if known == record), None)


def _free(name: str, taken: dict[str, Any]) -> str:
    """Return a name that no other result has."""
    stem, number, free = name.removesuffix(".json"), 2, name
    while free in taken:
        free, number = f"{stem}-{number}.json", number + 1
    return free


def _digest_of(result: Any) -> str:
    origin = getattr(result, "origin", result)
    return str(getattr(origin, "workspace_digest", ""))


def _of(workspace: Workspace, results: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the results that belong to the workspace, and a sentence about the others."""
    kept = {name: one for name, one in results.items() if _digest_of(one) in ("", workspace.digest)}
    others = [name for name in results if name not in kept]
    notes = [f"Left out, since they belong to another workspace: {listed(others)}."] if others else []
    return kept, notes


def _with_model(contents: Contents, fit: FitResult | None, model: Callable[[], Model], most: int | None) -> Contents:
    """Return the contents with the model, as the first fit has it; where that can't be, with a sentence.

    With what the page needs of its workspace it may take `most` bytes.
    """
    from wilks.model.export import export_model
    from wilks.workspace.packing import pack_workspace

    workspace = contents.workspace
    poi = fit.poi if fit is not None else workspace.document.measurements[0].config.poi
    try:
        asked = model()
        packed = pack_workspace(workspace)
        exported = export_model(asked.with_poi(poi) if poi in asked.parameter_names else asked, packed)
    except WilksError as error:
        return replace(contents, notes=(*contents.notes, f"The page has no model to fit: {error}"))
    size = len(exported) + len(packed.numbers)
    if most is None or size <= most:
        return replace(contents, model=exported, packed=packed)
    note = (
        f"The page has no model to fit: that would take {size / 1e6:.0f} MB, more than the {most / 1e6:.0f} MB "
        'up to which it is there unasked; "wilks report --live" puts it in.'
    )
    return replace(contents, notes=(*contents.notes, note), packed=packed)


def _masked(workspace: Workspace) -> str:
    """Return the bins that a workspace masks, in words, "" where there are none."""
    from wilks.workspace.edit import masked_bins

    return ", ".join(f'bins {", ".join(map(str, bins))} of "{name}"' for name, bins in masked_bins(workspace).items())


def _complete(
    workspace: Workspace, results: dict[str, Any], fit: FitResult | None, model: Callable[[], Model]
) -> list[str]:
    """Add predictions and findings that are not among the results; return a sentence for each that can't be made."""
    from wilks.checks.check import check
    from wilks.infer.prediction import predict

    notes = [f"Not fitted, since the workspace masks them: {words}."] if (words := _masked(workspace)) else []
    labels = {one.label for one in results.values() if isinstance(one, Prediction)}
    try:
        if "pre-fit" not in labels:
            results[_free("prefit.json", results)] = predict(model())
        if "post-fit" not in labels and fit is not None and fit.converged and fit.covariance_valid:
            results[_free("postfit.json", results)] = predict(model(), fit)
    except WilksError as error:
        notes.append(f"No prediction could be made: {error}")
    if not any(isinstance(one, Findings) for one in results.values()):
        subjects: list[Any] = [workspace, *([fit] if fit is not None else [])]
        every = tuple(finding for subject in subjects for finding in check(subject))
        results[_free("findings.json", results)] = Findings(every)
    return notes
