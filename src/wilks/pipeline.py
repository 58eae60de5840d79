"""A whole analysis, from the steering file to the report, in one output folder (see `wilks.products`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import wilks
from wilks._reading import read_file
from wilks.errors import InputError, TemplateError, listed, nearest
from wilks.pages import file_names as file_names
from wilks.pages import look_of
from wilks.pages import variation_figures as variation_figures
from wilks.pictures import Told
from wilks.products import FORMATS as FORMATS
from wilks.products import (
    STEERING,
    products,
    save_figures,
    save_fit,
    save_prediction,
    save_table,
    saved,
    writing,
)
from wilks.products import require_other_file as require_other_file
from wilks.products import require_place_for_templates as require_place_for_templates
from wilks.products import save_data_mc as save_data_mc
from wilks.products import save_summary as save_summary
from wilks.products import save_templates as save_templates
from wilks.products import save_text as save_text
from wilks.products import save_workspace as save_workspace
from wilks.products import write_workspace as write_workspace
from wilks.questions import Unanswered, answered, asked_of, checked_after
from wilks.questions import matching_model as matching_model

if TYPE_CHECKING:
    from wilks.checks.thresholds import Thresholds
    from wilks.config.schema import Config
    from wilks.figures.style import FigureStyle
    from wilks.model.model import Model
    from wilks.reporting.report import Report
    from wilks.results.findings import Findings
    from wilks.results.fit import FitResult
    from wilks.results.prediction import Prediction
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
    GOODNESS = "gof"
    INTERVALS = "intervals"
    RANKING = "ranking"
    BREAKDOWN = "breakdown"
    LIMIT = "limit"
    SIGNIFICANCE = "significance"
    RANKING_FIGURE = "ranking figure"
    CORRELATIONS = "correlations"
    CHECK_FIT = "check fit"
    REPORT = "report"


# Every run has these; the others can be left out.
_ALWAYS = (Stage.CONFIG, Stage.TEMPLATES, Stage.WORKSPACE, Stage.CHECK, Stage.FIT, Stage.PREFIT, Stage.POSTFIT)
OPTIONAL = tuple(stage for stage in Stage if stage not in (*_ALWAYS, Stage.CHECK_FIT))


@dataclass(frozen=True)
class Event:
    """A stage begins (`product` None), or has made its product and written `files`."""

    stage: Stage
    product: Any = None
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Run:
    """Everything that a run made. `postfit` is None where the fit failed; `files` are in the order of writing.

    `answers` are the results of what was asked of the fit, by the names of their files: "ranking", "gof", ...;
    `findings_after` is what the checks say of fit and answers, None where the fit failed.
    """

    config: Config
    templates: Templates
    workspace: Workspace
    findings: Findings
    result: FitResult
    prefit: Prediction
    postfit: Prediction | None
    files: tuple[Path, ...]
    answers: Mapping[str, Any] = field(default_factory=dict)
    findings_after: Findings | None = None


@dataclass
class _Stages:
    """The stages of a run: each makes a product and writes it, `observe` is told; `written` are all files so far.

    `left_out` are stages that are passed over.
    """

    observe: Callable[[Event], None]
    folder: Path
    formats: tuple[str, ...]
    left_out: frozenset[Stage]
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

    def draw(self, stage: Stage, make: Callable[[], Mapping[str, Any]]) -> None:
        """Draw figures of a stage, unless it is left out, or no figures are asked for."""
        if self.formats and stage not in self.left_out:
            self.step(stage, make, lambda made: save_figures(made, self.folder / "figures", self.formats))


def run(
    source: str | Path | TextIO,
    output: str | Path = OUTPUT,
    *,
    only: Collection[str] | None = None,
    skip: Collection[str] = (),
    search: bool | None = None,
    figures: Sequence[str] | None = None,
    observe: Callable[[Event], None] = lambda event: None,
    progress: Callable[[int, int], bool] | None = None,
    workers: Workers = None,
    skip_unreadable: bool = False,
    force: bool = False,
    log: bool | None = None,
    processes: int = 1,
    drawn: Told = lambda done, total: None,
) -> Run:
    """Return what a steering file leads to: templates, workspace, findings, fit, predictions; written to `output`.

    Of the fit it is asked what a measurement needs: goodness of fit, profile-likelihood interval, ranking and breakdown
    of the parameter of interest; of a search (`search`, default: what the steering file says) upper limit and
    significance as well. `report.html` shows everything. `only` and `skip` name what is made besides templates,
    workspace, fit and predictions, and what is not (`OPTIONAL`). `figures` are the formats of figures, none for none;
    where they are given ranking and correlations are drawn as well.

    Every stage writes its products, each file whole or not at all, before the next stage starts; `observe` is told
    when a stage begins and when it has ended. Products of an earlier run in the same folder go when the first new one
    is written; templates of it that would come out the same are not made again, unless `force` says so. `progress`,
    `workers` and `skip_unreadable` are those of `build_templates`, `log` is that of `figures.data_mc`. Figures of many
    channels are drawn in up to so many `processes`, which start anew from the Python program they belong to: it needs
    `if __name__ == "__main__":` around what it does; `drawn` is told how many are done, of how many. A fit that fails
    is no exception: its result says so, and what needs its uncertainties is left out.

    Raises ConfigError, TemplateError, WorkspaceError or ModelError for mistakes in the input, and InputError where
    the output can't be written or is the folder of the steering file, and for stages that there are not.

    >>> import wilks.pipeline
    >>> done = wilks.pipeline.run(wilks.examples.steering_file(), "wilks-output")
    >>> print(f"{done.result['mu'].value:.2f}")
    1.08
    >>> sorted(done.answers)
    ['breakdown', 'gof', 'intervals', 'ranking']
    """
    folder = Path(output)
    stages = _Stages(observe, folder, FORMATS if figures is None else tuple(figures), _left_out(only, skip, figures))
    step = stages.step
    drawing: dict[str, Any] = {"formats": stages.formats, "log": log, "processes": processes, "told": drawn}
    config = step(Stage.CONFIG, lambda: _config(source, folder))
    previous = None if force else earlier_templates(folder / "templates.npz")
    templates = step(
        Stage.TEMPLATES,
        lambda: make_templates(
            config, workers=workers, progress=progress, skip_unreadable=skip_unreadable, previous=previous
        ),
        lambda made: _first(made, folder, config),
    )
    workspace = step(
        Stage.WORKSPACE,
        lambda: wilks.build_workspace(templates, config),
        lambda made: save_workspace(made, folder / "workspace.json"),
    )
    findings = step(
        Stage.CHECK,
        lambda: check_all(config, templates, workspace),
        lambda made: saved(made, folder / "findings.json"),
    )
    if templates.effects:
        stages.written += save_table(wilks.tables.norm_effects(templates), folder / "tables" / "norm_effects")
    stages.draw(Stage.VARIATIONS, lambda: variation_figures(templates))
    model = wilks.compile_model(workspace)
    result = step(Stage.FIT, lambda: wilks.fit(model), lambda made: save_fit(made, folder))
    stages.draw(Stage.PULLS, lambda: {"pulls": pulls_figure(result)})
    prefit = step(
        Stage.PREFIT,
        lambda: wilks.predict(model),
        lambda made: save_prediction(made, folder, **drawing, **look_of(config, made)),
    )
    postfit, answers, after = None, dict[str, Any](), None
    if result.converged and result.covariance_valid:
        postfit = step(
            Stage.POSTFIT,
            lambda: wilks.predict(model, result),
            lambda made: save_prediction(made, folder, prefit=prefit, **drawing, **look_of(config, made)),
        )
        answers = _answers(stages, model, result, config.general.search if search is None else search)
        after = step(
            Stage.CHECK_FIT,
            lambda: checked_after({"fit": result, **answers}),
            lambda made: saved(made, folder / "findings_fit.json"),
        )
    done = Run(config, templates, workspace, findings, result, prefit, postfit, (), answers, after)
    _report(stages, done)
    return replace(done, files=tuple(stages.written))


def unknown_stages(option: str, names: Collection[str]) -> list[str]:
    """Return a sentence for each name of an option that is no stage to choose or to leave out."""
    known = [str(stage) for stage in OPTIONAL]
    return [
        f'{option}: no stage "{name}" that can be chosen, there are {listed(known)}{nearest(name, known)}'
        for name in names
        if name not in known
    ]


def _left_out(only: Collection[str] | None, skip: Collection[str], figures: Sequence[str] | None) -> frozenset[Stage]:
    """Return the stages that are passed over. Raises InputError, with all mistakes."""
    if unknown := [*unknown_stages("only", only or ()), *unknown_stages("skip", skip)]:
        raise InputError(unknown)
    wanted = [*OPTIONAL] if only is None else only
    drawn = figures is not None or only is not None
    left = {stage for stage in OPTIONAL if stage not in wanted or stage in skip}
    return frozenset(left if drawn else left | {Stage.CORRELATIONS, Stage.RANKING_FIGURE})


def _answers(stages: _Stages, model: Model, result: FitResult, search: bool) -> dict[str, Any]:
    """Return the answers to what is asked of a fit, each written as soon as it is there, and drawn."""
    found = {}
    for name, ask in asked_of(model, search=search).items():
        if Stage(name) in stages.left_out:
            continue
        found[name] = stages.step(
            Stage(name),
            lambda ask=ask: answered(ask, model, result),  # type: ignore[misc]
            lambda made, name=name: _answer_files(stages.folder, name, made),  # type: ignore[misc]
        )
    given = {name: answer for name, answer in found.items() if not isinstance(answer, Unanswered)}
    if "ranking" in given and len(given["ranking"]):
        stages.draw(Stage.RANKING_FIGURE, lambda: {"ranking": wilks.figures.ranking(given["ranking"])})
    stages.draw(Stage.CORRELATIONS, lambda: _correlations(result))
    return given


def _answer_files(folder: Path, name: str, made: Any) -> list[Path]:
    return [] if isinstance(made, Unanswered) else saved(made, folder / f"{name}.json")


def _correlations(result: FitResult) -> dict[str, Any]:
    try:
        return {"correlations": wilks.figures.correlations(result)}
    except InputError:  # no two parameters are correlated
        return {}


def _report(stages: _Stages, done: Run) -> None:
    if Stage.REPORT in stages.left_out:
        return
    from wilks.reports import assembled

    results: dict[str, Any] = {"findings.json": done.findings, "fit.json": done.result, "prefit.json": done.prefit}
    if done.postfit is not None:
        results["postfit.json"] = done.postfit
    results |= {f"{name}.json": answer for name, answer in done.answers.items()}
    if done.findings_after is not None:
        results["findings_fit.json"] = done.findings_after

    def write(made: Report) -> list[Path]:
        made.save(stages.folder / "report.html")
        return [stages.folder / "report.html"]

    stages.step(
        Stage.REPORT,
        lambda: assembled(done.workspace, results, templates=done.templates, steering=_steering(done.config)),
        write,
    )


def _steering(config: Config) -> str:
    """Return the text of the steering file (of what a TRExFitter configuration becomes); empty where there is none."""
    from wilks.trexfitter.importing import import_trex, is_trex

    if config.source is None:
        return ""
    if is_trex(config.source):
        return import_trex(config.source).text
    try:
        return read_file(config.source).decode(errors="replace")
    except OSError:
        return ""


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


def pulls_figure(
    result: FitResult | Mapping[str, FitResult], *, style: str | FigureStyle = "plain", **options: Any
) -> Any:
    """Return the figure of pulls of a fit, or of several; staterrors are only shown where there are no others, unless
    `options` say so.
    """
    fits = result.values() if isinstance(result, Mapping) else [result]
    others = any("staterror" not in types for fit in fits for types in fit.modifier_types)
    return wilks.figures.pulls(result, style=style, **{"include_staterrors": not others, **options})


def read_config(source: Any, *, to_run: bool = False) -> Config:
    """Return the analysis of a steering file, or of a configuration of TRExFitter (see `load_trex`)."""
    from wilks.trexfitter.importing import is_trex, load_trex

    return load_trex(source, to_run=to_run) if is_trex(source) else wilks.load_config(source)


def _config(source: str | Path | TextIO, folder: Path) -> Config:
    config = read_config(source, to_run=True)
    if config.source is not None and folder.resolve() == config.source.resolve().parent:
        raise InputError(f"{folder}: the output can't go to the folder of the steering file; choose another one")
    return config


def _first(templates: Templates, folder: Path, config: Config) -> list[Path]:
    """Write the first product; those of an earlier run would not belong to it."""
    with writing(folder):
        for stale in products(folder, templates):
            stale.unlink(missing_ok=True)
    text = _steering(config)
    files = save_templates(templates, folder / "templates.npz")
    return files + (save_text(text, folder / STEERING) if text else [])
