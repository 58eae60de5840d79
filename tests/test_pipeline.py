"""The whole run: what it writes, in which order, and what stays after a failure."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.small_analysis import BACKGROUND, CONFIG, DATA, DEGENERATE, SIGNAL, STRENGTH, UNCERTAINTY, write_analysis

import wilks
from wilks import pipeline
from wilks.errors import ConfigError, InputError, ModelError, TemplateError
from wilks.pipeline import Event, Run, Stage
from wilks.results.fit import FitResult
from wilks.workspace.workspace import Workspace

VARIED = (
    CONFIG
    + """
Systematics:
  - {Name: Lumi, Type: Normalization, Up: {Normalization: 0.02}, Down: {Normalization: -0.02}, Samples: Background}
"""
)
TABLES = {f"tables/{t}.{s}" for t in ("yields_prefit", "yields_postfit", "parameters") for s in ("txt", "md", "tex")}
FIGURES = {
    f"figures/{figure}.{suffix}"
    for figure in ("pulls", *(f"data_mc_{c}_{label}" for c in ("SR", "C-R") for label in ("prefit", "postfit")))
    for suffix in ("pdf", "png")
}
BEFORE = {"steering.yml", "templates.json", "workspace.json", "workspace.axes.json", "findings.json", "report.html"}
# Without nuisance parameters there is nothing to rank.
ANSWERS = {"gof", "intervals", "breakdown"}
JSON = BEFORE | {f"{name}.json" for name in ("fit", "prefit", "postfit", "findings_fit", *ANSWERS)}


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Finished:
    """A run of the small analysis, and the events that its observer saw."""

    input: Path
    output: Path
    run: Run
    events: list[Event]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("analysis")
    source = write_analysis(folder)
    events: list[Event] = []

    def observe(event: Event) -> None:
        events.append(event)
        assert all(file.is_file() for file in event.files)

    output = tmp_path_factory.mktemp("somewhere") / "new" / "out"
    return Finished(folder, output, pipeline.run(source, output, observe=observe), events)


def _workspace(folder: Path, config: str = CONFIG) -> Workspace:
    loaded = wilks.load_config(write_analysis(folder, config))
    return wilks.build_workspace(pipeline.make_templates(loaded), loaded)


def test_run_writes_all_products_and_nothing_beside_the_input(finished: Finished) -> None:
    assert _files(finished.output) == {"templates.npz", *JSON, *TABLES, *FIGURES}
    assert _files(finished.input) == {"config.yml", "input/histograms.root"}
    assert {*finished.run.files} == {
        finished.output / name for name in _files(finished.output) - {"workspace.axes.json"}
    }


def test_run_measures_the_signal(finished: Finished) -> None:
    done = finished.run
    assert done.result["strength"].value == pytest.approx(STRENGTH, abs=1e-8)
    assert done.result["strength"].uncertainty == pytest.approx(UNCERTAINTY, rel=1e-8)
    assert done.postfit is not None
    for region in SIGNAL:
        np.testing.assert_allclose(done.prefit[region].total, np.add(SIGNAL[region], BACKGROUND[region]), rtol=1e-12)
        np.testing.assert_allclose(done.postfit[region].total, DATA[region], rtol=1e-8)


def test_variations_are_drawn_and_recorded(tmp_path: Path) -> None:
    done = pipeline.run(write_analysis(tmp_path, VARIED), tmp_path / "out")
    figures = {f"figures/{name}.{s}" for name in ("variations_SR", "variations_C-R", "pruning") for s in ("pdf", "png")}
    tables = {f"tables/norm_effects.{suffix}" for suffix in ("txt", "md", "tex")}
    assert _files(tmp_path / "out") == {"templates.npz", "ranking.json", *JSON, *TABLES, *FIGURES, *figures, *tables}
    record = json.loads((tmp_path / "out" / "templates.json").read_text())
    assert record == done.templates.record()
    assert [effect["status"] for effect in record["effects"]] == ["kept", "kept"]
    assert "+2.00 / -2.00" in (tmp_path / "out" / "tables" / "norm_effects.txt").read_text()


def test_many_variations_go_to_several_pages(tmp_path: Path) -> None:
    text = VARIED + VARIED.splitlines()[-1].replace("Lumi", "Lumi2") + "\n"
    loaded = wilks.load_config(write_analysis(tmp_path, text))
    figures = pipeline.variation_figures(pipeline.make_templates(loaded), rows=1)
    assert list(figures) == ["variations_SR", "variations_SR_2", "variations_C-R", "variations_C-R_2", "pruning"]


def test_answers_are_those_of_the_verbs(finished: Finished) -> None:
    model = wilks.compile_model(finished.run.workspace)
    assert {*finished.run.answers} == ANSWERS
    breakdown = wilks.load_result(finished.output / "breakdown.json")
    np.testing.assert_array_equal(breakdown.contributions, wilks.breakdown(model).contributions)
    assert wilks.load_result(finished.output / "gof.json").statistic == wilks.goodness_of_fit(model).statistic
    intervals = wilks.load_result(finished.output / "intervals.json")
    assert (intervals.names, intervals.levels) == (("strength",), (0.6827, 0.95))
    assert "strength" in (finished.output / "report.html").read_text()
    assert (finished.output / "steering.yml").read_bytes() == (finished.input / "config.yml").read_bytes()


def test_the_report_of_the_folder_is_that_of_the_run(finished: Finished) -> None:
    again = wilks.report(finished.output).contents
    names = {f"{name}.json" for name in ("fit", "prefit", "postfit", "findings", "findings_fit", *ANSWERS)}
    assert {*again.results} == names
    assert again.notes == ()
    assert again.templates is not None
    assert again.steering == (finished.input / "config.yml").read_text()


def test_a_search_has_limit_and_significance(tmp_path: Path) -> None:
    source = write_analysis(tmp_path, CONFIG.replace("POI: strength", "POI: strength\n  Search: true"))
    done = pipeline.run(source, tmp_path / "out", figures=())
    assert {*done.answers} == ANSWERS | {"limit", "significance"}
    assert not (tmp_path / "out" / "figures").exists()
    model = wilks.compile_model(done.workspace)
    assert wilks.load_result(tmp_path / "out" / "limit.json").observed == wilks.limit(model).observed
    assert {*pipeline.run(source, tmp_path / "out", figures=(), search=False).answers} == ANSWERS
    assert not (tmp_path / "out" / "limit.json").exists()


def test_stages_are_chosen_and_left_out(tmp_path: Path) -> None:
    source = write_analysis(tmp_path, VARIED)
    done = pipeline.run(
        source, tmp_path / "out", only=["ranking", "ranking figure", "correlations", "gof"], skip=["gof"]
    )
    assert {*done.answers} == {"ranking"}
    drawn = {path.name for path in (tmp_path / "out" / "figures").glob("*.png")}
    assert {name for name in drawn if not name.startswith("data_mc")} == {"ranking.png", "correlations.png"}
    assert not (tmp_path / "out" / "report.html").exists()
    with pytest.raises(InputError, match=r'only: no stage "rankings" .* did you mean "ranking"') as found:
        pipeline.run(source, tmp_path / "out", only=["rankings"], skip=["fit"])
    assert len(found.value.problems) == 2


def test_figures_on_request(tmp_path: Path) -> None:
    pipeline.run(write_analysis(tmp_path, VARIED), tmp_path / "out", figures=["svg"])
    drawn = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert {path.rpartition(".")[2] for path in drawn} == {"svg"}
    assert {"ranking.svg", "correlations.svg", "pulls.svg", "variations_SR.svg"} <= drawn


def test_products_can_be_read_again(finished: Finished) -> None:
    output, done = finished.output, finished.run
    workspace = wilks.load_workspace(output / "workspace.json")
    assert workspace == done.workspace
    assert workspace.axis("SR").label == "mass [GeV]"
    result = wilks.load_result(output / "fit.json")
    np.testing.assert_array_equal(result.values, done.result.values)
    assert wilks.load_templates(output / "templates.npz").keys() == done.templates.keys()
    assert wilks.load_result(output / "findings.json") == done.findings
    assert (output / "figures/pulls.pdf").read_bytes().startswith(b"%PDF")
    assert (output / "figures/pulls.png").read_bytes().startswith(b"\x89PNG")


def test_observer_sees_every_stage_begin_and_end_with_its_files(finished: Finished) -> None:
    events = finished.events
    undone = {Stage.LIMIT, Stage.SIGNIFICANCE, Stage.RANKING_FIGURE, Stage.CORRELATIONS}
    assert [event.stage for event in events] == [stage for stage in Stage if stage not in undone for _ in range(2)]
    assert all((event.product is None) == (i % 2 == 0) for i, event in enumerate(events))
    assert tuple(file for event in events for file in event.files) == finished.run.files


@pytest.mark.parametrize("stage", [Stage.TEMPLATES, Stage.WORKSPACE, Stage.FIT, Stage.PREFIT])
def test_a_stage_begins_when_the_products_of_those_before_are_written(tmp_path: Path, stage: Stage) -> None:
    expected: set[str] = set()

    def stop(event: Event) -> None:
        expected.update(file.relative_to(tmp_path / "out").as_posix() for file in event.files)
        if event == Event(stage):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(write_analysis(tmp_path), tmp_path / "out", observe=stop)
    assert _files(tmp_path / "out") - {"workspace.axes.json"} == expected
    assert bool(expected) == (stage != Stage.TEMPLATES)


def test_failed_fit_keeps_result_and_prefit_and_drops_what_an_earlier_run_left(tmp_path: Path) -> None:
    stale = [tmp_path / "out" / name for name in ("tables/yields_postfit.txt", "figures/data_mc_SR_postfit.png")]
    own = tmp_path / "out/figures/sketch.pdf"
    for path in (*stale, own):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("from before")
    done = pipeline.run(write_analysis(tmp_path, DEGENERATE), tmp_path / "out")
    assert not done.result.converged
    assert done.postfit is None
    expected = {name for name in TABLES | FIGURES if "postfit" not in name} | BEFORE | {"templates.npz"}
    expected |= {"fit.json", "prefit.json"}
    assert _files(tmp_path / "out") == expected | {"figures/sketch.pdf"}
    assert json.loads((tmp_path / "out/fit.json").read_text())["converged"] is False
    assert own.read_text() == "from before"


def test_a_run_removes_the_figures_of_earlier_regions_and_no_file_of_the_user(tmp_path: Path) -> None:
    out = tmp_path / "out"
    pipeline.run(write_analysis(tmp_path, VARIED), out)
    page = out / "figures/variations_SR_2.pdf"  # as of more than 40 systematics
    page.write_text("from before")
    # Names that look like those of figures: no region is called so, and no page 2024 follows on the first.
    own = [
        out / "figures" / name
        for name in (
            "data_mc_notes_prefit.pdf",
            "data_mc_SR_log_postfit.png",
            "variations_talk.pdf",
            "variations_SR_2024.pdf",
            "variations_SR.pdf.bak",
        )
    ]
    for path in own:
        path.write_text("my own")
    pipeline.run(write_analysis(tmp_path, VARIED.replace("Name: SR", "Name: Signal")), out)
    assert [path.read_text() for path in own] == ["my own"] * len(own)
    renamed = {name.replace("_SR", "_Signal") for name in FIGURES}
    drawn = {
        f"figures/{name}.{s}" for name in ("variations_Signal", "variations_C-R", "pruning") for s in ("pdf", "png")
    }
    found = {name for name in _files(out) if name.startswith("figures/")}
    assert found == renamed | drawn | {path.relative_to(out).as_posix() for path in own}


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [("POI: strength", "POI: strenth", ConfigError), ("SamplePath: signal", "SamplePath: sgnl", TemplateError)],
)
def test_mistakes_in_the_input_leave_an_earlier_run_alone(
    tmp_path: Path, right: str, wrong: str, error: type[InputError]
) -> None:
    earlier = tmp_path / "out" / "fit.json"
    earlier.parent.mkdir()
    earlier.write_text("from before")
    with pytest.raises(error):
        pipeline.run(write_analysis(tmp_path, CONFIG.replace(right, wrong)), tmp_path / "out")
    assert _files(tmp_path / "out") == {"fit.json"}
    assert earlier.read_text() == "from before"


def test_output_never_goes_beside_the_input(tmp_path: Path) -> None:
    source = write_analysis(tmp_path)
    before = _files(tmp_path)
    with pytest.raises(InputError, match="folder of the steering file"):
        pipeline.run(source, tmp_path / "input" / "..")
    assert _files(tmp_path) == before


def test_unwritable_output_is_an_input_error_that_names_the_file(tmp_path: Path) -> None:
    source = write_analysis(tmp_path)
    (tmp_path / "out").write_text("a file where a folder is needed")
    with pytest.raises(InputError, match=r"out.*can't be written"):
        pipeline.run(source, tmp_path / "out")


def _rows(result: FitResult) -> str:
    return " ".join(label.get_text() for ax in pipeline.pulls_figure(result).axes for label in ax.get_yticklabels())


def test_pulls_show_staterrors_only_where_there_is_nothing_else(tmp_path: Path) -> None:
    spec = _workspace(tmp_path, CONFIG.replace("DisableStaterror: True", "DisableStaterror: False")).spec
    both = _rows(wilks.fit(wilks.compile_model(wilks.load_workspace(spec))))
    assert "strength" in both
    assert "staterror" not in both
    for channel in spec["channels"]:
        for sample in channel["samples"]:
            sample["modifiers"] = [m for m in sample["modifiers"] if m["type"] == "staterror"]
    spec["measurements"][0]["config"] = {"poi": "", "parameters": []}
    assert "staterror_SR[0]" in _rows(wilks.fit(wilks.compile_model(wilks.load_workspace(spec))))


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["4j1b CR", "4j2b SR"], ["4j1b-CR", "4j2b-SR"]),
        (["a b", "a-b", "A/B", "a b-2"], ["a-b", "a-b-2", "A-B-3", "a-b-2-2"]),
        (["../../etc", ".hidden", "", "µµ"], ["-..-etc", "hidden", "-", "µµ"]),
    ],
)
def test_file_names_are_different_and_stay_in_their_folder(names: list[str], files: list[str]) -> None:
    assert list(pipeline.file_names(names).values()) == files


def test_matching_model_has_the_settings_of_the_fit(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path)
    result = wilks.fit(wilks.compile_model(workspace, normsys="code1", histosys="code0"))
    model = pipeline.matching_model(workspace, result)
    assert model.settings == {"normsys": "code1", "histosys": "code0"}
    assert pipeline.matching_model(workspace, None).settings == {"normsys": "code4", "histosys": "code4p"}
    assert pipeline.matching_model(workspace, None).poi is None
    with pytest.raises(ModelError, match="nope"):
        pipeline.matching_model(workspace, result, measurement="nope")


def test_example_in_python_names_its_figures_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = Path(__file__).parents[1] / "examples" / "ttbar"
    monkeypatch.syspath_prepend(str(example))
    try:
        analysis = importlib.import_module("analysis")
        importlib.import_module("generate").generate(tmp_path, seed=1)
    finally:
        for name in ("analysis", "generate", "simulation"):
            sys.modules.pop(name, None)
    shutil.copy(example / "config.yml", tmp_path)
    monkeypatch.setattr(analysis, "HERE", tmp_path)
    analysis.analyse(tmp_path / "python")
    pipeline.run(tmp_path / "config.yml", tmp_path / "run")
    figures = _files(tmp_path / "python" / "figures")
    assert len(figures) == 16
    assert figures == _files(tmp_path / "run" / "figures")


def test_lesson_gives_the_published_fit_and_flags_its_defects(shared_data: Path, tmp_path: Path) -> None:
    done = pipeline.run(shared_data / "ttbar-lesson" / "cabinetry_config.yml", tmp_path / "out")
    assert done.result.twice_nll == pytest.approx(57.054474, abs=1e-6)
    assert done.result["ttbar_norm"].value == pytest.approx(0.9642, abs=5e-5)
    assert done.result["ttbar_norm"].uncertainty == pytest.approx(0.0757, abs=5e-5)
    assert [name for name, _ in done.result.mirrored] == ["W+jets scale variations"]
    errors = " ".join(finding.place for finding in done.findings if finding.severity == "error")
    assert '"Luminosity"' in errors
    assert '"W+jets scale variations"' in errors
    assert len([name for name in _files(tmp_path / "out") if name.startswith("figures/")]) == 16
