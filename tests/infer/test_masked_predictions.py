"""Predictions show bins that the workspace masks, and say that no fit has seen them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.workspace.wide import wide

import wilks
from wilks.cli import main
from wilks.questions import matching_model
from wilks.workspace.workspace import Workspace

MASKS = [{"channel": "SR 2b", "bins": [5, 3]}, {"channel": "CR top"}]


def masked(**changes: Any) -> Workspace:
    return wilks.load_workspace({**wilks.examples.search().spec, "masks": MASKS, "version": "wilks-1", **changes})


def test_masked_bins_are_predicted_as_if_nothing_were_masked() -> None:
    workspace, whole = masked(), wilks.compile_model(wilks.examples.search())
    result = wilks.fit(wilks.compile_model(workspace))
    model = matching_model(workspace, result, masks=False)
    assert model.masked == {"SR 2b": (3, 5), "CR top": (0, 1, 2, 3)}
    shown, wanted = wilks.predict(model, result), wilks.predict(whole, wilks.transfer(result, whole))
    for channel in wanted.channels:
        for field in ("yields", "uncertainties", "total_uncertainty", "data"):
            np.testing.assert_allclose(getattr(shown[channel.name], field), getattr(channel, field), rtol=1e-12)
    assert {c.name: c.masked for c in shown.channels} == {**model.masked, "SR 1b": ()}
    assert (shown["CR top"].total_uncertainty > 0).all()
    before = wilks.predict(matching_model(workspace, None, masks=False))
    np.testing.assert_allclose(before["CR top"].yields, wilks.predict(whole)["CR top"].yields)


def test_parameters_that_masks_hide_stay_as_before_the_fit() -> None:
    workspace = wide(masks=[{"channel": "SR"}])
    result = wilks.fit(wilks.compile_model(workspace))
    assert "g" not in result.names
    shown = wilks.predict(matching_model(workspace, result, masks=False), result)
    assert shown["SR"].masked == (0, 1, 2)
    assert shown["SR"].data.tolist() == [13, 25, 8]
    assert (shown["SR"].total > 0).all()


def test_models_with_masks_can_be_pickled() -> None:
    model = wilks.compile_model(masked(), masks=False)
    assert pickle.loads(pickle.dumps(model)).masked == model.masked


def test_tables_figures_and_files_say_what_was_not_fitted(tmp_path: Path) -> None:
    workspace = masked()
    prediction = wilks.predict(wilks.compile_model(workspace, masks=False))
    assert wilks.tables.yields(prediction).header == (
        "sample",
        "CR top (not fitted)",
        "SR 1b",
        "SR 2b (2 of 12 bins not fitted)",
    )
    rows = wilks.tables.yields(prediction, per_bin=True).rows
    assert sum("(not fitted)" in row[1] for row in rows) == 6
    prediction.save(tmp_path / "prediction.json")
    assert wilks.load_result(tmp_path / "prediction.json")["SR 2b"].masked == (3, 5)
    for figure in (wilks.figures.data_mc(prediction, channel="SR 2b"), wilks.figures.summary(prediction)):
        assert "Not fitted" in _legends(figure)
    assert "Not fitted" not in _legends(wilks.figures.data_mc(prediction, channel="SR 1b"))


def _legends(figure: Any) -> set[str]:
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes)]
    return {text.get_text() for legend in legends if legend is not None for text in legend.get_texts()}


@pytest.mark.parametrize("fitted", [False, True])
def test_commands_show_masked_bins(tmp_path: Path, fitted: bool) -> None:
    path, fit = tmp_path / "workspace.json", tmp_path / "fit.json"
    masked().save(path)
    assert CliRunner().invoke(main, ["fit", str(path), "-o", str(fit)]).exit_code == 0
    result = CliRunner().invoke(main, ["yields", str(path), *(["--fit", str(fit)] * fitted)])
    assert result.exit_code == 0, result.output
    assert "CR top (not fitted)" in result.output
    assert "another workspace" not in result.output


def test_reports_show_masked_bins() -> None:
    workspace = masked()
    page = wilks.report(workspace, wilks.fit(wilks.compile_model(workspace)), live=False)
    assert any('bins 3, 5 of "SR 2b"' in note for note in page.contents.notes)
