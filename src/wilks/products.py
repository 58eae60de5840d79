"""What an analysis leaves behind: every file that a run writes, each whole or not at all.

The output folder:

    templates.npz   templates.json   workspace.json (and workspace.axes.json)   steering.yml
    findings.json   findings_fit.json   fit.json   prefit.json   postfit.json
    intervals.json   ranking.json   breakdown.json   gof.json   limit.json   significance.json   report.html
    tables/         norm_effects, yields_prefit, yields_postfit, parameters as .txt, .md and .tex
    figures/        variations_<region>, pruning, pulls, ranking, correlations, summary_prefit and _postfit,
                    data_mc_<channel>_prefit and _postfit as .pdf and .png
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wilks
from wilks._files import write_atomically
from wilks.errors import InputError
from wilks.pages import data_mc_pictures, drawn_alone, file_names, summarised
from wilks.pictures import Told, save_pictures

if TYPE_CHECKING:
    from wilks.config.schema import Config
    from wilks.results.fit import FitResult
    from wilks.results.prediction import Prediction
    from wilks.table import Table
    from wilks.templates.store import Templates
    from wilks.workspace.workspace import Workspace

FORMATS = ("pdf", "png")
STEERING = "steering.yml"
# Results of a run, besides those that every run has.
RESULTS = (
    "findings_fit",
    "prefit",
    "postfit",
    "intervals",
    "ranking",
    "breakdown",
    "gof",
    "limit",
    "significance",
)
_FIGURES = ("pulls", "ranking", "correlations", "summary_prefit", "summary_postfit")


def require_place_for_templates(path: Path, config: Config) -> None:
    """Raise InputError where a file for templates, or that of their record, would take the place of something else.

    That is a folder, the steering file, input, or a JSON file that is no such record.
    """
    record = path.with_suffix(".json")
    if record == path:
        raise InputError(f"{path}: the record of the templates goes there; give them another ending, such as .npz")
    for file in (path, record):
        require_other_file(file, config)
    beginnings = {path: _beginning(path, 4), record: _beginning(record, 100)}
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if beginnings[path] in (b"root", b"\x89HDF"):
        raise InputError(f"{path}: is not replaced, because it may be input; choose another name")
    if beginnings[record] and not re.match(rb'\{\s*"events"', beginnings[record]):
        raise InputError(
            f"{record}: the record of the templates would replace this file, which is something else; choose another "
            f"name than {path}"
        )


def require_other_file(path: Path, config: Config) -> None:
    """Raise InputError where a file that is about to be written is the steering file."""
    if config.source is not None and path.exists() and path.samefile(config.source):
        raise InputError(f"{path}: is the steering file; choose another name")


def _beginning(path: Path, size: int) -> bytes:
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def save_templates(templates: Templates, path: Path) -> list[Path]:
    """Write templates to one file, and the record of their processing beside it; return both.

    Raises InputError where they can't be written.
    """
    with writing(path):
        templates.save(path)
    return [path, *save_text(f"{json.dumps(templates.record(), indent=1)}\n", path.with_suffix(".json"))]


def save_workspace(workspace: Workspace, path: Path) -> list[Path]:
    """Write a workspace, with its axes beside it, and return its file. Raises InputError where it can't be written."""
    with writing(path):
        workspace.save(path)
    return [path]


def save_text(text: str, path: Path) -> list[Path]:
    """Write a text file and return it. Raises InputError where it can't be written."""
    with writing(path):
        write_atomically(path, text.encode())
    return [path]


def save_data_mc(
    prediction: Prediction,
    folder: Path,
    *,
    channels: Iterable[str] | None = None,
    formats: Sequence[str] = FORMATS,
    processes: int = 1,
    told: Told = lambda done, total: None,
    **options: Any,
) -> Iterator[list[Path]]:
    """Draw data and prediction of every channel, or of those named, into `folder`, and yield the files of each.

    `options` are those of `wilks.figures.data_mc`; `processes` and `told` those of `save_pictures`.
    """
    drawn = data_mc_pictures(prediction, prediction.channel_names if channels is None else channels, **options)
    return save_pictures(drawn, folder, formats, processes=processes, told=told)


def save_summary(
    prediction: Prediction, folder: Path, *, formats: Sequence[str] = FORMATS, **options: Any
) -> list[Path]:
    """Draw all channels together into `folder`, and return the files; `options` are those of `figures.summary`."""
    figure = wilks.figures.summary(prediction, **options)
    return wilks.figures.save(figure, folder / f"summary_{_file_label(prediction)}", formats)


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn the OSError of a file that can't be written into an InputError that names the file."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: the file can't be written: {error.strerror or error}") from None


def products(folder: Path, templates: Templates) -> Iterator[Path]:
    """Yield what an earlier run left that the next one might not write again; figures by the regions of both runs."""
    for regions in (_earlier_regions(folder / "workspace.json"), {key.region for key in templates}):
        yield from _figures_of(regions, folder / "figures")
    for table in ("norm_effects", "yields_prefit", "yields_postfit", "parameters"):
        yield from (folder / "tables" / f"{table}.{suffix}" for suffix in ("txt", "md", "tex"))
    # The workspace goes last: it tells the regions, should this be interrupted.
    yield from (folder / f"{name}.json" for name in ("templates", "findings", "fit", *RESULTS))
    yield from (folder / name for name in ("report.html", STEERING, "workspace.axes.json", "workspace.json"))


def _earlier_regions(workspace: Path) -> Iterable[str]:
    try:
        return wilks.load_workspace(workspace).channel_names
    except InputError:
        return ()


def _figures_of(regions: Iterable[str], folder: Path) -> Iterator[Path]:
    for suffix in ("pdf", "png"):
        yield from (folder / f"{name}.{suffix}" for name in _FIGURES)
        stems = ["pruning", "variations"]
        for name in file_names(sorted(regions)).values():
            yield from (folder / f"data_mc_{name}_{label}.{suffix}" for label in ("prefit", "postfit"))
            stems.append(f"variations_{name}")
        for stem in stems:
            pages = [folder / f"{stem}.{suffix}"]
            while pages[-1].exists():
                pages.append(folder / f"{stem}_{len(pages) + 1}.{suffix}")
            yield from reversed(pages)


def save_figures(figures: Mapping[str, Any], folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write figures by the names of their files, and return the files."""
    return [file for name, figure in figures.items() for file in wilks.figures.save(figure, folder / name, formats)]


def saved(product: Any, path: Path) -> list[Path]:
    """Write a result and return its file."""
    product.save(path)
    return [path]


def save_fit(result: FitResult, folder: Path) -> list[Path]:
    """Write a fit and the table of its parameters, and return the files."""
    files = saved(result, folder / "fit.json")
    return files + save_table(wilks.tables.parameters(result), folder / "tables" / "parameters")


def save_prediction(
    prediction: Prediction,
    folder: Path,
    *,
    formats: Sequence[str],
    prefit: Prediction | None = None,
    processes: int = 1,
    told: Told = lambda done, total: None,
    **options: Any,
) -> list[Path]:
    """Write a prediction, its yields and, in these formats, its figures; return the files.

    `options` are those of `wilks.figures.data_mc` and `summary`; `processes` and `told` those of `save_pictures`.
    """
    label = _file_label(prediction)
    files = saved(prediction, folder / f"{label}.json")
    files += save_table(wilks.tables.yields(prediction), folder / "tables" / f"yields_{label}")
    if not formats:
        return files
    figures, options = folder / "figures", {"formats": formats, **options}
    if summarised(prediction):
        files += save_summary(prediction, figures, prefit=prefit, **options)
    drawn = save_data_mc(
        prediction, figures, channels=drawn_alone(prediction), processes=processes, told=told, **options
    )
    return [*files, *chain.from_iterable(drawn)]


def save_table(table: Table, stem: Path) -> list[Path]:
    """Write a table as text, Markdown and LaTeX, and return the files."""
    texts = {"txt": table.text(), "md": table.markdown(), "tex": table.latex()}
    return [file for suffix, text in texts.items() for file in save_text(f"{text}\n", Path(f"{stem}.{suffix}"))]


def _file_label(prediction: Prediction) -> str:
    return prediction.label.replace("-", "")
