"""A whole analysis, from the steering file to the figures, in one output folder.

This is the only module that knows how the folder is laid out:

    templates.npz   templates.json   workspace.json (and workspace.axes.json)   findings.json   fit.json
    tables/         norm_effects, yields_prefit, yields_postfit, parameters as .txt, .md and .tex
    figures/        variations_<region>, pruning, pulls, summary_prefit and _postfit, data_mc_<channel>_prefit and
                    _postfit as .pdf and .png
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import wilks
from wilks._files import write_atomically
from wilks.errors import InputError, TemplateError
from wilks.pages import data_mc_figures, drawn_alone, look_of, summarised
from wilks.pages import file_names as file_names
from wilks.pages import variation_figures as variation_figures

if TYPE_CHECKING:
    from wilks.checks.thresholds import Thresholds
    from wilks.config.schema import Config
    from wilks.figures.style import FigureStyle
    from wilks.model.model import Model
    from wilks.results.findings import Findings
    from wilks.results.fit import FitResult
    from wilks.results.prediction import Prediction
    from wilks.table import Table
    from wilks.templates.store import Templates
    from wilks.templates.workers import Workers
    from wilks.workspace.workspace import Workspace

OUTPUT = "wilks-output"

_Product = TypeVar("_Product")


class Stage(StrEnum):
    """What a run does, in this order."""

    CONFIG = "config"
    TEMPLATES = "templates"
    WORKSPACE = "workspace"
    CHECK = "check"
    VARIATIONS = "variations"
    FIT = "fit"
    PULLS = "pulls"
    PREFIT = "pre-fit"
    POSTFIT = "post-fit"


@dataclass(frozen=True)
class Event:
    """A stage begins (`product` None), or has made its product and written `files`."""

    stage: Stage
    product: Any = None
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Run:
    """Everything that a run made. `postfit` is None where the fit failed; `files` are in the order of writing."""

    config: Config
    templates: Templates
    workspace: Workspace
    findings: Findings
    result: FitResult
    prefit: Prediction
    postfit: Prediction | None
    files: tuple[Path, ...]


@dataclass
class _Stages:
    """The stages of a run: each makes a product and writes it, `observe` is told; `written` are all files so far."""

    observe: Callable[[Event], None]
    written: list[Path] = field(default_factory=list)

    def step(
        self, stage: Stage, make: Callable[[], _Product], write: Callable[[_Product], Iterable[Path]] = lambda made: ()
    ) -> _Product:
        """Return the product of a stage, its files written."""
        self.observe(Event(stage))
        product = make()
        files = tuple(write(product))
        self.written.extend(files)
        self.observe(Event(stage, product, files))
        return product


def run(
    source: str | Path | TextIO,
    output: str | Path = OUTPUT,
    *,
    observe: Callable[[Event], None] = lambda event: None,
    progress: Callable[[int, int], bool] | None = None,
    workers: Workers = None,
    skip_unreadable: bool = False,
    force: bool = False,
    log: bool | None = None,
) -> Run:
    """Return what a steering file leads to: templates, workspace, findings, fit, predictions; written to `output`.

    Every stage writes its products, each file whole or not at all, before the next stage starts; `observe` is told
    when a stage begins and when it has ended. Products of an earlier run in the same folder go when the first new one
    is written; templates of it that would come out the same are not made again, unless `force` says so. `progress`,
    `workers` and `skip_unreadable` are those of `build_templates`, `log` is that of `figures.data_mc`. A fit that fails
    is no exception: its result says so, and what needs its uncertainties is left out.

    Raises ConfigError, TemplateError, WorkspaceError or ModelError for mistakes in the input, and InputError where
    the output can't be written or is the folder of the steering file.

    >>> import wilks.pipeline
    >>> done = wilks.pipeline.run(wilks.examples.steering_file(), "wilks-output")
    >>> print(f"{done.result['mu'].value:.2f}")
    1.08
    """
    folder = Path(output)
    stages = _Stages(observe)
    step = stages.step
    config = step(Stage.CONFIG, lambda: _config(source, folder))
    previous = None if force else earlier_templates(folder / "templates.npz")
    templates = step(
        Stage.TEMPLATES,
        lambda: make_templates(
            config, workers=workers, progress=progress, skip_unreadable=skip_unreadable, previous=previous
        ),
        lambda made: _first(made, folder),
    )
    workspace = step(
        Stage.WORKSPACE,
        lambda: wilks.build_workspace(templates, config),
        lambda made: save_workspace(made, folder / "workspace.json"),
    )
    findings = step(
        Stage.CHECK,
        lambda: check_all(config, templates, workspace),
        lambda made: _saved(made, folder / "findings.json"),
    )
    step(Stage.VARIATIONS, lambda: variation_figures(templates), lambda made: _variation_files(made, templates, folder))
    model = wilks.compile_model(workspace)
    result = step(Stage.FIT, lambda: wilks.fit(model), lambda made: _fit_files(made, folder))
    step(Stage.PULLS, lambda: pulls_figure(result), lambda made: wilks.figures.save(made, folder / "figures" / "pulls"))
    prefit = step(Stage.PREFIT, lambda: wilks.predict(model), lambda made: _prediction_files(made, folder, config, log))
    postfit = None
    if result.converged and result.covariance_valid:
        postfit = step(
            Stage.POSTFIT,
            lambda: wilks.predict(model, result),
            lambda made: _prediction_files(made, folder, config, log, prefit=prefit),
        )
    return Run(config, templates, workspace, findings, result, prefit, postfit, tuple(stages.written))


def make_templates(
    config: Config,
    *,
    workers: Workers = None,
    progress: Callable[[int, int], bool] | None = None,
    skip_unreadable: bool = False,
    previous: Templates | None = None,
) -> Templates:
    """Return the templates of a steering file as they enter the workspace. Raises TemplateError.

    All options are those of `build_templates`.
    """
    built = wilks.build_templates(
        config, workers=workers, progress=progress, skip_unreadable=skip_unreadable, previous=previous
    )
    return wilks.process_templates(built, config)


def earlier_templates(path: Path) -> Templates | None:
    """Return the templates in a file that is about to be written again; None where there are none."""
    try:
        return wilks.load_templates(path)
    except TemplateError:
        return None


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


def check_all(
    config: Config, templates: Templates, workspace: Workspace, *, thresholds: Thresholds | None = None
) -> Findings:
    """Return what looks wrong with a steering file, its templates and its workspace, the most severe first.

    What is worth a finding is said by `thresholds`; without them by the steering file.
    """
    from wilks.checks.thresholds import Thresholds
    from wilks.results.findings import Findings

    limits = thresholds or Thresholds.of(config)
    subjects = (config, templates, workspace)
    return Findings(tuple(finding for subject in subjects for finding in wilks.check(subject, thresholds=limits)))


def matching_model(workspace: Workspace, result: FitResult | None, *, measurement: str | None = None) -> Model:
    """Return the model that a fit result was made with (without one: with the default interpolation), without POI.

    Measurement and interpolation are those of the result; predictions need no parameter of interest, and
    background-only workspaces name one that they lack. Raises ModelError where the workspace lacks the measurement.
    """
    if result is None:
        return wilks.compile_model(workspace, measurement=measurement, poi="")
    codes = {name: result.settings[name] for name in ("normsys", "histosys") if name in result.settings}
    return wilks.compile_model(workspace, measurement=measurement or result.measurement, poi="", **codes)


def pulls_figure(
    result: FitResult | Mapping[str, FitResult], *, style: str | FigureStyle = "plain", **options: Any
) -> Any:
    """Return the figure of pulls of a fit, or of several; staterrors are only shown where there are no others, unless
    `options` say so.
    """
    fits = result.values() if isinstance(result, Mapping) else [result]
    others = any("staterror" not in types for fit in fits for types in fit.modifier_types)
    return wilks.figures.pulls(result, style=style, **{"include_staterrors": not others, **options})


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
    prediction: Prediction, folder: Path, *, channels: Iterable[str] | None = None, **options: Any
) -> list[Path]:
    """Draw data and prediction of every channel, or of those named, into `folder`, and return the files.

    `options` are those of `wilks.figures.data_mc`.
    """
    drawn = data_mc_figures(prediction, prediction.channel_names if channels is None else channels, **options)
    return [file for name, figure in drawn for file in wilks.figures.save(figure, folder / name)]


def save_summary(prediction: Prediction, folder: Path, **options: Any) -> list[Path]:
    """Draw all channels together into `folder`, and return the files; `options` are those of `figures.summary`."""
    figure = wilks.figures.summary(prediction, **options)
    return wilks.figures.save(figure, folder / f"summary_{_file_label(prediction)}")


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn the OSError of a file that can't be written into an InputError that names the file."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: the file can't be written: {error.strerror or error}") from None


def _config(source: str | Path | TextIO, folder: Path) -> Config:
    config = wilks.load_config(source)
    if config.source is not None and folder.resolve() == config.source.resolve().parent:
        raise InputError(f"{folder}: the output can't go to the folder of the steering file; choose another one")
    return config


def _first(templates: Templates, folder: Path) -> list[Path]:
    """Write the first product; those of an earlier run would not belong to it."""
    with writing(folder):
        for stale in _products(folder, templates):
            stale.unlink(missing_ok=True)
    return save_templates(templates, folder / "templates.npz")


def _products(folder: Path, templates: Templates) -> Iterator[Path]:
    """Yield what an earlier run left that the next one might not write again; figures by the regions of both runs."""
    for regions in (_earlier_regions(folder / "workspace.json"), {key.region for key in templates}):
        yield from _figures_of(regions, folder / "figures")
    for table in ("norm_effects", "yields_prefit", "yields_postfit", "parameters"):
        yield from (folder / "tables" / f"{table}.{suffix}" for suffix in ("txt", "md", "tex"))
    # The workspace goes last: it tells the regions, should this be interrupted.
    for name in ("templates.json", "findings.json", "fit.json", "workspace.axes.json", "workspace.json"):
        yield folder / name


def _earlier_regions(workspace: Path) -> Iterable[str]:
    try:
        return wilks.load_workspace(workspace).channel_names
    except InputError:
        return ()


def _figures_of(regions: Iterable[str], folder: Path) -> Iterator[Path]:
    for suffix in ("pdf", "png"):
        yield from (folder / f"{name}.{suffix}" for name in ("pulls", "summary_prefit", "summary_postfit"))
        stems = ["pruning", "variations"]
        for name in file_names(sorted(regions)).values():
            yield from (folder / f"data_mc_{name}_{label}.{suffix}" for label in ("prefit", "postfit"))
            stems.append(f"variations_{name}")
        for stem in stems:
            pages = [folder / f"{stem}.{suffix}"]
            while pages[-1].exists():
                pages.append(folder / f"{stem}_{len(pages) + 1}.{suffix}")
            yield from reversed(pages)


def _variation_files(figures: Mapping[str, Any], templates: Templates, folder: Path) -> list[Path]:
    if not figures:
        return []
    files = _save_table(wilks.tables.norm_effects(templates), folder / "tables" / "norm_effects")
    return files + [
        file for name, figure in figures.items() for file in wilks.figures.save(figure, folder / "figures" / name)
    ]


def _saved(product: Findings | FitResult, path: Path) -> list[Path]:
    product.save(path)
    return [path]


def _fit_files(result: FitResult, folder: Path) -> list[Path]:
    files = _saved(result, folder / "fit.json")
    return files + _save_table(wilks.tables.parameters(result), folder / "tables" / "parameters")


def _prediction_files(
    prediction: Prediction, folder: Path, config: Config, log: bool | None, prefit: Prediction | None = None
) -> list[Path]:
    look = look_of(config, prediction)
    table = wilks.tables.yields(prediction)
    files = _save_table(table, folder / "tables" / f"yields_{_file_label(prediction)}")
    if summarised(prediction):
        files += save_summary(prediction, folder / "figures", prefit=prefit, log=log, **look)
    return files + save_data_mc(prediction, folder / "figures", channels=drawn_alone(prediction), log=log, **look)


def _save_table(table: Table, stem: Path) -> list[Path]:
    texts = {"txt": table.text(), "md": table.markdown(), "tex": table.latex()}
    return [file for suffix, text in texts.items() for file in save_text(f"{text}\n", Path(f"{stem}.{suffix}"))]


def _file_label(prediction: Prediction) -> str:
    return prediction.label.replace("-", "")
