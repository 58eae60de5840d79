"""Text and HTML of every result show what is in it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

import wilks
from wilks.model.model import Model
from wilks.workspace.workspace import Workspace

POI_FIRST = ("fit", "toys")
RESULTS = {
    "fit": lambda model, workspace: wilks.fit(model),
    "limit": lambda model, workspace: wilks.limit(model),
    "hypotest": lambda model, workspace: wilks.hypotest(model, value=[1.0, 2.0]),
    "significance": lambda model, workspace: wilks.significance(model),
    "scan": lambda model, workspace: wilks.scan(model, points=3, stat_only=True),
    "contour": lambda model, workspace: wilks.contour(model, parameters=("mu", "<jes>"), points=5),
    "intervals": lambda model, workspace: wilks.intervals(model),
    "goodness_of_fit": lambda model, workspace: wilks.goodness_of_fit(model),
    "compatibility": lambda model, workspace: wilks.compatibility(model, workspace=workspace),
    "toys": lambda model, workspace: wilks.toys(model, count=4, seed=1),
    "ranking": lambda model, workspace: wilks.ranking(model),
    "breakdown": lambda model, workspace: wilks.breakdown(model, groups={"all": "<jes>"}),
    "prediction": lambda model, workspace: wilks.predict(model),
    "findings": lambda model, workspace: wilks.check(workspace),
    "inspect": lambda model, workspace: wilks.inspect(workspace),
    "data": lambda model, workspace: wilks.asimov(model),
}
# What stands in both, text and HTML.
SHOWN = {
    "fit": ["status", "POI", "<jes>", "2NLL"],
    "limit": ["95% CL", "q~", "best fit", "expected median"],
    "hypotest": ["q~", "CLs", "best fit", "expected for mu = 0"],
    "significance": ["Significance of mu", "p0", "expected for 1"],
    "scan": ["mu = ", "total", "stat"],
    "contour": ["best fit", "<jes>", "95 %"],
    "intervals": ["profile likelihood", "mu"],
    "goodness_of_fit": ["saturated", "p-value", "A", "B"],
    "compatibility": ["one mu for all", "A", "B", "all"],
    "toys": ["made from", "4", "mu", "<jes>"],
    "ranking": ["<jes>", "Impacts on mu"],
    "breakdown": ["all", "mu"],
    "prediction": ["pre-fit", "signal", "background", "total", "A", "B"],
    "findings": ["note", "missing-staterror"],
    "inspect": ["A", "B", "<jes>", "signal", "constrained_by_normal"],
    "data": ["Asimov (pre-fit)", "A", "B", "auxiliary data", "65, 75"],
}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    def channel(name: str, stat: bool) -> dict[str, Any]:
        mu = {"name": "mu", "type": "normfactor", "data": None}
        jes = {"name": "<jes>", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}}
        gammas = {"name": "gamma", "type": "staterror", "data": [2.0, 3.0]}
        background = [jes, gammas] if stat else [jes]
        return {
            "name": name,
            "samples": [
                {"name": "signal", "data": [15.0, 15.0], "modifiers": [mu]},
                {"name": "background", "data": [50.0, 60.0], "modifiers": background},
            ],
        }

    return wilks.load_workspace(
        {
            "channels": [channel("A", True), channel("B", False)],
            "observations": [{"name": "A", "data": [70.0, 71.0]}, {"name": "B", "data": [66.0, 75.0]}],
            "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
            "version": "1.0.0",
        }
    )


@pytest.fixture(scope="module")
def model(workspace: Workspace) -> Model:
    return wilks.compile_model(workspace)


class _Page(HTMLParser):
    """The text of a page, and whether all of its elements are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", RESULTS)
def test_text_and_html_show_the_content(name: str, model: Model, workspace: Workspace) -> None:
    result = RESULTS[name](model, workspace)
    page = _Page()
    page.feed(result._repr_html_())
    assert page.open == []
    for text in (str(result), page.text):
        assert [word for word in SHOWN[name] if word not in text] == []
    assert repr(result).startswith("<")
    assert repr(result).count("\n") == 0


@pytest.mark.parametrize("name", ["fit", "toys", "inspect"])
def test_gammas_are_folded_away_and_the_parameter_of_interest_is_first(
    name: str, model: Model, workspace: Workspace
) -> None:
    html = RESULTS[name](model, workspace)._repr_html_()
    before, _, folded = html.partition("<details>")
    assert "gamma" in folded
    assert "gamma" not in before
    parameters = before[before.index("parameter</th>") :]
    assert 0 < parameters.index("mu") < parameters.index("&lt;jes&gt;")


def test_the_count_of_parameters_is_the_same_everywhere(model: Model, workspace: Workspace) -> None:
    found, result = wilks.inspect(workspace), wilks.fit(model)
    assert found.n_parameters == model.n_parameters == len(result) == 4
    assert found.count == "A fit has 4 parameters under 3 names: some have one for each bin."
    assert "4 parameters" in repr(found)
    assert "4 parameters" in repr(model)
    assert "4 parameters" in repr(result)


def test_the_free_fit_is_told_where_the_statistic_keeps_it(workspace: Workspace) -> None:
    document = workspace.spec
    document["observations"] = [{"name": "A", "data": [45.0, 50.0]}, {"name": "B", "data": [45.0, 50.0]}]
    document["measurements"][0]["config"]["parameters"] = [{"name": "mu", "bounds": [[-5.0, 10.0]]}]
    model = wilks.compile_model(wilks.load_workspace(document))
    free = wilks.fit(model)["mu"].value
    assert free < 0
    for result, statistic in (
        (wilks.limit(model), "q~"),
        (wilks.significance(model), "q0"),
        (wilks.hypotest(model), "q~"),
    ):
        said = f"mu = 0 ({statistic} keeps it at 0 or above; the free fit gives {free:.4g})"
        assert said in str(result)
        assert said in result._repr_html_()
    assert f"mu = {free:.4g}\n" in str(wilks.limit(model, statistic="q"))
