"""`import wilks.compat.cabinetry as cabinetry`: every public name; models, predictions, templates, figures."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cabinetry as original
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pyhf
import pytest
import yaml
from cabinetry.fit import FitResults
from cabinetry.model_utils import ModelPrediction
from matplotlib.figure import Figure
from tests.compat.workspaces import both, document

import wilks.compat.cabinetry as cabinetry
from wilks.compat._cabinetry import layer
from wilks.compat._pyhf.model import Model
from wilks.compat.ledger import LEDGER

matplotlib.use("agg")

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")


def test_every_public_name_is_there() -> None:
    for name in original.__all__:
        assert getattr(cabinetry, name) is not None
        ours, theirs = getattr(cabinetry, name), getattr(original, name)
        missing = {each for each in dir(theirs) if not each.startswith("_")} - set(dir(ours))
        assert not missing, (name, missing)
    assert set(original.__all__) <= set(dir(cabinetry))
    assert cabinetry.__version__ == original.__version__
    with pytest.raises(AttributeError):
        cabinetry.nothing  # noqa: B018


def test_modules_are_found_below_the_other_name() -> None:
    import wilks.compat.cabinetry.contrib.histogram_reader
    from wilks.compat.cabinetry.fit import FitResults as Results
    from wilks.compat.cabinetry.model_utils import model_and_data
    from wilks.compat.cabinetry.visualize import plot_result

    assert Results is FitResults
    assert plot_result is original.visualize.plot_result
    assert model_and_data is cabinetry.model_utils.model_and_data
    assert wilks.compat.cabinetry.contrib.histogram_reader is original.contrib.histogram_reader
    with pytest.raises(ModuleNotFoundError):
        import wilks.compat.cabinetry.nothing


def test_cabinetry_itself_stays_what_it_is() -> None:
    model, data = original.model_utils.model_and_data(document())
    assert type(model) is pyhf.pdf.Model
    original.fit.fit(model, data)
    original.model_utils.prediction(model)
    assert not LEDGER.served.total()
    assert not LEDGER.original.total()


def test_models_and_data_are_the_originals() -> None:
    (own, _), (served, data) = both(document())
    assert served.config.par_names == own.config.par_names
    assert served.config.suggested_bounds() == own.config.suggested_bounds()
    assert len(cabinetry.model_utils.model_and_data(document(), include_auxdata=False)[1]) == 5
    both(document(), asimov=True)
    assert isinstance(data, list)
    broken = document()
    del broken["observations"]
    for each in (original, cabinetry):
        with pytest.raises(pyhf.exceptions.InvalidSpecification):
            each.model_utils.model_and_data(broken)
        with pytest.raises(pyhf.exceptions.InvalidSpecification):
            each.workspace.validate(broken)
        each.workspace.validate(document())


def assert_predicted_alike(theirs: ModelPrediction, ours: ModelPrediction) -> None:
    assert type(ours) is ModelPrediction
    assert ours.label == theirs.label
    for name in ("model_yields", "total_stdev_model_bins", "total_stdev_model_channels"):
        for left, right in zip(getattr(theirs, name), getattr(ours, name), strict=True):
            assert isinstance(right, list)
            assert np.allclose(left, right, rtol=1e-10, atol=1e-12)


def test_predictions_are_the_originals() -> None:
    (own, own_data), (served, _) = both(document())
    best = original.fit.fit(own, own_data)
    for options in ({}, {"fit_results": best}, {"fit_results": best, "label": "mine"}):
        found = [
            each.model_utils.prediction(model, **options) for each, model in ((original, own), (cabinetry, served))
        ]
        assert_predicted_alike(*found)
    assert LEDGER.served["evaluation"] == 3 * (1 + 2 * served.config.npars)
    assert not LEDGER.original.total()


def test_what_the_data_do_not_tell_matters_only_where_it_moves_a_yield() -> None:
    spec = document()
    signal = spec["channels"][0]["samples"][0]
    signal["data"], signal["modifiers"] = [0.0, 0.0, 0.0], signal["modifiers"][:2]
    served = both(spec)[1]
    best = cabinetry.fit.fit(*served)
    assert np.isnan(best.uncertainty[best.labels.index("mu")])
    found = cabinetry.model_utils.prediction(served[0], fit_results=best)
    assert all(np.isfinite(row).all() for channel in found.total_stdev_model_bins for row in channel)
    ranked = cabinetry.fit.ranking(*served)
    assert np.isfinite(ranked.postfit_up).all()
    unknown = best._replace(uncertainty=np.where(np.array(best.labels) == "shape", np.nan, best.uncertainty))
    found = cabinetry.model_utils.prediction(served[0], fit_results=unknown)
    assert np.isnan(found.total_stdev_model_bins[1][-1]).all()


def test_results_are_matched_to_other_models_and_may_be_made_by_hand() -> None:
    pair = both(document())
    best = original.fit.fit(*pair[0])
    spec = document()
    spec["channels"], spec["observations"] = spec["channels"][1:], spec["observations"][1:]
    spec["measurements"][0]["config"] |= {"poi": "bkg_norm", "parameters": []}
    (own, _), (served, _) = both(spec)
    byhand = FitResults(np.array(best.bestfit), np.array(best.uncertainty), list(best.labels), best.corr_mat, 0.0)
    matched = [
        each.model_utils.match_fit_results(model, byhand) for each, model in ((original, own), (cabinetry, served))
    ]
    for left, right in zip(matched[0][:4], matched[1][:4], strict=True):
        assert np.array_equal(left, right)
    assert_predicted_alike(
        original.model_utils.prediction(own, fit_results=matched[0]),
        cabinetry.model_utils.prediction(served, fit_results=matched[1]),
    )
    for utility in ("asimov_parameters", "prefit_uncertainties", "unconstrained_parameter_count"):
        values = [
            getattr(each.model_utils, utility)(one[0]) for each, one in zip((original, cabinetry), pair, strict=True)
        ]
        assert np.allclose(*values)
    asimov = [
        each.model_utils.asimov_data(one[0], fit_results=best, poi_value=2.0)
        for each, one in zip((original, cabinetry), pair, strict=True)
    ]
    assert np.allclose(*asimov, rtol=1e-12)


@pytest.mark.parametrize("kind", ["ntuples", "histograms"])
def test_templates_are_the_originals_files(shared_data: Path, tmp_path: Path, kind: str) -> None:
    folder = shared_data / "cabinetry-example"
    config = yaml.safe_load((folder / f"config_{kind}.yml").read_text())
    config["General"]["InputPath"] = f"{folder}/{config['General']['InputPath']}"
    made = []
    for name, each in (("theirs", original), ("ours", cabinetry)):
        own = copy.deepcopy(config)
        own["General"]["HistogramFolder"] = str(tmp_path / name)
        (each.templates.build if kind == "ntuples" else each.templates.collect)(own)
        each.templates.postprocess(own)
        made.append(each.workspace.build(own))
    files = sorted(path.name for path in (tmp_path / "theirs").iterdir())
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == files
    for name in files:
        theirs, ours = (np.load(tmp_path / each / name) for each in ("theirs", "ours"))
        assert set(theirs) == set(ours)
        for array in theirs:
            assert ours[array].dtype == theirs[array].dtype
            assert np.allclose(ours[array], theirs[array], rtol=1e-12, atol=0, equal_nan=True)
    theirs, ours = (cabinetry.model_utils.model_and_data(workspace)[0].spec for workspace in made)
    assert json.dumps(theirs).count('"name"') == json.dumps(ours).count('"name"')
    assert LEDGER.served["template"] == len(files) // 2
    assert not LEDGER.original["template"]


def test_templates_that_functions_make_go_the_originals_way(shared_data: Path, tmp_path: Path) -> None:
    import boost_histogram

    folder = shared_data / "cabinetry-example"
    config = yaml.safe_load((folder / "config_ntuples.yml").read_text())
    config["General"] |= {"InputPath": f"{folder}/inputs/{{SamplePath}}", "HistogramFolder": str(tmp_path / "out")}
    router = cabinetry.route.Router()

    @router.register_template_builder(sample_name="Signal")
    def made(*_: Any) -> Any:
        return boost_histogram.Histogram(
            boost_histogram.axis.Variable(config["Regions"][0]["Binning"]), storage=boost_histogram.storage.Weight()
        )

    cabinetry.templates.build(config, router=router)
    assert not np.load(tmp_path / "out" / "Signal_region_Signal.npz")["yields"].any()
    assert LEDGER.original["template"] == 1
    with pytest.raises(NotImplementedError):
        cabinetry.templates.build(config, method="other")


@pytest.mark.parametrize(("key", "text"), [("Filter", "lep_charge"), ("Variable", "jet_pt * (jet_pt > 300)")])
def test_expressions_with_a_meaning_of_their_own_go_the_originals_way(
    shared_data: Path, tmp_path: Path, key: str, text: str
) -> None:
    folder = shared_data / "cabinetry-example"
    config = yaml.safe_load((folder / "config_ntuples.yml").read_text())
    config["General"] |= {"InputPath": f"{folder}/inputs/{{SamplePath}}", "HistogramFolder": str(tmp_path / "out")}
    config["Regions"][0][key] = text
    with contextlib.suppress(Exception):  # whatever cabinetry makes of it
        cabinetry.templates.build(config)
    assert LEDGER.original["template"] == 1
    assert text in next(iter(LEDGER.reasons))[1]


@pytest.fixture(autouse=True)
def figures_are_closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def own_figures() -> Iterator[None]:
    layer.draw(True)
    yield
    layer.draw(False)


def drawn(folder: Path, model: Model, data: list[float]) -> dict[str, Any]:
    """Return every figure that cabinetry draws of results, and save them."""
    best = cabinetry.fit.fit(model, data)
    options: dict[str, Any] = {"figure_folder": folder, "close_figure": False}
    prefit, postfit = (cabinetry.model_utils.prediction(model, fit_results=each) for each in (None, best))
    show = cabinetry.visualize
    found = {
        "pulls": show.pulls(best, exclude=["shape"], **options),
        "correlations": show.correlation_matrix(best, pruning_threshold=0.05, **options),
        "ranking": show.ranking(cabinetry.fit.ranking(model, data), max_pars=4, **options),
        "scan": show.scan(cabinetry.fit.scan(model, data, "staterror_SR[0]"), **options),
        "limit": show.limit(cabinetry.fit.limit(model, data), **options),
        "grid": show.modifier_grid(model, **options),
    }
    for name, each in (("prefit", prefit), ("postfit", postfit)):
        records = show.data_mc(each, data, **options)
        assert [set(record) for record in records] == [{"figure", "region"}] * 2
        assert [record["region"] for record in records] == ["CR", "SR"]
        found[name] = records[0]["figure"]
    show.data_mc(postfit, data, channels="SR", log_scale=True, **options)
    return found


@pytest.mark.filterwarnings("ignore::matplotlib.MatplotlibDeprecationWarning")
def test_figures_have_cabinetrys_names_and_records_whoever_draws(tmp_path: Path, request: Any) -> None:
    served = both(document())[1]
    theirs = drawn(tmp_path / "theirs", *served)
    request.getfixturevalue("own_figures")
    ours = drawn(tmp_path / "ours", *served)
    names = {path.name for path in (tmp_path / "theirs").iterdir()}
    assert {path.name for path in (tmp_path / "ours").iterdir()} == names
    assert {"pulls.pdf", "scan_staterror_SR_0.pdf", "SR_postfit.pdf", "SR_postfit_log.pdf", "limit.pdf"} <= names
    assert all(isinstance(figure, Figure) for figure in [*theirs.values(), *ours.values()])
    # Only what wilks does not draw is managed by pyplot, as all that cabinetry draws.
    assert {name for name, figure in ours.items() if figure.canvas.manager is not None} == {"grid"}
    assert all(figure.canvas.manager is not None for figure in theirs.values())
    shown = {text.get_text() for text in ours["pulls"].axes[0].get_yticklabels()}
    assert "scale" in shown
    assert "shape" not in shown


@pytest.mark.usefixtures("own_figures")
def test_what_wilks_knows_nothing_about_is_drawn_by_cabinetry(tmp_path: Path) -> None:
    unknown = FitResults(np.array([0.1, 0.2]), np.array([1.0, 0.9]), ["x", "y"], np.eye(2), 0.0)
    figure = cabinetry.visualize.pulls(unknown, figure_folder=tmp_path, close_figure=False)
    assert figure.canvas.manager is not None
    assert (tmp_path / "pulls.pdf").is_file()


@pytest.mark.usefixtures("own_figures")
def test_variations_of_templates_are_drawn(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "cabinetry-example"
    config = yaml.safe_load((folder / "config_ntuples.yml").read_text())
    config["General"] |= {"InputPath": f"{folder}/inputs/{{SamplePath}}", "HistogramFolder": str(tmp_path / "out")}
    cabinetry.templates.build(config)
    cabinetry.templates.postprocess(config)
    records = cabinetry.visualize.templates(config, figure_folder=tmp_path / "figures")
    assert records
    for record in records:
        assert set(record) == {"figure", "region", "sample", "systematic"}
        assert record["figure"].canvas.manager is None
    assert len(list((tmp_path / "figures" / "templates").iterdir())) == len(records)


@pytest.mark.parametrize("broken", [{}, {"General": {"InputPath": "x", "HistogramFolder": "y"}}])
def test_a_steering_file_with_mistakes_is_judged_by_cabinetry(broken: dict) -> None:
    for each in (original, cabinetry):
        for made in (each.templates.build, each.templates.collect):
            with pytest.raises(KeyError):
                made(broken)
